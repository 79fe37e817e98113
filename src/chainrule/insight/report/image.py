"""Arrays as images in a page: PNG files in the address of an ``img``."""

from __future__ import annotations

import base64
import struct
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.insight.plots.image_arrays import as_images, brightness, is_square
from chainrule.insight.report.markup import Markup, element

__all__ = ["address", "are_images", "image_elements", "png"]

Array = NDArray[Any]

_LARGEST = 96
"""Pixels of a side up to which all are shown; of larger images every second, third, ...."""
_COLOUR_TYPES, _INDEXED = {1: 0, 3: 2, 4: 6}, 3


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


def png(pixels: Array, palette: Array | None = None) -> bytes:
    """Return an image as a PNG file.

    Parameters
    ----------
    pixels : array, uint8, (height, width) or (height, width, 3 or 4)
        Grey or numbers of colours of the palette, red-green-blue, or with opacity.
    palette : array, uint8, (colours, 4), or None
        The colours that `pixels` are numbers of, with their opacity.

    References
    ----------
    Portable Network Graphics (PNG) Specification, third edition, W3C, sections 5 and 11.
    """
    height, width = pixels.shape[:2]
    channels = 1 if pixels.ndim == 2 else pixels.shape[2]
    # Before each row stands the number of its filter: 0, none.
    rows = np.hstack([np.zeros((height, 1), np.uint8), pixels.reshape(height, -1)])
    kind = _COLOUR_TYPES[channels] if palette is None else _INDEXED
    header = struct.pack(">IIBBBBB", width, height, 8, kind, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(rows.tobytes())), (b"IEND", b"")]
    if palette is not None:
        chunks[1:1] = [(b"PLTE", palette[:, :3].tobytes()), (b"tRNS", palette[:, 3].tobytes())]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in chunks
    )
