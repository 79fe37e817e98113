"""Checks of single arguments: each returns the value as Python's own type, or raises.

Messages have one form: ``Dense: units is 0; it must be an integer, 1 or more``.
"""

from __future__ import annotations

import math
import numbers
import operator
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.errors import ArgumentError, counted, type_in_words

__all__ = [
    "FINITE",
    "FRACTION",
    "NON_NEGATIVE",
    "POSITIVE",
    "Range",
    "as_position",
    "bad_argument",
    "checked_choice",
    "checked_count",
    "checked_flag",
    "checked_function",
    "checked_kind",
    "checked_l2",
    "checked_lengths",
    "checked_number",
    "checked_seed",
    "checked_text",
    "shown",
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
        number = _as_float(value)
        if math.isfinite(number) and allowed.contains(number):
            return number
    raise bad_argument(owner, argument, value, allowed.rule)


def checked_count(
    owner: str,
    argument: str,
    value: Any,
    least: int = 1,
    note: str = "",
    most: int = sys.maxsize,
) -> int:
    """Return an integer from `least` to `most` as an int; `note` continues the rule's message."""
    count = as_position(value)
    if count is None or count < least:
        raise bad_argument(owner, argument, value, f"an integer, {least} or more{note}")
    if count > most:
        raise bad_argument(owner, argument, value, f"an integer from {least} to {most:,}{note}")
    return count


def checked_seed(owner: str, seed: Any, bits: int = 64) -> int:
    """Return a seed, an unsigned integer of `bits` bits, as an int."""
    number = as_position(seed)
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


def checked_function(owner: str, argument: str, value: Any) -> Any:
    """Return what can be called."""
    if callable(value):
        return value
    raise bad_argument(owner, argument, value, "a function")


def checked_lengths(owner: str, argument: str, value: Any) -> tuple[int, ...]:
    """Return an integer, or a sequence of integers, 0 or more, as the shape of an array."""
    entries = value if isinstance(value, list | tuple | range | np.ndarray) else (value,)
    lengths = [as_position(each) for each in np.asarray(entries, object).ravel()]
    checked = [each for each in lengths if each is not None and 0 <= each <= sys.maxsize]
    if len(checked) < len(lengths) or np.ndim(np.asarray(entries, object)) != 1:
        raise bad_argument(owner, argument, value, "an integer or a tuple of them, 0 or more")
    return tuple(checked)


def checked_kind(owner: str, argument: str, value: Any, names: tuple[str, ...]) -> np.dtype[Any]:
    """Return one of several dtypes, given as a dtype, by its name or its type."""
    for name in names:
        dtype = np.dtype(name)
        if value is dtype.type or (isinstance(value, str | np.dtype) and _is_dtype(value, dtype)):
            return dtype
    raise bad_argument(owner, argument, value, " or ".join(names))


def _is_dtype(value: Any, dtype: np.dtype[Any]) -> bool:
    try:
        return np.dtype(value) == dtype
    except (TypeError, ValueError):
        return False


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
    return ArgumentError(f"{owner}: {argument} is {shown(value)}; it must be {rule}")


def shown(value: Any, width: int = 100) -> str:
    """Return a value as messages show it: on one line, of limited length, whatever it is.

    Examples
    --------
    >>> shown(list(range(100)), 20)
    '[0, 1, 2, 3, 4, 5...'
    """
    if isinstance(value, np.ndarray) and value.size > 4:
        return f"an array of dtype {value.dtype} and shape {value.shape}"
    if isinstance(value, int) and value.bit_length() > 1000:
        return f"an integer of {counted(value.bit_length(), 'bit')}"
    try:
        text = " ".join(repr(value).split())
    except Exception:  # noqa: BLE001 - of the user's class
        return type_in_words(value)
    return text if len(text) <= width else f"{text[: width - 3]}..."


def as_position(value: Any) -> int | None:
    """Return the number of an argument or axis as an int; None if it is no integer."""
    if isinstance(value, bool | np.bool_):
        return None
    try:
        return operator.index(value)
    except TypeError:
        return None


def _as_float(value: Any) -> float:
    try:
        return float(value)
    except OverflowError:  # of an integer
        return math.inf
