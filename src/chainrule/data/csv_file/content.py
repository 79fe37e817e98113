"""Bytes of a file to the bytes of a text: compressed files are unpacked, other formats named."""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable
from typing import Any

from chainrule.data.csv_file.file_kind import kind_of_archive, kind_of_bytes
from chainrule.data.note import Note
from chainrule.errors import FormatError, counted

__all__ = ["unpacked"]

CHUNK = 1 << 20
LARGEST = 1 << 30
"""Bytes up to which any file is unpacked."""
RATIO = 200
"""Larger ones are unpacked up to this many bytes for each compressed one: texts have fewer."""
DEEPEST = 3
_BZ2 = {b"BZh%d1AY&SY" % level: "bz2" for level in range(1, 10)}
FORMATS = {b"\x1f\x8b": "gzip", **_BZ2, b"\xfd7zXZ\0": "xz", b"PK\x03\x04": "zip"}


def unpacked(content: bytes, title: str) -> tuple[bytes, list[Note]]:
    """Return the bytes of the text that a file holds; raise FormatError if it holds none."""
    notes: list[Note] = []
    for _ in range(DEEPEST):
        name = next((name for magic, name in FORMATS.items() if content.startswith(magic)), None)
        if name is None:
            break
        notes.append(Note(f"the file is compressed by {name}"))
        content = _member(content, title) if name == "zip" else _inflated(content, name, title)
    kind = kind_of_bytes(content)
    if kind is not None:
        raise FormatError(f"{title}: the file is {kind}")
    return content, notes


def _inflated(content: bytes, name: str, title: str) -> bytes:
    """Return the content of a gzip, bz2 or xz file, to a limit."""
    import bz2  # here, as most files are plain
    import gzip
    import lzma

    opened: dict[str, Callable[[Any], Any]] = {
        "gzip": lambda file: gzip.GzipFile(fileobj=file),
        "bz2": bz2.BZ2File,
        "xz": lzma.LZMAFile,
    }
    try:
        return _limited(opened[name](io.BytesIO(content)), len(content), title)
    except (OSError, EOFError, zlib.error, lzma.LZMAError, ValueError) as error:
        raise FormatError(
            f"{title}: the file is compressed by {name} and damaged ({error}); download or "
            "compress it again"
        ) from None


def _member(content: bytes, title: str) -> bytes:
    """Return the one file of a zip archive."""
    import lzma  # here, as most files are plain
    import zipfile

    damaged = (zipfile.BadZipFile, OSError, EOFError, zlib.error, ValueError, NotImplementedError)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = [each for each in archive.infolist() if not _is_by_the_way(each.filename)]
            names = [each.filename for each in members]
            kind = kind_of_archive(names)
            if kind is not None:
                raise FormatError(f"{title}: the file is {kind}")
            if len(members) != 1:
                listed = ", ".join(names) or "none"
                raise FormatError(
                    f"{title}: the file is a zip archive of {counted(len(names), 'file')} "
                    f"({listed:.200}), and one is read; unpack it, and pass the path of one of "
                    "them"
                )
            if members[0].flag_bits & 1:
                raise FormatError(
                    f"{title}: the file is a zip archive with a password; unpack it, and pass the "
                    "path of the file in it"
                )
            with archive.open(members[0]) as file:
                return _limited(file, len(content), title)
    except FormatError:
        raise
    except (*damaged, lzma.LZMAError, RuntimeError) as error:
        raise FormatError(
            f"{title}: the file is a zip archive and damaged ({error}); download it again"
        ) from None


def _is_by_the_way(name: str) -> bool:
    """Whether a member is a folder, or one of the files that macOS adds."""
    return name.endswith(("/", ".DS_Store")) or name.startswith("__MACOSX")


def _limited(file: Any, size: int, title: str) -> bytes:
    limit = max(LARGEST, RATIO * size)
    parts: list[bytes] = []
    total = 0
    while part := file.read(CHUNK):
        parts.append(part)
        total += len(part)
        if total > limit:
            raise FormatError(
                f"{title}: {counted(size, 'byte')} unpack to more than {limit:,}; unpack the file "
                "yourself, and pass the path of what comes out if that is meant"
            )
    return b"".join(parts)
