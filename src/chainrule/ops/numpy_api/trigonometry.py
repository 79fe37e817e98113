"""Trigonometric and hyperbolic functions, composed of exp, log, sin, cos and arctan2."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.ops.numpy_api.arithmetic import as_float, in_single
from chainrule.ops.numpy_api.reductions import safe_sqrt
from chainrule.ops.primitives import elementwise
from chainrule.ops.primitives.broadcasting import cast
from chainrule.ops.primitives.custom_derivative import with_derivative
from chainrule.ops.primitives.elementwise import (
    absolute,
    cos,
    divide,
    equal,
    exp,
    expm1,
    less,
    log,
    log1p,
    logical_or,
    maximum,
    multiply,
    sin,
    sqrt,
)
from chainrule.ops.primitives.promotion import as_array
from chainrule.ops.primitives.selection import select, stop_gradient

__all__ = [
    "arccos", "arccosh", "arcsin", "arcsinh", "arctan", "arctanh", "cosh", "deg2rad", "degrees",
    "hypot", "rad2deg", "radians", "sinc", "sinh", "tan",
]  # fmt: skip


@in_single
def tan(x: Any) -> Any:
    """Tangent, ``sin x / cos x``."""
    return divide(sin(x), cos(x))


def arctan(x: Any) -> Any:
    """Angle between -π/2 and π/2 whose tangent is `x`."""
    return elementwise.arctan2(as_float(x), 1)


def _one_minus_square(x: Any) -> Any:
    """1 - x², without cancellation near 1, and with the derivative -2x near 0."""
    return select(less(absolute(x), 0.5), 1 - x * x, (1 - x) * (1 + x))


@in_single
@with_derivative(lambda x, y: 1 / sqrt(_one_minus_square(x)))
def arcsin(x: Any) -> Any:
    """Angle between -π/2 and π/2 whose sine is `x`."""
    return elementwise.arctan2(x, sqrt(multiply(1 - x, 1 + x)))


@in_single
@with_derivative(lambda x, y: -1 / sqrt(_one_minus_square(x)))
def arccos(x: Any) -> Any:
    """Angle between 0 and π whose cosine is `x`."""
    return elementwise.arctan2(sqrt(multiply(1 - x, 1 + x)), x)


def _derivative_of_sinh(x: Any, y: Any) -> Any:
    return cosh(x)


@in_single
@with_derivative(_derivative_of_sinh)
def sinh(x: Any) -> Any:
    """Hyperbolic sine, ``(eˣ - e⁻ˣ) / 2``, by expm1, without cancellation near 0."""
    return _unless_exp_overflows(x, _sinh, elementwise.copysign(1.0, x))


@in_single
@with_derivative(lambda x, y: sinh(x))
def cosh(x: Any) -> Any:
    """Hyperbolic cosine, ``(eˣ + e⁻ˣ) / 2``."""
    return _unless_exp_overflows(x, _cosh, 1.0)


def _sinh(x: Any) -> Any:
    return multiply(0.5, expm1(x) - expm1(-x))


def _cosh(x: Any) -> Any:
    return multiply(0.5, exp(x) + exp(-x))


def _unless_exp_overflows(x: Any, function: Callable[[Any], Any], sign: Any) -> Any:
    """Apply a function; ``sign · e^|x| / 2`` where eˣ is nearly too large for the dtype."""
    size = elementwise.copysign(x, 1.0)
    limit = math.log(np.finfo(x.dtype).max) - 1
    is_small = less(size, limit)
    scaled = exp(select(is_small, limit, size) - 1) * (math.e / 2)
    return select(is_small, function(select(is_small, x, 1)), sign * scaled)


@in_single
@with_derivative(lambda x, y: 1 / _one_minus_square(x))
def arctanh(x: Any) -> Any:
    """Inverse of tanh, ``ln((1 + x) / (1 - x)) / 2``."""
    return multiply(0.5, log1p(x) - log1p(-x))


@in_single
@with_derivative(lambda x, y: 1 / hypot(1, x))
def arcsinh(x: Any) -> Any:
    """Inverse of sinh, ``ln(x + √(1 + x²))``, of |x|, without cancellation; ``ln 2x`` if large."""
    size = elementwise.copysign(x, 1.0)
    is_large = less(1 / np.finfo(x.dtype).eps, size)
    small = select(is_large, 1, size)
    value = log1p(small + small * (small / (1 + hypot(1, small))))
    value = select(is_large, log(select(is_large, size, 1)) + math.log(2), value)
    return elementwise.copysign(value, x)


@in_single
@with_derivative(lambda x, y: 1 / (sqrt(x - 1) * sqrt(x + 1)))
def arccosh(x: Any) -> Any:
    """Inverse of cosh, ``ln(x + √(x² - 1))``; ``ln 2x`` if large."""
    is_large = less(1 / np.finfo(x.dtype).eps, x)
    above = select(is_large, 1, x - 1)
    value = log1p(above + sqrt(above) * sqrt(above + 2))
    return select(is_large, log(select(is_large, x, 1)) + math.log(2), value)


@in_single
def hypot(a: Any, b: Any) -> Any:
    """Hypotenuse, ``√(a² + b²)``, scaled so that squares neither overflow nor underflow.

    Its derivative at (0, 0) is 0.
    """
    scale = stop_gradient(maximum(abs(a), abs(b)))
    is_infinite = logical_or(equal(abs(a), math.inf), equal(abs(b), math.inf))
    scale = select(logical_or(equal(scale, 0), equal(scale, math.inf)), 1, scale)
    a, b = a / scale, b / scale
    return select(is_infinite, math.inf, scale * safe_sqrt(a * a + b * b))


def degrees(x: Any) -> Any:
    """Convert from radians to degrees."""
    return multiply(as_array(x), 180 / math.pi)


def radians(x: Any) -> Any:
    """Convert from degrees to radians."""
    return multiply(as_array(x), math.pi / 180)


def rad2deg(x: Any) -> Any:
    """Convert from radians to degrees."""
    return degrees(x)


def deg2rad(x: Any) -> Any:
    """Convert from degrees to radians."""
    return radians(x)


def sinc(x: Any) -> Any:
    """Cardinal sine, ``sin(πx) / (πx)``; by its Taylor series near 0, where it is 0/0."""
    x = as_array(x)
    angle = multiply(x if x.dtype.kind == "f" else cast(x, "float64"), math.pi)
    is_small = less(absolute(angle), 0.03)
    near = select(is_small, angle, 0)
    squared = near * near
    series = 1 - squared / 6 * (1 - squared / 20 * (1 - squared / 42))
    safe = select(is_small, 1, angle)
    return select(is_small, series, sin(safe) / safe)
