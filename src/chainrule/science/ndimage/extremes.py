"""Minimum and maximum of windows, by SciPy's names and arguments."""

from __future__ import annotations

import math
import operator
from functools import partial
from typing import Any

from scipy import ndimage as _scipy

from chainrule.science.ndimage.arguments import (
    DOUBLE,
    full_window,
    holds,
    is_ordered,
    line,
    lines_along,
)
from chainrule.science.ndimage.arithmetic import MOST_TERMS, Line, extreme
from chainrule.science.ndimage.borders import DType
from chainrule.science.ndimage.dispatch import apply

__all__ = ["maximum_filter", "maximum_filter1d", "minimum_filter", "minimum_filter1d"]


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
    >>> minimum_filter([[3, 1], [4, 5]], size=2)
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
    >>> maximum_filter([[3, 1], [4, 5]], size=2)
    array([[3, 3],
           [4, 5]])
    """
    call = (input, size, footprint, output, mode, cval, origin, axes)
    return _extreme_window("maximum_filter", *call)


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
        shape = full_window(size, footprint)

        def pick(axis: int, length: Any, shift: Any, mode: str) -> Line | None:
            return line(x, axis, int(length), shift, mode, cval) if length > 1 else None

        lines = lines_along(x, axes, (shape, origin, mode), pick)
        return _extreme_plan(x, lines, name.startswith("min"), dtype)

    return apply(own, plan, x, output)


def _extreme_plan(x: Any, lines: tuple[Line, ...], is_minimum: bool, dtype: DType) -> Any:
    if any(each.length > MOST_TERMS or math.isnan(each.border.cval) for each in lines):
        return None
    # What a cast makes of a float that is no value of the integers, SciPy's compiler decides.
    if not is_ordered(x) or (dtype.kind in "iu" and dtype != x.dtype):
        return None
    # SciPy compares in float64; the dtype itself has the same order.
    is_own = dtype == x.dtype and all(holds(dtype, each.border) for each in lines)
    if dtype.kind in "iu" and not is_own:
        return None
    return extreme, (lines, is_minimum, dtype if is_own else DOUBLE, dtype)
