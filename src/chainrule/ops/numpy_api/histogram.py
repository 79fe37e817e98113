"""Histograms and counts, with NumPy's names and arguments.

Counts carry no derivative; sums of traced weights do, and the edges that follow from the values.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from chainrule.errors import ArgumentError, ShapeError, counted
from chainrule.ops.numpy_api.extrema import max as max_along
from chainrule.ops.numpy_api.extrema import min as min_along
from chainrule.ops.numpy_api.known_values import value_of
from chainrule.ops.numpy_api.ranges import linspace
from chainrule.ops.numpy_api.reductions import sum as sum_along
from chainrule.ops.numpy_api.searching import searchsorted
from chainrule.ops.numpy_api.shape_manipulation import atleast_2d, ravel, reshape, transpose
from chainrule.ops.numpy_api.sorting import diff
from chainrule.ops.primitives.axes import static_int
from chainrule.ops.primitives.broadcasting import cast
from chainrule.ops.primitives.elementwise import (
    equal,
    less_equal,
    logical_and,
    maximum,
    minimum,
)
from chainrule.ops.primitives.gather_scatter import scatter_add
from chainrule.ops.primitives.promotion import as_array
from chainrule.ops.primitives.selection import select

__all__ = ["bincount", "histogram", "histogram2d", "histogram_bin_edges", "histogramdd"]

_ONE_HOT = "(x[:, None] == np.arange(n)).sum(axis=0) counts them for a number n that is given"


def bincount(x: Any, weights: Any = None, minlength: int = 0) -> Any:
    """Count the values 0, 1, 2, ... of `x`, or sum their weights."""
    values = np.asarray(value_of("bincount", x, _ONE_HOT))
    minlength = static_int("bincount", minlength, "minlength=")
    if weights is None:
        return np.bincount(values, minlength=minlength)
    counts = np.bincount(values, minlength=minlength)  # checks the values too
    weights = cast(as_array(weights), "float64")
    if weights.shape != values.shape:
        raise ShapeError(
            f"bincount: {counted(weights.shape[0], 'weight')} for "
            f"{counted(values.shape[0], 'value')}; give one for each"
        )
    return scatter_add(weights, values.astype(np.int64), shape=counts.shape)


def histogram_bin_edges(a: Any, bins: Any = 10, range: Any = None, weights: Any = None) -> Any:
    """Return the edges of the bins of `histogram`."""
    a = ravel(a)
    if isinstance(bins, str):
        known = [value_of("histogram", x, "give the number of bins") for x in (a, weights)]
        edges: Any = np.histogram_bin_edges(known[0], bins, range, known[1])
        bins = len(edges) - 1
    elif np.ndim(bins) == 1:
        return as_array(bins)
    elif np.ndim(bins):
        raise ShapeError(
            f"histogram: bins must be a number or a vector, got {counted(np.ndim(bins), 'axis')}"
        )
    edges = _even_edges(a, bins, range)
    dtype = np.result_type(edges.dtype, a.dtype)
    return cast(edges, dtype if dtype.kind == "f" else np.result_type(dtype, float))


def _even_edges(a: Any, bins: Any, range: Any) -> Any:
    """Return the edges of `bins` bins of one width between the ends of the values or `range`."""
    if int(bins) < 1:
        raise ArgumentError(f"histogram: the number of bins must be 1 or more, got {bins}")
    if range is not None:
        low, high = (each * 1.0 for each in range)
    else:
        low, high = (min_along(a), max_along(a)) if a.shape[0] else (0.0, 1.0)
    is_point = equal(low, high)
    low, high = select(is_point, low - 0.5, low), select(is_point, high + 0.5, high)
    return linspace(low, high, int(bins) + 1)


def histogram(
    a: Any, bins: Any = 10, range: Any = None, density: Any = None, weights: Any = None
) -> tuple[Any, Any]:
    """Count the values in each bin, or sum their weights; also return the edges of the bins."""
    a = ravel(a)
    edges = histogram_bin_edges(a, bins, range, weights)
    weights = np.ones(a.shape, np.int64) if weights is None else ravel(weights)
    if weights.shape != a.shape:
        raise ShapeError(
            f"histogram: {counted(weights.shape[0], 'weight')} for {counted(a.shape[0], 'value')}"
        )
    place, is_inside = _places(a, edges)
    sums = _sums(weights, place, is_inside, edges.shape[0] - 1)
    if density:
        return sums / diff(edges) / sum_along(sums), edges
    return sums, edges


def histogramdd(
    sample: Any, bins: Any = 10, range: Any = None, density: Any = None, weights: Any = None
) -> tuple[Any, list[Any]]:
    """Count points of several coordinates in a grid of bins, or sum their weights."""
    is_matrix = not isinstance(sample, list | tuple) and np.ndim(sample) == 2
    points = as_array(sample) if is_matrix else transpose(atleast_2d(np.stack(sample)))
    count = points.shape[1]
    each_bins = [bins] * count if _is_number(bins) else list(bins)
    ranges = [None] * count if range is None else list(range)
    if len(each_bins) != count or len(ranges) != count:
        raise ShapeError(
            f"histogramdd: {len(each_bins)} bins and {len(ranges)} ranges for {count} coordinates"
        )
    columns = [points[:, i] for i in np.arange(count)]
    edges = [
        _even_edges(column, each, span) if _is_number(each) else as_array(each)
        for column, each, span in zip(columns, each_bins, ranges, strict=True)
    ]
    shape = tuple(each.shape[0] - 1 for each in edges)
    flat, is_inside = 0, True
    for column, each, length in zip(columns, edges, shape, strict=True):
        place, is_there = _places(column, each)
        flat, is_inside = flat * length + place, logical_and(is_inside, is_there)
    given = np.ones(points.shape[0]) if weights is None else cast(ravel(weights), "float64")
    sums = reshape(_sums(given, flat, is_inside, math.prod(shape)), shape)
    if density:
        total = sum_along(sums)
        for i, each in enumerate(edges):
            sums = sums / reshape(diff(each), [-1 if k == i else 1 for k in np.arange(count)])
        sums = sums / total
    return sums, edges


def histogram2d(
    x: Any,
    y: Any,
    bins: Any = 10,
    range: Any = None,
    density: Any = None,
    weights: Any = None,
) -> tuple[Any, Any, Any]:
    """Count points of two coordinates in a grid of bins, or sum their weights."""
    if not _is_number(bins) and len(bins) != 2:
        bins = [bins, bins]
    sums, edges = histogramdd([x, y], bins, range, density, weights)
    return sums, edges[0], edges[1]


def _places(a: Any, edges: Any) -> tuple[Any, Any]:
    """Return the index of the bin of each value, and whether it is in one; the last is closed."""
    place = searchsorted(edges, a, "right") - equal(a, edges[-1]) - 1
    is_inside = logical_and(less_equal(edges[0], a), less_equal(a, edges[-1]))
    return minimum(maximum(place, 0), edges.shape[0] - 2), is_inside


def _sums(weights: Any, place: Any, is_inside: Any, count: int) -> Any:
    weights = select(is_inside, weights, cast(0, weights.dtype))
    return scatter_add(weights, place, shape=(count,))


def _is_number(bins: Any) -> bool:
    """Whether `bins` is one number of bins, and not a sequence of numbers or edges."""
    return not isinstance(bins, list | tuple) and np.ndim(bins) == 0
