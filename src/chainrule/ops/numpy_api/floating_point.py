"""Parts of floating-point numbers and the neighbours of a number, with NumPy's names."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from chainrule.errors import DTypeError
from chainrule.graph.node import Node
from chainrule.ops.numpy_api.arithmetic import (
    as_float,
    copysign,
    in_single,
    isfinite,
    log2,
    power,
    signbit,
    trunc,
)
from chainrule.ops.numpy_api.indexing import get_item
from chainrule.ops.numpy_api.known_values import value_of
from chainrule.ops.primitives.broadcasting import cast
from chainrule.ops.primitives.elementwise import (
    absolute,
    floor,
    less,
    less_equal,
    logical_and,
    maximum,
    minimum,
)
from chainrule.ops.primitives.promotion import as_array
from chainrule.ops.primitives.selection import select, stop_gradient

__all__ = ["cbrt", "fix", "frexp", "ldexp", "modf", "nextafter", "spacing"]

_EXPONENTS = (-1100, 1100)
_NEIGHBOURS = "use x * (1 + np.finfo(x.dtype).eps), or leave out cr.jit"


@in_single
def cbrt(x: Any) -> Any:
    """Cube root, ``x^(1/3)``, also of negative numbers; refined by a step of Newton's method."""
    size = select(signbit(x), -x, x)  # absolute has derivative 0 at 0, where the root has infinity
    root = power(size, 1 / 3)
    is_regular = logical_and(less(0, root), less(root, math.inf))
    safe = stop_gradient(select(is_regular, root, 1))
    rest = (safe - stop_gradient(size) / (safe * safe)) / 3
    root = root - select(is_regular, rest, 0)
    return select(signbit(x), -root, root)


def fix(x: Any) -> Any:
    """Round towards 0."""
    return trunc(x)


def modf(x: Any) -> tuple[Any, Any]:
    """Return the fractional and the integral part, both with the sign of `x`."""
    x = as_float(x)
    whole = copysign(trunc(x), x)
    rest = select(isfinite(x), x - whole, select(x == x, 0, x))
    return copysign(rest, x), whole


def frexp(x: Any) -> tuple[Any, Any]:
    """Return mantissa and exponent, ``x = mantissa · 2^exponent`` with |mantissa| in [½, 1)."""
    x = as_float(x)
    size = stop_gradient(absolute(x))
    is_regular = logical_and(less(0, size), less(size, math.inf))
    is_small = less(size, float(np.finfo(x.dtype).smallest_normal))
    large = size * select(is_small, 2.0**30, 1.0)
    exponent = cast(floor(log2(select(is_regular, large, 1))), "int32") + np.int32(1)
    exponent = exponent - select(is_small, np.int32(30), np.int32(0))
    # The logarithm may round up to the next power of two, or down from it.
    mantissa = ldexp(size, -exponent)
    exponent = exponent + cast(less_equal(1, mantissa), "int32")
    exponent = exponent - cast(less(mantissa, 0.5), "int32")
    exponent = select(is_regular, exponent, np.int32(0))
    return ldexp(x, -exponent), exponent


def ldexp(x: Any, exponent: Any) -> Any:
    """Return ``x · 2^exponent``, in two steps, so that the power does not overflow."""
    x, exponent = as_float(x), as_array(exponent)
    if exponent.dtype.kind not in "biu":
        raise DTypeError(
            f"ldexp: the exponents have dtype {exponent.dtype}, but must be integers; use "
            "x * np.exp2(exponent)"
        )
    exponent = minimum(maximum(cast(exponent, "int64"), 2 * _EXPONENTS[0]), 2 * _EXPONENTS[1])
    half = exponent // 2
    return x * _power_of_two(half, x.dtype) * _power_of_two(exponent - half, x.dtype)


def nextafter(x: Any, towards: Any) -> Any:
    """Return the next number after `x` in the direction of `towards`."""
    known = [value_of("nextafter", each, _NEIGHBOURS) for each in (x, towards)]
    following = np.nextafter(*known)
    with np.errstate(invalid="ignore"):
        step = following - known[0]
    if not isinstance(x, Node):
        return following
    return select(np.isfinite(step) & (following != 0), x + step, following)


def spacing(x: Any) -> Any:
    """Return the distance to the next number; it has no derivative."""
    return np.spacing(value_of("spacing", x, _NEIGHBOURS))


def _power_of_two(exponent: Any, dtype: Any) -> Any:
    """Look up a power of two, which is exact; `power` may round."""
    low, high = _EXPONENTS
    with np.errstate(over="ignore", under="ignore"):
        table = np.ldexp(np.ones((), dtype), np.arange(low, high + 1))
    # Past the range of the dtype the product with a clipped power still is 0 or infinite.
    return get_item(table, exponent - low) if isinstance(exponent, Node) else table[exponent - low]
