"""Minimum, maximum, median and other ranks of windows, by SciPy's names and arguments."""

from __future__ import annotations

import math
import operator
from functools import partial
from typing import Any

import numpy as np
from scipy import ndimage as _scipy

from chainrule.graph.node import Node
from chainrule.science.ndimage.arguments import (
    DOUBLE,
    for_each,
    line,
    lines_along,
    spans,
    window_axes,
)
from chainrule.science.ndimage.arithmetic import MOST_TERMS, Line, Window, extreme
from chainrule.science.ndimage.borders import Border, DType
from chainrule.science.ndimage.dispatch import apply
from chainrule.science.ndimage.selection import has_network, middle

__all__ = [
    "maximum_filter",
    "maximum_filter1d",
    "median_filter",
    "minimum_filter",
    "minimum_filter1d",
    "percentile_filter",
    "rank_filter",
]


def minimum_filter1d(
    input: Any,
    size: int,
    axis: int = -1,
    output: Any = None,
    mode: str = "reflect",
    cval: float = 0.0,
    origin: int = 0,
) -> Any:
    """Return the least of each `size` entries along an axis.

    Arguments and results are those of `scipy.ndimage.minimum_filter1d`; see `correlate1d`.

    Examples
    --------
    >>> minimum_filter1d([2, 8, 0, 4, 1, 9, 9, 0], size=3)
    array([2, 0, 0, 0, 1, 1, 0, 0])
    """
    return _extreme_line("minimum_filter1d", input, size, axis, output, mode, cval, origin)


def maximum_filter1d(
    input: Any,
    size: int,
    axis: int = -1,
    output: Any = None,
    mode: str = "reflect",
    cval: float = 0.0,
    origin: int = 0,
) -> Any:
    """Return the greatest of each `size` entries along an axis.

    Arguments and results are those of `scipy.ndimage.maximum_filter1d`; see `correlate1d`.

    Examples
    --------
    >>> maximum_filter1d([2, 8, 0, 4, 1, 9, 9, 0], size=3)
    array([8, 8, 8, 4, 9, 9, 9, 9])
    """
    return _extreme_line("maximum_filter1d", input, size, axis, output, mode, cval, origin)


def minimum_filter(
    input: Any,
    size: Any = None,
    footprint: Any = None,
    output: Any = None,
    mode: Any = "reflect",
    cval: float = 0.0,
    origin: Any = 0,
    *,
    axes: Any = None,
) -> Any:
    """Return the least entry of each window.

    Arguments and results are those of `scipy.ndimage.minimum_filter`.

    Examples
    --------
    >>> minimum_filter(np.array([[3, 1], [4, 5]]), size=2)
    array([[3, 1],
           [3, 1]])
    """
    call = (input, size, footprint, output, mode, cval, origin, axes)
    return _extreme_window("minimum_filter", *call)


def maximum_filter(
    input: Any,
    size: Any = None,
    footprint: Any = None,
    output: Any = None,
    mode: Any = "reflect",
    cval: float = 0.0,
    origin: Any = 0,
    *,
    axes: Any = None,
) -> Any:
    """Return the greatest entry of each window.

    Arguments and results are those of `scipy.ndimage.maximum_filter`.

    Examples
    --------
    >>> maximum_filter(np.array([[3, 1], [4, 5]]), size=2)
    array([[3, 3],
           [4, 5]])
    """
    call = (input, size, footprint, output, mode, cval, origin, axes)
    return _extreme_window("maximum_filter", *call)


def median_filter(
    input: Any,
    size: Any = None,
    footprint: Any = None,
    output: Any = None,
    mode: Any = "reflect",
    cval: float = 0.0,
    origin: Any = 0,
    *,
    axes: Any = None,
) -> Any:
    """Return the median of each window.

    Arguments and results are those of `scipy.ndimage.median_filter`. Windows of an odd number of
    up to 25 entries are compiled, for arrays of at least 65,536 entries up to 81; of a traced array
    the derivative is that of the entry selected.

    Examples
    --------
    >>> median_filter(np.array([1, 9, 2, 3, 4]), size=3)
    array([1, 2, 3, 3, 4])
    """
    call = (input, 0, size, footprint, output, mode, cval, origin, axes)
    return _rank("median_filter", *call)


def rank_filter(
    input: Any,
    rank: int,
    size: Any = None,
    footprint: Any = None,
    output: Any = None,
    mode: Any = "reflect",
    cval: float = 0.0,
    origin: Any = 0,
    *,
    axes: Any = None,
) -> Any:
    """Return the entry of a rank of each window, counted from the least one.

    Arguments and results are those of `scipy.ndimage.rank_filter`; see `median_filter`.

    Examples
    --------
    >>> rank_filter(np.array([1, 9, 2, 3, 4]), 0, size=3)
    array([1, 1, 2, 2, 3])
    """
    call = (input, rank, size, footprint, output, mode, cval, origin, axes)
    return _rank("rank_filter", *call)


def percentile_filter(
    input: Any,
    percentile: float,
    size: Any = None,
    footprint: Any = None,
    output: Any = None,
    mode: Any = "reflect",
    cval: float = 0.0,
    origin: Any = 0,
    *,
    axes: Any = None,
) -> Any:
    """Return the entry of each window at a percentage from the least to the greatest.

    Arguments and results are those of `scipy.ndimage.percentile_filter`; see `median_filter`.

    Examples
    --------
    >>> percentile_filter(np.array([1, 9, 2, 3, 4]), 50, size=3)
    array([1, 2, 3, 3, 4])
    """
    call = (input, percentile, size, footprint, output, mode, cval, origin, axes)
    return _rank("percentile_filter", *call)


def _extreme_line(
    name: str, x: Any, size: Any, axis: int, output: Any, mode: str, cval: float, origin: int
) -> Any:
    function = getattr(_scipy, name)
    own = partial(function, size=size, axis=axis, mode=mode, cval=cval, origin=origin)

    def plan(x: Any, dtype: DType) -> Any:
        lines = (line(x, axis, operator.index(size), origin, mode, cval),)
        return _extreme_plan(x, lines, name.startswith("min"), dtype)

    return apply(own, plan, x, output)


def _extreme_window(
    name: str, x: Any, size: Any, footprint: Any, output: Any, mode: Any, cval: float, origin: Any,
    axes: Any,
) -> Any:  # fmt: skip
    function = getattr(_scipy, name)
    own = partial(
        function, size=size, footprint=footprint, mode=mode, cval=cval, origin=origin, axes=axes
    )

    def plan(x: Any, dtype: DType) -> Any:
        shape = _full_window(size, footprint)

        def pick(axis: int, length: Any, shift: Any, mode: str) -> Line | None:
            return line(x, axis, int(length), shift, mode, cval) if length > 1 else None

        lines = lines_along(x, axes, (shape, origin, mode), pick)
        return _extreme_plan(x, lines, name.startswith("min"), dtype)

    return apply(own, plan, x, output)


def _rank(
    name: str, x: Any, rank: Any, size: Any, footprint: Any, output: Any, mode: Any, cval: float,
    origin: Any, axes: Any,
) -> Any:  # fmt: skip
    function = getattr(_scipy, name)
    own = partial(
        function, size=size, footprint=footprint, mode=mode, cval=cval, origin=origin, axes=axes
    )
    if name != "median_filter":
        own = partial(own, **{name.removesuffix("_filter"): rank})

    def plan(x: Any, dtype: DType) -> Any:
        found, origins = window_axes(axes, origin, x.ndim)
        shape = tuple(map(operator.index, for_each(_full_window(size, footprint), len(found))))
        count = math.prod(shape)
        if not has_network(x, count) or dtype != x.dtype or not _ordered(x):
            return None
        if _rank_of(name, rank, count) != count // 2:
            return None
        reach = spans(shape, found, origins, mode, cval)
        if not all(_holds(dtype, span.border) for span in reach):
            return None
        return middle, (Window(shape, (), reach), isinstance(x, Node))

    return apply(own, plan, x, output)


def _rank_of(name: str, rank: Any, count: int) -> int:
    """The rank, counted from the least entry, as SciPy computes it."""
    if name == "median_filter":
        return count // 2
    if name == "rank_filter":
        return operator.index(rank) + (count if rank < 0 else 0)
    percentile = rank + 100.0 if rank < 0 else rank
    return int(float(count) * percentile / 100.0)


def _full_window(size: Any, footprint: Any) -> Any:
    """The lengths of a window that holds all its entries; footprints with gaps are SciPy's."""
    if footprint is None:
        if size is None:
            raise RuntimeError("no footprint or filter size provided")
        return size
    if size is not None or not np.asarray(footprint, bool).all():
        raise RuntimeError("SciPy's own")
    return np.shape(footprint)


def _extreme_plan(x: Any, lines: tuple[Line, ...], is_minimum: bool, dtype: DType) -> Any:
    if any(each.length > MOST_TERMS or math.isnan(each.border.cval) for each in lines):
        return None
    # What a cast makes of a float that is no value of the integers, SciPy's compiler decides.
    if not _ordered(x) or (dtype.kind in "iu" and dtype != x.dtype):
        return None
    # SciPy compares in float64; the dtype itself has the same order.
    is_own = dtype == x.dtype and all(_holds(dtype, each.border) for each in lines)
    if dtype.kind in "iu" and not is_own:
        return None
    return extreme, (lines, is_minimum, dtype if is_own else DOUBLE, dtype)


def _holds(dtype: DType, border: Border) -> bool:
    """Whether the constant beyond the ends is a value of a dtype."""
    if border.mode != "constant" or dtype == DOUBLE:
        return True
    if not math.isfinite(border.cval):
        return False
    limits = np.finfo(dtype) if dtype.kind == "f" else np.iinfo(dtype)
    if not limits.min <= border.cval <= limits.max:
        return False
    return float(dtype.type(border.cval)) == border.cval


def _ordered(x: Any) -> bool:
    """Whether SciPy's order is defined: no NaN, and no integers that float64 does not have."""
    if x.dtype.kind == "b" or (x.dtype.kind in "iu" and x.dtype.itemsize == 8):
        return False
    return isinstance(x, Node) or x.dtype.kind != "f" or not np.isnan(np.max(x))
