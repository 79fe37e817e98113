"""Breakpoints: conditions of stops, as callables or as text.

::

    condition ::= "nan" | "inf" | "branch" | quantity comparison NUMBER ["%"]
    quantity  ::= "|grad|" | "|value|" | "dead" | "zeros" | "mean" | "std" | "min" | "max"
    comparison ::= ">" | ">=" | "<" | "<="

``nan`` and ``inf`` hold where such an entry is used; ``branch`` where some entries are computed and
not selected. ``|grad|`` is the largest magnitude of a derivative, and holds in the backward pass
alone, the others in the forward pass. ``dead`` is the share of units that are 0 for all samples.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.arguments.checks import shown
from chainrule.errors import ArgumentError
from chainrule.insight.debugger.stop import Stop

__all__ = ["Condition", "as_condition"]

Condition = Callable[[Stop], bool]

_COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}
_PATTERN = re.compile(r"(\|?[a-z]+\|?)\s*(>=|<=|>|<)\s*([-+.0-9e]+)\s*(%?)")


def as_condition(condition: Any) -> Condition:
    """Return a condition as a function of a stop.

    Examples
    --------
    >>> from chainrule.insight.debugger.stop import Stop
    >>> x = np.array([[1.0, 0.0], [2.0, 0.0]])
    >>> stop = Stop(0, "a", "forward", "", "operation", x, None, True, None)
    >>> [as_condition(text)(stop) for text in ("dead > 40%", "max > 5", "nan")]
    [True, False, False]
    """
    if callable(condition):
        return lambda stop: bool(condition(stop))
    text = condition.strip().lower() if isinstance(condition, str) else ""
    if text in _EVENTS:
        return _EVENTS[text]
    match = _PATTERN.fullmatch(text)
    if match is None or match[1] not in _QUANTITIES:
        raise _unknown(condition)
    try:
        bound = float(match[3]) / (100 if match[4] else 1)
    except ValueError:
        raise _unknown(condition) from None
    quantity, holds = _QUANTITIES[match[1]], _COMPARISONS[match[2]]

    def compare(stop: Stop) -> bool:
        value = quantity(stop)
        return value is not None and holds(value, bound)

    return compare


def _unknown(condition: Any) -> ArgumentError:
    return ArgumentError(
        f"run_until: condition is {shown(condition)}; it must be 'nan', 'inf', 'branch', a "
        f"comparison of one of {', '.join(_QUANTITIES)} with a number, such as '|grad| > 10', or a "
        "function of a stop"
    )


def _has_nan(stop: Stop) -> bool:
    return bool(np.any(np.isnan(stop.value) & stop.used))


def _has_inf(stop: Stop) -> bool:
    return bool(np.any(np.isinf(stop.value) & stop.used))


def _has_unused(stop: Stop) -> bool:
    return stop.statistics.unused > 0


_EVENTS: dict[str, Condition] = {"nan": _has_nan, "inf": _has_inf, "branch": _has_unused}


def _magnitude(direction: str) -> Callable[[Stop], float | None]:
    def magnitude(stop: Stop) -> float | None:
        is_meant = stop.direction == direction and stop.value.size
        return float(np.max(np.abs(stop.value))) if is_meant else None

    return magnitude


def _statistic(name: str) -> Callable[[Stop], float | None]:
    def statistic(stop: Stop) -> float | None:
        return getattr(stop.statistics, name) if stop.direction == "forward" else None

    return statistic


def _dead(stop: Stop) -> float | None:
    """The share of units of a computed value that are 0 for all samples."""
    is_output = stop.direction == "forward" and stop.kind == "operation" and stop.value.ndim > 1
    if not is_output or not stop.value.size or stop.dtype.kind != "f":
        return None
    return float(np.mean(np.all(stop.value == 0, axis=0)))


_QUANTITIES: dict[str, Callable[[Stop], float | None]] = {
    "|grad|": _magnitude("backward"),
    "|value|": _magnitude("forward"),
    "dead": _dead,
    **{name: _statistic(name) for name in ("zeros", "mean", "std", "min", "max")},
}
