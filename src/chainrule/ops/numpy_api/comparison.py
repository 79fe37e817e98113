"""Comparison within tolerances, and questions about complex parts, which real values lack."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from chainrule.ops.numpy_api.arithmetic import isfinite, isnan, signbit
from chainrule.ops.numpy_api.known_values import are_known, value_of
from chainrule.ops.numpy_api.reductions import all as all_along
from chainrule.ops.primitives.broadcasting import cast
from chainrule.ops.primitives.elementwise import (
    absolute,
    arctan2,
    equal,
    less_equal,
    logical_and,
    logical_or,
)
from chainrule.ops.primitives.promotion import as_array
from chainrule.ops.primitives.selection import stop_gradient

__all__ = [
    "allclose", "angle", "array_equal", "array_equiv", "imag", "isclose", "iscomplex", "isneginf",
    "isposinf", "isreal", "real_if_close",
]  # fmt: skip


def isclose(a: Any, b: Any, rtol: Any = 1e-5, atol: Any = 1e-8, equal_nan: bool = False) -> Any:
    """Whether ``|a - b| ≤ atol + rtol·|b|``, elementwise; infinities must be equal."""
    b = cast(as_array(b), np.result_type(as_array(b).dtype, 1.0))
    within = less_equal(absolute(a - b), atol + rtol * absolute(b))
    close = logical_or(logical_and(within, isfinite(b)), equal(a, b))
    return logical_or(close, logical_and(isnan(a), isnan(b))) if equal_nan else close


def allclose(a: Any, b: Any, rtol: Any = 1e-5, atol: Any = 1e-8, equal_nan: bool = False) -> Any:
    """Whether `isclose` holds for all elements."""
    return _truth(all_along(isclose(a, b, rtol, atol, equal_nan)))


def array_equal(a: Any, b: Any, equal_nan: bool = False) -> Any:
    """Whether two arrays have one shape and equal elements."""
    a, b = as_array(a), as_array(b)
    return a.shape == b.shape and _all_equal(a, b, equal_nan)


def array_equiv(a: Any, b: Any) -> Any:
    """Whether two arrays broadcast to one shape and have equal elements there."""
    a, b = as_array(a), as_array(b)
    try:
        np.broadcast_shapes(a.shape, b.shape)
    except ValueError:
        return False
    return _all_equal(a, b, False)


def isneginf(x: Any) -> Any:
    """Whether `x` is negative infinity."""
    return logical_and(equal(absolute(x), math.inf), signbit(x))


def isposinf(x: Any) -> Any:
    """Whether `x` is positive infinity."""
    return equal(as_array(x), math.inf)


def imag(x: Any) -> Any:
    """Return the imaginary part: zeros, since traced values are real."""
    return np.zeros(as_array(x).shape, as_array(x).dtype)


def angle(z: Any, deg: bool = False) -> Any:
    """Return the angle of a real number in the complex plane: 0, or π where it is negative."""
    angles = stop_gradient(arctan2(0, z))
    return angles * (180 / math.pi) if deg else angles


def isreal(x: Any) -> Any:
    """Whether the imaginary part is 0, elementwise: traced values are real."""
    return np.ones(as_array(x).shape, bool)[()]


def iscomplex(x: Any) -> Any:
    """Whether the imaginary part is not 0, elementwise: traced values are real."""
    return np.zeros(as_array(x).shape, bool)[()]


def real_if_close(a: Any, tol: Any = 100) -> Any:
    """Return `a`, since traced values are real."""
    return a


def _all_equal(a: Any, b: Any, equal_nan: bool) -> Any:
    same = equal(a, b)
    return _truth(
        all_along(logical_or(same, logical_and(isnan(a), isnan(b))) if equal_nan else same)
    )


def _truth(value: Any) -> Any:
    """Return a Python bool where the value is known, as NumPy does, else the traced boolean."""
    return bool(value_of("bool", value, "")) if are_known(value) else value
