"""Derivatives of brightness in any direction: the filters of Sobel and of Prewitt."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from chainrule.errors import ArgumentError
from chainrule.science.images.filters import correlated
from chainrule.science.images.layout import Image, border_of, checked_image, stored
from chainrule.science.ndimage.borders import Border

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
    x, y = _both("gradient_magnitude", image, operator, border, cval, channels)
    return np.hypot(x, y)


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
    x, y = _both("gradient_direction", image, operator, border, cval, channels)
    return np.arctan2(y, x) * (180 / math.pi)


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
    directions = [(_cosine(each), _cosine(each - 90)) for each in np.ravel(angles).tolist()]
    # Both components are programs of their own, so that another angle compiles nothing.
    x = _component(name, found, beyond, 0) if any(c for c, _ in directions) else None
    y = _component(name, found, beyond, 1) if any(s for _, s in directions) else None
    values = [_combined(c, x, s, y) for c, s in directions]
    return stored(name, np.stack(values) if angles.ndim else values[0], dtype)


def _component(name: str, image: Image, border: Border, axis: int) -> Any:
    """The derivative to the right (0), or downwards (1)."""
    kernel = np.outer(_SMOOTHING[name], (-1.0, 0.0, 1.0))
    return correlated(name, image, kernel.T if axis else kernel, 0, border)


def _combined(cosine: float, x: Any, sine: float, y: Any) -> Any:
    if not sine:
        return x * cosine if cosine != 1 else x
    if not cosine:
        return y * sine if sine != 1 else y
    return x * cosine + y * sine


def _cosine(degrees: float) -> float:
    """The cosine of an angle in degrees, exact for multiples of 90."""
    quarters = degrees % 360 / 90
    if quarters.is_integer():
        return (1.0, 0.0, -1.0, 0.0)[int(quarters)]
    return math.cos(math.radians(degrees))


def _both(
    operation: str, image: Any, operator: str, border: str, cval: float, channels: Any
) -> tuple[Any, Any]:
    if operator not in _SMOOTHING:
        raise ArgumentError(
            f"{operation}: operator is {operator!r}; it must be one of {', '.join(_SMOOTHING)}"
        )
    found = checked_image(operation, image, channels)
    beyond = border_of(operation, border, cval)
    return _component(operator, found, beyond, 0), _component(operator, found, beyond, 1)
