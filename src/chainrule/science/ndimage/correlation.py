"""Correlation, convolution and means, by SciPy's names and arguments."""

from __future__ import annotations

import math
import operator
from functools import partial
from typing import Any

import numpy as np
from scipy import ndimage as _scipy

from chainrule.science.ndimage.arguments import (
    DOUBLE,
    line,
    lines_along,
    spans,
    weights_tuple,
    window_axes,
)
from chainrule.science.ndimage.arithmetic import (
    MOST_TERMS,
    Line,
    Window,
    contracted,
    filtered,
    weighted,
)
from chainrule.science.ndimage.borders import DType, Span
from chainrule.science.ndimage.dispatch import apply

__all__ = [
    "convolve",
    "convolve1d",
    "correlate",
    "correlate1d",
    "uniform_filter",
    "uniform_filter1d",
]


def correlate1d(
    input: Any,
    weights: Any,
    axis: int = -1,
    output: Any = None,
    mode: str = "reflect",
    cval: float = 0.0,
    origin: int = 0,
) -> Any:
    """Correlate with weights along an axis, ``out[i] = sum_j weights[j] input[i + j - n//2]``.

    Arguments and results are those of `scipy.ndimage.correlate1d`, to the bit.

    Parameters
    ----------
    input : array, real
        The values; may be traced.
    weights : array, (n,)
        The weights.
    axis : int
        The axis to filter along.
    output : array or dtype, optional
        Where results are stored, or their dtype; that of `input` by default.
    mode : str
        What lies beyond the ends: ``reflect`` (d c b a | a b c d | d c b a), ``constant``,
        ``nearest``, ``mirror`` (d c b | a b c d | c b a), ``wrap``, or an alias ``grid-mirror``,
        ``grid-constant``, ``grid-wrap``.
    cval : float
        The value beyond the ends in mode ``constant``.
    origin : int
        By how many entries the window is moved to the left.

    Returns
    -------
    array
        Of the shape of `input`.

    Examples
    --------
    >>> correlate1d([2, 8, 0, 4, 1, 9, 9, 0], weights=[1, 3])
    array([ 8, 26,  8, 12,  7, 28, 36,  9])
    """
    own = partial(
        _scipy.correlate1d, weights=weights, axis=axis, mode=mode, cval=cval, origin=origin
    )

    def plan(x: Any, dtype: DType) -> Any:
        return filtered, ((line(x, axis, weights, origin, mode, cval),), DOUBLE, dtype)

    return apply(own, plan, input, output)


def convolve1d(
    input: Any,
    weights: Any,
    axis: int = -1,
    output: Any = None,
    mode: str = "reflect",
    cval: float = 0.0,
    origin: int = 0,
) -> Any:
    """Convolve with weights along an axis: correlate with the reversed weights.

    Arguments are those of `correlate1d`, results those of `scipy.ndimage.convolve1d`, to the bit.

    Examples
    --------
    >>> convolve1d([2, 8, 0, 4, 1, 9, 9, 0], weights=[1, 3])
    array([14, 24,  4, 13, 12, 36, 27,  0])
    """
    own = partial(
        _scipy.convolve1d, weights=weights, axis=axis, mode=mode, cval=cval, origin=origin
    )

    def plan(x: Any, dtype: DType) -> Any:
        values = weights_tuple(weights)[::-1]
        shift = _reversed_origin(origin, len(values))
        return filtered, ((line(x, axis, values, shift, mode, cval),), DOUBLE, dtype)

    return apply(own, plan, input, output)


def correlate(
    input: Any,
    weights: Any,
    output: Any = None,
    mode: str = "reflect",
    cval: float = 0.0,
    origin: Any = 0,
    *,
    axes: Any = None,
) -> Any:
    """Correlate with weights of as many axes as the array, or as `axes` names.

    Arguments and results are those of `scipy.ndimage.correlate`: to the bit for windows of up to 64
    entries, and within rounding of float64 for larger ones.

    Parameters
    ----------
    input : array, real
        The values; may be traced.
    weights : array
        The window.
    output, mode, cval : array or dtype, str, float
        See `correlate1d`.
    origin : int or one for each axis
        By how many entries the window is moved to the left.
    axes : int or tuple of int, optional
        The axes to filter along; all by default.

    Returns
    -------
    array
        Of the shape of `input`.

    Examples
    --------
    >>> correlate(np.eye(3), [[0, 1, 0], [1, 0, 1], [0, 1, 0]])
    array([[2., 2., 0.],
           [2., 0., 2.],
           [0., 2., 2.]])
    """
    own = partial(_scipy.correlate, weights=weights, mode=mode, cval=cval, origin=origin, axes=axes)

    def plan(x: Any, dtype: DType) -> Any:
        found, origins = window_axes(axes, origin, x.ndim)
        shape = np.shape(weights)
        reach = spans(shape, found, origins, mode, cval)
        return _window_plan(x, dtype, Window(shape, weights_tuple(weights), reach))

    return apply(own, plan, input, output)


def convolve(
    input: Any,
    weights: Any,
    output: Any = None,
    mode: str = "reflect",
    cval: float = 0.0,
    origin: Any = 0,
    *,
    axes: Any = None,
) -> Any:
    """Convolve with weights: correlate with weights that are reversed along each axis.

    Arguments are those of `correlate`, results those of `scipy.ndimage.convolve`.

    Examples
    --------
    >>> convolve(np.array([0.0, 0, 1, 0, 0]), [1, 2, 3])
    array([0., 1., 2., 3., 0.])
    """
    own = partial(_scipy.convolve, weights=weights, mode=mode, cval=cval, origin=origin, axes=axes)

    def plan(x: Any, dtype: DType) -> Any:
        found, origins = window_axes(axes, origin, x.ndim)
        shape = np.shape(weights)
        shifts = [_reversed_origin(*each) for each in zip(origins, shape, strict=True)]
        reach = spans(shape, found, shifts, mode, cval)
        return _window_plan(x, dtype, Window(shape, weights_tuple(weights)[::-1], reach))

    return apply(own, plan, input, output)


def uniform_filter1d(
    input: Any,
    size: int,
    axis: int = -1,
    output: Any = None,
    mode: str = "reflect",
    cval: float = 0.0,
    origin: int = 0,
) -> Any:
    """Return the mean of each window of `size` entries along an axis.

    Arguments and results are those of `scipy.ndimage.uniform_filter1d`, but that a sum is not
    carried from window to window: a NaN stays within the windows that contain it.

    Examples
    --------
    >>> uniform_filter1d([2, 8, 0, 4, 1, 9, 9, 0], size=3)
    array([4, 3, 4, 1, 4, 6, 6, 3])
    """
    own = partial(
        _scipy.uniform_filter1d, size=size, axis=axis, mode=mode, cval=cval, origin=origin
    )

    def plan(x: Any, dtype: DType) -> Any:
        mean = line(x, axis, operator.index(size), origin, mode, cval)
        return _mean_plan((mean,), dtype)

    return apply(own, plan, input, output)


def uniform_filter(
    input: Any,
    size: Any = 3,
    output: Any = None,
    mode: Any = "reflect",
    cval: float = 0.0,
    origin: Any = 0,
    *,
    axes: Any = None,
) -> Any:
    """Return the mean of each window, along one axis after another.

    Arguments and results are those of `scipy.ndimage.uniform_filter`; size, mode and origin are one
    for all axes or one for each, and see `uniform_filter1d`.

    Examples
    --------
    >>> uniform_filter(np.diag([9.0, 9.0, 9.0])).round(6)
    array([[5., 3., 1.],
           [3., 3., 3.],
           [1., 3., 5.]])
    """
    own = partial(_scipy.uniform_filter, size=size, mode=mode, cval=cval, origin=origin, axes=axes)

    def plan(x: Any, dtype: DType) -> Any:
        def mean(axis: int, length: Any, shift: Any, name: str) -> Line | None:
            return line(x, axis, int(length), shift, name, cval) if length > 1 else None

        return _mean_plan(lines_along(x, axes, (size, origin, mode), mean), dtype)

    return apply(own, plan, input, output)


def _reversed_origin(origin: Any, length: int) -> int:
    return -operator.index(origin) - (length + 1) % 2


def _mean_plan(lines: tuple[Line, ...], dtype: DType) -> Any:
    """None for windows whose sum, carried from one to the next, has fewer operations."""
    if any(each.length > MOST_TERMS for each in lines):
        return None
    return filtered, (lines, DOUBLE, dtype)


def _window_plan(x: Any, dtype: DType, window: Window) -> Any:
    if math.prod(window.shape) <= MOST_TERMS:
        return weighted, (window, DOUBLE, dtype)
    if dtype.kind != "f":  # a rounding error could be one unit after truncation
        return None
    return _contracted, (window.shape, window.weights, window.spans, DOUBLE, dtype)


def _contracted(
    x: Any,
    shape: tuple[int, ...],
    weights: tuple[float, ...],
    spans: tuple[Span, ...],
    work: DType,
    dtype: DType,
) -> Any:
    return contracted(x, np.array(weights).reshape(shape), spans, work, dtype)
