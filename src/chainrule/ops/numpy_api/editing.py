"""Delete, insert and repeat entries at known positions, with NumPy's names and arguments."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.arguments.checks import shown
from chainrule.errors import ArgumentError
from chainrule.ops.numpy_api.concatenation import concatenate
from chainrule.ops.numpy_api.indexing import get_item, take
from chainrule.ops.numpy_api.known_values import value_of
from chainrule.ops.numpy_api.shape_manipulation import broadcast_to, moveaxis, ravel, reshape
from chainrule.ops.primitives.axes import as_shape, normalize_axes, normalize_axis
from chainrule.ops.primitives.broadcasting import cast
from chainrule.ops.primitives.promotion import as_array

__all__ = ["delete", "insert", "resize", "trim_zeros", "unstack"]

_POSITIONS = "the positions must be plain integers, slices or booleans"
_TRIMMED = "cut with the slice x[first:last] of known ends"


def delete(arr: Any, obj: Any, axis: int | None = None) -> Any:
    """Return `arr` without the entries at `obj` along an axis, or of the flattened array."""
    x = ravel(arr) if axis is None else as_array(arr)
    along = normalize_axis("delete", 0 if axis is None else axis, x.ndim)
    kept = np.delete(np.arange(x.shape[along]), value_of("delete", obj, _POSITIONS))
    return take(x, kept, along)


def insert(arr: Any, obj: Any, values: Any, axis: int | None = None) -> Any:
    """Return `arr` with `values` inserted before `obj` along an axis, or of the flattened array."""
    x = ravel(arr) if axis is None else as_array(arr)
    along = normalize_axis("insert", 0 if axis is None else axis, x.ndim)
    length = x.shape[along]
    obj = value_of("insert", obj, _POSITIONS)
    values = cast(as_array(values), x.dtype)
    positions = np.asarray(obj) if not isinstance(obj, slice) else np.arange(length)[obj]
    values = reshape(values, (1,) * (x.ndim - values.ndim) + values.shape)
    count = int(np.insert(np.arange(length), obj, -1).size) - length
    if positions.ndim == 0 and positions.dtype.kind in "iu":
        values = moveaxis(values, 0, along)
    if positions.size == 1 and positions.dtype.kind in "iu":
        count = values.shape[along]
    shape = tuple(count if i == along else n for i, n in enumerate(x.shape))
    added = length + np.arange(count)
    order = np.insert(np.arange(length), obj, added)
    return take(concatenate([x, broadcast_to(values, shape)], along), order, along)


def resize(a: Any, new_shape: Any) -> Any:
    """Return an array of a new shape, filled with repeated copies of flattened `a`."""
    shape = as_shape(new_shape)
    if any(n < 0 for n in shape):
        raise ArgumentError(f"resize: the lengths of a shape must be 0 or more, got {shape}")
    flat = ravel(a)
    count = int(np.prod(shape, dtype=np.int64))
    if not flat.shape[0]:
        return np.zeros(shape, flat.dtype)
    return reshape(take(flat, np.arange(count) % flat.shape[0]), shape)


def unstack(x: Any, /, *, axis: int = 0) -> tuple[Any, ...]:
    """Split into the entries along an axis."""
    rows = moveaxis(as_array(x), axis, 0)
    return tuple(rows[i] for i in range(rows.shape[0]))


def trim_zeros(filt: Any, trim: str = "fb", axis: Any = None) -> Any:
    """Cut off zeros at the front and at the back along axes."""
    x = as_array(filt)
    if trim.lower() not in ("fb", "bf", "f", "b"):
        raise ArgumentError(f"trim_zeros: trim must be 'f', 'b' or 'fb', got {shown(trim)}")
    positions = np.argwhere(value_of("trim_zeros", x, _TRIMMED))
    slices: list[slice] = [slice(None)] * x.ndim
    for each in normalize_axes("trim_zeros", axis, x.ndim):
        start, stop = 0, 0
        if len(positions):
            start = int(positions[:, each].min()) if "f" in trim.lower() else 0
            stop = int(positions[:, each].max()) + 1 if "b" in trim.lower() else x.shape[each]
        slices[each] = slice(start, stop)
    return get_item(x, tuple(slices))
