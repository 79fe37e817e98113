"""Arrays as images in a page: PNG files in the address of an ``img``."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.insight.pages.markup import Markup, element
from chainrule.insight.plots.image_arrays import as_images, brightness, is_square
from chainrule.insight.png import png

__all__ = ["address", "are_images", "image_elements"]

Array = NDArray[Any]

_LARGEST = 96
"""Pixels of a side up to which all are shown; of larger images every second, third, ...."""


def are_images(X: Any) -> bool:
    """Whether samples are images: of two or three axes each, or rows of a square of pixels."""
    if not isinstance(X, np.ndarray) or X.dtype.kind not in "biuf" or not X.size:
        return False
    if X.ndim == 4:
        return X.shape[3] in (1, 3, 4)
    return X.ndim == 3 or (X.ndim == 2 and is_square(X.shape[1]))


def image_elements(X: Array, texts: list[str]) -> list[Markup]:
    """Return images as elements of one scale of grey; the texts describe them."""
    shown = as_images("report", X)
    step = -(-max(shown.shape[1:3]) // _LARGEST)
    shown = shown[:, ::step, ::step]
    scale = brightness(shown)
    low, high = scale.get("vmin", 0.0), scale.get("vmax", 1.0)
    with np.errstate(all="ignore"):
        levels = np.nan_to_num((np.asarray(shown, float) - low) / (high - low))
    return [
        element(
            "img", src=address(png(np.rint(255 * np.clip(each, 0, 1)).astype(np.uint8))), alt=text
        )
        for each, text in zip(levels, texts, strict=True)
    ]


def address(file: bytes) -> str:
    """Return the address of an image whose PNG file is in the page itself."""
    return f"data:image/png;base64,{base64.b64encode(file).decode()}"
