r"""Read WAV, the file format of plain sound.

::

    offset  content
    0       "RIFF", size of what follows, "WAVE"
    12      chunks: a name of 4 letters, a size, as many bytes, and one more if that is odd
            "fmt "  format: 1 whole numbers, 3 floats, FFFE see bytes 24-25; channels, rate,
                    bytes a second, bytes a frame, bits a sample
            "data"  the frames, each with one sample of every channel

Every number is little-endian. Sizes are claims, and each is compared with the bytes that are there.

References
----------
IBM & Microsoft (1991), "Multimedia Programming Interface and Data Specifications 1.0", chapter 3.
"""

import os
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, cast

import numpy as np
from numpy.typing import NDArray

from chainrule.errors import ArgumentError, FormatError

__all__ = ["read_wav"]

WHOLE, FLOAT, EXTENSIBLE = 1, 3, 0xFFFE
# What a program writes that did not know the length yet, such as one that writes into a pipe.
UNKNOWN_SIZE = 0xFFFFFFFF
KINDS = {(WHOLE, 8), (WHOLE, 16), (WHOLE, 24), (WHOLE, 32), (FLOAT, 32), (FLOAT, 64)}


def read_wav(
    path_or_file: str | os.PathLike[str] | BinaryIO,
) -> tuple[NDArray[np.float32], int]:
    r"""Read an uncompressed WAV file.

    Parameters
    ----------
    path_or_file : str, path or binary file
        The file. An open one is read from where it stands to its end.

    Returns
    -------
    signal : array, float32, (n,), or (n, channels) if there are several
        Whole numbers are scaled to [-1, 1): those of 16 bits are divided by 32,768, and so on.
        Floats are taken as they are.
    rate : int, in hertz
        Samples a second.

    Raises
    ------
    ArgumentError
        If it is neither a path nor a file opened for reading bytes.
    FormatError
        If the file is no WAV, is cut short, contradicts itself or is compressed.
    OSError
        If the file cannot be opened or read.

    Examples
    --------
    >>> import io
    >>> header = b"RIFF\x28\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x80\x3e\0\0\x02\0\x10\0"
    >>> read_wav(io.BytesIO(header + b"data\x04\0\0\0\x00\x40\x00\x80"))
    (array([ 0.5, -1. ], dtype=float32), 8000)
    """
    if isinstance(path_or_file, str | os.PathLike):
        return _decode(Path(path_or_file).read_bytes(), f"read_wav: {os.fspath(path_or_file)}")
    if not hasattr(path_or_file, "read"):
        raise ArgumentError(
            f"read_wav: cannot read from {type(path_or_file).__name__}; give the path of a file, "
            "or a file opened with mode 'rb'"
        )
    content = path_or_file.read()
    if not isinstance(cast(object, content), bytes):
        raise ArgumentError("read_wav: the file was opened as text; open it with mode 'rb'")
    return _decode(content, "read_wav")


def _decode(content: bytes, title: str) -> tuple[NDArray[np.float32], int]:
    kind, size = content[8:12], len(content)
    if size < 12 or content[:4] != b"RIFF" or kind != b"WAVE":
        raise FormatError(f"{title}: no WAV file: it starts with {content[:12]!r}", 0)
    (claimed,) = struct.unpack_from("<I", content, 4)
    if claimed != UNKNOWN_SIZE and claimed + 8 > size:
        raise FormatError(
            f"{title}: the file is cut short: it announces {claimed + 8} bytes and has {size}", size
        )
    form: _Form | None = None
    for name, start, end in _chunks(content, title):
        if name == b"fmt ":
            form = _Form(content[start:end], start, title)
        elif name == b"data":
            if form is None:
                raise FormatError(f"{title}: the samples come before their format", start - 8)
            return form.samples(content, start, end), form.rate
    raise FormatError(f"{title}: there are no samples (no chunk 'data') in the file", size)


def _chunks(content: bytes, title: str) -> Iterator[tuple[bytes, int, int]]:
    """Yield name, start and end of each chunk, all of it inside the file."""
    start = 12
    while start + 8 <= len(content):
        name, size = struct.unpack_from("<4sI", content, start)
        start += 8
        if name == b"data" and size == UNKNOWN_SIZE:
            size = len(content) - start
        if start + size > len(content):
            raise FormatError(
                f"{title}: the file is cut short: its chunk {name!r} announces {size} bytes from "
                f"byte {start} on, and the file has {len(content)}",
                len(content),
            )
        yield name, start, start + size
        start += size + size % 2


class _Form:
    """What a sample is: the chunk ``fmt``, checked."""

    def __init__(self, chunk: bytes, offset: int, title: str) -> None:
        if len(chunk) < 16:
            raise FormatError(
                f"{title}: its format has {len(chunk)} bytes, WAV's at least 16", offset
            )
        self.title = title
        self.code, self.channels, self.rate, _, self.frame, self.bits = cast(
            tuple[int, ...], struct.unpack("<HHIIHH", chunk[:16])
        )
        if self.code == EXTENSIBLE and len(chunk) >= 26:
            (self.code,) = struct.unpack_from("<H", chunk, 24)
        if (self.code, self.bits) not in KINDS:
            raise FormatError(
                f"{title}: its samples are of format {self.code} with {self.bits} bits; read are "
                "whole numbers (1) of 8, 16, 24 and 32 bits and floats (3) of 32 and 64: convert "
                "it to plain PCM",
                offset,
            )
        whole = self.channels * self.bits // 8
        if not self.channels or not self.rate or self.frame != whole:
            raise FormatError(
                f"{title}: its format contradicts itself: {self.channels} channels of {self.bits} "
                f"bits at {self.rate} Hz in frames of {self.frame} bytes",
                offset,
            )

    def samples(self, content: bytes, start: int, end: int) -> NDArray[np.float32]:
        if (end - start) % self.frame:
            raise FormatError(
                f"{self.title}: {end - start} bytes of samples are no whole number of frames of "
                f"{self.frame} bytes; the file is cut short or damaged",
                end,
            )
        count = (end - start) * 8 // self.bits
        signal = self._scaled(content, start, count)
        return signal if self.channels == 1 else signal.reshape(-1, self.channels)

    def _scaled(self, content: bytes, start: int, count: int) -> NDArray[np.float32]:
        if self.code == FLOAT:
            dtype = np.dtype(f"<f{self.bits // 8}")
            return np.frombuffer(content, dtype, count, start).astype(np.float32)
        if self.bits == 8:  # the one width without a sign
            unsigned = np.frombuffer(content, np.uint8, count, start)
            return (unsigned - np.float32(128)) / np.float32(128)
        if self.bits == 24:
            whole = _from_three_bytes(np.frombuffer(content, np.uint8, 3 * count, start))
        else:
            whole = np.frombuffer(content, np.dtype(f"<i{self.bits // 8}"), count, start)
        return whole.astype(np.float32) / np.float32(2 ** (whole.dtype.itemsize * 8 - 1))


def _from_three_bytes(raw: NDArray[np.uint8]) -> NDArray[Any]:
    """Widen numbers of 24 bits to 32 by a lowest byte of zero, so that the sign is in its place."""
    wide = np.zeros((len(raw) // 3, 4), np.uint8)
    wide[:, 1:] = raw.reshape(-1, 3)
    return wide.reshape(-1).view("<i4")
