"""Line search for the strong Wolfe conditions.

Along a direction p with φ(a) = f(x + a p), it finds a step length a with

    φ(a) ≤ φ(0) + c₁ a φ′(0)   and   |φ′(a)| ≤ c₂ |φ′(0)|

by Nocedal & Wright (2006), algorithms 3.5 and 3.6: lengths grow until an interval is known to
contain such a length, and the interval is then made smaller. Both are states of one loop, which
evaluates function and gradient once in each iteration.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from chainrule.autodiff.control_flow.while_loop import while_loop

__all__ = ["LineMinimum", "strong_wolfe"]

_DECREASE, _CURVATURE = 1e-4, 0.9


class LineMinimum(NamedTuple):
    """The end of a line search: where, and whether the value is sufficiently smaller there."""

    x: Any
    value: Any
    gradient: Any
    evaluations: Any
    is_sufficient: Any


class _Search(NamedTuple):
    """The next length to try, the ends of the interval, and the best point so far.

    `low` is the end with the lower value, with its value and its derivative φ′; `high` is the other
    one, or infinite as long as no interval is known.
    """

    length: Any
    low: Any
    low_value: Any
    low_rate: Any
    high: Any
    high_value: Any
    high_rate: Any
    x: Any
    value: Any
    gradient: Any
    evaluations: Any
    is_found: Any


def strong_wolfe(
    derivative: Callable[[Any], tuple[Any, Any]],
    x: Any,
    value: Any,
    gradient: Any,
    direction: Any,
    first: Any,
    max_steps: int,
) -> LineMinimum:
    """Search from `x`, whose value and gradient are given, with `first` as the first length.

    `derivative` returns value and gradient.
    """
    rate = np.sum(gradient * direction)
    zero = rate * 0

    def attempt(s: _Search) -> _Search:
        point = x + s.length * direction
        new_value, new_gradient = derivative(point)
        new_rate = np.sum(new_gradient * direction)
        is_high = ~(
            (new_value <= value + _DECREASE * s.length * rate)
            & ((new_value < s.low_value) | (s.low == 0))
        )
        is_found = ~is_high & (np.abs(new_rate) <= -_CURVATURE * rate)
        # The minimum lies before the new point if φ grows there, else between it and the far end.
        is_beyond = ~is_high & np.where(s.high > s.low, new_rate >= 0, new_rate <= 0)
        new_high = np.where(is_beyond, s.low, s.high)
        high = np.where(is_high, s.length, new_high)
        high_value = np.where(is_high, new_value, np.where(is_beyond, s.low_value, s.high_value))
        high_rate = np.where(is_high, new_rate, np.where(is_beyond, s.low_rate, s.high_rate))
        low = np.where(is_high, s.low, s.length)
        low_value = np.where(is_high, s.low_value, new_value)
        low_rate = np.where(is_high, s.low_rate, new_rate)
        length = _next_length(low, low_value, low_rate, high, high_value, high_rate)
        return _Search(
            length, low, low_value, low_rate, high, high_value, high_rate,
            np.where(is_high, s.x, point),
            np.where(is_high, s.value, new_value),
            np.where(is_high, s.gradient, new_gradient),
            s.evaluations + 1,
            is_found,
        )  # fmt: skip

    start = _Search(
        first + zero, zero, value, rate, zero + np.inf, value, rate, x, value, gradient, 0,
        ~(rate < 0),
    )  # fmt: skip
    end = while_loop(lambda s: ~s.is_found & _is_wide(s), attempt, start, max_steps)
    return LineMinimum(end.x, end.value, end.gradient, end.evaluations, end.value < value)


def _is_wide(s: _Search) -> Any:
    """Whether the interval has lengths between its ends."""
    return np.abs(s.high - s.low) > 1e-15 * np.maximum(np.abs(s.low), 1e-300)


def _next_length(low: Any, f0: Any, g0: Any, high: Any, f1: Any, g1: Any) -> Any:
    """Minimise the cubic through both ends (equation 3.59); the middle where it is no use."""
    is_open = high == np.inf
    end = np.where(is_open | (high == low), low + 1, high)
    width = end - low
    is_known = np.isfinite(f1) & np.isfinite(g1)
    f1, g1 = np.where(is_known, f1, f0), np.where(is_known, g1, g0)
    d1 = g0 + g1 - 3 * (f0 - f1) / (low - end)
    square = d1 * d1 - g0 * g1
    d2 = np.sign(width) * np.sqrt(np.where(square > 0, square, 0))
    bottom = g1 - g0 + 2 * d2
    is_usable = (square > 0) & (bottom != 0) & is_known
    cubic = end - width * (g1 + d2 - d1) / np.where(is_usable, bottom, 1)
    near = low + 0.1 * width
    far = low + 0.9 * width
    is_inside = (cubic - near) * (cubic - far) <= 0
    inside = np.where(is_usable & is_inside, cubic, low + 0.5 * width)
    return np.where(is_open, 2 * np.maximum(low, 0) + (low == 0), inside)
