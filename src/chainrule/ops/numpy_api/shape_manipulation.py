"""The same numbers in another shape or order of axes, with NumPy's names and arguments."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from chainrule.errors import ArgumentError, ShapeError, UnsupportedError
from chainrule.ops.primitives import broadcasting, movement
from chainrule.ops.primitives.axes import as_shape, axes_in, axis_in
from chainrule.ops.primitives.broadcasting import cast
from chainrule.ops.primitives.promotion import as_array, common_shape, type_of_operand
from chainrule.ops.primitives.selection import identity, select

__all__ = [
    "astype", "atleast_1d", "atleast_2d", "atleast_3d", "broadcast_arrays", "broadcast_to",
    "check_order", "copy", "empty_like", "expand_dims", "flip", "fliplr", "flipud", "full_like",
    "moveaxis", "ones_like", "ravel", "reshape", "rollaxis", "rot90", "squeeze", "swapaxes",
    "transpose", "tril", "triu", "zeros_like",
]  # fmt: skip


def reshape(x: Any, shape: Any, order: str = "C") -> Any:
    """Give another shape with as many elements; one length may be -1, which is then computed."""
    x = as_array(x)
    check_order("reshape", order)
    lengths = as_shape(shape)
    if lengths.count(-1) > 1:
        raise ShapeError(f"reshape: only one length of {lengths} can be -1")
    if -1 in lengths:
        known = math.prod(n for n in lengths if n != -1)
        if known == 0 or x.size % known:
            raise ShapeError(
                f"reshape: the {x.size} elements of shape {x.shape} do not divide into {lengths}; "
                f"the lengths other than -1 multiply to {known}"
            )
        lengths = tuple(x.size // known if n == -1 else n for n in lengths)
    return x if lengths == x.shape else movement.reshape(x, shape=lengths)


def check_order(name: str, order: str) -> None:
    """Refuse every order of elements but the one by rows."""
    if order not in ("C", "K", "A"):
        raise UnsupportedError(
            f"{name}: the keyword order={order!r} cannot be traced, only order='C'; "
            "transpose before and after instead"
        )


def ravel(x: Any, order: str = "C") -> Any:
    """Make flat, row by row."""
    check_order("ravel", order)
    return reshape(x, -1)


def transpose(x: Any, axes: Any = None) -> Any:
    """Reorder the axes; without `axes` in reverse."""
    x = as_array(x)
    order = tuple(range(x.ndim))[::-1] if axes is None else axes_in("transpose", axes, x.ndim)
    return x if order == tuple(range(x.ndim)) else movement.transpose(x, axes=order)


def swapaxes(x: Any, axis1: int, axis2: int) -> Any:
    """Exchange two axes."""
    x = as_array(x)
    first, second = (axis_in("swapaxes", each, x.ndim) for each in (axis1, axis2))
    order = list(range(x.ndim))
    order[first], order[second] = second, first
    return transpose(x, order)


def moveaxis(x: Any, source: Any, destination: Any) -> Any:
    """Move axes to new places; the others keep their order."""
    x = as_array(x)
    sources = axes_in("moveaxis", source, x.ndim)
    destinations = axes_in("moveaxis", destination, x.ndim)
    if len(sources) != len(destinations):
        raise ShapeError(
            f"moveaxis: {len(sources)} axes cannot move to {len(destinations)} places; "
            "give as many of one as of the other"
        )
    order = [i for i in range(x.ndim) if i not in sources]
    for place, axis in sorted(zip(destinations, sources, strict=True)):
        order.insert(place, axis)
    return transpose(x, order)


def rollaxis(x: Any, axis: int, start: int = 0) -> Any:
    """Move an axis before the axis `start`, as NumPy's older programs do."""
    x = as_array(x)
    axis = axis_in("rollaxis", axis, x.ndim)
    start = start + x.ndim if start < 0 else start
    return moveaxis(x, axis, start - 1 if start > axis else start)


def squeeze(x: Any, axis: Any = None) -> Any:
    """Drop axes of length 1: the given ones, or all there are."""
    x = as_array(x)
    if axis is None:
        dropped = {i for i, n in enumerate(x.shape) if n == 1}
    else:
        dropped = set(axes_in("squeeze", axis, x.ndim))
    if any(x.shape[i] != 1 for i in dropped):
        raise ShapeError(
            f"squeeze: axis {axis} of shape {x.shape} is longer than 1; only axes of length 1 can "
            "be dropped"
        )
    return reshape(x, tuple(n for i, n in enumerate(x.shape) if i not in dropped))


def expand_dims(x: Any, axis: Any) -> Any:
    """Insert axes of length 1, so that they stand at `axis` in the result."""
    x = as_array(x)
    several: Any = axis if isinstance(axis, tuple | list) else (axis,)
    places = axes_in("expand_dims", several, x.ndim + len(several))
    rest = iter(x.shape)
    total = x.ndim + len(places)
    return reshape(x, tuple(1 if i in places else next(rest) for i in range(total)))


def atleast_1d(*arrays: Any) -> Any:
    """Make each argument an array of one axis at least."""
    return _each(arrays, lambda x: x if x.ndim else reshape(x, (1,)))


def atleast_2d(*arrays: Any) -> Any:
    """Make each argument an array of two axes at least; the new ones stand in front."""
    return _each(arrays, lambda x: reshape(x, (1,) * (2 - x.ndim) + x.shape))


def atleast_3d(*arrays: Any) -> Any:
    """Make each argument an array of three axes: (n,) to (1, n, 1), (m, n) to (m, n, 1)."""
    shapes: dict[int, Any] = {0: lambda s: (1, 1, 1), 1: lambda s: (1, *s, 1), 2: lambda s: (*s, 1)}
    return _each(arrays, lambda x: reshape(x, shapes.get(x.ndim, tuple)(x.shape)))


def broadcast_to(x: Any, shape: Any) -> Any:
    """Repeat along new or unit axes."""
    return broadcasting.broadcast_to(as_array(x), as_shape(shape))


def broadcast_arrays(*arrays: Any) -> Any:
    """Repeat each argument so that all have one shape."""
    given = [as_array(x) for x in arrays]
    shape = common_shape("broadcast_arrays", [type_of_operand(x, "an array") for x in given])
    return tuple(broadcasting.broadcast_to(x, shape) for x in given)


def flip(x: Any, axis: Any = None) -> Any:
    """Reverse the order along axes: the given ones, or all."""
    x = as_array(x)
    axes = axes_in("flip", axis, x.ndim)
    slices = tuple((n - 1, n, -1) if i in axes and n else (0, n, 1) for i, n in enumerate(x.shape))
    return movement.strided_slice(x, slices=slices) if axes else x


def flipud(x: Any) -> Any:
    """Reverse the order along the first axis."""
    return flip(x, 0)


def fliplr(x: Any) -> Any:
    """Reverse the order along the second axis."""
    return flip(x, 1)


def rot90(x: Any, k: int = 1, axes: Any = (0, 1)) -> Any:
    """Turn by `k` quarters in the plane of two axes, from the first towards the second."""
    x = as_array(x)
    first, second = axes_in("rot90", axes, x.ndim)
    k %= 4
    if k == 2:
        return flip(x, (first, second))
    turned = swapaxes(x, first, second) if k else x
    return {0: lambda: x, 1: lambda: flip(turned, first), 3: lambda: flip(turned, second)}[k]()


def tril(x: Any, k: int = 0) -> Any:
    """Keep what stands on or below the `k`-th diagonal of the last two axes; 0 elsewhere."""
    x = as_array(x)
    return select(np.tri(*x.shape[-2:], k=k, dtype=bool), x, 0)


def triu(x: Any, k: int = 0) -> Any:
    """Keep what stands on or above the `k`-th diagonal of the last two axes; 0 elsewhere."""
    x = as_array(x)
    return select(np.tri(*x.shape[-2:], k=k - 1, dtype=bool), 0, x)


def copy(x: Any, order: str = "C") -> Any:
    """Return the same values; a traced value is never changed, so this costs nothing."""
    check_order("copy", order)
    return identity(as_array(x))


def astype(x: Any, dtype: Any, *, copy: bool = True) -> Any:
    """Convert to another kind of number; derivatives flow between kinds of floats."""
    kind = np.dtype(dtype)
    if kind.kind not in "fiub":
        raise UnsupportedError(
            f"astype: {kind} cannot be computed with; choose a float, an integer or bool"
        )
    return cast(as_array(x), kind)


def zeros_like(x: Any, dtype: Any = None, *, shape: Any = None) -> Any:
    """Make zeros in the shape and kind of `x`: a plain array, which is no part of the trace."""
    return np.zeros(*_likeness(x, dtype, shape))


def ones_like(x: Any, dtype: Any = None, *, shape: Any = None) -> Any:
    """Make ones in the shape and kind of `x`: a plain array, which is no part of the trace."""
    return np.ones(*_likeness(x, dtype, shape))


def empty_like(x: Any, dtype: Any = None, *, shape: Any = None) -> Any:
    """Make zeros in the shape and kind of `x`: nothing here is ever left to chance."""
    return zeros_like(x, dtype, shape=shape)


def full_like(x: Any, fill_value: Any, dtype: Any = None, *, shape: Any = None) -> Any:
    """Repeat `fill_value`, which may be traced, in the shape and kind of `x`."""
    lengths, kind = _likeness(x, dtype, shape)
    return broadcast_to(cast(as_array(fill_value), kind), lengths)


def _likeness(x: Any, dtype: Any, shape: Any) -> tuple[tuple[int, ...], Any]:
    lengths = as_array(x).shape if shape is None else as_shape(shape)
    return lengths, as_array(x).dtype if dtype is None else np.dtype(dtype)


def _each(arrays: tuple[Any, ...], function: Any) -> Any:
    """Apply to one argument for one result, to several for a tuple."""
    if not arrays:
        raise ArgumentError("atleast: give one array or more")
    results = tuple(function(as_array(x)) for x in arrays)
    return results[0] if len(results) == 1 else results
