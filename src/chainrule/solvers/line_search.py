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

__all__ = ["LineMinimum", "Point", "strong_wolfe"]

_DECREASE, _CURVATURE = 1e-4, 0.9


class Point(NamedTuple):
    """A point with the value and the gradient of the function, and what else it returns there."""

    x: Any
    value: Any
    gradient: Any
    rest: tuple[Any, ...] = ()


class LineMinimum(NamedTuple):
    """The end of a line search, and whether the value is sufficiently smaller there."""

    point: Point
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
    Where `stays`, the next length is 0, and the search ends with it.
    """

    length: Any
    low: _End
    high: _End
    best: Point
    evaluations: Any
    is_found: Any
    stays: Any


def strong_wolfe(
    derivative: Callable[[Any], tuple[Any, ...]],
    start: Point,
    direction: Any,
    first: Any,
    max_steps: int,
    stays: Any = False,
    is_idle: Any = False,
) -> LineMinimum:
    """Search from a point along a direction, with `first` as the first length.

    `derivative` returns value, gradient and what else a `Point` has. If no length is sufficient,
    the search ends at the point itself, evaluated once more for what else it has. Where `stays`,
    that is the only evaluation, and value and gradient need not be known; so it is where the
    function does not decrease along the direction. Where `is_idle`, there is none.
    """
    rate = np.sum(start.gradient * direction)
    zero, stays = rate * 0, stays | ~(rate < 0)

    def attempt(s: _Search) -> _Search:
        x = start.x + s.length * direction
        value, gradient, *rest = derivative(x)
        new = _End(s.length, value, np.sum(gradient * direction))
        decreases = new.value <= start.value + _DECREASE * new.length * rate
        is_lower = decreases & ((new.value < s.low.value) | (s.low.length == 0))
        is_high = ~(is_lower | s.stays)
        is_found = ~is_high & ((np.abs(new.rate) <= -_CURVATURE * rate) | s.stays)
        low, high = _section(s.low, s.high, new, is_high)
        best = _chosen_point(is_high, s.best, Point(x, value, gradient, tuple(rest)))
        count = s.evaluations + 1
        is_last = ~_is_wide(low, high) | (count >= max_steps)
        returns = ~is_found & is_last & (low.length == 0)
        length = np.where(returns, zero, _next_length(low, high))
        is_found = is_found | (is_last & ~returns)
        return _Search(length, low, high, best, count, is_found, returns)

    origin = _End(zero, start.value, rate)
    first = np.where(stays, zero, first + zero)
    end = while_loop(
        lambda s: ~s.is_found,
        attempt,
        _Search(
            first, origin, origin._replace(length=zero + np.inf), start, 0,
            is_idle | (zero != 0), stays,
        ),
        max_steps + 1,
    )  # fmt: skip
    return LineMinimum(end.best, end.evaluations, end.best.value < start.value)


def _chosen_point(test: Any, a: Point, b: Point) -> Point:
    x, value, gradient = _chosen(test, a[:3], b[:3])
    return Point(x, value, gradient, tuple(_chosen(test, a.rest, b.rest)))


def _section(low: _End, high: _End, new: _End, is_high: Any) -> tuple[_End, _End]:
    """Replace an end of the interval by a new point; one that is too high is the far end.

    Else the minimum lies before the new point if φ grows there, or between it and the far end.
    """
    is_beyond = np.where(high.length > low.length, new.rate >= 0, new.rate <= 0)
    far = _End(*_chosen(is_high, new, _chosen(is_beyond, low, high)))
    return _End(*_chosen(is_high, low, new)), far


def _chosen(test: Any, a: Sequence[Any], b: Sequence[Any]) -> list[Any]:
    return [np.where(test, x, y) for x, y in zip(a, b, strict=True)]


def _is_wide(low: _End, high: _End) -> Any:
    """Whether the interval has lengths between its ends."""
    width = np.abs(high.length - low.length)
    return width > 1e-15 * np.maximum(np.abs(low.length), 1e-300)


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
