"""Indexing: ``x[...]`` with every form of index, take, take_along_axis, diagonals.

An index is applied in two steps. *Basic indexing* (slices, integers, ``None``, ``...``) is a
``strided_slice`` and a ``reshape``. *Advanced indexing* (integer and boolean arrays) is a
``gather`` along the first axes, after a transpose that moves the indexed axes there; NumPy's rule
for adjacent and separated indices gives the position of the new axes in the result.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from chainrule.errors import DTypeError, ShapeError, counted
from chainrule.graph.node import Node
from chainrule.ops.numpy_api.shape_manipulation import moveaxis, ravel, reshape, transpose
from chainrule.ops.primitives import movement
from chainrule.ops.primitives.axes import normalize_axis, static_int
from chainrule.ops.primitives.broadcasting import broadcast_to
from chainrule.ops.primitives.gather_scatter import gather
from chainrule.ops.primitives.promotion import as_array, common_shape, type_of_operand
from chainrule.ops.primitives.selection import select

__all__ = [
    "Index",
    "advanced",
    "along_axis",
    "compress",
    "diag",
    "diagonal",
    "extract",
    "get_item",
    "normalize",
    "take",
    "take_along_axis",
    "trace",
]


@dataclass(frozen=True)
class Index:
    """A normalised index: basic indexing by slices and reshape, then advanced indexing."""

    slices: tuple[tuple[int, int, int], ...]  # start, count, step for each axis
    shape: tuple[int, ...]  # the shape after basic indexing
    arrays: dict[int, Any]  # integer arrays by the axis they index
    is_separated: bool  # whether a slice or new axis is between the arrays


def get_item(x: Any, index: Any) -> Any:
    """Return ``x[index]`` for every form of index NumPy has."""
    normalized = normalize(as_array(x), index if isinstance(index, tuple) else (index,))
    x = as_array(x)
    if normalized.slices != tuple((0, n, 1) for n in x.shape):
        x = movement.strided_slice(x, slices=normalized.slices)
    x = reshape(x, normalized.shape)
    return _gather_advanced(x, normalized) if normalized.arrays else x


def _gather_advanced(x: Any, index: Index) -> Any:
    """Gather along the axes indexed by arrays; move the new axes to NumPy's position."""
    moved, indices, order = advanced(x, index)
    result = gather(moved, *indices)
    return result if order == list(range(len(order))) else transpose(result, order)


def advanced(x: Any, index: Index) -> tuple[Any, list[Any], list[int]]:
    """Return `x` with the indexed axes first, the indices in one shape, the order of new axes."""
    axes = sorted(index.arrays)
    rest = [i for i in range(x.ndim) if i not in index.arrays]
    arrays = [index.arrays[i] for i in axes]
    shape = common_shape("x[...]", [type_of_operand(each, "x[...]") for each in arrays])
    indices = [broadcast_to(each, shape) for each in arrays]
    added, ndim = len(shape), len(shape) + len(rest)
    adjacent = axes == list(range(axes[0], axes[0] + len(axes))) and not index.is_separated
    order = list(range(ndim))
    if adjacent and axes[0]:
        order = [*order[added : added + axes[0]], *order[:added], *order[added + axes[0] :]]
    return transpose(x, axes + rest), indices, order


def normalize(x: Any, items: tuple[Any, ...]) -> Index:
    """Normalise an index of `x`, whose items are what Python's ``x[...]`` takes."""
    expanded = _expand(x, [_as_item(item) for item in items])
    is_advanced = any(isinstance(item, bool) or hasattr(item, "shape") for item in expanded)
    slices: list[tuple[int, int, int]] = []
    shape: list[int] = []
    arrays: dict[int, Any] = {}
    for item in expanded:
        if item is None:
            shape.append(1)
            continue
        if isinstance(item, bool):
            arrays[len(shape)] = np.zeros(int(item), np.int64)
            shape.append(1)
            continue
        axis = len(slices)
        length = x.shape[axis]
        if isinstance(item, slice):
            start, stop, step = item.indices(length)
            count = len(range(start, stop, step))
            slices.append((start if count else 0, count, step))
            shape.append(count)
        elif isinstance(item, int) and not is_advanced:
            slices.append((_nonnegative(x, axis, item), 1, 1))
        else:
            slices.append((0, length, 1))
            arrays[len(shape)] = _index_array(x, axis, item)
            shape.append(length)
    return Index(tuple(slices), tuple(shape), arrays, _is_separated(expanded))


def _is_separated(items: list[Any]) -> bool:
    """Whether a slice or a new axis is between arrays: their axes then go to the front."""
    arrays = [i for i, item in enumerate(items) if item is not None and not isinstance(item, slice)]
    return bool(arrays) and arrays[-1] - arrays[0] != len(arrays) - 1


def _as_item(item: Any) -> Any:
    """Reduce an item of an index to None, Ellipsis, slice, bool, int, array or node."""
    if item is None or item is Ellipsis or isinstance(item, bool | np.bool_):
        return bool(item) if isinstance(item, np.bool_) else item
    if isinstance(item, slice):
        part = cast("slice[Any, Any, Any]", item)
        return slice(_as_bound(part.start), _as_bound(part.stop), _as_bound(part.step))
    if isinstance(item, Node):
        if item.dtype.kind == "b":
            return _as_item(np.asarray(item.value))
    elif isinstance(item, int | np.integer):
        return int(item)
    else:
        item = _as_index_array(item)
    if item.dtype.kind not in "iub":
        raise DTypeError(
            f"x[...]: an array of dtype {item.dtype} is not an index; use integers, booleans or "
            "slices, for example index.astype(int)"
        )
    if isinstance(item, Node) or item.ndim:
        return item
    return bool(item) if item.dtype.kind == "b" else int(item)


def _as_bound(bound: Any) -> int | None:
    return None if bound is None else static_int("x[a:b]", bound, "a bound of the slice")


def _as_index_array(item: Any) -> Any:
    """Convert a sequence to an array; an empty one, float by default, to integers."""
    if isinstance(item, list | tuple) and any(isinstance(each, Node) for each in cast(Any, item)):
        return np.stack(item)
    array: Any = np.asarray(item)
    return array.astype(np.int64) if array.size == 0 and array.dtype.kind == "f" else array


def _expand(x: Any, items: list[Any]) -> list[Any]:
    """Replace the ellipsis by full slices, and masks by their nonzero indices."""
    used = sum(map(_indexed_axes, items))
    if used > x.ndim:
        raise ShapeError(
            f"x[...]: {counted(used, 'index')} for the {counted(x.ndim, 'axis')} of an array of "
            f"shape {x.shape}"
        )
    ellipses = [i for i, item in enumerate(items) if item is Ellipsis]
    if len(ellipses) > 1:
        raise ShapeError("x[...]: an index can have one ... only; write : for the other axes")
    split = ellipses[0] if ellipses else len(items)
    full = [slice(None)] * (x.ndim - used)
    expanded: list[Any] = []
    axis = 0
    for item in (*items[:split], *full, *items[split + 1 :]):
        expanded += _mask_indices(x, item, axis) if _is_mask(item) else [item]
        axis += _indexed_axes(item)
    return expanded


def _is_mask(item: Any) -> bool:
    return hasattr(item, "dtype") and item.dtype.kind == "b"


def _indexed_axes(item: Any) -> int:
    """How many axes of the array an item of an index selects from."""
    if _is_mask(item):
        return item.ndim
    return int(item is not None and item is not Ellipsis and not isinstance(item, bool))


def _mask_indices(x: Any, mask: Any, axis: int) -> list[Any]:
    axes = x.shape[axis : axis + mask.ndim]
    if mask.shape != axes:
        raise ShapeError(
            f"x[mask]: the mask has shape {mask.shape}, but the axes it indexes have shape {axes}"
        )
    return list(np.nonzero(mask))


def _nonnegative(x: Any, axis: int, index: int) -> int:
    """Check bounds and count from the front."""
    length = x.shape[axis]
    if not -length <= index < length:
        raise ShapeError(
            f"x[...]: index {index} is out of bounds for axis {axis} of length {length} of an "
            f"array of shape {x.shape}"
        )
    return index % length


def _index_array(x: Any, axis: int, item: Any) -> Any:
    """Check bounds and count from the front; traced indices are checked when they run."""
    if isinstance(item, Node):
        return item
    if isinstance(item, int):
        return np.asarray(_nonnegative(x, axis, item))
    item = item.astype(np.int64)
    if item.size:
        _nonnegative(x, axis, int(item.min()))
        _nonnegative(x, axis, int(item.max()))
    wrapped: Any = np.where(item < 0, item + x.shape[axis], item)
    return wrapped


def take(x: Any, indices: Any, axis: int | None = None, mode: str = "raise") -> Any:
    """Take the entries at `indices` along an axis, or of the flattened array."""
    x = ravel(x) if axis is None else as_array(x)
    axis = normalize_axis("take", 0 if axis is None else axis, x.ndim)
    length = x.shape[axis]
    indices = as_array(indices)
    if mode == "wrap":
        indices = np.remainder(indices, length)
    elif mode == "clip":
        indices = np.minimum(np.maximum(indices, 0), length - 1)
    return get_item(x, (*[slice(None)] * axis, indices))


def take_along_axis(x: Any, indices: Any, axis: int | None = -1) -> Any:
    """Take one entry along `axis` for each of `indices`, which match `x` along the other axes."""
    indices = as_array(indices)
    if axis is None:
        x, axis = ravel(x), 0
    x = as_array(x)
    return get_item(x, along_axis(x, indices, axis))


def along_axis(x: Any, indices: Any, axis: int) -> tuple[Any, ...]:
    """Return the index of one entry along `axis` for each of `indices`."""
    axis = normalize_axis("take_along_axis", axis, x.ndim)
    if indices.ndim != x.ndim:
        raise ShapeError(
            f"take_along_axis: the indices have {counted(indices.ndim, 'axis')} and the array "
            f"{x.ndim}; both must have the same number (use keepdims=True or np.expand_dims)"
        )
    grid: list[Any] = []
    for i, length in enumerate(x.shape):
        line: Any = np.arange(length).reshape([-1 if k == i else 1 for k in range(x.ndim)])
        grid.append(indices if i == axis else line)
    return tuple(grid)


def compress(condition: Any, x: Any, axis: int | None = None) -> Any:
    """Take the entries along an axis where `condition`, of known value, is true."""
    mask = condition.value if isinstance(condition, Node) else np.asarray(condition)
    return take(x, np.flatnonzero(mask), axis)


def extract(condition: Any, x: Any) -> Any:
    """Take the elements where `condition`, of known value, is true."""
    return compress(np.ravel(condition), np.ravel(x))


def diagonal(x: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    """Take the diagonal of two axes, which becomes the last axis."""
    x = as_array(x)
    first, second = (normalize_axis("diagonal", each, x.ndim) for each in (axis1, axis2))
    x = moveaxis(x, (first, second), (0, 1))
    offset = static_int("diagonal", offset, "the offset")
    start_row, start_column = max(-offset, 0), max(offset, 0)
    length = max(min(x.shape[0] - start_row, x.shape[1] - start_column), 0)
    steps: Any = np.arange(length)
    return moveaxis(gather(x, steps + start_row, steps + start_column), 0, -1)


def trace(x: Any, offset: int = 0, axis1: int = 0, axis2: int = 1, dtype: Any = None) -> Any:
    """Sum the diagonal of two axes."""
    return np.sum(diagonal(x, offset, axis1, axis2), axis=-1, dtype=dtype)


def diag(x: Any, k: int = 0) -> Any:
    """Build a matrix with the vector `x` on its `k`-th diagonal, or take a matrix's diagonal."""
    x, k = as_array(x), static_int("diag", k, "the diagonal")
    if x.ndim == 2:
        return diagonal(x, k)
    if x.ndim != 1:
        raise ShapeError(f"diag: shape {x.shape} is neither a vector nor a matrix")
    size = x.shape[0] + abs(k)
    if not x.shape[0]:
        return np.zeros((size, size), x.dtype)
    rows: Any = np.arange(size)[:, None]
    on_diagonal: Any = np.arange(size) == rows + k
    source: Any = np.clip(rows - max(-k, 0), 0, max(x.shape[0] - 1, 0))
    return select(on_diagonal, get_item(x, np.broadcast_to(source, on_diagonal.shape)), 0)
