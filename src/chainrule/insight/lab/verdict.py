"""The verdict on an answer: right, or the smallest counter-example with a hint."""

from __future__ import annotations

import traceback
from dataclasses import dataclass, field
from typing import Any

from chainrule.console import encodable
from chainrule.errors import LIBRARY_FOLDERS
from chainrule.insight.lab.exercise import Inputs
from chainrule.insight.lab.page import in_columns

__all__ = ["Verdict"]


@dataclass(frozen=True, repr=False)
class Verdict:
    """Whether an answer is right; true or false as a condition.

    Parameters
    ----------
    exercise : str
        The name of the exercise.
    passed : bool
        Whether the answer is right in all cases.
    cases : int
        The number of cases judged up to the first that is wrong.
    problem : str
        What is wrong, in one sentence; empty if nothing is.
    inputs : dict of str to array
        The smallest counter-example found.
    output : str
        The name of the output that is wrong.
    expected, got : array or None
        What is right for it, and what the answer gave.
    index : tuple of int or None
        The first wrong index.
    relative_error : float or None
        The relative error there.
    hint : str
        The likely mistake.
    error : Exception or None
        What the answer raised.
    note : str
        Points and score.

    Examples
    --------
    >>> import numpy as np
    >>> import chainrule as cr
    >>> verdict = cr.lab.check("tanh", lambda x: 1 - np.tanh(x))
    >>> bool(verdict), verdict.index, verdict.hint
    (False, (0,), 'the square is missing: tanh² x')
    """

    exercise: str
    passed: bool
    cases: int
    problem: str = ""
    inputs: Inputs = field(default_factory=dict[str, Any])
    output: str = ""
    expected: Any = None
    got: Any = None
    index: tuple[int, ...] | None = None
    relative_error: float | None = None
    hint: str = ""
    error: Exception | None = None
    note: str = ""

    def __bool__(self) -> bool:
        return self.passed

    @property
    def text(self) -> str:
        """The verdict in words."""
        if self.passed:
            return f"✓ {self.exercise}: right in all {self.cases} cases. {self.note}".rstrip()
        lines = [f"✗ {self.exercise}: {self.problem}", "  the smallest counter-example found:"]
        rows = dict(self.inputs)
        if self.expected is not None:
            rows[f"expected {self.output}"] = self.expected
        if self.got is not None:
            rows[f"got {self.output}"] = self.got
        lines += [f"    {line}" for line in in_columns(rows)]
        if self.index is not None:
            lines.append(f"  first wrong index {list(self.index)}: {self._difference()}")
        if self.error is not None:
            lines += [f"  {line}" for line in _traceback(self.error)]
        return "\n".join([*lines, *([f"  hint: {self.hint}"] if self.hint else [])])

    def _difference(self) -> str:
        got, expected = float(self.got[self.index]), float(self.expected[self.index])
        error = f", relative error {self.relative_error:.2g}" if expected else ""
        return f"{got:.7g} instead of {expected:.7g}{error}"

    def __str__(self) -> str:
        return encodable(self.text)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        from chainrule.insight.displays.page import display
        from chainrule.insight.pages.markup import element

        text = element("pre", self.text)
        return display(element("div", text, class_="right" if self.passed else "wrong"))


def _traceback(error: Exception) -> list[str]:
    """Return the lines of a traceback that are of the student's code, and the message."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if not frame.filename.startswith(LIBRARY_FOLDERS)]
    parts = [*traceback.format_list(own), *traceback.format_exception_only(error)]
    return "".join(parts).rstrip().split("\n")
