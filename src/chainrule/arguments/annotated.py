"""Ranges in annotations: a dataclass states the range of each field, and one function checks all.

``momentum: Fraction = 0.0`` is the whole check of a field of an optimiser or a schedule.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import fields
from typing import Annotated, Any, TypeVar, get_args, get_type_hints

from chainrule.arguments.aliases import OPTIMIZER_ALIASES
from chainrule.arguments.checks import (
    FINITE,
    FRACTION,
    NON_NEGATIVE,
    POSITIVE,
    Range,
    checked_flag,
    checked_number,
)
from chainrule.arguments.lookup import refuse_unknown
from chainrule.errors import ArgumentError

__all__ = [
    "Finite",
    "Fraction",
    "NonNegative",
    "NonNegativeInt",
    "OpenFraction",
    "Positive",
    "PositiveInt",
    "check_fields",
    "named_arguments",
]

Record = TypeVar("Record")

Finite = Annotated[float, FINITE]
Positive = Annotated[float, POSITIVE]
NonNegative = Annotated[float, NON_NEGATIVE]
Fraction = Annotated[float, FRACTION]
OpenFraction = Annotated[float, Range("a number between 0 and 1", lambda x: 0 < x < 1)]
PositiveInt = Annotated[int, Range("an integer, 1 or more", lambda x: x >= 1 and x == int(x))]
NonNegativeInt = Annotated[int, Range("an integer, 0 or more", lambda x: x >= 0 and x == int(x))]


def check_fields(record: Any) -> None:
    """Check each field of a frozen dataclass against its annotation; numbers become Python's."""
    owner = type(record).__name__
    hints = get_type_hints(type(record), include_extras=True)
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


def named_arguments(cls: type[Record]) -> type[Record]:
    """Let a dataclass take ``lr`` for ``learning_rate`` and answer foreign names with its own.

    Examples
    --------
    >>> from dataclasses import dataclass
    >>> @named_arguments
    ... @dataclass(frozen=True)
    ... class Rule:
    ...     learning_rate: float
    ...     epsilon: float = 1e-8
    >>> Rule(lr=0.5)
    Rule(learning_rate=0.5, epsilon=1e-08)
    >>> Rule(0.5, eps=1e-6)
    Traceback (most recent call last):
    chainrule.errors.ArgumentError: Rule: there is no argument `eps`; here it is `epsilon`
    """
    initialize: Callable[..., None] = cls.__init__

    @functools.wraps(initialize)
    def resolving(self: Record, *values: Any, **keywords: Any) -> None:
        initialize(self, *values, **_resolve_names(cls, len(values), keywords))

    setattr(cls, "__init__", resolving)  # noqa: B010 (pyright allows no assignment to __init__)
    return cls


def _resolve_names(cls: type[Any], positional: int, keywords: dict[str, Any]) -> dict[str, Any]:
    known = [field.name for field in fields(cls) if field.init]
    if "lr" in keywords and "learning_rate" in known:
        if "learning_rate" in keywords or positional > known.index("learning_rate"):
            raise ArgumentError(
                f"{cls.__name__}: lr and learning_rate are one argument, and both are given; "
                "keep learning_rate"
            )
        keywords = {"learning_rate" if key == "lr" else key: keywords[key] for key in keywords}
    refuse_unknown(cls.__name__, keywords, known, OPTIMIZER_ALIASES)
    return keywords
