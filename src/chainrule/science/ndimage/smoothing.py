"""Gaussian filters and the derivatives of what they smooth, by SciPy's names and arguments."""

from __future__ import annotations

import functools
import operator
from functools import lru_cache, partial
from typing import Any

import numpy as np
from scipy import ndimage as _scipy

from chainrule.science.ndimage.arguments import DOUBLE, axes_of, for_each, line, lines_along
from chainrule.science.ndimage.arithmetic import Line, Lines, added, filtered
from chainrule.science.ndimage.borders import DType
from chainrule.science.ndimage.dispatch import apply

__all__ = [
    "gaussian_filter",
    "gaussian_filter1d",
    "gaussian_gradient_magnitude",
    "gaussian_laplace",
    "gaussian_weights",
]


def gaussian_filter1d(
    input: Any,
    sigma: float,
    axis: int = -1,
    order: int = 0,
    output: Any = None,
    mode: str = "reflect",
    cval: float = 0.0,
    truncate: float = 4.0,
    *,
    radius: int | None = None,
) -> Any:
    """Smooth along an axis with a Gaussian, or with its derivative of an order.

    Arguments and results are those of `scipy.ndimage.gaussian_filter1d`, to the bit.

    Parameters
    ----------
    input : array, real
        The values; may be traced.
    sigma : float
        The standard deviation, in entries.
    axis : int
        The axis to filter along.
    order : int
        The order of the derivative.
    output, mode, cval : array or dtype, str, float
        See `correlate1d`.
    truncate : float
        Where the Gaussian ends, in standard deviations.
    radius : int, optional
        Where it ends, in entries.

    Returns
    -------
    array
        Of the shape of `input`.

    Examples
    --------
    >>> gaussian_filter1d([1.0, 2.0, 3.0, 4.0, 5.0], 1).round(8)
    array([1.42704095, 2.06782203, 3.        , 3.93217797, 4.57295905])
    """
    own = partial(
        _scipy.gaussian_filter1d,
        sigma=sigma,
        axis=axis,
        order=order,
        mode=mode,
        cval=cval,
        truncate=truncate,
        radius=radius,
    )

    def plan(x: Any, dtype: DType) -> Any:
        weights = gaussian_weights(float(sigma), order, _radius(sigma, truncate, radius))
        return filtered, ((line(x, axis, weights, 0, mode, cval),), DOUBLE, dtype)

    return apply(own, plan, input, output)


def gaussian_filter(
    input: Any,
    sigma: Any,
    order: Any = 0,
    output: Any = None,
    mode: Any = "reflect",
    cval: float = 0.0,
    truncate: float = 4.0,
    *,
    radius: Any = None,
    axes: Any = None,
) -> Any:
    """Smooth with a Gaussian along one axis after another.

    Arguments and results are those of `scipy.ndimage.gaussian_filter`, to the bit: sigma, order,
    mode and radius are one for all axes or one for each. See `gaussian_filter1d`.

    Examples
    --------
    >>> gaussian_filter(np.diag([1.0, 1.0, 1.0]), 0.5).round(4)
    array([[0.8089, 0.1793, 0.0119],
           [0.1793, 0.6415, 0.1793],
           [0.0119, 0.1793, 0.8089]])
    """
    own = partial(
        _scipy.gaussian_filter,
        sigma=sigma,
        order=order,
        mode=mode,
        cval=cval,
        truncate=truncate,
        radius=radius,
        axes=axes,
    )

    def plan(x: Any, dtype: DType) -> Any:
        lines = _gaussian_lines(x, sigma, order, mode, cval, truncate, radius, axes)
        return filtered, (lines, DOUBLE, dtype)

    return apply(own, plan, input, output)


def gaussian_laplace(
    input: Any,
    sigma: Any,
    output: Any = None,
    mode: Any = "reflect",
    cval: float = 0.0,
    *,
    axes: Any = None,
    **kwargs: Any,
) -> Any:
    """Add the second derivatives of the array smoothed with a Gaussian.

    Arguments and results are those of `scipy.ndimage.gaussian_laplace`, to the bit; `kwargs` are
    those of `gaussian_filter`.

    Examples
    --------
    >>> gaussian_laplace(np.array([0.0, 0, 1, 0, 0]), 1).round(4)
    array([ 0.1974,  0.002 , -0.3989,  0.002 ,  0.1974])
    """
    own = partial(_scipy.gaussian_laplace, sigma=sigma, mode=mode, cval=cval, axes=axes, **kwargs)

    def plan(x: Any, dtype: DType) -> Any:
        return added, (_gaussian_branches(x, 2, sigma, mode, cval, axes, kwargs), dtype)

    return apply(own, plan, input, output)


def gaussian_gradient_magnitude(
    input: Any,
    sigma: Any,
    output: Any = None,
    mode: Any = "reflect",
    cval: float = 0.0,
    *,
    axes: Any = None,
    **kwargs: Any,
) -> Any:
    """Return the magnitude of the gradient of the array smoothed with a Gaussian.

    Arguments and results are those of `scipy.ndimage.gaussian_gradient_magnitude`, to the bit;
    `kwargs` are those of `gaussian_filter`.

    Examples
    --------
    >>> gaussian_gradient_magnitude(np.array([0.0, 0, 1, 1, 1]), 1).round(4)
    array([0.108 , 0.3632, 0.3638, 0.1218, 0.0133])
    """
    own = partial(
        _scipy.gaussian_gradient_magnitude, sigma=sigma, mode=mode, cval=cval, axes=axes, **kwargs
    )

    def plan(x: Any, dtype: DType) -> Any:
        if dtype.kind != "f":  # squares that wrap around in the integers, and a cast of NaN
            return None
        return _magnitude, (_gaussian_branches(x, 1, sigma, mode, cval, axes, kwargs), dtype)

    return apply(own, plan, input, output)


@lru_cache(maxsize=256)
def gaussian_weights(sigma: float, order: int, radius: int) -> tuple[float, ...]:
    """Return the weights of SciPy's Gaussian, its result for a single 1 with nothing around it."""
    impulse = np.zeros(2 * radius + 1)
    impulse[radius] = 1.0
    response = _scipy.gaussian_filter1d(impulse, sigma, order=order, mode="constant", radius=radius)
    return tuple(response[::-1].tolist())


def _radius(sigma: Any, truncate: float, radius: Any) -> int:
    return int(truncate * float(sigma) + 0.5) if radius is None else operator.index(radius)


def _gaussian_lines(
    x: Any, sigma: Any, order: Any, mode: Any, cval: float, truncate: float, radius: Any, axes: Any
) -> Lines:
    def smooth(axis: int, deviation: Any, degree: Any, name: str, reach: Any) -> Line | None:
        if not deviation > 1e-15:
            return None
        weights = gaussian_weights(float(deviation), degree, _radius(deviation, truncate, reach))
        return line(x, axis, weights, 0, name, cval)

    return lines_along(x, axes, (sigma, order, mode, radius), smooth)


def _gaussian_branches(
    x: Any, order: int, sigma: Any, mode: Any, cval: float, axes: Any, kwargs: dict[str, Any]
) -> tuple[Lines, ...]:
    """The derivatives of an order along the axes, each smoothed along all axes."""
    if not set(kwargs) <= {"truncate", "radius"}:
        raise TypeError("SciPy's own arguments")
    found = axes_of(axes, x.ndim)
    sigmas = [0.0] * x.ndim
    for axis, each in zip(found, for_each(sigma, len(found)), strict=True):
        sigmas[axis] = each
    if order == 1 and len(found) < x.ndim:
        sigmas = for_each(sigma, x.ndim)  # SciPy gives sigma as it is to all axes of the array
    branches: list[Lines] = []
    for axis, name in zip(found, for_each(mode, len(found)), strict=True):
        orders = [order if each == axis else 0 for each in range(x.ndim)]
        truncate, radius = kwargs.get("truncate", 4.0), kwargs.get("radius")
        branches.append(_gaussian_lines(x, sigmas, orders, name, cval, truncate, radius, None))
    return tuple(branches)


def _magnitude(x: Any, branches: tuple[Lines, ...], dtype: DType) -> Any:
    if not branches:
        return x.astype(dtype)
    squares: list[Any] = []
    for lines in branches:
        each = filtered(x, lines, DOUBLE, dtype)
        squares.append(each * each)
    return np.sqrt(functools.reduce(np.add, squares))
