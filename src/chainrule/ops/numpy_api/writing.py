"""Functions and methods that write into traced arrays: copyto, put, fill, in-place sort."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.errors import ArgumentError, DTypeError
from chainrule.graph.node import Node, as_node
from chainrule.graph.protocol_gaps.plain_store import plain_target_message
from chainrule.graph.trace_errors import ConversionError
from chainrule.ops.functionalization import assign
from chainrule.ops.numpy_api import indexing, sorting
from chainrule.ops.numpy_api.assignment import FlatIterator, known_index, repeated, set_item
from chainrule.ops.primitives.promotion import as_array
from chainrule.ops.primitives.selection import select

__all__ = [
    "copyto", "fill", "fill_diagonal", "place", "put", "put_along_axis", "putmask",
    "sort_in_place",
]  # fmt: skip


def copyto(dst: Any, src: Any, casting: str = "same_kind", where: Any = True) -> None:
    """Copy `src` into `dst` where a condition holds."""
    target = _target("copyto", dst)
    if not np.can_cast(as_array(src).dtype, target.dtype, casting):  # pyright: ignore[reportArgumentType]
        raise DTypeError(
            f"copyto: values of dtype {as_array(src).dtype} cannot be copied into an array of "
            f"dtype {target.dtype} by casting={casting!r}; use src.astype(dtype)"
        )
    assign(target, src if where is True else select(where, src, target))


def fill(x: Node, value: Any) -> None:
    """Set all elements to a value."""
    assign(x, value)


def put(x: Any, indices: Any, values: Any, mode: str = "raise") -> None:
    """Set elements of the flattened array; `values` are repeated as often as required."""
    target = _target("put", x)
    positions = np.ravel(indices)
    if mode == "wrap":
        positions = np.remainder(positions, target.size)
    elif mode == "clip":
        positions = np.clip(positions, 0, target.size - 1)
    if positions.size:
        FlatIterator(target)[positions] = repeated(values, positions.shape)


def place(arr: Any, mask: Any, vals: Any) -> None:
    """Set the elements at a mask of known value to `vals`, repeated as often as required."""
    put(arr, np.flatnonzero(known_index(mask)), vals)


def putmask(a: Any, mask: Any, values: Any) -> None:
    """Set the elements at a mask to those at the same positions of `values`, repeated."""
    target = _target("putmask", a)
    is_aligned = np.shape(values) in ((), target.shape)
    aligned = values if is_aligned else repeated(values, target.shape)
    assign(target, select(mask, aligned, target))


def put_along_axis(arr: Any, indices: Any, values: Any, axis: int | None) -> None:
    """Set one element along `axis` for each of `indices`."""
    target = _target("put_along_axis", arr)
    if axis is None:
        FlatIterator(target)[np.ravel(indices)] = values
        return
    set_item(target, indexing.along_axis(target, as_array(indices), axis), values)


def fill_diagonal(a: Any, val: Any, wrap: bool = False) -> None:
    """Set the main diagonal."""
    target = _target("fill_diagonal", a)
    if target.ndim < 2 or (target.ndim > 2 and len(set(target.shape)) > 1):
        raise ArgumentError("fill_diagonal: needs two axes, or more axes of one length")
    length = target.shape[-1]
    step = sum(length**k for k in range(target.ndim))
    # Of a tall matrix without `wrap`, the part below its first square is left as it is.
    end = length * length if target.ndim == 2 and not wrap else target.size
    positions: Any = np.arange(0, min(target.size, end), step)
    FlatIterator(target)[positions] = repeated(val, positions.shape)


def sort_in_place(x: Node, axis: int = -1, kind: Any = None, order: Any = None, **_: Any) -> None:
    """Sort the array itself along an axis."""
    assign(x, sorting.sort(as_node(x), axis))


def _target(name: str, x: Any) -> Node:
    if isinstance(x, Node):
        return x
    # Not final: np.full_like(plain, traced) copies into a plain array, and is called again.
    raise ConversionError(plain_target_message(f"np.{name}: the array"))
