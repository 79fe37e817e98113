"""Linear interpolation, numerical differences and phases, with NumPy's names and arguments."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.errors import ArgumentError, DTypeError, ShapeError, counted
from chainrule.ops.numpy_api.concatenation import concatenate
from chainrule.ops.numpy_api.indexing import get_item, take
from chainrule.ops.numpy_api.searching import searchsorted
from chainrule.ops.numpy_api.shape_manipulation import moveaxis, ravel, reshape
from chainrule.ops.numpy_api.sorting import argsort, cumsum, diff
from chainrule.ops.primitives.axes import normalize_axes, normalize_axis
from chainrule.ops.primitives.broadcasting import cast
from chainrule.ops.primitives.elementwise import (
    absolute,
    equal,
    less,
    logical_and,
    maximum,
    minimum,
    remainder,
)
from chainrule.ops.primitives.promotion import as_array, common_dtype, is_python_number
from chainrule.ops.primitives.selection import select

__all__ = ["ediff1d", "gradient", "interp", "unwrap"]


def interp(
    x: Any, xp: Any, fp: Any, left: Any = None, right: Any = None, period: Any = None
) -> Any:
    """Interpolate linearly between the points (`xp`, `fp`), of which `xp` increases.

    The derivative is that of the piece right of `x`; left and right of all points it is 0.
    """
    x, xp, fp = (cast(as_array(each), "float64") for each in (x, xp, fp))
    if xp.ndim != 1 or fp.ndim != 1 or xp.shape != fp.shape or not xp.shape[0]:
        raise ShapeError(
            f"interp: xp and fp have shapes {xp.shape} and {fp.shape}, but must be vectors of one "
            "length, at least 1"
        )
    if period is not None:
        if is_python_number(period) and period == 0:
            raise ArgumentError("interp: period must not be 0")
        x, xp, fp = _periodic(x, xp, fp, absolute(period))
        left = right = None
    first, last = xp[0], xp[-1]
    inner = _between(x, xp, fp) if xp.shape[0] > 1 else x * 0 + fp[0]
    inner = select(less(x, first), fp[0] if left is None else left, inner)
    return select(less(last, x), fp[-1] if right is None else right, inner)


def _between(x: Any, xp: Any, fp: Any) -> Any:
    """Return the line through two adjacent points, anchored at one where `x` is that point."""
    piece = searchsorted(xp, x, "right") - 1
    piece = minimum(maximum(piece, 0), xp.shape[0] - 2)
    x0, x1 = take(xp, piece), take(xp, piece + 1)
    y0, y1 = take(fp, piece), take(fp, piece + 1)
    at_end = equal(x, x1)
    quotient = (y1 - y0) / (x1 - x0)
    return quotient * (x - select(at_end, x1, x0)) + select(at_end, y1, y0)


def _periodic(x: Any, xp: Any, fp: Any, period: Any) -> tuple[Any, Any, Any]:
    """Reduce to one period, sort, and repeat the last point before and the first after."""
    x, xp = remainder(x, period), remainder(xp, period)
    order = argsort(xp)
    xp, fp = take(xp, order), take(fp, order)
    xp = concatenate([xp[-1:] - period, xp, xp[:1] + period])
    return x, xp, concatenate([fp[-1:], fp, fp[:1]])


def unwrap(p: Any, discont: Any = None, axis: int = -1, *, period: Any = 2 * math.pi) -> Any:
    """Add multiples of `period` so that adjacent entries differ by at most half of it."""
    p = as_array(p)
    axis = normalize_axis("unwrap", axis, p.ndim)
    difference = diff(p, axis=axis)
    dtype = common_dtype(difference, period)
    is_whole = dtype.kind in "iu"
    high = period // 2 if is_whole else period / 2
    wrapped = remainder(difference + high, period) - high
    if not is_whole or period % 2 == 0:
        is_edge = logical_and(equal(wrapped, -high), less(0, difference))
        wrapped = select(is_edge, high, wrapped)
    is_kept = less(absolute(difference), period / 2 if discont is None else discont)
    correction = select(is_kept, 0, wrapped - difference)
    before = (slice(None),) * axis
    tail = get_item(p, (*before, slice(1, None))) + cumsum(correction, axis)
    return concatenate([get_item(p, (*before, slice(1))), tail], axis, dtype=dtype)


def ediff1d(x: Any, to_end: Any = None, to_begin: Any = None) -> Any:
    """Return differences of adjacent elements of flattened `x`, between `to_begin` and `to_end`."""
    x = ravel(x)
    parts = [diff(x)]
    for name, extra in (("to_begin", to_begin), ("to_end", to_end)):
        if extra is None:
            continue
        extra = ravel(extra)
        if not np.can_cast(extra.dtype, x.dtype, casting="same_kind"):
            raise DTypeError(
                f"ediff1d: {name} has dtype {extra.dtype}, which does not fit {x.dtype}; convert "
                "one of the two"
            )
        extra = cast(extra, x.dtype)
        parts = [extra, *parts] if name == "to_begin" else [*parts, extra]
    return concatenate(parts)


def gradient(f: Any, *varargs: Any, axis: Any = None, edge_order: int = 1) -> Any:
    """Differentiate numerically: central differences inside, one-sided ones at the ends."""
    f = as_array(f)
    axes = normalize_axes("gradient", axis, f.ndim)
    if edge_order not in (1, 2):
        raise ArgumentError(f"gradient: edge_order must be 1 or 2, got {edge_order}")
    f = f if f.dtype.kind == "f" else cast(f, "float64")
    spacings = _spacings(f, varargs, axes)
    results: list[Any] = []
    for along, spacing in zip(axes, spacings, strict=True):
        if f.shape[along] < edge_order + 1:
            raise ShapeError(
                f"gradient: axis {along} of shape {f.shape} is shorter than the edge_order + 1 = "
                f"{edge_order + 1} entries that it needs"
            )
        line = moveaxis(f, along, 0)
        if np.ndim(spacing):
            spacing = reshape(spacing, (-1,) + (1,) * (f.ndim - 1))
        rows = (
            _uneven(line, spacing, edge_order)
            if np.ndim(spacing)
            else _even(line, spacing, edge_order)
        )
        results.append(moveaxis(cast(concatenate(rows), f.dtype), 0, along))
    return results[0] if len(axes) == 1 else tuple(results)


def _spacings(f: Any, varargs: Sequence[Any], axes: tuple[int, ...]) -> list[Any]:
    """Return for each axis one distance, or the distances between its coordinates."""
    if not varargs:
        return [1.0] * len(axes)
    if len(varargs) == 1 and np.ndim(varargs[0]) == 0:
        return [varargs[0]] * len(axes)
    if len(varargs) != len(axes):
        raise ArgumentError(
            f"gradient: {counted(len(varargs), 'spacing')} for {counted(len(axes), 'axis')}; give "
            "one, or one for each"
        )
    spacings: list[Any] = []
    for along, each in zip(axes, varargs, strict=True):
        if np.ndim(each) and np.shape(each) != (f.shape[along],):
            raise ShapeError(
                f"gradient: the coordinates have shape {np.shape(each)}, but axis {along} of "
                f"shape {f.shape} needs one for each entry"
            )
        coordinates = as_array(each)
        if coordinates.ndim and coordinates.dtype.kind != "f":
            coordinates = cast(coordinates, "float64")
        spacings.append(diff(coordinates) if coordinates.ndim else each)
    return spacings


def _even(f: Any, h: Any, edge_order: int) -> list[Any]:
    inner = (f[2:] - f[:-2]) / (2.0 * h)
    if edge_order == 1:
        return [(f[1:2] - f[:1]) / h, inner, (f[-1:] - f[-2:-1]) / h]
    first = -1.5 / h * f[:1] + 2.0 / h * f[1:2] + -0.5 / h * f[2:3]
    last = 0.5 / h * f[-3:-2] + -2.0 / h * f[-2:-1] + 1.5 / h * f[-1:]
    return [first, inner, last]


def _uneven(f: Any, h: Any, edge_order: int) -> list[Any]:
    """Differentiate the parabola through three adjacent points (for order 1, lines at the ends)."""
    before, after = h[:-1], h[1:]
    total = before + after
    inner = (
        -after / (before * total) * f[:-2]
        + (after - before) / (before * after) * f[1:-1]
        + before / (after * total) * f[2:]
    )
    if edge_order == 1:
        return [(f[1:2] - f[:1]) / h[:1], inner, (f[-1:] - f[-2:-1]) / h[-1:]]
    a, b = h[:1], h[1:2]
    first = (
        -(2.0 * a + b) / (a * (a + b)) * f[:1]
        + (a + b) / (a * b) * f[1:2]
        - a / (b * (a + b)) * f[2:3]
    )
    a, b = h[-2:-1], h[-1:]
    last = (
        b / (a * (a + b)) * f[-3:-2]
        - (a + b) / (a * b) * f[-2:-1]
        + (2.0 * b + a) / (b * (a + b)) * f[-1:]
    )
    return [first, inner, last]
