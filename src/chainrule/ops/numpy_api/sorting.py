"""Sorting, cumulative sums and products, differences along an axis, with NumPy's names."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from chainrule.errors import ArgumentError, ShapeError, counted
from chainrule.ops.numpy_api.concatenation import concatenate
from chainrule.ops.numpy_api.indexing import get_item
from chainrule.ops.numpy_api.shape_manipulation import (
    broadcast_to,
    moveaxis,
    ravel,
    reshape,
    transpose,
)
from chainrule.ops.primitives import movement, reduction, sorting
from chainrule.ops.primitives.axes import (
    keepdims_shape,
    normalize_axes,
    normalize_axis,
    static_bool,
    static_int,
)
from chainrule.ops.primitives.elementwise import multiply
from chainrule.ops.primitives.promotion import as_array, widen_integers
from chainrule.ops.primitives.selection import select

__all__ = [
    "argsort", "cumprod", "cumsum", "cumulative_prod", "cumulative_sum", "diff", "median", "sort",
]  # fmt: skip


def argsort(x: Any, axis: int | None = -1, kind: Any = None, *, stable: Any = None) -> Any:
    """Return the indices that sort along an axis; the sort is stable."""
    x, axis = _flattened(x, axis, "argsort")
    return sorting.argsort(x, axis=axis)


def sort(x: Any, axis: int | None = -1, kind: Any = None, *, stable: Any = None) -> Any:
    """Sort along an axis; the derivative is that of the permutation."""
    x, axis = _flattened(x, axis, "sort")
    return sorting.sort(x, axis=axis)


def median(x: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    """Median along axes: the middle sorted value, or the mean of the two middle ones.

    It is NaN where there are any, which are sorted last.
    """
    x = as_array(x)
    axes = normalize_axes("median", axis, x.ndim)
    rest = tuple(i for i in range(x.ndim) if i not in axes)
    lengths, length = tuple(x.shape[i] for i in rest), math.prod(x.shape[i] for i in axes)
    ordered = sort(reshape(transpose(x, (*rest, *axes)), (*lengths, length)))
    middle = get_item(ordered, (..., slice(max((length - 1) // 2, 0), length // 2 + 1)))
    result = np.mean(middle, axis=-1)
    if x.dtype.kind == "f" and length:
        last = get_item(ordered, (..., -1))
        result = select(last != last, last, result)
    keepdims = static_bool("median", keepdims, "keepdims=")
    return reshape(result, keepdims_shape(x.shape, axes)) if keepdims else result


def cumsum(x: Any, axis: int | None = None, dtype: Any = None) -> Any:
    """Cumulative sum along an axis, or of the flattened array."""
    x, axis = _flattened(widen_integers(as_array(x), dtype), axis, "cumsum")
    return reduction.cumulative_sum(x, axis=axis)


def cumprod(x: Any, axis: int | None = None, dtype: Any = None) -> Any:
    """Cumulative product along an axis, or of the flattened array.

    A parallel prefix scan (Hillis & Steele 1986), which combines partial products over distances
    1, 2, 4, ..., so that the derivative is correct where elements are zero.
    """
    x, axis = _flattened(widen_integers(as_array(x), dtype), axis, "cumprod")
    x = moveaxis(x, axis, -1)
    distance, length = 1, x.shape[-1]
    while distance < length:
        head = get_item(x, (..., slice(distance)))
        tail = multiply(
            get_item(x, (..., slice(distance, None))), get_item(x, (..., slice(-distance)))
        )
        x = movement.concatenate(head, tail, axis=x.ndim - 1)
        distance *= 2
    return moveaxis(x, -1, axis)


def cumulative_sum(
    x: Any, *, axis: int | None = None, dtype: Any = None, include_initial: bool = False
) -> Any:
    """Cumulative sum along an axis, of a vector also without; optionally from 0 on."""
    return _from_initial(cumsum, "cumulative_sum", x, axis, dtype, 0 if include_initial else None)


def cumulative_prod(
    x: Any, *, axis: int | None = None, dtype: Any = None, include_initial: bool = False
) -> Any:
    """Cumulative product along an axis, of a vector also without; optionally from 1 on."""
    return _from_initial(cumprod, "cumulative_prod", x, axis, dtype, 1 if include_initial else None)


def _from_initial(
    cumulate: Any, name: str, x: Any, axis: int | None, dtype: Any, initial: int | None
) -> Any:
    """Cumulate, with `initial` before the first entry."""
    x = as_array(x)
    if axis is None and x.ndim > 1:
        raise ShapeError(f"{name}: an array of {counted(x.ndim, 'axis')} needs axis=")
    axis = normalize_axis(name, 0 if axis is None else axis, x.ndim)
    result = cumulate(x, axis, dtype)
    if initial is None:
        return result
    shape = (*result.shape[:axis], 1, *result.shape[axis + 1 :])
    return concatenate([np.full(shape, initial, result.dtype), result], axis)


def diff(x: Any, n: int = 1, axis: int = -1, prepend: Any = None, append: Any = None) -> Any:
    """Difference of adjacent elements along an axis, of order `n`, with values put around it."""
    x = as_array(x)
    n = static_int("diff", n, "the order")
    axis = normalize_axis("diff", axis, x.ndim)
    if n == 0:
        return x
    if n < 0:
        raise ArgumentError(f"diff: the order must be 0 or more, got {n}")
    shape = (*x.shape[:axis], 1, *x.shape[axis + 1 :])
    around = [each if each is None else as_array(each) for each in (prepend, append)]
    first, last = (
        [] if each is None else [each if each.ndim else broadcast_to(each, shape)]
        for each in around
    )
    if first or last:
        x = concatenate([*first, x, *last], axis)
    before = (slice(None),) * axis
    for _ in range(n):
        upper = get_item(x, (*before, slice(1, None)))
        lower = get_item(x, (*before, slice(None, -1)))
        x = upper != lower if x.dtype.kind == "b" else upper - lower
    return x


def _flattened(x: Any, axis: int | None, name: str) -> tuple[Any, int]:
    """Return the array and the normalised axis; for None, the flattened array and 0."""
    x = as_array(x)
    if axis is None or (x.ndim == 0 and axis in (0, -1)):
        return ravel(x), 0
    return x, normalize_axis(name, axis, x.ndim)
