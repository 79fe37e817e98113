"""A mistake that was found: its kind, the evidence and the remedy; and the list of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from textwrap import indent, wrap

from chainrule.rich_display import html_of

__all__ = ["Kind", "Mistake", "Mistakes"]

_WIDTH = 96


@dataclass(frozen=True)
class Kind:
    """A kind of mistake.

    Parameters
    ----------
    code : str
        ``CR`` and three digits, of which the second is the family's.
    name : str
        What is wrong, in one line.
    family : str
        What it is a mistake of: "output", "loss", "network", "data", "training" or "behaviour".
    why : str
        Why it is one, as the documentation says it.
    remedy : str
        What to do instead.
    """

    code: str
    name: str
    family: str
    why: str
    remedy: str


@dataclass(frozen=True, repr=False)
class Mistake:
    """A mistake, with the numbers that show it.

    Parameters
    ----------
    kind : Kind
        What is wrong.
    evidence : str
        The layer or the data, and the numbers.
    advice : str
        What to do here; empty for the remedy of its kind.
    """

    kind: Kind
    evidence: str
    advice: str = ""

    @property
    def code(self) -> str:
        """The code, such as ``CR012``, by which docs/mistakes.md explains it."""
        return self.kind.code

    @property
    def name(self) -> str:
        """What is wrong, in one line."""
        return self.kind.name

    @property
    def family(self) -> str:
        """What it is a mistake of, such as "data"."""
        return self.kind.family

    @property
    def remedy(self) -> str:
        """What to do instead."""
        return self.advice or self.kind.remedy

    @property
    def documentation(self) -> str:
        """The page and the heading that explain it."""
        return f"docs/mistakes.md#{self.code.lower()}"

    def __str__(self) -> str:
        parts = (self.evidence, f"remedy: {self.remedy}")
        lines = [f"{self.code} {self.name}"]
        lines += [indent("\n".join(wrap(part, _WIDTH - 6)), "      ") for part in parts]
        return "\n".join(lines)

    __repr__ = __str__


class Mistakes(list[Mistake]):
    """The mistakes found, the most certain first; prints as text, and as a table in a notebook.

    Parameters
    ----------
    found : sequence of Mistake
        The mistakes.
    note : str
        What could not be examined, and why; empty if all was.
    """

    def __init__(self, found: Iterable[Mistake] = (), note: str = "") -> None:
        list.__init__(self, found)
        self.note = note

    @property
    def codes(self) -> list[str]:
        """The codes in order."""
        return [each.code for each in self]

    def __str__(self) -> str:
        lines = list(map(str, self)) or ["no mistakes found"]
        return "\n".join([*lines, *([f"note: {self.note}"] if self.note else [])])

    __repr__ = __str__

    _repr_html_ = html_of
