"""Arrays as the images of event files."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainrule.errors import DataError
from chainrule.insight.plots.image_arrays import as_images, brightness
from chainrule.insight.png import png

__all__ = ["encoded", "weights_as_image"]

Array = NDArray[Any]

_LARGEST = 1 << 20
"""Entries of weights up to which they are shown as an image."""


def encoded(image: ArrayLike) -> tuple[int, int, int, bytes]:
    """Return height, width, channels and PNG file of an image."""
    pixels = np.asarray(image)
    is_image = pixels.ndim == 2 or (pixels.ndim == 3 and pixels.shape[2] in (1, 3, 4))
    if not is_image or not pixels.size or pixels.dtype.kind not in "biuf":
        raise DataError(
            f"image: it has shape {pixels.shape} and holds {pixels.dtype}; an image is an array of "
            "numbers, (height, width) or (height, width, 3)"
        )
    if pixels.dtype != np.uint8 or pixels.ndim not in (2, 3):
        images = as_images("image", pixels[None])
        scale = brightness(images)
        low, high = scale.get("vmin", 0.0), scale.get("vmax", 1.0)
        levels = np.nan_to_num((images[0].astype(float) - low) / (high - low))
        pixels = np.rint(255 * np.clip(levels, 0, 1)).astype(np.uint8)
    height, width, *channels = pixels.shape
    return height, width, channels[0] if channels else 1, png(pixels)


def weights_as_image(weights: Array) -> Array | None:
    """Return a matrix as it is, and kernels of one channel or colour in a row; else None."""
    if not 1 < weights.size <= _LARGEST:
        return None
    if weights.ndim == 2:
        return weights
    if weights.ndim == 4 and weights.shape[2] in (1, 3):
        framed = np.pad(weights, ((0, 0), (0, 1), (0, 0), (0, 0)), constant_values=weights.min())
        tiles = np.concatenate(np.moveaxis(framed, -1, 0), axis=1)
        low, high = float(tiles.min()), float(tiles.max())
        return (tiles - low) / ((high - low) or 1) if weights.shape[2] == 3 else tiles[..., 0]
    return None
