"""The median and other ranks of windows, by SciPy's names and arguments."""

from __future__ import annotations

import math
import operator
from functools import partial
from typing import Any

from scipy import ndimage as _scipy

from chainrule.graph.node import Node
from chainrule.science.ndimage.arguments import (
    for_each,
    full_window,
    holds,
    is_ordered,
    spans,
    window_axes,
)
from chainrule.science.ndimage.arithmetic import Window
from chainrule.science.ndimage.borders import DType
from chainrule.science.ndimage.dispatch import apply
from chainrule.science.ndimage.selection import has_network, middle

__all__ = ["median_filter", "percentile_filter", "rank_filter"]


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
    >>> median_filter([1, 9, 2, 3, 4], size=3)
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
    >>> rank_filter([1, 9, 2, 3, 4], 0, size=3)
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
    >>> percentile_filter([1, 9, 2, 3, 4], 50, size=3)
    array([1, 2, 3, 3, 4])
    """
    call = (input, percentile, size, footprint, output, mode, cval, origin, axes)
    return _rank("percentile_filter", *call)


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
        shape = tuple(map(operator.index, for_each(full_window(size, footprint), len(found))))
        count = math.prod(shape)
        if not has_network(x, count) or dtype != x.dtype or not is_ordered(x):
            return None
        if _rank_of(name, rank, count) != count // 2:
            return None
        reach = spans(shape, found, origins, mode, cval)
        if not all(holds(dtype, span.border) for span in reach):
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
