"""Elements by position: ``x[...]`` in all its forms, take, take_along_axis, diagonals.

An index is read in two steps. Slices, integers, ``None`` and ``...`` are a strided slice and a
change of shape. Arrays of positions are a ``gather`` along the first axes, to which the axes they
index are brought; NumPy's rule says where the result's new axes go.
"""

from __future__ import annotations

import operator
from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from chainrule.errors import DTypeError, ShapeError
from chainrule.graph.node import Node
from chainrule.ops.numpy_api.shape_manipulation import moveaxis, ravel, reshape, transpose
from chainrule.ops.primitives import movement
from chainrule.ops.primitives.axes import axis_in
from chainrule.ops.primitives.broadcasting import broadcast_to
from chainrule.ops.primitives.gather_scatter import gather
from chainrule.ops.primitives.promotion import as_array, common_shape, type_of_operand
from chainrule.ops.primitives.selection import select

__all__ = [
    "compress",
    "diag",
    "diagonal",
    "extract",
    "get_item",
    "take",
    "take_along_axis",
    "trace",
]


@dataclass(frozen=True)
class _Plan:
    """An index made plain: what to slice, the shape after it, positions for some of the axes."""

    slices: tuple[tuple[int, int, int], ...]
    shape: tuple[int, ...]
    positions: dict[int, Any]
    is_split: bool


def get_item(x: Any, index: Any) -> Any:
    """Return ``x[index]`` for every form of index NumPy has."""
    plan = _plan(as_array(x), index if isinstance(index, tuple) else (index,))
    x = as_array(x)
    if plan.slices != tuple((0, n, 1) for n in x.shape):
        x = movement.strided_slice(x, slices=plan.slices)
    x = reshape(x, plan.shape)
    return _pick(x, plan) if plan.positions else x


def _pick(x: Any, plan: _Plan) -> Any:
    """Gather along the axes that have positions, and put the new axes where NumPy puts them."""
    axes = sorted(plan.positions)
    rest = [i for i in range(x.ndim) if i not in plan.positions]
    found = [plan.positions[i] for i in axes]
    shape = common_shape("x[...]", [type_of_operand(each, "x[...]") for each in found])
    positions = [broadcast_to(each, shape) for each in found]
    result = gather(transpose(x, axes + rest), *positions)
    adjacent = axes == list(range(axes[0], axes[0] + len(axes))) and not plan.is_split
    if not adjacent or axes[0] == 0:
        return result
    added = len(shape)
    order = range(added, added + axes[0]), range(added), range(added + axes[0], result.ndim)
    return transpose(result, [i for part in order for i in part])


def _plan(x: Any, items: tuple[Any, ...]) -> _Plan:
    expanded = _expand(x, [_as_item(item) for item in items])
    is_fancy = any(isinstance(item, bool) or hasattr(item, "shape") for item in expanded)
    slices: list[tuple[int, int, int]] = []
    shape: list[int] = []
    positions: dict[int, Any] = {}
    for item in expanded:
        if item is None:
            shape.append(1)
            continue
        if isinstance(item, bool):
            positions[len(shape)] = np.zeros(int(item), np.int64)
            shape.append(1)
            continue
        axis = len(slices)
        length = x.shape[axis]
        if isinstance(item, slice):
            start, stop, step = item.indices(length)
            count = len(range(start, stop, step))
            slices.append((start if count else 0, count, step))
            shape.append(count)
        elif isinstance(item, int) and not is_fancy:
            slices.append((_inside(x, axis, item), 1, 1))
        else:
            slices.append((0, length, 1))
            positions[len(shape)] = _checked(x, axis, item)
            shape.append(length)
    return _Plan(tuple(slices), tuple(shape), positions, _is_split(expanded))


def _is_split(items: list[Any]) -> bool:
    """Whether a slice or a new axis stands between arrays: their axes then go to the front."""
    fancy = [i for i, item in enumerate(items) if item is not None and not isinstance(item, slice)]
    return bool(fancy) and fancy[-1] - fancy[0] != len(fancy) - 1


def _as_item(item: Any) -> Any:
    """Reduce what may stand in an index to: None, Ellipsis, slice, bool, int, array, node."""
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
        item = _as_positions(item)
    if item.dtype.kind not in "iub":
        raise DTypeError(
            f"x[...]: an index of dtype {item.dtype} is not a position; use integers, booleans or "
            "slices, for example index.astype(int)"
        )
    if isinstance(item, Node) or item.ndim:
        return item
    return bool(item) if item.dtype.kind == "b" else int(item)


def _as_bound(bound: Any) -> int | None:
    return None if bound is None else operator.index(bound)


def _as_positions(item: Any) -> Any:
    if isinstance(item, list | tuple) and any(isinstance(each, Node) for each in cast(Any, item)):
        return np.stack(item)
    array: Any = np.asarray(item)
    return array.astype(np.int64) if array.size == 0 and array.dtype.kind == "f" else array


def _expand(x: Any, items: list[Any]) -> list[Any]:
    """Write masks as positions, and put whole slices for the dots and for axes not named."""
    plain: list[Any] = []
    used = 0
    for item in items:
        if hasattr(item, "dtype") and item.dtype.kind == "b":
            start = used if Ellipsis not in [p if p is Ellipsis else 0 for p in plain] else None
            plain += _mask_positions(x, item, start)
            used += item.ndim
        else:
            plain.append(item)
            used += item is not None and item is not Ellipsis and not isinstance(item, bool)
    if used > x.ndim:
        raise ShapeError(
            f"x[...]: {used} indices for the {x.ndim} axes of an array of shape {x.shape}"
        )
    dots = [i for i, item in enumerate(plain) if item is Ellipsis]
    if len(dots) > 1:
        raise ShapeError("x[...]: an index can have one ... only; write : for the other axes")
    whole = [slice(None)] * (x.ndim - used)
    place = dots[0] if dots else len(plain)
    return [*plain[:place], *whole, *plain[place + 1 :]]


def _mask_positions(x: Any, mask: Any, start: int | None) -> list[Any]:
    if start is not None and mask.shape != x.shape[start : start + mask.ndim]:
        raise ShapeError(
            f"x[mask]: the mask has shape {mask.shape}, but the axes it stands for have "
            f"{x.shape[start : start + mask.ndim]}"
        )
    return list(np.nonzero(mask))


def _inside(x: Any, axis: int, position: int) -> int:
    length = x.shape[axis]
    if not -length <= position < length:
        raise ShapeError(
            f"x[...]: position {position} lies outside axis {axis} of length {length} of an array "
            f"of shape {x.shape}"
        )
    return position % length


def _checked(x: Any, axis: int, item: Any) -> Any:
    """Positions counted from the front; traced ones are looked at when they are known."""
    if isinstance(item, Node):
        return item
    if isinstance(item, int):
        return np.asarray(_inside(x, axis, item))
    item = item.astype(np.int64)
    if item.size:
        _inside(x, axis, int(item.min()))
        _inside(x, axis, int(item.max()))
    positive: Any = np.where(item < 0, item + x.shape[axis], item)
    return positive


def take(x: Any, indices: Any, axis: int | None = None, mode: str = "raise") -> Any:
    """Take the entries at `indices` along an axis, or of the flattened array."""
    x = ravel(x) if axis is None else as_array(x)
    place = axis_in("take", 0 if axis is None else axis, x.ndim)
    length = x.shape[place]
    indices = as_array(indices)
    if mode == "wrap":
        indices = np.remainder(indices, length)
    elif mode == "clip":
        indices = np.minimum(np.maximum(indices, 0), length - 1)
    return get_item(x, (*[slice(None)] * place, indices))


def take_along_axis(x: Any, indices: Any, axis: int | None = -1) -> Any:
    """Take one entry along `axis` for each of `indices`, which has the other axes in common."""
    indices = as_array(indices)
    if axis is None:
        x, axis = ravel(x), 0
    x = as_array(x)
    place = axis_in("take_along_axis", axis, x.ndim)
    if indices.ndim != x.ndim:
        raise ShapeError(
            f"take_along_axis: the indices have {indices.ndim} axes and the array {x.ndim}; both "
            "must have the same number (use keepdims=True or np.expand_dims)"
        )
    grid: list[Any] = []
    for i, length in enumerate(x.shape):
        line: Any = np.arange(length).reshape([-1 if k == i else 1 for k in range(x.ndim)])
        grid.append(indices if i == place else line)
    return get_item(x, tuple(grid))


def compress(condition: Any, x: Any, axis: int | None = None) -> Any:
    """Take the entries along an axis where `condition` holds, whose value must be known."""
    mask = condition.value if isinstance(condition, Node) else np.asarray(condition)
    return take(x, np.flatnonzero(mask), axis)


def extract(condition: Any, x: Any) -> Any:
    """Take the elements where `condition` holds, whose value must be known."""
    return compress(np.ravel(condition), np.ravel(x))


def diagonal(x: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    """Take the diagonal of two axes, which becomes the last axis."""
    x = as_array(x)
    first, second = (axis_in("diagonal", each, x.ndim) for each in (axis1, axis2))
    x = moveaxis(x, (first, second), (0, 1))
    start_row, start_column = max(-offset, 0), max(offset, 0)
    length = max(min(x.shape[0] - start_row, x.shape[1] - start_column), 0)
    steps: Any = np.arange(length)
    return moveaxis(gather(x, steps + start_row, steps + start_column), 0, -1)


def trace(x: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    """Sum the diagonal of two axes."""
    return np.sum(diagonal(x, offset, axis1, axis2), axis=-1)


def diag(x: Any, k: int = 0) -> Any:
    """Make a matrix with the vector `x` on its `k`-th diagonal, or take a matrix's diagonal."""
    x = as_array(x)
    if x.ndim == 2:
        return diagonal(x, k)
    if x.ndim != 1:
        raise ShapeError(f"diag: shape {x.shape} is neither a vector nor a matrix")
    size = x.shape[0] + abs(k)
    rows: Any = np.arange(size)[:, None]
    hits: Any = np.arange(size) == rows + k
    source: Any = np.clip(rows - max(-k, 0), 0, max(x.shape[0] - 1, 0))
    return select(hits, get_item(x, np.broadcast_to(source, hits.shape)), 0)
