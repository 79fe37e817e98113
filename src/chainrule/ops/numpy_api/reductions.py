"""Sums, means, extremes and the like along axes, with NumPy's names and arguments."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from chainrule.errors import ShapeError
from chainrule.ops.primitives import reduction
from chainrule.ops.primitives.axes import axes_in, axis_in, kept_shape
from chainrule.ops.primitives.broadcasting import cast, reduce_to
from chainrule.ops.primitives.elementwise import absolute, exp, log, multiply, sqrt
from chainrule.ops.primitives.movement import concatenate, reshape, strided_slice
from chainrule.ops.primitives.promotion import as_array
from chainrule.ops.primitives.selection import select, stop_gradient

__all__ = [
    "all", "any", "argmax", "argmin", "average", "count_nonzero", "log_sum_exp", "max", "mean",
    "min", "nanmax", "nanmean", "nanmin", "nansum", "prod", "ptp", "root", "std", "sum", "var",
]  # fmt: skip

# NumPy's names hide Python's here: use none of Python's own sum, max, min, all, any in this file.


def sum(x: Any, axis: Any = None, dtype: Any = None, *, keepdims: bool = False) -> Any:
    """Sum along axes; small integers and booleans are summed as 64-bit integers, as in NumPy."""
    x = _for_sums(as_array(x), dtype)
    return _total(x, axes_in("sum", axis, x.ndim), keepdims)


def mean(x: Any, axis: Any = None, dtype: Any = None, *, keepdims: bool = False) -> Any:
    """Average along axes; integers are averaged as float64."""
    x = _for_means(as_array(x), dtype)
    axes = axes_in("mean", axis, x.ndim)
    return _total(x, axes, keepdims) / _count(x, axes)


def average(x: Any, axis: Any = None, weights: Any = None, *, keepdims: bool = False) -> Any:
    """Average along axes with weights, ``Σ w·x / Σ w``; `weights` may stand for one axis alone."""
    if weights is None:
        return mean(x, axis, keepdims=keepdims)
    x, weights = as_array(x), as_array(weights)
    if weights.shape != x.shape:
        if axis is None or weights.shape != (x.shape[axis_in("average", axis, x.ndim)],):
            raise ShapeError(
                f"average: the weights have shape {weights.shape}, but must have the shape "
                f"{x.shape} of the values, or one number for each step along a given axis"
            )
        place = axis_in("average", axis, x.ndim)
        lengths = tuple(n if i == place else 1 for i, n in enumerate(x.shape))
        weights = reshape(weights, shape=lengths)
    ones = np.ones(x.shape, np.result_type(x.dtype, weights.dtype, np.float32))
    weighted = sum(x * weights, axis, keepdims=keepdims)
    return weighted / sum(weights * ones, axis, keepdims=keepdims)


def var(
    x: Any, axis: Any = None, dtype: Any = None, *, ddof: float = 0, keepdims: bool = False
) -> Any:
    """Variance along axes, ``Σ (x - mean)² / (n - ddof)``."""
    x = _for_means(as_array(x), dtype)
    axes = axes_in("var", axis, x.ndim)
    centred = x - _total(x, axes, keepdims=True) / _count(x, axes)
    return _total(centred * centred, axes, keepdims) / _positive(_count(x, axes) - ddof)


def std(
    x: Any, axis: Any = None, dtype: Any = None, *, ddof: float = 0, keepdims: bool = False
) -> Any:
    """Root of the variance along axes; its derivative is taken as 0 where all values are equal."""
    return root(var(x, axis, dtype, ddof=ddof, keepdims=keepdims))


def root(square: Any) -> Any:
    """Square root of what is never negative, with derivative 0 instead of infinity at 0."""
    return select(square == 0, square, sqrt(select(square == 0, 1, square)))


def max(x: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    """Largest value along axes; equal ones share the derivative."""
    return _extreme(reduction.reduce_max, "max", as_array(x), axis, keepdims)


def min(x: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    """Smallest value along axes; equal ones share the derivative."""
    return _extreme(reduction.reduce_min, "min", as_array(x), axis, keepdims)


def ptp(x: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    """Largest less smallest value along axes."""
    return max(x, axis, keepdims=keepdims) - min(x, axis, keepdims=keepdims)


def prod(x: Any, axis: Any = None, dtype: Any = None, *, keepdims: bool = False) -> Any:
    """Product along axes, multiplied in pairs, so that zeros have their right derivative.

    (The shortcut "product divided by the element" is 0/0 there.)
    """
    x = _for_sums(as_array(x), dtype)
    axes = axes_in("prod", axis, x.ndim)
    rest = [i for i in range(x.ndim) if i not in axes]
    lengths = tuple(x.shape[i] for i in rest)
    flat = x.transpose((*rest, *axes)).reshape((*lengths, _count(x, axes)))
    result = _product_of_last(flat)
    return result.reshape(kept_shape(x.shape, axes)) if keepdims else result


def all(x: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    """Whether every value along axes is true, which is to say not 0."""
    return _count_true(x == 0, "all", axis, keepdims) == 0


def any(x: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    """Whether some value along axes is true, which is to say not 0."""
    return _count_true(x != 0, "any", axis, keepdims) > 0


def count_nonzero(x: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    """Count the values along axes that are not 0."""
    return _count_true(as_array(x) != 0, "count_nonzero", axis, keepdims)


def argmax(x: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    """Position of the first largest value along an axis, or in the flattened array."""
    return _position(reduction.argmax, "argmax", as_array(x), axis, keepdims)


def argmin(x: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    """Position of the first smallest value along an axis, or in the flattened array."""
    return _position(reduction.argmin, "argmin", as_array(x), axis, keepdims)


def nansum(x: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    """Sum along axes of what is not NaN."""
    return sum(select(x != x, 0, x), axis, keepdims=keepdims)


def nanmean(x: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    """Average along axes of what is not NaN."""
    count = sum(cast(x == x, x.dtype), axis, keepdims=keepdims)
    return nansum(x, axis, keepdims=keepdims) / count


def nanmax(x: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    """Largest value along axes of what is not NaN."""
    return max(select(x != x, -np.inf, x), axis, keepdims=keepdims)


def nanmin(x: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    """Smallest value along axes of what is not NaN."""
    return min(select(x != x, np.inf, x), axis, keepdims=keepdims)


def log_sum_exp(x: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    """Logarithm of summed exponentials along axes, without overflow: ``np.logaddexp.reduce``."""
    x = _for_means(as_array(x), None)
    largest = stop_gradient(max(x, axis, keepdims=True))
    shift = select(absolute(largest) == math.inf, 0, largest)
    total = log(sum(exp(x - shift), axis, keepdims=True)) + shift
    return total if keepdims else sum(total, axis)


def _for_sums(x: Any, dtype: Any) -> Any:
    """NumPy sums and multiplies narrow integers as 64-bit ones."""
    if dtype is None and x.dtype.kind in "bui" and x.dtype.itemsize < 8:
        dtype = "uint64" if x.dtype.kind == "u" else "int64"
    return x if dtype is None or x.dtype == dtype else cast(x, dtype)


def _for_means(x: Any, dtype: Any) -> Any:
    if dtype is None and x.dtype.kind in "bui":
        dtype = "float64"
    return x if dtype is None or x.dtype == dtype else cast(x, dtype)


def _count(x: Any, axes: tuple[int, ...]) -> int:
    return math.prod(x.shape[i] for i in axes)


def _positive(count: float) -> float:
    return count if count > 0 else 0


def _total(x: Any, axes: tuple[int, ...], keepdims: bool) -> Any:
    if not keepdims and sorted(axes) == list(range(len(axes))):
        return reduce_to(x, x.shape[len(axes) :])
    kept = kept_shape(x.shape, axes)
    result = reduce_to(x, kept)
    if keepdims:
        return result
    return reshape(result, shape=tuple(n for i, n in enumerate(kept) if i not in axes))


def _extreme(primitive: Any, name: str, x: Any, axis: Any, keepdims: bool) -> Any:
    axes = axes_in(name, axis, x.ndim)
    result = primitive(x, axes=axes)
    return reshape(result, shape=kept_shape(x.shape, axes)) if keepdims else result


def _count_true(truth: Any, name: str, axis: Any, keepdims: bool) -> Any:
    axes = axes_in(name, axis, truth.ndim)
    return _total(cast(truth, "int64"), axes, keepdims)


def _position(primitive: Any, name: str, x: Any, axis: Any, keepdims: bool) -> Any:
    if axis is None:
        result = primitive(reshape(x, shape=(x.size,)), axis=0)
        return reshape(result, shape=(1,) * x.ndim) if keepdims else result
    place = axis_in(name, axis, x.ndim)
    result = primitive(x, axis=place)
    return reshape(result, shape=kept_shape(x.shape, (place,))) if keepdims else result


def _product_of_last(x: Any) -> Any:
    """Multiply the first half of the last axis by its second half until one is left."""
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
