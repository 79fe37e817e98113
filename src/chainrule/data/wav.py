r"""Reader of WAV files: uncompressed PCM and float audio.

::

    offset  content
    0       "RIFF", size of the rest, "WAVE"
    12      chunks: an ID of 4 characters, a size, the bytes, and a padding byte if the size is odd
            "fmt "  format: 1 integer PCM, 3 float, FFFE see bytes 24-25; channels, rate,
                    bytes per second, bytes per frame, bits per sample
            "data"  the frames, each with one sample of every channel

All integers are little-endian. Sizes are not trusted: each is compared with the length of the file.

References
----------
IBM & Microsoft (1991), "Multimedia Programming Interface and Data Specifications 1.0", chapter 3.
"""

import os
import struct
from collections.abc import Iterator
from typing import Any, BinaryIO, cast

import numpy as np
from numpy.typing import NDArray

from chainrule.arguments.aliases import DATA_ALIASES
from chainrule.arguments.keywords import answers_foreign_names
from chainrule.data.file_argument import read_content
from chainrule.errors import ArgumentError, FormatError, counted

__all__ = ["read_wav"]

PCM, FLOAT, EXTENSIBLE = 1, 3, 0xFFFE
# Written by programs that do not know the length in advance, such as those writing to a pipe.
UNKNOWN_SIZE = 0xFFFFFFFF
FORMATS = {(PCM, 8), (PCM, 16), (PCM, 24), (PCM, 32), (FLOAT, 32), (FLOAT, 64)}


@answers_foreign_names(DATA_ALIASES)
def read_wav(
    path_or_file: str | os.PathLike[str] | BinaryIO,
) -> tuple[NDArray[np.float32], int]:
    r"""Read an uncompressed WAV file.

    Parameters
    ----------
    path_or_file : str, path or binary file
        The file. An open one is read from its position to its end.

    Returns
    -------
    signal : array, float32, (n,), or (n, channels) if there are several
        Integer samples are scaled to [-1, 1): those of 16 bits are divided by 32,768, and so on.
        Float samples are returned unscaled.
    rate : int, in hertz
        The sampling rate.

    Raises
    ------
    ArgumentError
        If it is neither a path nor a file opened for reading bytes.
    FormatError
        If the file is no WAV, is cut short, is inconsistent or is compressed.
    OSError
        If the file cannot be opened or read.

    Examples
    --------
    >>> import io
    >>> header = b"RIFF\x28\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x80\x3e\0\0\x02\0\x10\0"
    >>> read_wav(io.BytesIO(header + b"data\x04\0\0\0\x00\x40\x00\x80"))
    (array([ 0.5, -1. ], dtype=float32), 8000)
    """
    content = read_content("read_wav", path_or_file)
    if isinstance(content, str):
        raise ArgumentError("read_wav: the file was opened as text; open it with mode 'rb'")
    title = f": {os.fspath(path_or_file)}" if isinstance(path_or_file, str | os.PathLike) else ""
    return _decode(content, f"read_wav{title}")


def _decode(content: bytes, title: str) -> tuple[NDArray[np.float32], int]:
    kind, size = content[8:12], len(content)
    if size < 12 or content[:4] != b"RIFF" or kind != b"WAVE":
        raise FormatError(f"{title}: no WAV file: it starts with {content[:12]!r}", 0)
    (claimed,) = struct.unpack_from("<I", content, 4)
    if claimed != UNKNOWN_SIZE and claimed + 8 > size:
        raise FormatError(
            f"{title}: the file is cut short: it declares {counted(claimed + 8, 'byte')} and has "
            f"{size}",
            size,
        )
    header: _Format | None = None
    for name, start, end in _chunks(content, title):
        if name == b"fmt ":
            header = _Format(content[start:end], start, title)
        elif name == b"data":
            if header is None:
                raise FormatError(f"{title}: the samples come before their format", start - 8)
            return header.samples(content, start, end), header.rate
    raise FormatError(f"{title}: there are no samples (no chunk 'data') in the file", size)


def _chunks(content: bytes, title: str) -> Iterator[tuple[bytes, int, int]]:
    """Yield ID, start and end of each chunk, checked to be inside the file."""
    start = 12
    while start + 8 <= len(content):
        name, size = struct.unpack_from("<4sI", content, start)
        start += 8
        if name == b"data" and size == UNKNOWN_SIZE:
            size = len(content) - start
        if start + size > len(content):
            raise FormatError(
                f"{title}: the file is cut short: its chunk {name!r} declares "
                f"{counted(size, 'byte')} from byte {start} on, and the file has {len(content)}",
                len(content),
            )
        yield name, start, start + size
        start += size + size % 2


class _Format:
    """The sample format: the chunk ``fmt``, validated."""

    def __init__(self, chunk: bytes, offset: int, title: str) -> None:
        if len(chunk) < 16:
            raise FormatError(
                f"{title}: its format has {counted(len(chunk), 'byte')}, WAV's at least 16", offset
            )
        self.title = title
        self.code, self.channels, self.rate, _, self.frame, self.bits = cast(
            tuple[int, ...], struct.unpack("<HHIIHH", chunk[:16])
        )
        if self.code == EXTENSIBLE and len(chunk) >= 26:
            (self.code,) = struct.unpack_from("<H", chunk, 24)
        if (self.code, self.bits) not in FORMATS:
            raise FormatError(
                f"{title}: its samples are of format {self.code} with "
                f"{counted(self.bits, 'bit')}; supported are integers (1) of 8, 16, 24 and 32 "
                "bits and floats (3) of 32 and 64: convert it to PCM",
                offset,
            )
        frame = self.channels * self.bits // 8
        if not self.channels or not self.rate or self.frame != frame:
            raise FormatError(
                f"{title}: its format is inconsistent: {counted(self.channels, 'channel')} of "
                f"{self.bits} bits at {self.rate} Hz in frames of {counted(self.frame, 'byte')}",
                offset,
            )

    def samples(self, content: bytes, start: int, end: int) -> NDArray[np.float32]:
        if (end - start) % self.frame:
            raise FormatError(
                f"{self.title}: {counted(end - start, 'byte')} of samples are no multiple of the "
                f"frame of {counted(self.frame, 'byte')}; the file is cut short or damaged",
                end,
            )
        count = (end - start) * 8 // self.bits
        signal = self._scaled(content, start, count)
        return signal if self.channels == 1 else signal.reshape(-1, self.channels)

    def _scaled(self, content: bytes, start: int, count: int) -> NDArray[np.float32]:
        if self.code == FLOAT:
            dtype = np.dtype(f"<f{self.bits // 8}")
            return np.frombuffer(content, dtype, count, start).astype(np.float32)
        if self.bits == 8:  # 8-bit samples are unsigned
            unsigned = np.frombuffer(content, np.uint8, count, start)
            return (unsigned - np.float32(128)) / np.float32(128)
        if self.bits == 24:
            integers = _from_three_bytes(np.frombuffer(content, np.uint8, 3 * count, start))
        else:
            integers = np.frombuffer(content, np.dtype(f"<i{self.bits // 8}"), count, start)
        return integers.astype(np.float32) / np.float32(2 ** (integers.dtype.itemsize * 8 - 1))


def _from_three_bytes(raw: NDArray[np.uint8]) -> NDArray[Any]:
    """Widen 24-bit integers to 32 bits by a zero low byte, which keeps the sign bit on top."""
    wide = np.zeros((len(raw) // 3, 4), np.uint8)
    wide[:, 1:] = raw.reshape(-1, 3)
    return wide.reshape(-1).view("<i4")
