"""Trigonometric and hyperbolic functions, composed of exp, log, sin, cos and arctan2."""

from __future__ import annotations

import math
from typing import Any

from chainrule.ops.numpy_api.arithmetic import as_float
from chainrule.ops.primitives import elementwise
from chainrule.ops.primitives.elementwise import (
    cos,
    divide,
    equal,
    exp,
    expm1,
    less,
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


def tan(x: Any) -> Any:
    """Tangent, ``sin x / cos x``."""
    return divide(sin(x), cos(x))


def arctan(x: Any) -> Any:
    """Angle between -π/2 and π/2 whose tangent is `x`."""
    return elementwise.arctan2(as_float(x), 1)


def arcsin(x: Any) -> Any:
    """Angle between -π/2 and π/2 whose sine is `x`."""
    x = as_float(x)
    return elementwise.arctan2(x, sqrt(multiply(1 - x, 1 + x)))


def arccos(x: Any) -> Any:
    """Angle between 0 and π whose cosine is `x`."""
    x = as_float(x)
    return elementwise.arctan2(sqrt(multiply(1 - x, 1 + x)), x)


def sinh(x: Any) -> Any:
    """Hyperbolic sine, ``(eˣ - e⁻ˣ) / 2``, by expm1, without cancellation near 0."""
    x = as_float(x)
    return multiply(0.5, expm1(x) - expm1(-x))


def cosh(x: Any) -> Any:
    """Hyperbolic cosine, ``(eˣ + e⁻ˣ) / 2``."""
    x = as_float(x)
    return multiply(0.5, exp(x) + exp(-x))


def arctanh(x: Any) -> Any:
    """Inverse of tanh, ``ln((1 + x) / (1 - x)) / 2``."""
    x = as_float(x)
    return multiply(0.5, log1p(x) - log1p(-x))


def arcsinh(x: Any) -> Any:
    """Inverse of sinh, ``ln(x + √(1 + x²))``, of |x|, without cancellation."""
    x = as_float(x)
    size = select(less(x, 0), -x, x)
    value = log1p(size + size * (size / (1 + hypot(1, size))))
    return select(less(x, 0), -value, value)


def arccosh(x: Any) -> Any:
    """Inverse of cosh, ``ln(x + √(x² - 1))``."""
    above = as_float(x) - 1
    return log1p(above + sqrt(above) * sqrt(above + 2))


def hypot(a: Any, b: Any) -> Any:
    """Hypotenuse, ``√(a² + b²)``, scaled so that squares neither overflow nor underflow."""
    a, b = as_float(a), as_float(b)
    scale = stop_gradient(maximum(abs(a), abs(b)))
    scale = select(logical_or(equal(scale, 0), equal(scale, math.inf)), 1, scale)
    a, b = a / scale, b / scale
    return scale * sqrt(a * a + b * b)


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
    angle = multiply(as_float(x), math.pi)
    squared = angle * angle
    series = 1 - squared / 6 * (1 - squared / 20 * (1 - squared / 42))
    is_small = less(squared, 1e-3)
    safe = select(is_small, 1, angle)
    return select(is_small, series, sin(safe) / safe)
