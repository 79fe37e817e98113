"""Checks of single arguments: each returns the value as Python's own type, or raises.

Messages have one form: ``Dense: units is 0; it must be an integer, 1 or more``.
"""

from __future__ import annotations

import math
import numbers
import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.errors import ArgumentError

__all__ = [
    "FINITE",
    "FRACTION",
    "NON_NEGATIVE",
    "POSITIVE",
    "Range",
    "bad_argument",
    "checked_choice",
    "checked_count",
    "checked_flag",
    "checked_l2",
    "checked_number",
    "checked_seed",
    "checked_text",
]


@dataclass(frozen=True)
class Range:
    """A set of finite numbers: the rule as messages state it, and its test."""

    rule: str
    contains: Callable[[float], bool]


FINITE = Range("a finite number", lambda x: True)
POSITIVE = Range("a number greater than 0", lambda x: x > 0)
NON_NEGATIVE = Range("a number, 0 or more", lambda x: x >= 0)
FRACTION = Range("a number in [0, 1)", lambda x: 0 <= x < 1)


def checked_number(owner: str, argument: str, value: Any, allowed: Range = FINITE) -> float:
    """Return a finite number of a range as a float."""
    # A Python float leaves float32 arrays float32, where NumPy's float64 would widen them.
    if not isinstance(value, bool) and isinstance(value, numbers.Real):
        number = float(value)
        if math.isfinite(number) and allowed.contains(number):
            return number
    raise bad_argument(owner, argument, value, allowed.rule)


def checked_count(owner: str, argument: str, value: Any, least: int = 1, note: str = "") -> int:
    """Return an integer of at least `least` as an int; `note` continues the rule in the message."""
    count = None if isinstance(value, bool) else _as_int(value)
    if count is None or count < least:
        raise bad_argument(owner, argument, value, f"an integer, {least} or more{note}")
    return count


def checked_seed(owner: str, seed: Any, bits: int = 64) -> int:
    """Return a seed, an unsigned integer of `bits` bits, as an int."""
    number = _as_int(seed)
    if number is None or not 0 <= number < 2**bits:
        raise bad_argument(owner, "seed", seed, f"an integer in [0, 2**{bits})")
    return number


def checked_flag(owner: str, argument: str, value: Any) -> bool:
    """Return True or False as a bool."""
    if isinstance(value, bool | np.bool_):
        return bool(value)
    raise bad_argument(owner, argument, value, "True or False")


def checked_choice(owner: str, argument: str, value: Any, choices: tuple[str, ...]) -> str:
    """Return one of several texts."""
    if isinstance(value, str) and value in choices:
        return value
    *others, last = map(repr, choices)
    raise bad_argument(owner, argument, value, f"{', '.join(others)} or {last}")


def checked_text(owner: str, argument: str, value: Any, rule: str) -> str:
    """Return a text that is not empty."""
    if isinstance(value, str) and value:
        return value
    raise bad_argument(owner, argument, value, rule)


def checked_l2(owner: str, value: Any) -> float:
    """Return the weight of an ``l2`` penalty as a float."""
    return checked_number(owner, "l2", value, NON_NEGATIVE)


def bad_argument(owner: str, argument: str, value: Any, rule: str) -> ArgumentError:
    """Return the error of an argument that breaks a rule."""
    try:
        shown = repr(value)
    except ValueError:  # of an integer with more digits than Python converts
        shown = f"an integer of {value.bit_length():,} bits"
    return ArgumentError(f"{owner}: {argument} is {shown}; it must be {rule}")


def _as_int(value: Any) -> int | None:
    try:
        return operator.index(value)
    except TypeError:
        return None
