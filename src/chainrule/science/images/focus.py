"""How sharp an image is, and where its edges are."""

from __future__ import annotations

import math
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from chainrule.errors import ArgumentError, UnsupportedError
from chainrule.graph.node import Node
from chainrule.science.images.filters import gaussian, laplacian
from chainrule.science.images.gradients import sobel
from chainrule.science.images.layout import Image, checked_image
from chainrule.science.images.threshold import level_of

__all__ = ["canny", "sharpness"]

_LUMINANCE = (0.299, 0.587, 0.114)
"""Weights of red, green and blue (ITU-R BT.601)."""


def sharpness(image: Any, *, border: str = "reflect", channels: bool | None = None) -> Any:
    """Return the variance of the Laplacian, a measure of focus: blurring makes it smaller.

    Comparable between images of the same scene, size and brightness.

    Parameters
    ----------
    image : array, real
        The image or images, as for `filter2d`; may be traced. Colours are made grey.
    border, channels : str, bool
        As for `filter2d`.

    Returns
    -------
    float, or array of floats, (images,)
        In squared units of brightness.

    References
    ----------
    Pech-Pacheco et al. (2000), Diatom autofocusing in brightfield microscopy.

    Examples
    --------
    >>> dots = np.zeros((8, 8))
    >>> dots[::4, ::4] = 1
    >>> sharpness(dots) > 10 * sharpness(gaussian(dots, 1.0))
    True
    """
    grey = _grey(checked_image("sharpness", image, channels))
    values = laplacian(grey, border, channels=False)
    found = np.var(values.astype(np.float64), axis=(-2, -1))
    return found if isinstance(found, Node) or found.ndim else float(found)


def canny(
    image: Any,
    low: float | None = None,
    high: float | None = None,
    *,
    sigma: float = 1.0,
    border: str = "nearest",
    channels: bool | None = None,
) -> NDArray[np.bool_]:
    """Find edges one pixel wide, by Canny's method.

    The image is smoothed; maxima of the gradient's magnitude along its direction are kept: those
    above `high`, and those above `low` that are connected with one above `high`.

    Parameters
    ----------
    image : array, real, (h, w) or (h, w, channels)
        One image; colours are made grey.
    low, high : float >= 0, optional
        Levels of the magnitude of Sobel's gradient, in units of brightness. By default Otsu's level
        of the magnitudes is the high one, and half of `high` the low one.
    sigma : float >= 0
        Standard deviation of the smoothing, in pixels.
    border, channels : str, bool
        As for `filter2d`.

    Returns
    -------
    array, bool, (h, w)
        The edges.

    Raises
    ------
    ArgumentError
        If `low` is more than `high`, or one of them negative, or there are several images.
    UnsupportedError
        If the image is traced.

    References
    ----------
    Canny (1986), A computational approach to edge detection.

    Examples
    --------
    >>> square = np.zeros((9, 9))
    >>> square[3:6, 3:6] = 1
    >>> int(canny(square, sigma=0.5).sum())
    8
    """
    found = checked_image("canny", image, channels)
    if isinstance(found.pixels, Node):
        raise UnsupportedError(
            "canny: the image is a traced value, and a mask of edges has no derivative; use "
            "science.gradient_magnitude, which has one"
        )
    grey = _grey(found)
    if grey.ndim != 2:
        raise ArgumentError(
            f"canny: the image has shape {found.pixels.shape}; it must be one image; call "
            "canny for each of several"
        )
    smooth = gaussian(grey, sigma, border)
    x, y = sobel(smooth, 0.0, border), sobel(smooth, 90.0, border)
    magnitude = np.hypot(x, y)
    low, high = _levels(magnitude, low, high)
    ridges = _is_maximum(magnitude, x, y) & (magnitude > low)
    labels, count = cast(tuple[NDArray[np.intp], int], ndimage.label(ridges, np.ones((3, 3))))
    is_strong = np.zeros(count + 1, bool)
    is_strong[labels[ridges & (magnitude > high)]] = True
    return is_strong[labels]


def _levels(magnitude: NDArray[Any], low: float | None, high: float | None) -> tuple[float, float]:
    upper = level_of(magnitude, "otsu") if high is None else float(high)
    lower = upper / 2 if low is None else float(low)
    if not 0 <= lower <= upper < math.inf:
        raise ArgumentError(
            f"canny: low is {lower} and high {upper}; they must be levels of the gradient's "
            "magnitude, 0 <= low <= high"
        )
    return lower, upper


def _is_maximum(magnitude: NDArray[Any], x: NDArray[Any], y: NDArray[Any]) -> NDArray[np.bool_]:
    """Whether the magnitude is greatest along the gradient, between interpolated neighbours."""
    wide = np.pad(magnitude, 1)
    rows, columns = (np.arange(1, 1 + n) for n in magnitude.shape)
    across, down = np.abs(x), np.abs(y)
    is_steep = down > across
    ratio = np.minimum(across, down) / np.maximum(np.maximum(across, down), 1e-300)
    right, below = np.where(x < 0, -1, 1), np.where(y < 0, -1, 1)

    def at(direction: int) -> NDArray[Any]:
        i, j = rows[:, None], columns[None, :]
        straight = wide[
            i + np.where(is_steep, direction * below, 0),
            j + np.where(is_steep, 0, direction * right),
        ]
        diagonal = wide[i + direction * below, j + direction * right]
        return straight + ratio * (diagonal - straight)

    # On one side equality is enough, so that of two equal neighbours one is kept.
    return (magnitude > at(-1)) & (magnitude >= at(1))


def _grey(image: Image) -> Any:
    pixels = image.pixels
    if not image.has_channels:
        return pixels
    count = pixels.shape[-1]
    weights = np.array(_LUMINANCE) if count in (3, 4) else np.full(count, 1 / count)
    return pixels[..., : len(weights)].astype(image.work) @ weights.astype(image.work)
