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

_COLOUR_TYPES = {1: 0, 3: 2, 4: 6}


def png(pixels: NDArray[Any]) -> bytes:
    """Return an image as a PNG file.

    Parameters
    ----------
    pixels : array, uint8, (height, width) or (height, width, 3 or 4)
        Grey, red-green-blue, or with opacity.
    """
    height, width = pixels.shape[:2]
    channels = 1 if pixels.ndim == 2 else pixels.shape[2]
    # Before each row stands the number of its filter: 0, none.
    rows = np.hstack([np.zeros((height, 1), np.uint8), pixels.reshape(height, -1)])
    header = struct.pack(">IIBBBBB", width, height, 8, _COLOUR_TYPES[channels], 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows.tobytes())), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )
