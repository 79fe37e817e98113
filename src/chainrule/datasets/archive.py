"""Members of a compressed archive, read into memory: nothing is unpacked to the disk."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from chainrule.errors import FormatError

if TYPE_CHECKING:
    import tarfile

__all__ = ["read_members"]

LARGEST_MEMBER = 1 << 26  # bytes; those of CIFAR-10 have 31 million


def read_members(path: Path, names: Sequence[str]) -> list[bytes]:
    """Return the contents of some members of a ``.tar.gz``, in the order of their names."""
    import tarfile  # here, as it takes long to import and is rarely needed

    contents: dict[str, bytes] = {}
    try:
        with tarfile.open(path, "r|gz") as archive:
            for member in archive:
                if member.name in names and member.isfile():
                    contents[member.name] = _content(archive, member, path)
    except (tarfile.TarError, EOFError, OSError, zlib.error) as error:
        raise FormatError(f"{path} is no valid archive ({error}); download it again") from error
    missing = [name for name in names if name not in contents]
    if missing:
        raise FormatError(f"{path} lacks {', '.join(missing)}; download it again")
    return [contents[name] for name in names]


def _content(archive: tarfile.TarFile, member: tarfile.TarInfo, path: Path) -> bytes:
    if member.size > LARGEST_MEMBER:
        raise FormatError(f"{path} declares {member.size:,} bytes of {member.name}; it is damaged")
    file = archive.extractfile(member)
    return file.read() if file is not None else b""
