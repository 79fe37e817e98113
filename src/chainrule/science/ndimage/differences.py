"""Filters of first and second differences, by SciPy's names and arguments."""

from __future__ import annotations

import operator
from collections.abc import Callable
from functools import partial
from typing import Any

from scipy import ndimage as _scipy

from chainrule.science.ndimage.arguments import DOUBLE, for_each, line, lines_along
from chainrule.science.ndimage.arithmetic import Line, added, filtered
from chainrule.science.ndimage.borders import DType
from chainrule.science.ndimage.dispatch import apply

__all__ = ["laplace", "prewitt", "sobel"]


def sobel(
    input: Any,
    axis: int = -1,
    output: Any = None,
    mode: Any = "reflect",
    cval: float = 0.0,
) -> Any:
    """Filter with Sobel's operator: -1, 0, 1 along an axis, then 1, 2, 1 along the others.

    Arguments and results are those of `scipy.ndimage.sobel`, to the bit; see `correlate1d`.

    Examples
    --------
    >>> sobel([[0.0, 1, 4], [0, 1, 4], [0, 1, 4]])
    array([[ 4., 16., 12.],
           [ 4., 16., 12.],
           [ 4., 16., 12.]])
    """
    own = partial(_scipy.sobel, axis=axis, mode=mode, cval=cval)
    return apply(own, _edge_plan(axis, mode, cval, (1.0, 2.0, 1.0)), input, output)


def prewitt(
    input: Any,
    axis: int = -1,
    output: Any = None,
    mode: Any = "reflect",
    cval: float = 0.0,
) -> Any:
    """Filter with Prewitt's operator: -1, 0, 1 along an axis, then 1, 1, 1 along the others.

    Arguments and results are those of `scipy.ndimage.prewitt`, to the bit; see `correlate1d`.

    Examples
    --------
    >>> prewitt([[0.0, 1, 4], [0, 1, 4], [0, 1, 4]])
    array([[ 3., 12.,  9.],
           [ 3., 12.,  9.],
           [ 3., 12.,  9.]])
    """
    own = partial(_scipy.prewitt, axis=axis, mode=mode, cval=cval)
    return apply(own, _edge_plan(axis, mode, cval, (1.0, 1.0, 1.0)), input, output)


def laplace(
    input: Any,
    output: Any = None,
    mode: Any = "reflect",
    cval: float = 0.0,
    *,
    axes: Any = None,
) -> Any:
    """Add the second differences 1, -2, 1 along the axes.

    Arguments and results are those of `scipy.ndimage.laplace`, to the bit; see `correlate1d`.

    Examples
    --------
    >>> laplace([0.0, 0, 1, 0, 0])
    array([ 0.,  1., -2.,  1.,  0.])
    """
    own = partial(_scipy.laplace, mode=mode, cval=cval, axes=axes)

    def plan(x: Any, dtype: DType) -> Any:
        def second(axis: int, name: str) -> Line:
            return line(x, axis, (1.0, -2.0, 1.0), 0, name, cval)

        branches = tuple((each,) for each in lines_along(x, axes, (mode,), second))
        return added, (branches, dtype)

    return apply(own, plan, input, output)


def _edge_plan(
    axis: int, mode: Any, cval: float, across: tuple[float, ...]
) -> Callable[[Any, DType], Any]:
    def plan(x: Any, dtype: DType) -> Any:
        modes = for_each(mode, x.ndim)
        along = range(x.ndim)[operator.index(axis)]
        others = [each for each in range(x.ndim) if each != along]
        lines = [line(x, along, (-1.0, 0.0, 1.0), 0, modes[along], cval)]
        lines += [line(x, each, across, 0, modes[each], cval) for each in others]
        return filtered, (tuple(lines), DOUBLE, dtype)

    return plan
