"""Pad, roll, repeat, tile and meshgrid, with NumPy's names and arguments."""

from __future__ import annotations

from typing import Any
from typing import cast as cast_type

import numpy as np

from chainrule.errors import ArgumentError, UnsupportedError
from chainrule.ops.numpy_api.concatenation import concatenate
from chainrule.ops.numpy_api.indexing import get_item, take
from chainrule.ops.numpy_api.shape_manipulation import ravel, reshape, swapaxes
from chainrule.ops.primitives import movement
from chainrule.ops.primitives.axes import as_shape, normalize_axis
from chainrule.ops.primitives.broadcasting import broadcast_to, cast
from chainrule.ops.primitives.promotion import as_array

__all__ = ["meshgrid", "pad", "repeat", "roll", "tile"]

_MODES = ("edge", "reflect", "symmetric", "wrap")


def pad(x: Any, pad_width: Any, mode: str = "constant", *, constant_values: Any = 0) -> Any:
    """Pad along each axis."""
    x = as_array(x)
    widths = _widths(x, pad_width)
    if mode == "constant":
        return _pad_constant(x, widths, constant_values)
    if mode not in _MODES:
        raise UnsupportedError(
            f"pad: the keyword mode={mode!r} cannot be traced; choose constant, {', '.join(_MODES)}"
        )
    for axis, (before, after) in enumerate(widths):
        if before or after:
            indices: Any = np.pad(np.arange(x.shape[axis]), (before, after), mode=mode)  # pyright: ignore[reportArgumentType, reportCallIssue]
            x = take(x, indices, axis)
    return x


def _widths(x: Any, pad_width: Any) -> list[tuple[int, int]]:
    if isinstance(pad_width, dict):
        widths = cast_type("dict[int, Any]", pad_width)
        by_axis = {normalize_axis("pad", axis, x.ndim): width for axis, width in widths.items()}
        pad_width = [by_axis.get(axis, 0) for axis in range(x.ndim)]
        pad_width = [(w, w) if isinstance(w, int) else w for w in pad_width]
    pairs = np.broadcast_to(np.asarray(pad_width), (x.ndim, 2)).tolist()
    if any(width < 0 for pair in pairs for width in pair):
        raise ArgumentError(f"pad: widths must be 0 or more, got {pad_width}; use x[...] to cut")
    return [(int(before), int(after)) for before, after in pairs]


def _pad_constant(x: Any, widths: list[tuple[int, int]], constants: Any) -> Any:
    if isinstance(constants, int | float) and constants == 0:
        shape = tuple(n + sum(pair) for n, pair in zip(x.shape, widths, strict=True))
        slices = tuple((pair[0], n, 1) for n, pair in zip(x.shape, widths, strict=True))
        return movement.pad_into(x, slices=slices, shape=shape)
    values = np.broadcast_to(np.asarray(constants), (x.ndim, 2))
    for axis, pair in enumerate(widths):
        before, after = (
            [cast(np.full([w if i == axis else n for i, n in enumerate(x.shape)], value), x.dtype)]
            if w
            else []
            for w, value in zip(pair, values[axis], strict=True)
        )
        x = concatenate([*before, x, *after], axis)
    return x


def roll(x: Any, shift: Any, axis: Any = None) -> Any:
    """Shift elements along axes cyclically."""
    x = as_array(x)
    if axis is None:
        return reshape(roll(ravel(x), sum(as_shape(shift)), 0), x.shape)
    axes = as_shape(axis)
    for each, distance in zip(*np.broadcast_arrays(axes, as_shape(shift)), strict=True):
        along = normalize_axis("roll", int(each), x.ndim)
        length = x.shape[along]
        if length and distance % length:
            split = length - int(distance) % length
            before = (slice(None),) * along
            head, tail = (*before, slice(split)), (*before, slice(split, None))
            x = concatenate([get_item(x, tail), get_item(x, head)], along)
    return x


def repeat(x: Any, repeats: Any, axis: int | None = None) -> Any:
    """Repeat each entry along an axis, or of the flattened array."""
    x = ravel(x) if axis is None else as_array(x)
    axis = normalize_axis("repeat", 0 if axis is None else axis, x.ndim)
    counts = np.asarray(repeats)
    if counts.size > 1:
        return take(x, np.repeat(np.arange(x.shape[axis]), counts), axis)
    head, tail = x.shape[: axis + 1], x.shape[axis + 1 :]
    repeated = broadcast_to(reshape(x, (*head, 1, *tail)), (*head, int(counts.item()), *tail))
    return reshape(repeated, (*x.shape[:axis], x.shape[axis] * int(counts.item()), *tail))


def tile(x: Any, reps: Any) -> Any:
    """Repeat the whole array along each axis."""
    x = as_array(x)
    counts = as_shape(reps)
    ndim = max(x.ndim, len(counts))
    shape = (1,) * (ndim - x.ndim) + x.shape
    counts = (1,) * (ndim - len(counts)) + counts
    x = reshape(x, [n for length in shape for n in (1, length)])
    pairs = list(zip(counts, shape, strict=True))
    tiled = broadcast_to(x, tuple(n for pair in pairs for n in pair))
    return reshape(tiled, [count * length for count, length in pairs])


def meshgrid(*axes: Any, sparse: bool = False, indexing: str = "xy", copy: bool = True) -> Any:
    """Return coordinate arrays of a grid: one for each vector, varying along its axis."""
    if indexing not in ("xy", "ij"):
        raise ArgumentError(f"meshgrid: indexing must be 'xy' or 'ij', got {indexing!r}")
    lines = [ravel(x) for x in axes]
    count = len(lines)
    grids = [
        reshape(x, [-1 if k == i else 1 for k in range(count)] if x.size else x.shape)
        for i, x in enumerate(lines)
    ]
    if not sparse:
        grids = [broadcast_to(x, tuple(line.size for line in lines)) for x in grids]
    if indexing == "xy" and count > 1:
        grids = [swapaxes(x, 0, 1) for x in grids]
    return tuple(grids)
