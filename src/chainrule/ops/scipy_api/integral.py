"""Exponential integrals, Dawson's integral and complete elliptic integrals of ``scipy.special``.

The first three by truncated Chebyshev series, written in powers; the elliptic ones by the
arithmetic-geometric mean (Abramowitz & Stegun 17.6).
"""

from __future__ import annotations

import math
from typing import Any

from chainrule.ops.primitives.custom_derivative import with_derivative
from chainrule.ops.primitives.elementwise import (
    absolute,
    equal,
    exp,
    less,
    less_equal,
    log,
    maximum,
    minimum,
    sqrt,
)
from chainrule.ops.primitives.selection import select
from chainrule.ops.scipy_api import integral_tables as tables
from chainrule.ops.scipy_api.series import in_double, polynomial

__all__ = ["dawsn", "ellipe", "ellipk", "exp1", "expi"]

_EULER = 0.5772156649015329
_MEANS = 12  # doublings of correct digits, for parameters of any size


@in_double
def exp1(z: Any) -> Any:
    """Exponential integral, ``∫₁^∞ exp(-x t) / t dt``, of real numbers: NaN where negative."""
    return with_derivative(lambda x, y: -exp(-x) / x)(_exp1)(z)


@in_double
def expi(x: Any) -> Any:
    """Exponential integral, the principal value of ``∫ exp(t) / t dt`` from -∞ to `x`."""
    return with_derivative(lambda x, y: exp(x) / x)(_expi)(x)


@in_double
def dawsn(x: Any) -> Any:
    """Compute Dawson's integral, ``exp(-x²) ∫₀ˣ exp(t²) dt``."""
    return with_derivative(_dawsn_derivative)(_dawsn)(x)


@in_double
def ellipk(m: Any) -> Any:
    """Complete elliptic integral of the first kind, of the parameter `m`."""
    is_valid = less(m, 1)
    value, _ = _elliptic(select(is_valid, m, 0))
    return select(is_valid, value, select(equal(m, 1), math.inf, math.nan))


@in_double
def ellipe(m: Any) -> Any:
    """Complete elliptic integral of the second kind, of the parameter `m`."""
    is_valid = less(m, 1)
    first, deficit = _elliptic(select(is_valid, m, 0))
    return select(is_valid, first * (1 - deficit), select(equal(m, 1), 1.0, math.nan))


def _exp1(x: Any) -> Any:
    is_positive = less(0, x)
    x_safe = select(is_positive, x, 1)
    near, far = minimum(x_safe, 1.0), maximum(x_safe, 4.0)
    middle = minimum(maximum(x_safe, 1.0), 4.0)
    inner = near * polynomial(2 * near - 1, tables.E1_NEAR) - log(near) - _EULER
    t = (1 / middle - 5 / 8) * (8 / 3)
    outer = select(
        less_equal(x_safe, 4.0),
        exp(-middle) / middle * polynomial(t, tables.E1_MIDDLE),
        exp(-far) / far * polynomial(8 / far - 1, tables.E1_FAR),
    )
    value = select(less_equal(x_safe, 1.0), inner, outer)
    return select(is_positive, value, select(equal(x, 0), math.inf, math.nan))


def _expi(x: Any) -> Any:
    is_positive = less(0, x)
    x_safe = select(is_positive, x, 1)
    near, far = minimum(x_safe, 6.0), maximum(x_safe, 20.0)
    middle = minimum(maximum(x_safe, 6.0), 20.0)
    smooth = near * exp(near / 2) * polynomial(near / 3 - 1, tables.EI_NEAR)
    low, high = 1 / 20, 1 / 6
    t = (1 / middle - (low + high) / 2) * (2 / (high - low))
    outer = select(
        less_equal(x_safe, 20.0),
        exp(middle) / middle * polynomial(t, tables.EI_MIDDLE),
        exp(far) / select(less(far, math.inf), far, 1) * polynomial(40 / far - 1, tables.EI_FAR),
    )
    value = select(less_equal(x_safe, 6.0), smooth + log(near) + _EULER, outer)
    negative = -_exp1(select(less(x, 0), -x, 1))
    value = select(is_positive, value, select(equal(x, 0), -math.inf, negative))
    return select(equal(x, x), value, x)


def _dawsn(x: Any) -> Any:
    size = absolute(x)
    near, far = minimum(size, 2.0), maximum(size, 5.0)
    middle = minimum(maximum(size, 2.0), 5.0)
    inner = near * polynomial(near * near / 2 - 1, tables.DAWSON_NEAR)
    ratio = 5 / far
    outer = select(
        less_equal(size, 5.0),
        polynomial((middle - 3.5) / 1.5, tables.DAWSON_MIDDLE) / middle,
        polynomial(2 * ratio * ratio - 1, tables.DAWSON_FAR) / far,
    )
    value = select(less_equal(size, 2.0), inner, outer)
    return select(less(x, 0), -value, select(equal(x, 0), x, value))


def _dawsn_derivative(x: Any, y: Any) -> Any:
    """``1 - 2 x y``; from 5 on, where that cancels, the derivative of the approximation."""
    is_far = less(5, absolute(x))
    inverse = 1 / select(is_far, x, 5)
    square = inverse * inverse
    t = 50 * square - 1
    steps = [k * each for k, each in enumerate(tables.DAWSON_FAR)][1:]
    factor = polynomial(t, tables.DAWSON_FAR) + 100 * square * polynomial(t, steps)
    return select(is_far, -square * factor, 1 - 2 * select(is_far, 0, x) * y)


def _elliptic(m: Any) -> tuple[Any, Any]:
    """K(m) and ``1 - E(m) / K(m)``."""
    first: Any = 1.0
    second = sqrt(1 - m)
    total, weight = m / 2, 0.5
    for _ in range(_MEANS):
        gap = (first - second) / 2
        first, second = (first + second) / 2, sqrt(first * second)
        weight *= 2
        total = total + weight * (gap * gap)
    return math.pi / 2 / first, total
