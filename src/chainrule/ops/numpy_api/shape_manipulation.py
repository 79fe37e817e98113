"""Shape manipulation: reshape, transpose, flip, broadcast, with NumPy's names and arguments."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from chainrule.errors import ArgumentError, ShapeError, UnsupportedError, counted
from chainrule.graph.node import Node, as_node
from chainrule.ops.primitives import broadcasting, movement
from chainrule.ops.primitives.axes import (
    as_shape,
    normalize_axes,
    normalize_axis,
    reduction_axes,
    static_int,
)
from chainrule.ops.primitives.broadcasting import cast
from chainrule.ops.primitives.promotion import as_array, common_shape, type_of_operand
from chainrule.ops.primitives.selection import identity, select

__all__ = [
    "astype", "atleast_1d", "atleast_2d", "atleast_3d", "broadcast_arrays", "broadcast_to",
    "copy", "empty_like", "expand_dims", "flip", "fliplr", "flipud", "full_like",
    "moveaxis", "ones_like", "ravel", "reshape", "rollaxis", "rot90", "squeeze", "swapaxes",
    "transpose", "tril", "triu", "zeros_like",
]  # fmt: skip


def reshape(x: Any, shape: Any, order: str = "C") -> Any:
    """Reshape; one length may be -1, which is then inferred."""
    x = as_array(x)
    lengths = as_shape(shape, "reshape", "the shape")
    if _is_column_major("reshape", x, order):
        return transpose(reshape(transpose(x), lengths[::-1]))
    if lengths.count(-1) > 1:
        raise ShapeError(f"reshape: only one length of {lengths} can be -1")
    if -1 in lengths:
        known = math.prod(n for n in lengths if n != -1)
        if known == 0 or x.size % known:
            raise ShapeError(
                f"reshape: the {counted(x.size, 'element')} of shape {x.shape} do not divide into "
                f"{lengths}; the lengths other than -1 multiply to {known}"
            )
        lengths = tuple(x.size // known if n == -1 else n for n in lengths)
    return x if lengths == x.shape else movement.reshape(x, shape=lengths)


def _is_column_major(name: str, x: Any, order: str) -> bool:
    """Whether elements are to be read in Fortran's order, with the first axis fastest."""
    if order in ("A", "K") and x.ndim > 1:
        raise UnsupportedError(
            f"{name}: order={order!r} depends on how an array lies in memory, which a traced value "
            "does not; choose order='C' (rows) or order='F' (columns)"
        )
    return order == "F"


def ravel(x: Any, order: str = "C") -> Any:
    """Flatten, in row-major order or, for ``order="F"``, by columns."""
    return reshape(x, -1, order)


def transpose(x: Any, axes: Any = None) -> Any:
    """Permute the axes; without `axes` reverse them."""
    x = as_array(x)
    order = (
        tuple(range(x.ndim))[::-1] if axes is None else normalize_axes("transpose", axes, x.ndim)
    )
    return x if order == tuple(range(x.ndim)) else movement.transpose(x, axes=order)


def swapaxes(x: Any, axis1: int, axis2: int) -> Any:
    """Exchange two axes."""
    x = as_array(x)
    first, second = (normalize_axis("swapaxes", each, x.ndim) for each in (axis1, axis2))
    order = list(range(x.ndim))
    order[first], order[second] = second, first
    return transpose(x, order)


def moveaxis(x: Any, source: Any, destination: Any) -> Any:
    """Move axes to new positions; the others retain their order."""
    x = as_array(x)
    sources = normalize_axes("moveaxis", source, x.ndim)
    destinations = normalize_axes("moveaxis", destination, x.ndim)
    if len(sources) != len(destinations):
        raise ShapeError(
            f"moveaxis: {counted(len(sources), 'axis')} cannot move to "
            f"{counted(len(destinations), 'position')}; give as many of one as of the other"
        )
    order = [i for i in range(x.ndim) if i not in sources]
    for position, axis in sorted(zip(destinations, sources, strict=True)):
        order.insert(position, axis)
    return transpose(x, order)


def rollaxis(x: Any, axis: int, start: int = 0) -> Any:
    """Move an axis before the axis `start`; the older form of `moveaxis`."""
    x = as_array(x)
    axis = normalize_axis("rollaxis", axis, x.ndim)
    start = start + x.ndim if start < 0 else start
    return moveaxis(x, axis, start - 1 if start > axis else start)


def squeeze(x: Any, axis: Any = None) -> Any:
    """Drop axes of length 1: those given, or all."""
    x = as_array(x)
    if axis is None:
        dropped = {i for i, n in enumerate(x.shape) if n == 1}
    else:
        dropped = set(reduction_axes("squeeze", axis, x.ndim))
    if any(x.shape[i] != 1 for i in dropped):
        raise ShapeError(
            f"squeeze: axis {axis} of shape {x.shape} is longer than 1; only axes of length 1 can "
            "be dropped"
        )
    return reshape(x, tuple(n for i, n in enumerate(x.shape) if i not in dropped))


def expand_dims(x: Any, axis: Any) -> Any:
    """Insert axes of length 1 at the positions `axis` of the result."""
    x = as_array(x)
    several: Any = axis if isinstance(axis, tuple | list) else (axis,)
    added = normalize_axes("expand_dims", several, x.ndim + len(several))
    rest = iter(x.shape)
    ndim = x.ndim + len(added)
    return reshape(x, tuple(1 if i in added else next(rest) for i in range(ndim)))


def atleast_1d(*arrays: Any) -> Any:
    """Give each argument at least one axis."""
    return _map_arrays(arrays, lambda x: x if x.ndim else reshape(x, (1,)))


def atleast_2d(*arrays: Any) -> Any:
    """Give each argument at least two axes; new ones come first."""
    return _map_arrays(arrays, lambda x: reshape(x, (1,) * (2 - x.ndim) + x.shape))


def atleast_3d(*arrays: Any) -> Any:
    """Give each argument at least three axes: (n,) to (1, n, 1), (m, n) to (m, n, 1)."""
    shapes: dict[int, Any] = {0: lambda s: (1, 1, 1), 1: lambda s: (1, *s, 1), 2: lambda s: (*s, 1)}
    return _map_arrays(arrays, lambda x: reshape(x, shapes.get(x.ndim, tuple)(x.shape)))


def broadcast_to(x: Any, shape: Any) -> Any:
    """Repeat along new or unit axes."""
    return broadcasting.broadcast_to(as_array(x), as_shape(shape, "broadcast_to", "the shape"))


def broadcast_arrays(*arrays: Any) -> Any:
    """Broadcast all arguments to one shape."""
    operands = [as_array(x) for x in arrays]
    shape = common_shape("broadcast_arrays", [type_of_operand(x, "an array") for x in operands])
    return tuple(broadcasting.broadcast_to(x, shape) for x in operands)


def flip(x: Any, axis: Any = None) -> Any:
    """Reverse the order along axes: those given, or all."""
    x = as_array(x)
    axes = normalize_axes("flip", axis, x.ndim)
    slices = tuple((n - 1, n, -1) if i in axes and n else (0, n, 1) for i, n in enumerate(x.shape))
    return movement.strided_slice(x, slices=slices) if axes else x


def flipud(x: Any) -> Any:
    """Reverse the order along the first axis."""
    return flip(x, 0)


def fliplr(x: Any) -> Any:
    """Reverse the order along the second axis."""
    return flip(x, 1)


def rot90(x: Any, k: int = 1, axes: Any = (0, 1)) -> Any:
    """Rotate by `k` · 90° in the plane of two axes, from the first towards the second."""
    x = as_array(x)
    first, second = normalize_axes("rot90", axes, x.ndim)
    k = static_int("rot90", k, "the number of rotations") % 4
    if k == 2:
        return flip(x, (first, second))
    swapped = swapaxes(x, first, second) if k else x
    return {0: lambda: x, 1: lambda: flip(swapped, first), 3: lambda: flip(swapped, second)}[k]()


def tril(x: Any, k: int = 0) -> Any:
    """Lower triangle of the last two axes: 0 above the `k`-th diagonal."""
    return select(_lower_triangle("tril", x, k), x, 0)


def triu(x: Any, k: int = 0) -> Any:
    """Upper triangle of the last two axes: 0 below the `k`-th diagonal."""
    return select(_lower_triangle("triu", x, k, -1), 0, x)


def _lower_triangle(name: str, x: Any, k: Any, shift: int = 0) -> Any:
    """A mask of the last two axes, of both of which a vector has the length."""
    rows, columns = (as_array(x).shape * 2)[-2:]
    return np.tri(rows, columns, k=static_int(name, k, "the diagonal") + shift, dtype=bool)


def copy(x: Any, order: str = "C") -> Any:
    """Return the identity: traced values are immutable, so nothing is copied."""
    return identity(as_array(x))


def astype(x: Any, dtype: Any, *, copy: bool = True) -> Any:
    """Convert to another dtype; conversions between floats are differentiable."""
    dtype = np.dtype(dtype)
    if dtype.kind not in "fiub":
        raise UnsupportedError(
            f"astype: {dtype} cannot be computed with; choose a float, an integer or bool"
        )
    return cast(as_array(x), dtype)


def zeros_like(x: Any, dtype: Any = None, *, shape: Any = None) -> Any:
    """Return zeros with the shape and dtype of `x`: a traced array, to store traced values in."""
    return full_like(x, 0, dtype, shape=shape)


def ones_like(x: Any, dtype: Any = None, *, shape: Any = None) -> Any:
    """Return ones with the shape and dtype of `x`: a traced array, to store traced values in."""
    return full_like(x, 1, dtype, shape=shape)


def empty_like(x: Any, dtype: Any = None, *, shape: Any = None) -> Any:
    """Return zeros with the shape and dtype of `x`, so that results are reproducible."""
    return zeros_like(x, dtype, shape=shape)


def full_like(x: Any, fill_value: Any, dtype: Any = None, *, shape: Any = None) -> Any:
    """Broadcast `fill_value`, which may be traced, to the shape and dtype of `x`."""
    lengths, dtype = _shape_and_dtype(x, dtype, shape)
    value = fill_value if isinstance(fill_value, Node) else as_array(fill_value).astype(dtype)
    filled = broadcast_to(cast(as_node(value), dtype), lengths)
    return identity(filled) if filled is fill_value else filled


def _shape_and_dtype(x: Any, dtype: Any, shape: Any) -> tuple[tuple[int, ...], Any]:
    lengths = as_array(x).shape if shape is None else as_shape(shape, "full_like", "the shape")
    return lengths, as_array(x).dtype if dtype is None else np.dtype(dtype)


def _map_arrays(arrays: tuple[Any, ...], function: Any) -> Any:
    """Apply to each argument; return the result of one, a tuple of several."""
    if not arrays:
        raise ArgumentError("atleast: give one array or more")
    results = tuple(function(as_array(x)) for x in arrays)
    return results[0] if len(results) == 1 else results
