"""Orders and running totals along an axis: sort, argsort, cumsum, cumprod, with NumPy's names."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.ops.numpy_api.indexing import get_item, take_along_axis
from chainrule.ops.numpy_api.shape_manipulation import moveaxis, ravel
from chainrule.ops.primitives import movement, reduction
from chainrule.ops.primitives.axes import axis_in
from chainrule.ops.primitives.broadcasting import cast
from chainrule.ops.primitives.elementwise import multiply
from chainrule.ops.primitives.promotion import as_array

__all__ = ["argsort", "cumprod", "cumsum", "diff", "median", "sort"]


def argsort(x: Any, axis: int | None = -1, kind: Any = None, *, stable: Any = None) -> Any:
    """Give the positions that sort along an axis, equal ones in their order."""
    x, place = _along(x, axis, "argsort")
    return reduction.argsort(x, axis=place)


def sort(x: Any, axis: int | None = -1, kind: Any = None, *, stable: Any = None) -> Any:
    """Sort along an axis; the derivative goes back to where each value came from."""
    x, place = _along(x, axis, "sort")
    return take_along_axis(x, reduction.argsort(x, axis=place), place)


def median(x: Any, axis: int | None = None, *, keepdims: bool = False) -> Any:
    """Take the middle of the sorted values along an axis; the mean of both for an even number."""
    ndim = as_array(x).ndim
    x, place = _along(x, axis, "median")
    length = x.shape[place]
    ordered = moveaxis(sort(x, place), place, -1)
    middle = get_item(ordered, (..., slice((length - 1) // 2, length // 2 + 1)))
    result = np.mean(middle, axis=-1)
    if not keepdims:
        return result
    return np.reshape(result, (1,) * ndim) if axis is None else np.expand_dims(result, place)


def cumsum(x: Any, axis: int | None = None, dtype: Any = None) -> Any:
    """Sum from the start up to each place along an axis, or of the flattened array."""
    x, place = _along(_widened(x, dtype), axis, "cumsum")
    return reduction.cumulative_sum(x, axis=place)


def cumprod(x: Any, axis: int | None = None, dtype: Any = None) -> Any:
    """Multiply from the start up to each place along an axis, or of the flattened array.

    Partial products are combined over distances 1, 2, 4, ..., so that zeros have their right
    derivative.
    """
    x, place = _along(_widened(x, dtype), axis, "cumprod")
    x = moveaxis(x, place, -1)
    distance, length = 1, x.shape[-1]
    while distance < length:
        head = get_item(x, (..., slice(distance)))
        tail = multiply(
            get_item(x, (..., slice(distance, None))), get_item(x, (..., slice(-distance)))
        )
        x = movement.concatenate(head, tail, axis=x.ndim - 1)
        distance *= 2
    return moveaxis(x, -1, place)


def diff(x: Any, n: int = 1, axis: int = -1) -> Any:
    """Subtract neighbours along an axis, `n` times."""
    x = as_array(x)
    place = axis_in("diff", axis, x.ndim)
    before = (slice(None),) * place
    for _ in range(n):
        upper = get_item(x, (*before, slice(1, None)))
        lower = get_item(x, (*before, slice(None, -1)))
        x = upper != lower if x.dtype.kind == "b" else upper - lower
    return x


def _along(x: Any, axis: int | None, name: str) -> tuple[Any, int]:
    """Return the array and the axis to work along; without one, the flattened array and 0."""
    x = as_array(x)
    if axis is None or (x.ndim == 0 and axis in (0, -1)):
        return ravel(x), 0
    return x, axis_in(name, axis, x.ndim)


def _widened(x: Any, dtype: Any) -> Any:
    x = as_array(x)
    if dtype is None and x.dtype.kind in "bui" and x.dtype.itemsize < 8:
        dtype = "uint64" if x.dtype.kind == "u" else "int64"
    return x if dtype is None or x.dtype == dtype else cast(x, dtype)
