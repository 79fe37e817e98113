"""Pad along each axis, with every mode of ``np.pad`` but a function of the user's.

Constant padding is one ``pad_into``. Every other mode pads one axis after the other, as NumPy does,
so that corners are padded values of edges.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from typing import cast as cast_type

import numpy as np

from chainrule.errors import ArgumentError, ShapeError, UnsupportedError
from chainrule.graph.node import Node
from chainrule.ops.numpy_api import extrema, reductions, sorting
from chainrule.ops.numpy_api.concatenation import concatenate
from chainrule.ops.numpy_api.indexing import get_item, take
from chainrule.ops.numpy_api.shape_manipulation import broadcast_to, flip
from chainrule.ops.primitives import movement
from chainrule.ops.primitives.axes import check_known, normalize_axis
from chainrule.ops.primitives.broadcasting import cast
from chainrule.ops.primitives.elementwise import floor, rint
from chainrule.ops.primitives.promotion import as_array

__all__ = ["pad"]

Pair = tuple[int, int]

_STATISTICS: dict[str, Callable[..., Any]] = {
    "maximum": extrema.max,
    "mean": reductions.mean,
    "median": sorting.median,
    "minimum": extrema.min,
}
_MODES = ("constant", "edge", "empty", "linear_ramp", "reflect", "symmetric", "wrap", *_STATISTICS)
_KEYWORD_MODES = {
    "constant_values": ("constant",),
    "end_values": ("linear_ramp",),
    "reflect_type": ("reflect", "symmetric"),
    "stat_length": tuple(_STATISTICS),
}


def pad(
    x: Any, pad_width: Any, mode: Any = "constant", *, constant_values: Any = None,
    end_values: Any = None, reflect_type: Any = None, stat_length: Any = None,
) -> Any:  # fmt: skip
    """Pad along each axis, as `numpy.pad`."""
    x = as_array(x)
    check_known("pad", pad_width, "the width")
    widths = _widths(x, pad_width)
    if mode not in _MODES:
        raise UnsupportedError(
            f"pad: the keyword mode={mode!r} cannot be traced; choose {', '.join(_MODES)}"
        )
    given = {
        "constant_values": constant_values, "end_values": end_values,
        "reflect_type": reflect_type, "stat_length": stat_length,
    }  # fmt: skip
    for key, value in given.items():
        if value is not None and mode not in _KEYWORD_MODES[key]:
            raise ArgumentError(f"pad: mode={mode!r} has no keyword {key}=; leave it out")
    if mode in ("constant", "empty"):
        return _pad_constant(x, widths, 0 if constant_values is None else constant_values)
    ends = broadcast_to(0 if end_values is None else end_values, (x.ndim, 2))
    lengths = np.broadcast_to(np.asarray(stat_length), (x.ndim, 2))
    for axis, pair in enumerate(widths):
        if any(pair):
            x = _pad_axis(x, axis, pair, mode, ends[axis], lengths[axis], reflect_type == "odd")
    return x


def _pad_axis(
    x: Any, axis: int, widths: Pair, mode: str, ends: Any, lengths: Any, is_odd: bool
) -> Any:
    if not x.shape[axis]:
        raise ShapeError(f"pad: axis {axis} of shape {x.shape} has no entry to pad with; use 0")
    if is_odd:
        return _reflect_oddly(x, axis, widths, int(mode == "reflect"))
    if mode in _STATISTICS:
        parts = _statistics(x, axis, widths, lengths, _STATISTICS[mode])
    elif mode == "linear_ramp":
        parts = _ramps(x, axis, widths, (ends[0], ends[1]))
    else:
        indices: Any = np.pad(np.arange(x.shape[axis]), widths, mode=mode)  # pyright: ignore[reportArgumentType, reportCallIssue]
        return take(x, indices, axis)
    return concatenate([parts[0], x, parts[1]], axis)


def _widths(x: Any, pad_width: Any) -> list[Pair]:
    if isinstance(pad_width, dict):
        widths = cast_type("dict[int, Any]", pad_width)
        by_axis = {normalize_axis("pad", axis, x.ndim): width for axis, width in widths.items()}
        pad_width = [by_axis.get(axis, 0) for axis in range(x.ndim)]
        pad_width = [(w, w) if isinstance(w, int) else w for w in pad_width]
    pairs = np.broadcast_to(np.asarray(pad_width), (x.ndim, 2)).tolist()
    if any(width < 0 for pair in pairs for width in pair):
        raise ArgumentError(f"pad: widths must be 0 or more, got {pad_width}; use x[...] to cut")
    return [(int(before), int(after)) for before, after in pairs]


def _pad_constant(x: Any, widths: list[Pair], constants: Any) -> Any:
    if not isinstance(constants, Node) and not np.any(as_array(constants)):
        shape = tuple(n + sum(pair) for n, pair in zip(x.shape, widths, strict=True))
        slices = tuple((pair[0], n, 1) for n, pair in zip(x.shape, widths, strict=True))
        return movement.pad_into(x, slices=slices, shape=shape)
    values = broadcast_to(constants, (x.ndim, 2))
    for axis, pair in enumerate(widths):
        before, after = (
            broadcast_to(cast(values[axis, side], x.dtype), _with_length(x, axis, pair[side]))
            for side in (0, 1)
        )
        x = concatenate([before, x, after], axis)
    return x


def _with_length(x: Any, axis: int, length: int) -> tuple[int, ...]:
    return (*x.shape[:axis], length, *x.shape[axis + 1 :])


def _part(x: Any, axis: int, part: slice) -> Any:
    return get_item(x, ((slice(None),) * axis) + (part,))


def _statistics(
    x: Any, axis: int, widths: Pair, lengths: Any, statistic: Callable[..., Any]
) -> list[Any]:
    """A statistic of the first and of the last entries, repeated."""
    total = x.shape[axis]
    parts: list[Any] = []
    for side, width in enumerate(widths):
        length = total if lengths[side] is None else min(int(lengths[side]), total)
        entries = _part(x, axis, slice(total - length, None) if side else slice(length))
        value = statistic(entries, axis, keepdims=True)
        if x.dtype.kind in "iu" and value.dtype.kind == "f":
            value = rint(value)
        parts.append(broadcast_to(cast(value, x.dtype), _with_length(x, axis, width)))
    return parts


def _ramps(x: Any, axis: int, widths: Pair, ends: tuple[Any, Any]) -> list[Any]:
    """Straight lines from the end values to the edges."""
    parts: list[Any] = []
    for side, (width, end) in enumerate(zip(widths, ends, strict=True)):
        edge = _part(x, axis, slice(-1, None) if side else slice(1))
        steps = np.arange(width).reshape([-1 if i == axis else 1 for i in range(x.ndim)])
        line = end + (edge - end) / max(width, 1) * steps
        line = floor(line) if x.dtype.kind in "iu" else line
        parts.append(cast(flip(line, axis) if side else line, x.dtype))
    return parts


def _reflect_oddly(x: Any, axis: int, widths: Pair, skipped: int) -> Any:
    """Reflect values at the edge value too: ``2·edge - value``, as often as widths need."""
    length = x.shape[axis] - skipped
    if length == 0:
        return take(x, np.zeros(sum(widths) + 1, np.int64), axis)
    for side, width in enumerate(widths):
        while width > 0:
            count, total = min(width, length), x.shape[axis]
            edge = _part(x, axis, slice(-1, None) if side else slice(1))
            near = (
                slice(total - skipped - count, total - skipped)
                if side
                else slice(skipped, skipped + count)
            )
            mirrored = 2 * edge - flip(_part(x, axis, near), axis)
            x = concatenate([x, mirrored] if side else [mirrored, x], axis)
            width -= count
    return x
