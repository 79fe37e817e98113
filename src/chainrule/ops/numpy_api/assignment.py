"""Assignment into traced arrays: ``x[index] = v``, ``x.flat[index] = v``, ``np.add.at``.

Each computes the new content of the array and stores it (`functionalization`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from chainrule.errors import TraceError
from chainrule.graph.node import Node, as_node
from chainrule.graph.protocol_gaps.plain_store import plain_target_message
from chainrule.ops.functionalization import fitted, item_view, store
from chainrule.ops.numpy_api import indexing
from chainrule.ops.numpy_api.shape_manipulation import ravel, reshape
from chainrule.ops.primitives import movement
from chainrule.ops.primitives.array_update import scatter, update_slice
from chainrule.ops.primitives.gather_scatter import scatter_add
from chainrule.ops.primitives.promotion import as_array
from chainrule.ops.primitives.selection import identity, select

__all__ = ["FlatIterator", "accumulate_at", "get_item", "known_index", "repeated", "set_item"]


def get_item(x: Node, index: Any, is_of_user: bool = False) -> Any:
    """Return ``x[index]``: a view for basic indexing, a copy for advanced, or a scalar.

    For user's code that fills arrays, an element of an array of constants is a plain number.
    """
    source = as_node(x)
    if is_of_user and source.is_constant and _is_of_integers(index, source.ndim):
        return source.known_value[index]  # a number as NumPy's, also as a key and in sets
    result = indexing.get_item(source, index)
    items = index if isinstance(index, tuple) else (index,)
    is_scalar = not any(item is Ellipsis for item in items)
    return item_view(result, x, source, is_scalar)


def _is_of_integers(index: Any, ndim: int) -> bool:
    """Whether an index is integers for all axes."""
    items: tuple[Any, ...] = index if isinstance(index, tuple) else (index,)
    return len(items) == ndim and all(type(each) in (int, np.int64) for each in items)


def set_item(x: Node, index: Any, value: Any) -> None:
    """Assign ``x[index] = value`` for every form of index NumPy has."""
    if _is_view_at(value, x, index):  # x[index] += v has stored through the view already
        return
    items = index if isinstance(index, tuple) else (index,)
    mask = _abstract_mask(items)
    if mask is not None:
        _assign_where(x, mask, value)
        return
    content = as_node(x)
    value = as_array(value)
    normalized = indexing.normalize(content, items)
    if normalized.arrays:
        store(x, _scattered(content, normalized, value))
    else:
        part = fitted(value, x.dtype, normalized.shape)
        store(x, _with_slices(content, normalized, part))


def _is_view_at(value: Any, x: Node, index: Any) -> bool:
    """Whether `value` is the view ``x[index]`` itself."""
    if type(value) is not Node or value.view_of is None or value.view_of[0] is not x:
        return False
    own = indexing.get_item(value.view_of[1], index)
    return _steps(own, value.view_of[1]) == _steps(value, value.view_of[1])


def _steps(node: Node, source: Node) -> list[tuple[Any, Any]]:
    steps: list[tuple[Any, Any]] = []
    while node is not source and node.primitive is not None:
        steps.append((node.primitive, node.params))
        node = node.inputs[0]
    return steps


def _with_slices(content: Node, index: indexing.Index, part: Node) -> Node:
    """Replace the elements at the slices of an index."""
    part = reshape(part, tuple(count for _, count, _ in index.slices))
    if index.slices == tuple((0, n, 1) for n in content.shape):
        return identity(part)
    return update_slice(content, part, slices=index.slices)


def _scattered(
    content: Node, index: indexing.Index, value: Any, put: Callable[..., Node] = scatter
) -> Node:
    """Put a value at integer arrays; by `scatter`, of repeated indices the last value wins."""
    region = content
    if index.slices != tuple((0, n, 1) for n in content.shape):
        region = movement.strided_slice(content, slices=index.slices)
    region = reshape(region, index.shape)
    moved, indices, order = indexing.advanced(region, index)
    shape = indices[0].shape + moved.shape[len(indices) :]
    part = fitted(value, content.dtype, tuple(shape[i] for i in order))
    moved = put(moved, movement.transpose(part, axes=_inverse(order)), *indices)
    axes = sorted(index.arrays)
    axes += [i for i in range(region.ndim) if i not in index.arrays]
    return _with_slices(content, index, movement.transpose(moved, axes=_inverse(axes)))


def _added(x: Node, updates: Node, *indices: Node) -> Node:
    """Add at indices, once for each repetition."""
    return as_node(np.add(x, scatter_add(updates, *indices, shape=x.shape)))


def _inverse(axes: list[int]) -> tuple[int, ...]:
    return tuple(axes.index(i) for i in range(len(axes)))


def _abstract_mask(items: tuple[Any, ...]) -> Node | None:
    masks = [
        item
        for item in items
        if isinstance(item, Node) and item.dtype.kind == "b" and not as_node(item).is_known
    ]
    if not masks:
        return None
    if len(items) > 1:
        raise TraceError(
            "x[mask, ...] = value: under cr.jit a mask must be the only index; write "
            "x = np.where(mask, value, x)"
        )
    return masks[0]


def _assign_where(x: Node, mask: Node, value: Any) -> None:
    """Assign ``x[mask] = value`` for a mask of unknown value: a selection."""
    rest = x.ndim - mask.ndim
    if mask.shape != x.shape[: mask.ndim] or np.ndim(value) > rest:
        raise TraceError(
            f"x[mask] = value: under cr.jit the number of elements that a mask selects is not "
            f"known, so a value of shape {np.shape(value)} cannot be assigned; write "
            "x = np.where(mask, value, x) with a value of the shape of x"
        )
    condition = reshape(mask, mask.shape + (1,) * rest)
    part = fitted(value, x.dtype, x.shape)
    store(x, select(condition, part, x))


def accumulate_at(ufunc: np.ufunc, operation: Callable[..., Any]) -> Callable[..., None]:
    """Return ``ufunc.at``: apply a binary ufunc at indices, once for each repetition."""

    def at(x: Any, index: Any, value: Any = None) -> None:
        if not isinstance(x, Node):
            raise TraceError(plain_target_message(f"np.{ufunc.__name__}.at: the array"))
        if ufunc in (np.add, np.subtract):
            _add_at(x, index, value if ufunc == np.add else np.negative(value))
            return
        if value is None:
            set_item(x, index, operation(get_item(x, index)))
            return
        _check_distinct(ufunc, x, index)
        set_item(x, index, operation(get_item(x, index), value))

    return at


def _add_at(x: Node, index: Any, value: Any) -> None:
    content = as_node(x)
    normalized = indexing.normalize(content, index if isinstance(index, tuple) else (index,))
    if normalized.arrays:
        store(x, _scattered(content, normalized, value, _added))
    else:
        set_item(x, index, np.add(get_item(x, index), value))


def _check_distinct(ufunc: np.ufunc, x: Node, index: Any) -> None:
    positions: Any = np.arange(x.size).reshape(x.shape)[known_index(index)]
    if np.unique(positions).size != positions.size:
        raise TraceError(
            f"np.{ufunc.__name__}.at: repeated indices can be traced with np.add.at and "
            "np.subtract.at only; use a loop over the indices"
        )


def known_index(index: Any) -> Any:
    """Return an index with the values of its nodes."""
    if isinstance(index, tuple):
        return tuple(map(known_index, index))
    return index.value if isinstance(index, Node) else index


def repeated(values: Any, shape: tuple[int, ...]) -> Any:
    """Repeat the elements in row-major order as often as the shape requires."""
    flat = np.ravel(values)
    size = math.prod(shape)
    if flat.size == size:
        return np.reshape(flat, shape)
    return np.reshape(flat[np.arange(size) % max(flat.size, 1)], shape)


class FlatIterator:
    """``x.flat``: the elements of an array in row-major order, to read and to assign."""

    def __init__(self, base: Node) -> None:
        self.base = base
        self.index = 0

    def __len__(self) -> int:
        return self.base.size

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        if self.index >= self.base.size:
            raise StopIteration
        self.index += 1
        return self[self.index - 1]

    @property
    def coords(self) -> tuple[int, ...]:
        """The position of the next element along each axis."""
        if self.index >= self.base.size:
            return self.base.shape
        return tuple(int(i) for i in np.unravel_index(self.index, self.base.shape))

    def __getitem__(self, index: Any) -> Any:
        return indexing.get_item(ravel(as_node(self.base)), index)

    def __setitem__(self, index: Any, value: Any) -> None:
        flat = movement.reshape(as_node(self.base), shape=(self.base.size,))
        normalized = indexing.normalize(flat, (index,))
        if not normalized.arrays:
            part = fitted(repeated(value, normalized.shape), flat.dtype, normalized.shape)
            content = _with_slices(flat, normalized, part)
        else:
            content = _scattered(flat, normalized, value)
        store(self.base, movement.reshape(content, shape=self.base.shape))

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        return np.asarray(ravel(as_node(self.base)), dtype)
