"""Bytes of an open file as lines of text: its beginning is looked at, compression is undone."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

from chainrule.data.csv_file.content import DEEPEST, FORMATS, unpacked
from chainrule.data.csv_file.file_kind import kind_of_bytes
from chainrule.data.note import Note
from chainrule.errors import FormatError

__all__ = ["ByteStream", "lines_of", "opened"]

BEGINNING = 1 << 20
"""Bytes from which a file is inferred."""
LONGEST_LINE = 1 << 24
_OPENERS: dict[str, Callable[[Any], Any]] = {
    "gzip": lambda file: gzip.GzipFile(fileobj=file),
    "bz2": bz2.BZ2File,
    "xz": lzma.LZMAFile,
}
_DAMAGED = (gzip.BadGzipFile, EOFError, zlib.error, lzma.LZMAError)


@dataclass(frozen=True)
class ByteStream:
    """The beginning of the uncompressed bytes, and those that follow it."""

    beginning: bytes
    rest: BinaryIO
    notes: tuple[Note, ...]

    @property
    def is_whole(self) -> bool:
        """Whether the beginning is all."""
        return len(self.beginning) < BEGINNING

    @property
    def sample(self) -> bytes:
        """The beginning, complete lines of it."""
        if self.is_whole:
            return self.beginning
        if b"\0" in self.beginning[:1000]:  # UTF-16 and UTF-32: characters of 2 and 4 bytes
            return self.beginning[: len(self.beginning) // 4 * 4]
        return self.beginning[: self.beginning.rfind(b"\n") + 1] or self.beginning


class _Rejoined(io.RawIOBase):
    """A beginning that has been read, and the rest of its file."""

    def __init__(self, beginning: bytes, rest: BinaryIO) -> None:
        self._parts = [io.BytesIO(beginning), rest]

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        while self._parts:
            content = self._parts[0].read(len(buffer))
            if content:
                buffer[: len(content)] = content
                return len(content)
            del self._parts[0]
        return 0


def opened(file: BinaryIO, title: str) -> ByteStream:
    """Return the bytes of an open file, unpacked; raise FormatError for what is no text."""
    notes: list[Note] = []
    beginning = _read(file)
    for _ in range(DEEPEST):
        name = next((name for magic, name in FORMATS.items() if beginning.startswith(magic)), None)
        if name is None:
            break
        whole: Any = io.BufferedReader(_Rejoined(beginning, file))
        if name == "zip":  # its list of contents is at its end
            content, added = unpacked(whole.read(), title)
            file, notes = io.BytesIO(content), [*notes, *added]
        else:
            notes.append(Note(f"the file is compressed by {name}"))
            file = _OPENERS[name](whole)
        try:
            beginning = _read(file)
        except (*_DAMAGED, OSError, ValueError) as error:
            raise _damaged(title, error) from None
    kind = kind_of_bytes(beginning)
    if kind is not None:
        raise FormatError(f"{title}: the file is {kind}")
    return ByteStream(beginning, file, tuple(notes))


def lines_of(source: ByteStream, encoding: str, title: str) -> Iterator[str]:
    """Yield the lines of a text, with their ends."""
    is_plain = encoding.lower() in ("utf-8", "utf8")
    rejoined = io.BufferedReader(_Rejoined(source.beginning, source.rest), BEGINNING)
    lines = io.TextIOWrapper(rejoined, "utf-8-sig" if is_plain else encoding, newline="")
    number = 0
    try:
        while line := lines.readline(LONGEST_LINE):
            number += 1
            if len(line) == LONGEST_LINE:
                raise FormatError(
                    f"{title}: line {number} is longer than {LONGEST_LINE:,} characters; such a "
                    "file is no table"
                )
            yield line
    except UnicodeError as error:
        raise FormatError(
            f"{title}: the text is {encoding} up to line {number}, and is not below it "
            f'({error.args[-1] if error.args else error}); save it as UTF-8, or pass encoding="..."'
        ) from None
    except _DAMAGED as error:
        raise _damaged(title, error) from None


def _read(file: BinaryIO) -> bytes:
    """Return the beginning of a file; a pipe may give a part of it at a time."""
    parts: list[bytes] = []
    missing = BEGINNING
    while missing and (part := file.read(missing)):
        parts.append(part)
        missing -= len(part)
    return b"".join(parts)


def _damaged(title: str, error: Exception) -> FormatError:
    return FormatError(
        f"{title}: the compressed file is damaged ({error}); download or compress it again"
    )
