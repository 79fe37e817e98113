"""Images as PNG files, without a library.

References
----------
Portable Network Graphics (PNG) Specification, third edition, W3C, sections 5 and 11.
"""

from __future__ import annotations

import struct
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["png"]

_COLOUR_TYPES, _INDEXED = {1: 0, 3: 2, 4: 6}, 3


def png(pixels: NDArray[Any], palette: NDArray[Any] | None = None) -> bytes:
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
