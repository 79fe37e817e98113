"""SciPy's arguments of filters: axes, modes, origins, one for all axes or one for each."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from chainrule.graph.node import Node
from chainrule.science.ndimage.arithmetic import Line
from chainrule.science.ndimage.borders import MODES, Border, DType, Span

__all__ = [
    "DOUBLE",
    "axes_of",
    "border",
    "for_each",
    "full_window",
    "holds",
    "is_ordered",
    "line",
    "lines_along",
    "spans",
    "weights_tuple",
    "window_axes",
]

DOUBLE = np.dtype(np.float64)


def axes_of(axes: Any, ndim: int) -> tuple[int, ...]:
    """Return distinct axes from 0 on; all of them for None."""
    if axes is None:
        return tuple(range(ndim))
    found = tuple(map(operator.index, axes if isinstance(axes, Iterable) else (axes,)))
    found = tuple(range(ndim)[axis] for axis in found)
    if len(set(found)) != len(found):
        raise ValueError("axes must be unique")
    return found


def for_each(value: Any, count: int) -> list[Any]:
    """Return a value for each axis."""
    if isinstance(value, str) or not np.iterable(value):
        return [value] * count
    values = list(value)
    if len(values) != count:
        raise ValueError("one value for each axis")
    return values


def border(mode: str, cval: Any) -> Border:
    """Return the border of a mode's name; modes that do not read the constant share a program."""
    meaning = MODES[mode]
    return Border(meaning, float(cval) if meaning == "constant" else 0.0)


def weights_tuple(weights: Any) -> tuple[float, ...]:
    """Return weights in row-major order; complex ones are refused."""
    array = np.asarray(weights)
    if array.dtype.kind not in "biuf":
        raise TypeError("weights must be real")
    return tuple(array.astype(np.float64).ravel().tolist())


def line(x: Any, axis: Any, weights: Any, origin: Any, mode: str, cval: Any) -> Line:
    """Return the correlation along an axis, or the mean or extremum of a number of entries."""
    values = weights if isinstance(weights, int) else weights_tuple(weights)
    length = values if isinstance(values, int) else len(values)
    before = length // 2 + operator.index(origin)
    if not 0 <= before < length:
        raise ValueError("invalid origin")
    return Line(range(x.ndim)[operator.index(axis)], values, before, border(mode, cval))


def window_axes(axes: Any, origin: Any, ndim: int) -> tuple[tuple[int, ...], list[Any]]:
    """Return axes and origins in the order of a window's axes, which is that of the array's."""
    found = axes_of(axes, ndim)
    origins = for_each(origin, len(found))
    if len(found) == ndim:
        return tuple(range(ndim)), origins
    by_axis = dict(zip(found, origins, strict=True))
    ordered = tuple(sorted(found))
    return ordered, [by_axis[axis] for axis in ordered]


def spans(
    shape: tuple[int, ...], axes: tuple[int, ...], origin: Any, mode: str, cval: Any
) -> tuple[Span, ...]:
    """Return how far a window reads along each axis."""
    if len(shape) != len(axes) or not axes or 0 in shape:
        raise ValueError("one length of the window for each axis")
    found: list[Span] = []
    for axis, length, shift in zip(axes, shape, for_each(origin, len(axes)), strict=True):
        before = length // 2 + operator.index(shift)
        if not 0 <= before < length:
            raise ValueError("invalid origin")
        found.append(Span(axis, before, length - 1 - before, border(mode, cval)))
    return tuple(found)


def lines_along(
    x: Any, axes: Any, values: tuple[Any, ...], make: Callable[..., Line | None]
) -> tuple[Line, ...]:
    """Return a line filter for each axis, of the values for it; None leaves an axis out."""
    found = axes_of(axes, x.ndim)
    rows = zip(found, *(for_each(value, len(found)) for value in values), strict=True)
    lines = [make(*row) for row in rows]
    return tuple(each for each in lines if each is not None)


def full_window(size: Any, footprint: Any) -> Any:
    """Return the lengths of a window without gaps; footprints with gaps are left to SciPy."""
    if footprint is None:
        if size is None:
            raise RuntimeError("no footprint or filter size provided")
        return size
    if size is not None or not np.asarray(footprint, bool).all():
        raise RuntimeError("SciPy's own")
    return np.shape(footprint)


def holds(dtype: DType, border: Border) -> bool:
    """Return whether the constant beyond the ends is a value of a dtype."""
    if border.mode != "constant" or dtype == DOUBLE:
        return True
    if not math.isfinite(border.cval):
        return False
    limits = np.finfo(dtype) if dtype.kind == "f" else np.iinfo(dtype)
    if not limits.min <= border.cval <= limits.max:
        return False
    return float(dtype.type(border.cval)) == border.cval


def is_ordered(x: Any) -> bool:
    """Return whether SciPy's order is defined: no NaN, and no integers that float64 lacks."""
    if x.dtype.kind == "b" or (x.dtype.kind in "iu" and x.dtype.itemsize == 8):
        return False
    return isinstance(x, Node) or x.dtype.kind != "f" or not np.isnan(np.max(x))
