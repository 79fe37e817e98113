"""Error functions and the normal distribution, as ``scipy.special`` names them.

``erfc(x) = exp(-x²) erfcx(x)`` for positive `x`, where the scaled function is smooth and never
underflows; its approximations are those of the primitive ``erf``.
"""

from __future__ import annotations

import math
from typing import Any

from chainrule.ops.numpy_api.arithmetic import isnan
from chainrule.ops.primitives import special
from chainrule.ops.primitives.custom_derivative import with_derivative
from chainrule.ops.primitives.elementwise import (
    absolute,
    divide,
    exp,
    floor,
    less,
    log,
    log1p,
    logical_or,
    maximum,
    minimum,
    sqrt,
)
from chainrule.ops.primitives.selection import select
from chainrule.ops.scipy_api.series import as_real

__all__ = ["erf", "erfc", "erfcinv", "erfcx", "erfinv", "log_ndtr", "ndtr", "ndtri"]

_ROOT_PI = math.sqrt(math.pi)


def erf(x: Any) -> Any:
    """Error function, ``2/√π ∫₀ˣ exp(-t²) dt``."""
    return special.erf(as_real(x))


def erfc(x: Any) -> Any:
    """Complement of the error function, ``1 - erf(x)``, accurate where it is small."""
    return with_derivative(lambda x, y: -2 / _ROOT_PI * exp(-x * x))(_erfc)(as_real(x))


def erfcx(x: Any) -> Any:
    """Scaled complement of the error function, ``exp(x²) erfc(x)``."""
    return with_derivative(lambda x, y: 2 * x * y - 2 / _ROOT_PI)(_erfcx)(as_real(x))


def ndtr(x: Any) -> Any:
    """Distribution function of the standard normal distribution, ``erfc(-x/√2) / 2``."""
    density = with_derivative(lambda x, y: exp(-x * x / 2) / math.sqrt(2 * math.pi))
    return density(_ndtr)(as_real(x))


def log_ndtr(x: Any) -> Any:
    """Logarithm of `ndtr`, accurate in both tails."""
    x = as_real(x)
    is_low = less(x, -1)
    low = select(is_low, x, -1)
    tail = log(0.5 * erfcx(-low / math.sqrt(2))) - 0.5 * low * low
    high = select(is_low, 0, x)
    return select(is_low, tail, log1p(-0.5 * erfc(high / math.sqrt(2))))


def erfinv(x: Any) -> Any:
    """Inverse of `erf` on (-1, 1)."""
    return with_derivative(lambda x, y: _ROOT_PI / 2 * exp(y * y))(_erfinv)(as_real(x))


def erfcinv(x: Any) -> Any:
    """Inverse of `erfc` on (0, 2)."""
    return with_derivative(lambda x, y: -_ROOT_PI / 2 * exp(y * y))(_erfcinv)(as_real(x))


def ndtri(x: Any) -> Any:
    """Inverse of `ndtr`: quantiles of the standard normal distribution."""
    return -math.sqrt(2) * erfcinv(2 * as_real(x))


def _erfc(x: Any) -> Any:
    size = absolute(x)
    tail = _decay(size, 1.0) * _scaled(maximum(size, 0.46875))
    is_near = logical_or(less(size, 0.46875), isnan(x))
    return select(is_near, 1 - special.erf(x), select(less(x, 0), 2 - tail, tail))


def _ndtr(x: Any) -> Any:
    size = absolute(x)
    tail = 0.5 * _decay(size, 0.5) * _scaled(maximum(size, 1.0) / math.sqrt(2))
    middle = 0.5 * _erfc(-minimum(maximum(x, -1.0), 1.0) / math.sqrt(2))
    return select(less(1, size), select(less(x, 0), tail, 1 - tail), middle)


def _decay(size: Any, factor: float) -> Any:
    """``exp(-factor·x²)`` by two factors, the first of an exact square: it would be rounded."""
    bounded = minimum(size, 40.0)
    whole = floor(bounded * 16) / 16
    rest = (bounded - whole) * (bounded + whole)
    return exp(-factor * (whole * whole)) * exp(-factor * rest)


def _erfcx(x: Any) -> Any:
    positive = maximum(x, 0.46875)
    rest = minimum(x, 0.46875)
    return select(less(0.46875, x), _scaled(positive), exp(rest * rest) * _erfc(rest))


def _scaled(x: Any) -> Any:
    """``exp(x²) erfc(x)`` for `x` of at least 0.46875."""
    middle = _ratio(minimum(x, 4.0), special.MIDDLE)
    far = maximum(x, 4.0)
    inverse = 1 / (far * far)
    outer = (1 / _ROOT_PI - inverse * _ratio(inverse, special.FAR)) / far
    return select(less(x, 4), middle, outer)


def _ratio(x: Any, coefficients: tuple[tuple[float, ...], tuple[float, ...]]) -> Any:
    """Quotient of two polynomials, highest powers first."""
    above, below = (_polynomial(x, each) for each in coefficients)
    return divide(above, below)


def _polynomial(x: Any, coefficients: tuple[float, ...]) -> Any:
    value: Any = coefficients[0]
    for each in coefficients[1:]:
        value = value * x + each
    return value


def _erfinv(x: Any) -> Any:
    size = absolute(x)
    root = select(less(size, 0.5), _erfinv_near(minimum(size, 0.5)), _erfcinv_tail(1 - size))
    return select(less(x, 0), -root, select(x == 0, x, root))


def _erfcinv(x: Any) -> Any:
    gap = 1 - x  # exact where it is small
    is_near = less(absolute(gap), 0.5)
    near = select(is_near, gap, 0)
    root = _erfinv_near(absolute(near))
    return select(is_near, select(less(near, 0), -root, root), _erfcinv_tail(x))


def _erfinv_near(x: Any) -> Any:
    """Invert on [0, 1/2] by Newton's method from the Taylor series."""
    y = _guess(x)
    for _ in range(3):
        y = y - (special.erf(y) - x) * (_ROOT_PI / 2) * exp(y * y)
    return y


def _erfcinv_tail(x: Any) -> Any:
    """Invert by Newton's method on ln erfc, which is nearly a parabola."""
    is_valid = less(0, x) & less(x, 2)
    small = select(is_valid, select(less(1, x), 2 - x, x), 0.5)
    bound = sqrt(-log(small))
    y = bound
    for _ in range(8):
        scaled = _erfcx(y)
        rest = log(scaled) - y * y - log(small)
        y = y + rest * scaled / (2 / _ROOT_PI)
    y = select(less(1, x), -y, y)
    edge = select(x == 0, math.inf, select(x == 2, -math.inf, math.nan))
    return select(is_valid, y, edge)


def _guess(x: Any) -> Any:
    """The first terms of the Taylor series of the inverse error function."""
    square = x * x
    return _ROOT_PI / 2 * x * (1 + square * (math.pi / 12 + square * 7 * math.pi**2 / 480))
