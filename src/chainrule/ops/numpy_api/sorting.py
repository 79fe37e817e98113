"""Sorting, cumulative sums and products, differences along an axis, with NumPy's names."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.ops.numpy_api.indexing import get_item, take_along_axis
from chainrule.ops.numpy_api.shape_manipulation import moveaxis, ravel
from chainrule.ops.primitives import movement, reduction
from chainrule.ops.primitives.axes import normalize_axis
from chainrule.ops.primitives.elementwise import multiply
from chainrule.ops.primitives.promotion import as_array, widen_integers

__all__ = ["argsort", "cumprod", "cumsum", "diff", "median", "sort"]


def argsort(x: Any, axis: int | None = -1, kind: Any = None, *, stable: Any = None) -> Any:
    """Return the indices that sort along an axis; the sort is stable."""
    x, axis = _flattened(x, axis, "argsort")
    return reduction.argsort(x, axis=axis)


def sort(x: Any, axis: int | None = -1, kind: Any = None, *, stable: Any = None) -> Any:
    """Sort along an axis; the derivative is that of the permutation."""
    x, axis = _flattened(x, axis, "sort")
    return take_along_axis(x, reduction.argsort(x, axis=axis), axis)


def median(x: Any, axis: int | None = None, *, keepdims: bool = False) -> Any:
    """Median along an axis: the middle sorted value, or the mean of the two middle ones."""
    ndim = as_array(x).ndim
    x, along = _flattened(x, axis, "median")
    length = x.shape[along]
    ordered = moveaxis(sort(x, along), along, -1)
    middle = get_item(ordered, (..., slice((length - 1) // 2, length // 2 + 1)))
    result = np.mean(middle, axis=-1)
    if not keepdims:
        return result
    return np.reshape(result, (1,) * ndim) if axis is None else np.expand_dims(result, along)


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


def diff(x: Any, n: int = 1, axis: int = -1) -> Any:
    """Difference of adjacent elements along an axis, of order `n`."""
    x = as_array(x)
    axis = normalize_axis("diff", axis, x.ndim)
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
