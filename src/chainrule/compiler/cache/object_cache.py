"""Object code kept on disk between processes, in a folder of the user's own.

An entry is a file named by its key: a digest of the program's text, the processor and every version
that shaped the code. It holds its own key and a checksum, so that a torn, altered or renamed entry
is recognised; it is then rebuilt, never run. Machine code from a file runs with all of the user's
rights, so a folder or file that anyone else could have written is not even read.

    magic (16 bytes) | key (32) | SHA-256 of the content (32) | content
"""

import hashlib
import os
import stat
from collections.abc import Callable
from functools import cache
from pathlib import Path

from chainrule.compiler.cache.fingerprint import build_fingerprint
from chainrule.storage import cache_folder, write_atomically

__all__ = ["cached_object", "clean_cache", "program_key", "read_entry", "write_entry"]

MAGIC = b"chainrule code 2"
HEADER_BYTES = len(MAGIC) + 64
LARGEST_CACHE = 256 * 2**20


def cached_object(text: str, compile_text: Callable[[], bytes]) -> bytes:
    """Return object code, from the disk if it was made before."""
    key = program_key(text)
    code = read_entry(key)
    if code is None:
        code = compile_text()
        write_entry(key, code)
    return code


def program_key(text: str) -> bytes | None:
    """Return the digest that names a program's entry."""
    around = build_fingerprint()
    if around is None:
        return None
    digest = hashlib.sha256()
    for data in (text.encode(), around.encode()):
        # The length keeps ("ab", "c") and ("a", "bc") apart.
        digest.update(len(data).to_bytes(8, "little") + data)
    return digest.digest()


def read_entry(key: bytes | None) -> bytes | None:
    """Return an entry's content, or None if it is missing or anything about it is not right."""
    folder = _private_folder() if key else None
    return None if folder is None or key is None else _read(folder / key.hex(), key)


def write_entry(key: bytes | None, content: bytes) -> None:
    """Keep an entry. Trouble with the disk is not an error: a full or read-only one costs time."""
    folder = _private_folder() if key else None
    if folder is None or key is None:
        return
    parts = [MAGIC, key, hashlib.sha256(content).digest(), content]
    try:
        _make_room(folder, os.getpid())
        write_atomically(folder / key.hex(), parts)
    except OSError:
        return


def clean_cache(folder: Path, largest: int = LARGEST_CACHE) -> None:
    """Remove the entries that were used longest ago, until the rest fits."""
    entries: list[tuple[float, int, Path]] = []
    for path in folder.iterdir():
        try:
            status = path.lstat()
        except OSError:
            continue  # another process removed it
        entries.append((status.st_mtime, status.st_size, path))
    kept = 0
    for _, size, path in sorted(entries, reverse=True):
        kept += size
        if kept > largest:
            path.unlink(missing_ok=True)


def _private_folder() -> Path | None:
    """Return the folder, made if missing; None where it cannot be had or trusted."""
    return _prepared(cache_folder() / "code", os.getpid())


@cache
def _prepared(folder: Path, _process: int) -> Path | None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = folder.lstat()
    except OSError:
        return None
    return folder if stat.S_ISDIR(status.st_mode) and _is_own(status) else None


@cache
def _make_room(folder: Path, _process: int) -> None:
    clean_cache(folder)


def _is_own(status: os.stat_result) -> bool:
    """Tell whether nobody but this user could have written something."""
    if not hasattr(os, "getuid"):  # Windows: the folder inherits the profile's rights
        return True
    return status.st_uid == os.getuid() and not status.st_mode & 0o022


def _read(path: Path, key: bytes) -> bytes | None:
    try:
        # A link could lead to a file of someone else's.
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
        with os.fdopen(descriptor, "rb") as file:
            if not _is_own(os.fstat(descriptor)):
                return None
            content = file.read()
    except OSError:
        return None
    code = content[HEADER_BYTES:]
    expected = MAGIC + key + hashlib.sha256(code).digest()
    if not code or content[:HEADER_BYTES] != expected:
        return None
    try:
        os.utime(path)  # so that cleaning knows it was used
    except OSError:
        return code
    return code
