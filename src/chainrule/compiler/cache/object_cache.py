"""Object cache: compiled code on disk, in a private folder of the user.

An entry is a file named by its key, the digest of the program's text and the build fingerprint. It
contains its key and a checksum, so a truncated, altered or renamed entry is recognised and rebuilt,
never run. As machine code runs with all rights of the user, a folder or file that anyone else could
have written is not read.

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

__all__ = ["cached_object", "evict_entries", "program_key", "read_entry", "write_entry"]

MAGIC = b"chainrule code 2"
HEADER_BYTES = len(MAGIC) + 64
MAX_CACHE_BYTES = 256 * 2**20


def cached_object(text: str, compile_text: Callable[[], bytes]) -> bytes:
    """Return object code, from the cache or compiled and cached."""
    key = program_key(text)
    code = read_entry(key)
    if code is None:
        code = compile_text()
        write_entry(key, code)
    return code


def program_key(text: str) -> bytes | None:
    """Return the key of a program, or None if it cannot be cached."""
    fingerprint = build_fingerprint()
    if fingerprint is None:
        return None
    digest = hashlib.sha256()
    for data in (text.encode(), fingerprint.encode()):
        # The length distinguishes ("ab", "c") from ("a", "bc").
        digest.update(len(data).to_bytes(8, "little") + data)
    return digest.digest()


def read_entry(key: bytes | None) -> bytes | None:
    """Return an entry's content, or None if it is missing, invalid or not private."""
    folder = _private_folder() if key else None
    return None if folder is None or key is None else _read(folder / key.hex(), key)


def write_entry(key: bytes | None, content: bytes) -> None:
    """Store an entry, or ignore that the disk is full or read-only."""
    folder = _private_folder() if key else None
    if folder is None or key is None:
        return
    parts = [MAGIC, key, hashlib.sha256(content).digest(), content]
    try:
        _evict_once(folder, os.getpid())
        write_atomically(folder / key.hex(), parts)
    except OSError:
        return


def evict_entries(folder: Path, max_bytes: int = MAX_CACHE_BYTES) -> None:
    """Remove the least recently used entries, until the others fit."""
    entries: list[tuple[float, int, Path]] = []
    for path in folder.iterdir():
        try:
            status = path.lstat()
        except OSError:
            continue  # another process removed it
        entries.append((status.st_mtime, status.st_size, path))
    total = 0
    for _, size, path in sorted(entries, reverse=True):
        total += size
        if total > max_bytes:
            path.unlink(missing_ok=True)


def _private_folder() -> Path | None:
    """Return the folder, created if missing; None if that fails or others may write to it."""
    return _prepare_folder(cache_folder() / "code", os.getpid())


@cache
def _prepare_folder(folder: Path, _process: int) -> Path | None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = folder.lstat()
    except OSError:
        return None
    return folder if stat.S_ISDIR(status.st_mode) and _is_private(status) else None


@cache
def _evict_once(folder: Path, _process: int) -> None:
    evict_entries(folder)


def _is_private(status: os.stat_result) -> bool:
    """Whether no other user can write to a file or folder."""
    if not hasattr(os, "getuid"):  # Windows: the folder inherits the profile's rights
        return True
    return status.st_uid == os.getuid() and not status.st_mode & 0o022


def _read(path: Path, key: bytes) -> bytes | None:
    try:
        # A link could lead to a file of another user.
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
        with os.fdopen(descriptor, "rb") as file:
            if not _is_private(os.fstat(descriptor)):
                return None
            content = file.read()
    except OSError:
        return None
    code = content[HEADER_BYTES:]
    expected = MAGIC + key + hashlib.sha256(code).digest()
    if not code or content[:HEADER_BYTES] != expected:
        return None
    try:
        os.utime(path)  # its last use, for evict_entries
    except OSError:
        return code
    return code
