"""Line search for the strong Wolfe conditions.

Along a direction p with φ(a) = f(x + a p), it finds a step length a with

    φ(a) ≤ φ(0) + c₁ a φ′(0)   and   |φ′(a)| ≤ c₂ |φ′(0)|

by Nocedal & Wright (2006), algorithms 3.5 and 3.6: lengths grow until an interval is known to
contain such a length, and the interval is then made smaller. Both are states of one loop, which
evaluates function and gradient once in each iteration.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
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


class _End(NamedTuple):
    """An end of the interval: its length a, with φ(a) and φ′(a)."""

    length: Any
    value: Any
    rate: Any


class _Search(NamedTuple):
    """The next length to try, the ends of the interval, and the best point so far.

    `low` is the end with the lower value; `high` is infinite as long as no interval is known.
    """

    length: Any
    low: _End
    high: _End
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
        new = _End(s.length, new_value, np.sum(new_gradient * direction))
        decreases = new.value <= value + _DECREASE * new.length * rate
        is_high = ~(decreases & ((new.value < s.low.value) | (s.low.length == 0)))
        is_found = ~is_high & (np.abs(new.rate) <= -_CURVATURE * rate)
        low, high = _section(s.low, s.high, new, is_high)
        best_x, best_value, best_gradient = _chosen(
            is_high, (s.x, s.value, s.gradient), (point, new_value, new_gradient)
        )
        return _Search(
            _next_length(low, high), low, high, best_x, best_value, best_gradient,
            s.evaluations + 1, is_found,
        )  # fmt: skip

    start = _End(zero, value, rate)
    end = while_loop(
        lambda s: ~s.is_found & _is_wide(s),
        attempt,
        _Search(
            first + zero, start, start._replace(length=zero + np.inf), x, value, gradient, 0,
            ~(rate < 0),
        ),
        max_steps,
    )  # fmt: skip
    return LineMinimum(end.x, end.value, end.gradient, end.evaluations, end.value < value)


def _section(low: _End, high: _End, new: _End, is_high: Any) -> tuple[_End, _End]:
    """Replace an end of the interval by a new point; one that is too high is the far end.

    Else the minimum lies before the new point if φ grows there, or between it and the far end.
    """
    is_beyond = np.where(high.length > low.length, new.rate >= 0, new.rate <= 0)
    far = _End(*_chosen(is_high, new, _chosen(is_beyond, low, high)))
    return _End(*_chosen(is_high, low, new)), far


def _chosen(test: Any, a: Sequence[Any], b: Sequence[Any]) -> list[Any]:
    return [np.where(test, x, y) for x, y in zip(a, b, strict=True)]


def _is_wide(s: _Search) -> Any:
    """Whether the interval has lengths between its ends."""
    width = np.abs(s.high.length - s.low.length)
    return width > 1e-15 * np.maximum(np.abs(s.low.length), 1e-300)


def _next_length(start: _End, far: _End) -> Any:
    """Minimise the cubic through both ends (equation 3.59); the middle where it is no use."""
    (low, f0, g0), (high, f1, g1) = start, far
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
