"""Checks of the arguments that many layers share."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from chainrule.errors import ArgumentError

__all__ = ["checked_count", "checked_flag", "checked_l2", "checked_number"]


def checked_count(owner: str, argument: str, value: Any) -> int:
    """Return `value` as an int of at least 1."""
    if not isinstance(value, bool) and isinstance(value, int | np.integer) and value >= 1:
        return int(value)
    raise ArgumentError(f"{owner}: {argument} must be a whole number of at least 1, got {value!r}")


def checked_number(owner: str, argument: str, value: Any) -> float:
    """Return `value` as a finite float."""
    real = isinstance(value, int | float | np.integer | np.floating)
    if real and not isinstance(value, bool) and math.isfinite(value):
        return float(value)
    raise ArgumentError(f"{owner}: {argument} must be a finite number, got {value!r}")


def checked_flag(owner: str, argument: str, value: Any) -> bool:
    """Return `value` as True or False."""
    if isinstance(value, bool | np.bool_):
        return bool(value)
    raise ArgumentError(f"{owner}: {argument} must be True or False, got {value!r}")


def checked_l2(owner: str, value: Any) -> float:
    """Return the weight of an ``l2`` penalty as a float of at least 0."""
    if (number := checked_number(owner, "l2", value)) >= 0:
        return number
    raise ArgumentError(f"{owner}: l2 must be at least 0, got {value!r}")
