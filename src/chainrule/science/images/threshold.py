"""Masks of an image by a level of brightness, given or found in its histogram."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.arguments.lookup import suggestion
from chainrule.errors import ArgumentError, DataError, UnsupportedError
from chainrule.graph.node import Node
from chainrule.science.images.layout import checked_image

__all__ = ["level_of", "threshold"]

_BINS = 256
"""Of images of floats; those of up to 16 bits have one for each value."""


def threshold(image: Any, level: float | str = "otsu", *, return_level: bool = False) -> Any:
    """Return where an image is brighter than a level.

    The mask is piecewise constant: it has no derivative, neither by the image nor by the level.

    Parameters
    ----------
    image : array, real
        An image, or several, which share the level.
    level : float or {"otsu", "mean", "triangle"}
        The level, in the units of the image; or how it is found. Otsu's splits the histogram so
        that the variance between both classes is greatest; ``triangle`` takes the value farthest
        from the line between the histogram's peak and the end of its longer tail.
    return_level : bool
        Whether the level is returned too.

    Returns
    -------
    mask : array, bool
        Of the shape of the image: True where ``image > level``.
    level : float
        Only with `return_level`.

    Raises
    ------
    ArgumentError
        If there is no such level.
    DataError
        If a level is to be found in an image with NaN or infinity.
    UnsupportedError
        If the image is traced.

    References
    ----------
    Otsu (1979), A threshold selection method from gray-level histograms. Zack, Rogers & Latt
    (1977), Automatic measurement of sister chromatid exchange frequency (triangle).

    Examples
    --------
    >>> image = np.array([[10, 12, 200], [11, 13, 210]], np.uint8)
    >>> threshold(image, return_level=True)
    (array([[False, False,  True],
           [False, False,  True]]), 13.0)
    """
    found = checked_image("threshold", image)
    if isinstance(found.pixels, Node):
        raise UnsupportedError(
            "threshold: the image is a traced value, and a mask is piecewise constant, without a "
            "derivative; write image > level in the traced function, or 1 / (1 + np.exp(level - "
            "image)) for a smooth one"
        )
    pixels: NDArray[Any] = found.pixels
    value = level_of(pixels, level)
    mask = pixels > value
    return (mask, value) if return_level else mask


def level_of(pixels: NDArray[Any], level: float | str) -> float:
    """Return the level that is given, or that of a method's name."""
    if isinstance(level, str):
        method = _METHODS.get(level.lower())
        if method is None:
            raise ArgumentError(f"threshold: level is {level!r}; {suggestion(level, _METHODS)}")
        if pixels.dtype.kind == "f" and not np.isfinite(pixels).all():
            raise DataError(
                f"threshold: the image holds NaN or infinity, and {level} finds its level in the "
                "histogram; replace them, as by np.nan_to_num(image)"
            )
        return method(pixels)
    value = float(level)
    if np.isnan(value):
        raise ArgumentError(
            "threshold: level is NaN; give a number or one of " + ", ".join(_METHODS)
        )
    return value


def _histogram(pixels: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return counts and the values of their bins, which are the greatest ones in them."""
    low, high = pixels.min(), pixels.max()
    if pixels.dtype.kind in "biu" and int(high) - int(low) < 1 << 16:
        shifted = pixels.astype(np.int64).ravel() - int(low)
        counts = np.bincount(shifted)
        return counts, int(low) + np.arange(len(counts))
    counts, edges = np.histogram(pixels.astype(np.float64), _BINS)
    return counts, edges[1:]


def _otsu(pixels: NDArray[Any]) -> float:
    counts, values = _histogram(pixels)
    if len(counts) < 2:
        return float(values[0])
    weights = np.cumsum(counts)[:-1].astype(np.float64)
    centred = counts * (values - values.mean())
    sums, total, count = np.cumsum(centred)[:-1], centred.sum(), counts.sum()
    # The variance between the classes, w1 w2 (mean1 - mean2)^2, up to a factor.
    with np.errstate(all="ignore"):
        between = (total * weights / count - sums) ** 2 / (weights * (count - weights))
    return float(values[np.nanargmax(between)])


def _triangle(pixels: NDArray[Any]) -> float:
    counts, values = _histogram(pixels)
    present = np.flatnonzero(counts)
    first, last, peak = present[0], present[-1], int(np.argmax(counts))
    if first == last:
        return float(values[first])
    end = first if peak - first > last - peak else last
    indices = np.arange(min(peak, end), max(peak, end) + 1)
    # Distances from the line are proportional to what it lies above the counts.
    line = counts[peak] * (indices - end) / (peak - end)
    return float(values[indices[np.argmax(line - counts[indices])]])


def _mean(pixels: NDArray[Any]) -> float:
    return float(pixels.mean(dtype=np.float64))


_METHODS: dict[str, Callable[[NDArray[Any]], float]] = {
    "otsu": _otsu,
    "mean": _mean,
    "triangle": _triangle,
}
