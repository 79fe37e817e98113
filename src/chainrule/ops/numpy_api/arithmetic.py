"""Elementwise NumPy functions composed of primitives: powers, rounding, comparison, logic."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import wraps
from typing import Any

import numpy as np

from chainrule.graph.node import Node
from chainrule.ops.primitives import elementwise
from chainrule.ops.primitives.axes import static_int
from chainrule.ops.primitives.broadcasting import cast
from chainrule.ops.primitives.elementwise import (
    absolute,
    ceil,
    divide,
    equal,
    floor,
    floor_divide,
    less,
    less_equal,
    log,
    log1p,
    logical_and,
    minimum,
    multiply,
    not_equal,
    remainder,
    rint,
)
from chainrule.ops.primitives.promotion import as_array, common_dtype, is_python_number
from chainrule.ops.primitives.selection import select, stop_gradient

__all__ = [
    "around",
    "as_float",
    "clip",
    "copysign",
    "divmod",
    "exp2",
    "fabs",
    "float_power",
    "fmax",
    "fmin",
    "fmod",
    "greater",
    "greater_equal",
    "heaviside",
    "in_single",
    "isfinite",
    "isinf",
    "isnan",
    "log2",
    "log10",
    "logaddexp2",
    "logical_xor",
    "nan_to_num",
    "positive",
    "power",
    "reciprocal",
    "round",
    "signbit",
    "square",
    "trunc",
]  # fmt: skip

# NumPy's names shadow the built-ins round and divmod in this file.


def power(base: Any, exponent: Any) -> Any:
    """Raise to a power; by product, root or quotient for exponents 2, 1, 0.5 and -1.

    NumPy's ``**`` has the same fast paths, so the values agree to the last bit.
    """
    if isinstance(base, Node) and base.dtype.kind == "f" and is_python_number(exponent):
        fast_path = _FAST_POWERS.get(exponent)
        if fast_path is not None:
            return fast_path(base)
    if common_dtype(base, exponent).kind == "b":
        base, exponent = cast(as_array(base), "int8"), cast(as_array(exponent), "int8")
    return elementwise.power(base, exponent)


_FAST_POWERS: dict[float, Any] = {
    2: lambda x: multiply(x, x),
    1: lambda x: x,
    0.5: elementwise.sqrt,
    -1: lambda x: divide(1, x),
}


def float_power(base: Any, exponent: Any) -> Any:
    """Raise to a power in float64."""
    return elementwise.power(cast(as_array(base), "float64"), cast(as_array(exponent), "float64"))


def square(x: Any) -> Any:
    """Square, ``x·x``."""
    return multiply(x, x)


def reciprocal(x: Any) -> Any:
    """Divide 1 by `x`; integers by integer division."""
    return divide(1, x) if as_array(x).dtype.kind == "f" else floor_divide(1, x)


def positive(x: Any) -> Any:
    """Return ``+x``, which is `x`."""
    return x


def fabs(x: Any) -> Any:
    """Absolute value as a float."""
    return absolute(as_float(x))


def as_float(x: Any) -> Any:
    """Convert integers and booleans to the float dtype that NumPy's ufuncs compute in."""
    if is_python_number(x):
        return float(x)
    x = as_array(x)
    if x.dtype.kind == "f":
        return x
    return cast(x, np.exp.resolve_dtypes((x.dtype, None))[-1])


def in_single(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compute a composite function of half-precision numbers in single precision, as NumPy does."""

    @wraps(function)
    def computed(*operands: Any) -> Any:
        operands = tuple(map(as_float, operands))
        if common_dtype(*operands) != np.float16:
            return function(*operands)
        wide = (x if is_python_number(x) else cast(x, "float32") for x in operands)
        return cast(function(*wide), "float16")

    return computed


@in_single
def exp2(x: Any) -> Any:
    """Raise 2 to a power."""
    return elementwise.power(2.0, x)


@in_single
def log2(x: Any) -> Any:
    """Logarithm to base 2, exact for its powers."""
    return _exact_for_powers(divide(log(x), math.log(2)), x, 2.0)


@in_single
def log10(x: Any) -> Any:
    """Logarithm to base 10, exact for its powers."""
    return _exact_for_powers(divide(log(x), math.log(10)), x, 10.0)


def _exact_for_powers(logarithm: Any, x: Any, base: float) -> Any:
    """Correct the rounding of the logarithm of integer powers of the base."""
    limits = np.finfo(x.dtype)
    finite = select(isfinite(logarithm), logarithm, 0)
    nearest = minimum(rint(finite), math.ceil(math.log(limits.max, base)) - 1)
    gap = nearest - finite
    is_near = less(absolute(gap), 4 * float(limits.eps) * absolute(nearest))
    is_power = logical_and(equal(elementwise.power(base, nearest), x), is_near)
    return logarithm + stop_gradient(select(is_power, gap, 0))


@in_single
def logaddexp2(a: Any, b: Any) -> Any:
    """Logarithm to base 2 of ``2^a + 2^b``."""
    same = equal(a, b)
    is_tied = logical_and(same, isfinite(a))
    half = math.log(2) / 2 * (select(is_tied, a, 0) - select(is_tied, b, 0))  # 0 at a tie
    # The 1 of a tie as a function of the difference, for the derivatives of higher order.
    both = 0.5 * a + 0.5 * b + elementwise.logaddexp(half, -half) / math.log(2)
    gap = absolute(select(same, 0, a) - select(same, 0, b))
    tail = log1p(exp2(-gap)) / math.log(2)
    return select(same, both, elementwise.maximum(a, b) + tail)


def greater(a: Any, b: Any) -> Any:
    """Whether `a` is larger than `b`."""
    return less(b, a)


def greater_equal(a: Any, b: Any) -> Any:
    """Whether `a` is larger than `b` or equal to it."""
    return less_equal(b, a)


def logical_xor(a: Any, b: Any) -> Any:
    """Whether exactly one of the two is true."""
    return not_equal(cast(as_array(a), bool), cast(as_array(b), bool))


def isnan(x: Any) -> Any:
    """Whether `x` is NaN."""
    x = as_array(x)
    return not_equal(x, x)


def isinf(x: Any) -> Any:
    """Whether `x` is infinite."""
    return equal(absolute(as_float(x)), math.inf)


def isfinite(x: Any) -> Any:
    """Whether `x` is neither infinite nor NaN."""
    return less(absolute(as_float(x)), math.inf)


def signbit(x: Any) -> Any:
    """Whether the sign bit is set, as in -0.0."""
    return less(elementwise.copysign(1.0, as_float(x)), 0)


def copysign(a: Any, b: Any) -> Any:
    """Give `a` the sign of `b`."""
    return elementwise.copysign(as_float(a), as_float(b))


def fmax(a: Any, b: Any) -> Any:
    """Elementwise maximum that ignores NaN."""
    return select(isnan(a), b, select(isnan(b), a, elementwise.maximum(a, b)))


def fmin(a: Any, b: Any) -> Any:
    """Elementwise minimum that ignores NaN."""
    return select(isnan(a), b, select(isnan(b), a, minimum(a, b)))


def fmod(a: Any, b: Any) -> Any:
    """Return the remainder with the sign of the dividend `a`, as in C."""
    if common_dtype(a, b).kind == "f":
        return copysign(remainder(abs(a), abs(b)), a)
    rest = remainder(select(less(a, 0), -a, a), abs(b))
    return select(less(a, 0), -rest, rest)


def divmod(a: Any, b: Any) -> tuple[Any, Any]:
    """Return quotient and remainder of integer division."""
    return floor_divide(a, b), remainder(a, b)


def heaviside(x: Any, at_zero: Any) -> Any:
    """Step from 0 to 1 at 0, where the value is `at_zero`."""
    x = as_float(x)
    step = select(less(x, 0), 0.0, select(equal(x, 0), at_zero, 1.0))
    return select(isnan(x), x, step)


def trunc(x: Any) -> Any:
    """Round towards 0."""
    return select(less(x, 0), ceil(x), floor(x))


def around(x: Any, decimals: int = 0) -> Any:
    """Round to a number of decimals, halves to even."""
    x, decimals = as_array(x), static_int("round", decimals, "the number of decimals")
    if x.dtype.kind in "iu" and decimals >= 0:
        return x
    if decimals == 0:
        return rint(x)
    scale = 10.0 ** abs(decimals)
    if x.dtype.kind in "iu":
        return cast(rint(x / scale) * scale, x.dtype)
    return rint(x * scale) / scale if decimals > 0 else rint(x / scale) * scale


def round(x: Any, decimals: int = 0) -> Any:
    """Round to a number of decimals, halves to even."""
    return around(x, decimals)


def clip(x: Any, a_min: Any = None, a_max: Any = None, *, min: Any = None, max: Any = None) -> Any:
    """Limit to an interval; None is no bound."""
    low = a_min if min is None else min
    high = a_max if max is None else max
    x = x if low is None else elementwise.maximum(x, low)
    return x if high is None else minimum(x, high)


def nan_to_num(
    x: Any, copy: bool = True, nan: float = 0.0, posinf: Any = None, neginf: Any = None
) -> Any:
    """Replace NaN and infinities, by default with 0 and the largest finite values."""
    x = as_array(x)
    if x.dtype.kind != "f":
        return x
    largest = float(np.finfo(x.dtype).max)
    x = select(isnan(x), nan, x)
    x = select(equal(x, math.inf), largest if posinf is None else posinf, x)
    return select(equal(x, -math.inf), -largest if neginf is None else neginf, x)
