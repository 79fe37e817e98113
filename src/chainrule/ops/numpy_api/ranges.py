"""Evenly spaced numbers between traced ends, and matrices of powers, with NumPy's names."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from chainrule.errors import ArgumentError, ShapeError
from chainrule.ops.numpy_api.arithmetic import log10, power
from chainrule.ops.numpy_api.concatenation import concatenate, stack
from chainrule.ops.numpy_api.indexing import diag, get_item
from chainrule.ops.numpy_api.known_values import value_of
from chainrule.ops.numpy_api.shape_manipulation import (
    broadcast_to,
    expand_dims,
    moveaxis,
    ravel,
    reshape,
)
from chainrule.ops.primitives.axes import as_shape
from chainrule.ops.primitives.broadcasting import cast
from chainrule.ops.primitives.elementwise import absolute, floor, multiply, sign
from chainrule.ops.primitives.promotion import as_array, common_dtype

__all__ = ["arange", "diagflat", "full", "geomspace", "linspace", "logspace", "vander"]


def linspace(
    start: Any,
    stop: Any,
    num: Any = 50,
    endpoint: bool = True,
    retstep: bool = False,
    dtype: Any = None,
    axis: int = 0,
) -> Any:
    """Return `num` evenly spaced numbers from `start` to `stop`, as `numpy.linspace`."""
    num = _count("linspace", num)
    float_dtype = common_dtype(start, stop, float(num))
    start, stop = multiply(start, 1.0), multiply(stop, 1.0)
    intervals = num - 1 if endpoint else num
    delta = stop - start
    step = delta / intervals if intervals > 0 else delta * np.nan
    ramp = reshape(np.arange(num, dtype=float_dtype), (num,) + (1,) * np.ndim(delta))
    points = ramp * (step if intervals > 0 else delta) + start
    if endpoint and num > 1:
        last = broadcast_to(cast(stop, points.dtype), points.shape[1:])
        points = concatenate([get_item(points, slice(-1)), expand_dims(last, 0)])
    if dtype is not None and np.dtype(dtype).kind in "iu":
        points = floor(points)
    points = moveaxis(cast(points, float_dtype if dtype is None else dtype), 0, axis)
    return (points, step) if retstep else points


def logspace(
    start: Any,
    stop: Any,
    num: Any = 50,
    endpoint: bool = True,
    base: Any = 10.0,
    dtype: Any = None,
    axis: int = 0,
) -> Any:
    """Return `num` numbers from ``base ** start`` to ``base ** stop``, evenly spaced in the log."""
    if np.ndim(base):
        ndim = max(np.ndim(start), np.ndim(stop), np.ndim(base))
        start, stop, base = (
            reshape(as_array(x), (1,) * (ndim - np.ndim(x)) + np.shape(x))
            for x in (start, stop, base)
        )
        base = expand_dims(base, axis)
    result = power(base, linspace(start, stop, num, endpoint, axis=axis))
    return result if dtype is None else cast(result, dtype)


def geomspace(
    start: Any, stop: Any, num: Any = 50, endpoint: bool = True, dtype: Any = None, axis: int = 0
) -> Any:
    """Return `num` numbers from `start` to `stop` in geometric progression."""
    num = _count("geomspace", num)
    example = np.zeros((), dtype)  # float64 where no dtype is given, unlike in linspace
    float_dtype = common_dtype(start, stop, float(num), example)
    start, stop = multiply(start, 1.0), multiply(stop, 1.0)
    points = logspace(log10(absolute(start)), log10(absolute(stop)), num, endpoint)
    points = cast(points, float_dtype)
    shape = points.shape[1:]
    first, last = (
        expand_dims(broadcast_to(cast(absolute(x), float_dtype), shape), 0) for x in (start, stop)
    )
    is_closed = endpoint and num > 1
    between = get_item(points, slice(1, -1 if is_closed else None))
    parts = [first] * (num > 0) + [between] + [last] * is_closed
    points = moveaxis(sign(start) * concatenate(parts), 0, axis)
    return cast(points, float_dtype if dtype is None else dtype)


def arange(
    start: Any = None, stop: Any = None, step: Any = 1, dtype: Any = None, *, device: Any = None,
    like: Any = None,
) -> Any:  # fmt: skip
    """Return evenly spaced numbers up to `stop`, of traced but known ends and steps."""
    start, stop = (0, start) if stop is None else (start, stop)
    remedy = (
        "name the argument in cr.jit(f, static_argnums=...), or use start + step * np.arange(n) "
        "for a number n that is given, or np.linspace"
    )
    known: Any = [np.asarray(value_of("arange", each, remedy))[()] for each in (start, stop, step)]
    plain = np.arange(*known)
    points = start + (start + step - as_array(start)) * np.arange(plain.size)
    return cast(points, plain.dtype if dtype is None else dtype)


def full(shape: Any, fill_value: Any, dtype: Any = None, order: str = "C") -> Any:
    """Broadcast `fill_value` to a shape."""
    value = as_array(fill_value)
    return broadcast_to(value if dtype is None else cast(value, dtype), as_shape(shape))


def vander(x: Any, N: int | None = None, increasing: bool = False) -> Any:
    """Return the Vandermonde matrix, whose columns are powers of the vector `x`."""
    x = as_array(x)
    if x.ndim != 1:
        raise ShapeError(f"vander: needs a vector, got shape {x.shape}; use np.ravel(x)")
    count = x.shape[0] if N is None else operator.index(N)
    x = cast(x, np.promote_types(x.dtype, int))
    powers = [np.ones(x.shape, x.dtype)]
    for _ in range(count - 1):
        powers.append(powers[-1] * x)
    if count < 1:
        return np.ones((*x.shape, 0), x.dtype)
    return stack(powers if increasing else powers[::-1], axis=1)


def diagflat(x: Any, k: int = 0) -> Any:
    """Build a matrix with flattened `x` on its `k`-th diagonal."""
    return diag(ravel(x), k)


def _count(name: str, num: Any) -> int:
    count = operator.index(num)
    if count < 0:
        raise ArgumentError(f"{name}: the number of samples must be 0 or more, got {count}")
    return count
