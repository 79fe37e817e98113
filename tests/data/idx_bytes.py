"""The bytes of IDX files, by the format's own description."""

import io
import struct
from typing import Any

import numpy as np

from chainrule.data import read_idx

CODES = {
    "uint8": 0x08,
    "int8": 0x09,
    "int16": 0x0B,
    "int32": 0x0C,
    "float32": 0x0D,
    "float64": 0x0E,
}


def header(code: int, *sizes: int) -> bytes:
    return struct.pack(f">BBBB{len(sizes)}I", 0, 0, code, len(sizes), *sizes)


def read(content: bytes) -> np.ndarray[Any, Any]:
    return read_idx(io.BytesIO(content))


class Dripping(io.RawIOBase):
    """A stream like a socket: no position, one byte at a time."""

    def __init__(self, content: bytes) -> None:
        self._content = iter(content)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        byte = next(self._content, None)
        if byte is None:
            return 0
        buffer[0] = byte
        return 1
