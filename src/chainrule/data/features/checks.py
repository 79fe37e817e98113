"""Checks that the declarations of all columns share."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from chainrule.arguments.checks import bad_argument
from chainrule.errors import counted, warn

__all__ = ["check_name", "differ_in_case", "warn_of_constant"]

MOST_WORDS = 50
"""Categories of a column of words; more of them are codes or names."""


def check_name(kind: str, name: Any) -> None:
    """Refuse what is no name of a column."""
    if not isinstance(name, str):
        raise bad_argument(kind, "name", name, "the name of a column, a text")


def warn_of_constant(name: str, rows: int) -> None:
    """Warn of a column without information."""
    warn(
        f"Table: column {name!r} has the same value, or none, in all {counted(rows, 'row')} and "
        f"carries no information; leave it out with drop=[{name!r}]"
    )


def differ_in_case(values: Iterable[str]) -> tuple[str, str] | None:
    """Return two words that differ in upper and lower case alone; None if there are none.

    Single letters are codes, and so are most of many texts.

    Examples
    --------
    >>> differ_in_case(["no", "yes", "No"]), differ_in_case(["A", "a"])
    (('no', 'No'), None)
    """
    seen: dict[str, str] = {}
    words = [each for each in values if len(each) > 1]
    for word in words if len(words) <= MOST_WORDS else ():
        first = seen.setdefault(word.casefold(), word)
        if first != word:
            return first, word
    return None
