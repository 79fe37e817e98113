"""Roll, repeat, tile, meshgrid and ix_, with NumPy's names and arguments."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from chainrule.arguments.checks import shown
from chainrule.errors import ArgumentError, ShapeError
from chainrule.graph.node import Node
from chainrule.ops.numpy_api.concatenation import concatenate
from chainrule.ops.numpy_api.indexing import get_item, take
from chainrule.ops.numpy_api.known_values import value_of
from chainrule.ops.numpy_api.shape_manipulation import ravel, reshape, swapaxes
from chainrule.ops.primitives.axes import as_shape, check_known, normalize_axes, normalize_axis
from chainrule.ops.primitives.broadcasting import broadcast_to
from chainrule.ops.primitives.promotion import as_array

__all__ = ["fftshift", "ifftshift", "ix_", "meshgrid", "repeat", "roll", "tile"]


def roll(x: Any, shift: Any, axis: Any = None) -> Any:
    """Shift elements along axes cyclically; the distance may be traced."""
    x = as_array(x)
    if axis is None:
        return reshape(_rolled(ravel(x), sum(_listed(shift)), 0), x.shape)
    axes, shifts = as_shape(axis, "roll", "the axis"), _listed(shift)
    count = max(len(axes), len(shifts))
    if {len(axes), len(shifts)} - {1, count}:
        raise ShapeError(f"roll: {len(shifts)} shifts for the axes {axes}; give one for each")
    for k in range(count):
        along = normalize_axis("roll", axes[k % len(axes)], x.ndim)
        x = _rolled(x, shifts[k % len(shifts)], along)
    return x


def _listed(shift: Any) -> list[Any]:
    """Return a shift, or several, as a list."""
    is_several = isinstance(shift, list | tuple) or getattr(shift, "ndim", 0)
    return list(shift) if is_several else [shift]  # pyright: ignore[reportUnknownArgumentType]


def _rolled(x: Any, distance: Any, axis: int) -> Any:
    length = x.shape[axis]
    if isinstance(distance, Node) and not distance.is_known:
        return take(x, np.remainder(np.arange(length) - distance, length), axis) if length else x
    split = -operator.index(distance) % length if length else 0
    if not split:
        return x
    before = (slice(None),) * axis
    head, tail = (*before, slice(split)), (*before, slice(split, None))
    return concatenate([get_item(x, tail), get_item(x, head)], axis)


def repeat(x: Any, repeats: Any, axis: int | None = None) -> Any:
    """Repeat each entry along an axis, or of the flattened array."""
    check_known("repeat", repeats, "the number of repetitions")
    x = ravel(x) if axis is None or not as_array(x).ndim else as_array(x)
    axis = normalize_axis("repeat", 0 if axis is None else axis, x.ndim)
    counts = np.asarray(repeats)
    if counts.size != 1:
        return take(x, np.repeat(np.arange(x.shape[axis]), counts), axis)
    head, tail = x.shape[: axis + 1], x.shape[axis + 1 :]
    repeated = broadcast_to(reshape(x, (*head, 1, *tail)), (*head, int(counts.item()), *tail))
    return reshape(repeated, (*x.shape[:axis], x.shape[axis] * int(counts.item()), *tail))


def tile(x: Any, reps: Any) -> Any:
    """Repeat the whole array along each axis."""
    x = as_array(x)
    counts = as_shape(reps, "tile", "the number of repetitions")
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
        raise ArgumentError(f"meshgrid: indexing must be 'xy' or 'ij', got {shown(indexing)}")
    lines = [ravel(x) for x in axes]
    count = len(lines)
    grids = [
        reshape(x, [x.size if k == i else 1 for k in range(count)]) for i, x in enumerate(lines)
    ]
    if not sparse:
        grids = [broadcast_to(x, tuple(line.size for line in lines)) for x in grids]
    if indexing == "xy" and count > 1:
        grids = [swapaxes(x, 0, 1) for x in grids]
    return tuple(grids)


def ix_(*vectors: Any) -> Any:
    """Lay vectors along axes of their own; of a mask, the indices where it is true."""
    count = len(vectors)
    lines: list[Any] = []
    for i, vector in enumerate(vectors):
        x = vector
        if not isinstance(x, Node) or x.dtype == bool:
            x = np.ix_(value_of("np.ix_", x, "pass the indices of a mask in"))[0]
        if x.ndim != 1:
            raise ShapeError(f"ix_: takes vectors, got an array of shape {x.shape}")
        lines.append(reshape(x, [x.size if k == i else 1 for k in range(count)]))
    return tuple(lines)


def fftshift(x: Any, axes: Any = None) -> Any:
    """Move the first half along axes behind the second, as `numpy.fft.fftshift`."""
    x = as_array(x)
    along = normalize_axes("fftshift", axes, x.ndim)
    return roll(x, [x.shape[i] // 2 for i in along], along)


def ifftshift(x: Any, axes: Any = None) -> Any:
    """Undo `fftshift`."""
    x = as_array(x)
    along = normalize_axes("ifftshift", axes, x.ndim)
    return roll(x, [-(x.shape[i] // 2) for i in along], along)
