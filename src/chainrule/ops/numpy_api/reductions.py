"""Reductions along axes, with NumPy's names and arguments."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from chainrule.errors import ShapeError
from chainrule.ops.primitives import reduction
from chainrule.ops.primitives.axes import keepdims_shape, normalize_axes, normalize_axis
from chainrule.ops.primitives.broadcasting import cast, reduce_to
from chainrule.ops.primitives.elementwise import absolute, exp, log, multiply, sqrt
from chainrule.ops.primitives.movement import concatenate, reshape, strided_slice
from chainrule.ops.primitives.promotion import as_array, widen_integers
from chainrule.ops.primitives.selection import select, stop_gradient

__all__ = [
    "all", "any", "argmax", "argmin", "average", "count_nonzero", "log_sum_exp", "max", "mean",
    "min", "nanmax", "nanmean", "nanmin", "nansum", "prod", "ptp", "safe_sqrt", "std", "sum", "var",
]  # fmt: skip

# NumPy's names shadow the built-ins sum, max, min, all, any in this file.


def sum(x: Any, axis: Any = None, dtype: Any = None, *, keepdims: bool = False) -> Any:
    """Sum along axes; narrow integers and booleans as 64-bit integers, as in NumPy."""
    x = widen_integers(as_array(x), dtype)
    return _sum(x, normalize_axes("sum", axis, x.ndim), keepdims)


def mean(x: Any, axis: Any = None, dtype: Any = None, *, keepdims: bool = False) -> Any:
    """Mean along axes; of integers as float64."""
    x = _to_float(as_array(x), dtype)
    axes = normalize_axes("mean", axis, x.ndim)
    return _sum(x, axes, keepdims) / _count(x, axes)


def average(x: Any, axis: Any = None, weights: Any = None, *, keepdims: bool = False) -> Any:
    """Weighted mean along axes, ``Σ w·x / Σ w``; `weights` has the shape of `x` or of one axis."""
    if weights is None:
        return mean(x, axis, keepdims=keepdims)
    x, weights = as_array(x), as_array(weights)
    if weights.shape != x.shape:
        if axis is None or weights.shape != (x.shape[normalize_axis("average", axis, x.ndim)],):
            raise ShapeError(
                f"average: the weights have shape {weights.shape}, but must have the shape "
                f"{x.shape} of the values, or one weight for each entry along a given axis"
            )
        along = normalize_axis("average", axis, x.ndim)
        lengths = tuple(n if i == along else 1 for i, n in enumerate(x.shape))
        weights = reshape(weights, shape=lengths)
    ones = np.ones(x.shape, np.result_type(x.dtype, weights.dtype, np.float32))
    weighted = sum(x * weights, axis, keepdims=keepdims)
    return weighted / sum(weights * ones, axis, keepdims=keepdims)


def var(
    x: Any, axis: Any = None, dtype: Any = None, *, ddof: float = 0, keepdims: bool = False
) -> Any:
    """Variance along axes, ``Σ (x - mean)² / (n - ddof)``."""
    x = _to_float(as_array(x), dtype)
    axes = normalize_axes("var", axis, x.ndim)
    centred = x - _sum(x, axes, keepdims=True) / _count(x, axes)
    return _sum(centred * centred, axes, keepdims) / _nonnegative(_count(x, axes) - ddof)


def std(
    x: Any, axis: Any = None, dtype: Any = None, *, ddof: float = 0, keepdims: bool = False
) -> Any:
    """Standard deviation along axes; its derivative is 0 where all values are equal."""
    return safe_sqrt(var(x, axis, dtype, ddof=ddof, keepdims=keepdims))


def safe_sqrt(square: Any) -> Any:
    """Square root of a nonnegative value, with derivative 0 instead of infinity at 0."""
    return select(square == 0, square, sqrt(select(square == 0, 1, square)))


def max(x: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    """Maximum along axes; ties split the cotangent evenly."""
    return _extremum(reduction.reduce_max, "max", as_array(x), axis, keepdims)


def min(x: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    """Minimum along axes; ties split the cotangent evenly."""
    return _extremum(reduction.reduce_min, "min", as_array(x), axis, keepdims)


def ptp(x: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    """Range along axes, maximum minus minimum."""
    return max(x, axis, keepdims=keepdims) - min(x, axis, keepdims=keepdims)


def prod(x: Any, axis: Any = None, dtype: Any = None, *, keepdims: bool = False) -> Any:
    """Product along axes by pairwise multiplication, whose derivative is correct at zeros.

    (The closed form, product divided by the element, is 0/0 there.)
    """
    x = widen_integers(as_array(x), dtype)
    axes = normalize_axes("prod", axis, x.ndim)
    rest = [i for i in range(x.ndim) if i not in axes]
    lengths = tuple(x.shape[i] for i in rest)
    flat = x.transpose((*rest, *axes)).reshape((*lengths, _count(x, axes)))
    result = _product_of_last(flat)
    return result.reshape(keepdims_shape(x.shape, axes)) if keepdims else result


def all(x: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    """Whether all elements along axes are true (nonzero)."""
    return _count_nonzero(x == 0, "all", axis, keepdims) == 0


def any(x: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    """Whether any element along axes is true (nonzero)."""
    return _count_nonzero(x != 0, "any", axis, keepdims) > 0


def count_nonzero(x: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    """Count the nonzero elements along axes."""
    return _count_nonzero(as_array(x) != 0, "count_nonzero", axis, keepdims)


def argmax(x: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    """Index of the first maximum along an axis, or in the flattened array."""
    return _arg_extremum(reduction.argmax, "argmax", as_array(x), axis, keepdims)


def argmin(x: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    """Index of the first minimum along an axis, or in the flattened array."""
    return _arg_extremum(reduction.argmin, "argmin", as_array(x), axis, keepdims)


def nansum(x: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    """Sum along axes, ignoring NaN."""
    return sum(select(x != x, 0, x), axis, keepdims=keepdims)


def nanmean(x: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    """Mean along axes, ignoring NaN."""
    count = sum(cast(x == x, x.dtype), axis, keepdims=keepdims)
    return nansum(x, axis, keepdims=keepdims) / count


def nanmax(x: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    """Maximum along axes, ignoring NaN."""
    return max(select(x != x, -np.inf, x), axis, keepdims=keepdims)


def nanmin(x: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    """Minimum along axes, ignoring NaN."""
    return min(select(x != x, np.inf, x), axis, keepdims=keepdims)


def log_sum_exp(x: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    """Logarithm of summed exponentials along axes, without overflow: ``np.logaddexp.reduce``."""
    x = _to_float(as_array(x), None)
    largest = stop_gradient(max(x, axis, keepdims=True))
    shift = select(absolute(largest) == math.inf, 0, largest)
    result = log(sum(exp(x - shift), axis, keepdims=True)) + shift
    return result if keepdims else sum(result, axis)


def _to_float(x: Any, dtype: Any) -> Any:
    """Convert to `dtype`; for None, integers and booleans to float64."""
    if dtype is None and x.dtype.kind in "bui":
        dtype = "float64"
    return x if dtype is None or x.dtype == dtype else cast(x, dtype)


def _count(x: Any, axes: tuple[int, ...]) -> int:
    return math.prod(x.shape[i] for i in axes)


def _nonnegative(count: float) -> float:
    return count if count > 0 else 0


def _sum(x: Any, axes: tuple[int, ...], keepdims: bool) -> Any:
    if not keepdims and sorted(axes) == list(range(len(axes))):
        return reduce_to(x, x.shape[len(axes) :])
    shape = keepdims_shape(x.shape, axes)
    result = reduce_to(x, shape)
    if keepdims:
        return result
    return reshape(result, shape=tuple(n for i, n in enumerate(shape) if i not in axes))


def _extremum(primitive: Any, name: str, x: Any, axis: Any, keepdims: bool) -> Any:
    axes = normalize_axes(name, axis, x.ndim)
    result = primitive(x, axes=axes)
    return reshape(result, shape=keepdims_shape(x.shape, axes)) if keepdims else result


def _count_nonzero(truth: Any, name: str, axis: Any, keepdims: bool) -> Any:
    axes = normalize_axes(name, axis, truth.ndim)
    return _sum(cast(truth, "int64"), axes, keepdims)


def _arg_extremum(primitive: Any, name: str, x: Any, axis: Any, keepdims: bool) -> Any:
    if axis is None:
        result = primitive(reshape(x, shape=(x.size,)), axis=0)
        return reshape(result, shape=(1,) * x.ndim) if keepdims else result
    axis = normalize_axis(name, axis, x.ndim)
    result = primitive(x, axis=axis)
    return reshape(result, shape=keepdims_shape(x.shape, (axis,))) if keepdims else result


def _product_of_last(x: Any) -> Any:
    """Multiply the halves of the last axis pairwise until its length is 1."""
    length = x.shape[-1]
    if length == 0:
        return cast(np.ones(x.shape[:-1]), x.dtype)
    while length > 1:
        half, odd = divmod(length, 2)
        parts = [multiply(_span(x, 0, half), _span(x, half, half))]
        if odd:
            parts.append(_span(x, length - 1, 1))
        x = concatenate(*parts, axis=x.ndim - 1) if odd else parts[0]
        length = half + odd
    return reshape(x, shape=x.shape[:-1])


def _span(x: Any, start: int, count: int) -> Any:
    """Take `count` entries of the last axis."""
    whole = tuple((0, n, 1) for n in x.shape[:-1])
    return strided_slice(x, slices=(*whole, (start, count, 1)))
