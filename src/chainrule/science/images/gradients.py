"""Derivatives of brightness in any direction: the filters of Sobel and of Prewitt."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np

from chainrule.errors import ArgumentError
from chainrule.science.images.layout import Image, border_of, checked_image, stored
from chainrule.science.ndimage.arithmetic import Window, weighted, weighted_sum
from chainrule.science.ndimage.borders import Border, Span, with_borders
from chainrule.science.ndimage.dispatch import compiled

__all__ = ["gradient_direction", "gradient_magnitude", "prewitt", "sobel"]

_SMOOTHING = {"sobel": (1.0, 2.0, 1.0), "prewitt": (1.0, 1.0, 1.0)}


def sobel(
    image: Any,
    angle: Any = 0.0,
    border: str = "reflect",
    *,
    cval: float = 0.0,
    channels: bool | None = None,
    dtype: Any = None,
) -> Any:
    """Differentiate the brightness of an image in a direction, by Sobel's filter.

    At 0 degrees the kernel is [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]: vertical edges respond, where
    the image gets brighter to the right with a positive sign. At 90 degrees it is the transpose,
    and the direction is downwards; in between, cos(angle) times the one and sin(angle) the other.

    Parameters
    ----------
    image : array, real
        The image or images, as for `filter2d`; may be traced.
    angle : float or array of floats, degrees
        The direction, from that of the columns (to the right) to that of the rows (downwards).
    border, cval, channels, dtype : str, float, bool, dtype
        As for `filter2d`.

    Returns
    -------
    array
        Of the shape of the image, after an axis of the angles if there are several; its dtype as
        for `filter2d`. A unit of brightness per pixel gives 8.

    Raises
    ------
    ArgumentError
        If an angle is not finite, or the border is unknown.

    References
    ----------
    Sobel & Feldman (1968), A 3x3 isotropic gradient operator for image processing.

    Examples
    --------
    >>> ramp = np.tile(np.arange(5.0), (5, 1))
    >>> sobel(ramp)[2]
    array([4., 8., 8., 8., 4.])
    >>> sobel(ramp, [0, 45, 90])[:, 2, 2].round(3)
    array([8.   , 5.657, 0.   ])
    """
    return _in_directions("sobel", image, angle, border, cval, channels, dtype)


def prewitt(
    image: Any,
    angle: Any = 0.0,
    border: str = "reflect",
    *,
    cval: float = 0.0,
    channels: bool | None = None,
    dtype: Any = None,
) -> Any:
    """Differentiate the brightness of an image in a direction, by Prewitt's filter.

    At 0 degrees the kernel is [[-1, 0, 1], [-1, 0, 1], [-1, 0, 1]].

    Parameters
    ----------
    image, angle : array, float
        As for `sobel`.
    border, cval, channels, dtype : str, float, bool, dtype
        As for `filter2d`.

    Returns
    -------
    array
        As for `sobel`; a unit of brightness per pixel gives 6.

    Raises
    ------
    ArgumentError
        If an angle is not finite, or the border is unknown.

    References
    ----------
    Prewitt (1970), Object enhancement and extraction.

    Examples
    --------
    >>> prewitt(np.tile(np.arange(5.0), (5, 1)))[2]
    array([3., 6., 6., 6., 3.])
    """
    return _in_directions("prewitt", image, angle, border, cval, channels, dtype)


def gradient_magnitude(
    image: Any,
    border: str = "reflect",
    *,
    operator: str = "sobel",
    cval: float = 0.0,
    channels: bool | None = None,
) -> Any:
    """Return how fast the brightness changes in its steepest direction.

    Parameters
    ----------
    image, border : array, str
        As for `sobel`.
    operator : {"sobel", "prewitt"}
        The filter.
    cval, channels : float, bool
        As for `filter2d`.

    Returns
    -------
    array
        ``sqrt(gx**2 + gy**2)``, of the shape of the image.

    Raises
    ------
    ArgumentError
        If there is no such operator or border.

    Examples
    --------
    >>> float(gradient_magnitude(np.add.outer(np.arange(5.0) * 3, np.arange(5.0) * 4))[2, 2])
    40.0
    """
    found, windows = _both("gradient_magnitude", image, operator, border, cval, channels)
    return compiled(_norm, found.pixels, windows, found.work)


def gradient_direction(
    image: Any,
    border: str = "reflect",
    *,
    operator: str = "sobel",
    cval: float = 0.0,
    channels: bool | None = None,
) -> Any:
    """Return the direction in which the brightness grows fastest.

    Parameters
    ----------
    image, border, operator, cval, channels : array, str, str, float, bool
        As for `gradient_magnitude`.

    Returns
    -------
    array
        Degrees in (-180, 180], from that of the columns to that of the rows, as the angle of
        `sobel`.

    Raises
    ------
    ArgumentError
        If there is no such operator or border.

    Examples
    --------
    >>> float(gradient_direction(np.tile(np.arange(5.0), (5, 1)).T)[2, 2])
    90.0
    """
    found, windows = _both("gradient_direction", image, operator, border, cval, channels)
    across, down = (
        compiled(weighted, found.pixels, window, found.work, found.work) for window in windows
    )
    return np.arctan2(down, across) * (180 / math.pi)


def _in_directions(
    name: str, image: Any, angle: Any, border: str, cval: float, channels: Any, dtype: Any
) -> Any:
    found = checked_image(name, image, channels)
    beyond = border_of(name, border, cval)
    angles = np.asarray(angle)
    is_real = angles.dtype.kind in "iuf" and angles.ndim <= 1 and angles.size
    if not is_real or not np.isfinite(angles).all():
        raise ArgumentError(
            f"{name}: angle is {angle!r}; it must be a finite number of degrees, or a list of them"
        )
    windows = _windows(name, found.axes, beyond)
    values = [_derivative(found, windows, each) for each in np.ravel(angles).tolist()]
    return stored(name, np.stack(values) if angles.ndim else values[0], dtype)


@lru_cache(maxsize=512)
def _windows(name: str, axes: tuple[int, int], border: Border) -> tuple[Window, Window]:
    """The filters of the derivative to the right, and downwards."""
    spans = tuple(Span(axis, 1, 1, border) for axis in axes)
    kernel = np.outer(_SMOOTHING[name], (-1.0, 0.0, 1.0))
    across, down = (
        Window((3, 3), tuple(each.ravel().tolist()), spans) for each in (kernel, kernel.T)
    )
    return across, down


def _derivative(image: Image, windows: tuple[Window, Window], degrees: float) -> Any:
    """The derivative in a direction; another angle compiles nothing."""
    cosine, sine, work = _cosine(degrees), _cosine(degrees - 90), image.work
    for window, weight, other in zip(windows, (cosine, sine), (sine, cosine), strict=True):
        if other == 0:  # so that infinite values are not multiplied by 0
            signed = window._replace(weights=tuple(each * weight for each in window.weights))
            return compiled(weighted, image.pixels, signed, work, work)
    values = work.type(cosine), work.type(sine)
    return compiled(_combined, image.pixels, windows, work, values=values)


def _combined(
    x: Any, cosine: Any, sine: Any, windows: tuple[Window, Window], work: np.dtype[Any]
) -> Any:
    def valid(part: Any) -> Any:
        across, down = (weighted_sum(part, window, work) for window in windows)
        return across * cosine + down * sine

    return with_borders(x, windows[0].spans, work, valid)


def _norm(x: Any, windows: tuple[Window, Window], work: np.dtype[Any]) -> Any:
    def valid(part: Any) -> Any:
        return np.hypot(*(weighted_sum(part, window, work) for window in windows))

    return with_borders(x, windows[0].spans, work, valid)


def _cosine(degrees: float) -> float:
    """The cosine of an angle in degrees, exact for multiples of 90."""
    quarters = degrees % 360 / 90
    if quarters.is_integer():
        return (1.0, 0.0, -1.0, 0.0)[int(quarters)]
    return math.cos(math.radians(degrees))


def _both(
    operation: str, image: Any, operator: str, border: str, cval: float, channels: Any
) -> tuple[Image, tuple[Window, Window]]:
    if operator not in _SMOOTHING:
        raise ArgumentError(
            f"{operation}: operator is {operator!r}; it must be one of {', '.join(_SMOOTHING)}"
        )
    found = checked_image(operation, image, channels)
    return found, _windows(operator, found.axes, border_of(operation, border, cval))
