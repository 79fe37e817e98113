"""Images as arrays: which axes are rows and columns, dtypes, and names of borders.

::

    (height, width)                          grey
    (height, width, 1, 3 or 4)               colour; channels=False makes it a stack
    (images, height, width)                  a stack of grey images; channels=True makes it colour
    (images, height, width, channels)        a stack of colour images, as layers have them
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from chainrule.arguments.lookup import suggestion
from chainrule.errors import ArgumentError, DTypeError, ShapeError, UnsupportedError
from chainrule.graph.node import Node
from chainrule.science.ndimage.borders import Border, Span
from chainrule.science.ndimage.dispatch import compiled

__all__ = ["BORDERS", "Image", "border_of", "checked_image", "spans_of", "stored"]

BORDERS = {
    "reflect": "reflect", "symmetric": "reflect", "grid-mirror": "reflect",
    "mirror": "mirror", "reflect101": "mirror", "reflect_101": "mirror",
    "nearest": "nearest", "replicate": "nearest", "edge": "nearest",
    "constant": "constant", "grid-constant": "constant",
    "wrap": "wrap", "grid-wrap": "wrap",
}  # fmt: skip
"""Names of SciPy, OpenCV (without ``BORDER_``) and `np.pad` by the mode of SciPy.

``reflect`` is SciPy's and OpenCV's, (d c b a | a b c d); `np.pad` calls it ``symmetric``.
"""

_COLOURS = (1, 3, 4)
_SINGLE, _DOUBLE = np.dtype(np.float32), np.dtype(np.float64)


class Image(NamedTuple):
    """An array, the axes of rows and columns, and the dtype of computed values."""

    pixels: Any
    axes: tuple[int, int]
    work: np.dtype[Any]

    @property
    def has_channels(self) -> bool:
        """Whether the last axis is that of colours."""
        return self.axes[1] != self.pixels.ndim - 1


def checked_image(operation: str, image: Any, channels: bool | None = None) -> Image:
    """Return an image with its axes.

    Raises
    ------
    ShapeError
        If it has not two to four axes, or no pixels.
    DTypeError
        If it holds anything but real numbers.
    """
    pixels = image if isinstance(image, Node) else np.asarray(image)
    if pixels.dtype.kind not in "biuf":
        raise DTypeError(
            f"{operation}: the image holds {pixels.dtype}; give real numbers, as np.abs(image) or "
            "image.real of complex ones"
        )
    if not 2 <= pixels.ndim <= 4 or 0 in pixels.shape:
        raise ShapeError(
            f"{operation}: the image has shape {pixels.shape}; it must be (height, width), "
            "(height, width, channels), (images, height, width) or (images, height, width, "
            "channels), none of them 0"
        )
    if pixels.ndim == 3:
        is_colour = pixels.shape[-1] in _COLOURS if channels is None else channels
        axes = (0, 1) if is_colour else (1, 2)
    else:
        axes = (0, 1) if pixels.ndim == 2 else (1, 2)
    if pixels.dtype == np.float16:
        pixels = pixels.astype(np.float32)
    dtype = pixels.dtype
    is_single = dtype.itemsize <= 2 or (dtype.kind == "f" and dtype.itemsize == 4)
    return Image(pixels, axes, _SINGLE if is_single else _DOUBLE)


def border_of(operation: str, border: Any, cval: Any = 0.0) -> Border:
    """Return what lies beyond the ends of an axis.

    Raises
    ------
    ArgumentError
        For an unknown name.
    """
    key = border.lower().removeprefix("border_") if isinstance(border, str) else ""
    if key not in BORDERS:
        hint = suggestion(key, BORDERS) if isinstance(border, str) else f"there are {[*BORDERS]}"
        raise ArgumentError(f"{operation}: border is {border!r}; {hint}")
    meaning = BORDERS[key]
    return Border(meaning, float(cval) if meaning == "constant" else 0.0)


def spans_of(
    operation: str, image: Image, shape: Sequence[int], origin: Any, border: Border
) -> tuple[Span, Span]:
    """Return how far a kernel of a shape reads along rows and columns.

    Raises
    ------
    ArgumentError
        If the origin moves the kernel off the pixel.
    """
    origins = origin if isinstance(origin, Sequence) else (origin, origin)
    found: list[Span] = []
    for axis, length, shift in zip(image.axes, shape, origins, strict=True):
        before = length // 2 + operator.index(shift)
        if not 0 <= before < length:
            raise ArgumentError(
                f"{operation}: origin is {origin!r} for a kernel of shape {tuple(shape)}; it moves "
                f"the middle, {length // 2}, and must keep it from 0 to {length - 1}"
            )
        found.append(Span(axis, before, length - 1 - before, border))
    return found[0], found[1]


def stored(operation: str, values: Any, dtype: Any) -> Any:
    """Return values in a dtype: rounded and limited to its range if it holds integers.

    Raises
    ------
    DTypeError
        If the dtype holds no real numbers.
    UnsupportedError
        If a traced value is to be rounded to integers.
    """
    if dtype is None:
        return values
    dtype = np.dtype(dtype)
    if dtype.kind == "f":
        return values.astype(dtype)
    if dtype.kind not in "iu":
        raise DTypeError(f"{operation}: dtype is {dtype}; it must be one of floats or integers")
    if isinstance(values, Node):
        raise UnsupportedError(
            f"{operation}: dtype is {dtype}, and the image is a traced value, which has no "
            "derivative when it is rounded; leave dtype out"
        )
    return compiled(_rounded, values, dtype)


def _rounded(values: Any, dtype: np.dtype[Any]) -> Any:
    work = values.dtype.type
    info = np.iinfo(dtype)
    # The greatest float that is not above the greatest integer, which need not be a float.
    most = work(info.max)
    most = most if int(most) <= info.max else np.nextafter(most, work(0))
    return np.minimum(np.maximum(np.rint(values), work(info.min)), most).astype(dtype)
