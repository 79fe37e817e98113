"""Ranges in annotations: a dataclass states the range of each field, and one function checks all.

``momentum: Fraction = 0.0`` is the whole check of a field of an optimiser or a schedule.
"""

from __future__ import annotations

from dataclasses import fields
from functools import lru_cache
from typing import Annotated, Any, get_args, get_type_hints

from chainrule.arguments.checks import (
    FINITE,
    FRACTION,
    NON_NEGATIVE,
    POSITIVE,
    Range,
    checked_flag,
    checked_number,
)

__all__ = [
    "Finite",
    "Fraction",
    "NonNegative",
    "NonNegativeInt",
    "OpenFraction",
    "Positive",
    "PositiveInt",
    "check_fields",
]

Finite = Annotated[float, FINITE]
Positive = Annotated[float, POSITIVE]
NonNegative = Annotated[float, NON_NEGATIVE]
Fraction = Annotated[float, FRACTION]
OpenFraction = Annotated[float, Range("a number between 0 and 1", lambda x: 0 < x < 1)]
PositiveInt = Annotated[int, Range("an integer, 1 or more", lambda x: x >= 1 and x == int(x))]
NonNegativeInt = Annotated[int, Range("an integer, 0 or more", lambda x: x >= 0 and x == int(x))]


@lru_cache(maxsize=256)
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind, include_extras=True)


def check_fields(record: Any) -> None:
    """Check each field of a frozen dataclass against its annotation; numbers become Python's."""
    owner = type(record).__name__
    hints = _hints(type(record))
    for field in fields(record):
        value, hint = getattr(record, field.name), hints[field.name]
        parts = (hint, *get_args(hint))  # the annotation of `Positive | None` is in the union
        if hint is bool:
            object.__setattr__(record, field.name, checked_flag(owner, field.name, value))
        elif value is None and type(None) in parts:
            continue
        for part in parts:
            for allowed in getattr(part, "__metadata__", ()):
                number = checked_number(owner, field.name, value, allowed)
                object.__setattr__(record, field.name, part.__origin__(number))
