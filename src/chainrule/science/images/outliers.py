"""Removal of outliers: the median of the square around each pixel."""

from __future__ import annotations

from math import isnan, isqrt
from operator import attrgetter
from typing import Any

import numpy as np

from chainrule.arguments.checks import checked_count
from chainrule.errors import ArgumentError, UnsupportedError
from chainrule.graph.node import Node
from chainrule.science.images.layout import border_of, checked_image, spans_of
from chainrule.science.ndimage.arithmetic import Window
from chainrule.science.ndimage.dispatch import compiled
from chainrule.science.ndimage.order_statistics import median_filter
from chainrule.science.ndimage.selection import LARGEST_WINDOW, has_network, middle

__all__ = ["median"]


def median(
    image: Any,
    size: int = 3,
    border: str = "reflect",
    *,
    cval: float = 0.0,
    channels: bool | None = None,
) -> Any:
    """Replace each pixel by the median of the square around it, which removes single outliers.

    The derivative is that of the pixel selected.

    Parameters
    ----------
    image : array, real
        The image or images, as for `filter2d`; may be traced for sizes up to 5.
    size : int >= 1, odd
        The side of the square.
    border, cval, channels : str, float, bool
        As for `filter2d`.

    Returns
    -------
    array
        Of the shape and the dtype of the image.

    Raises
    ------
    ArgumentError
        If `size` is not odd.
    UnsupportedError
        If the image is traced and `size` more than 5.

    References
    ----------
    Knuth (1998), The Art of Computer Programming, volume 3, section 5.3.4: sorting networks.

    Examples
    --------
    >>> median(np.array([[1, 1, 1], [1, 255, 1], [1, 1, 1]], np.uint8))
    array([[1, 1, 1],
           [1, 1, 1],
           [1, 1, 1]], dtype=uint8)
    """
    size = checked_count("median", "size", size)
    if size % 2 == 0:
        raise ArgumentError(f"median: size is {size}; it must be odd, such as 3 or 5")
    found = checked_image("median", image, channels)
    beyond = border_of("median", border, cval)
    values = found.pixels
    spans = spans_of("median", found, (size, size), 0, beyond)
    if has_network(values, size * size) and not _has_nan(values):
        ordered = tuple(sorted(spans, key=attrgetter("axis")))
        window = Window((size, size), (), ordered)
        values = compiled(middle, values, window, isinstance(values, Node) or isnan(beyond.cval))
    elif isinstance(values, Node):
        largest = isqrt(LARGEST_WINDOW)
        raise UnsupportedError(
            f"median: size is {size}, and traced images take at most {largest}; filter the image "
            "before it is traced, or use smaller squares"
        )
    else:
        values = median_filter(values, size, mode=beyond.mode, cval=beyond.cval, axes=found.axes)
    is_half = getattr(image, "dtype", None) == np.float16
    return values.astype(np.float16) if is_half else values


def _has_nan(pixels: Any) -> bool:
    is_known = not isinstance(pixels, Node) and pixels.dtype.kind == "f"
    return is_known and bool(np.isnan(pixels.max()))
