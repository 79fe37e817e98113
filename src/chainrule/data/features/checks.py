"""Checks that the declarations of all columns share."""

from __future__ import annotations

from typing import Any

from chainrule.arguments.checks import bad_argument
from chainrule.errors import counted, warn

__all__ = ["check_name", "warn_of_constant"]


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
