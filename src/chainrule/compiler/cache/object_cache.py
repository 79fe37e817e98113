"""Object cache: compiled code on disk, in a private folder of the user.

An entry is a file named by its key, the digest of the program's text and the build fingerprint. It
contains its key and a message authentication code by the cache's secret, so an entry that was
truncated, altered, renamed or made by someone else is recognised and rebuilt, never run.

    magic (16 bytes) | key (32) | code of key and content (32) | content
"""

import hashlib
import os
import stat
import time
from collections.abc import Callable
from pathlib import Path

from chainrule.compiler.cache.fingerprint import build_fingerprint
from chainrule.compiler.cache.private_folder import (
    note_failed_write,
    private_folder,
    read_private,
    secret_of,
    warn_unless_kept,
)
from chainrule.storage import PRIVATE_FILE, write_atomically

__all__ = ["cached_object", "evict_entries", "program_key", "read_entry", "write_entry"]

MAGIC = b"chainrule code 3"
HEADER_BYTES = len(MAGIC) + 64
MAX_CACHE_BYTES = 2**28
"""What the entries may take after an eviction."""
EVICTION_BYTES = 2**24
"""What a process writes at most between two evictions, and the largest entry that is kept."""
CLOCK_TOLERANCE = 3600.0
"""Seconds by which an entry may be from the future; beyond, its time is that of a wrong clock."""

_unchecked: dict[Path, int] = {}
"""Bytes written by this process since its last eviction."""


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
    folder = private_folder() if key else None
    if folder is None or key is None:
        return None
    path = folder / key.hex()
    content = read_private(path, EVICTION_BYTES + HEADER_BYTES)
    secret = None if content is None else secret_of(folder)
    if content is None or secret is None:
        warn_unless_kept(folder)
        return None
    code = content[HEADER_BYTES:]
    if not code or content[:HEADER_BYTES] != _header(key, code, secret):
        return None
    try:
        os.utime(path)  # its last use, for evict_entries
    except OSError:
        return code
    return code


def write_entry(key: bytes | None, content: bytes) -> None:
    """Store an entry, or do nothing if the disk is full or read-only."""
    folder = private_folder() if key else None
    if folder is None or key is None or len(content) > EVICTION_BYTES:
        return
    path, secret = folder / key.hex(), secret_of(folder)
    try:
        _evict_at_times(folder, len(content))
        if secret is not None:
            _remove_irregular(path)
            # Not flushed, which takes longer than some programs do to compile: an entry that a
            # power failure cuts short is recognised and rebuilt.
            whole = [_header(key, content, secret), content]
            write_atomically(path, whole, PRIVATE_FILE, durable=False)
    except OSError as error:
        note_failed_write(folder, error)


def evict_entries(folder: Path, max_bytes: int = MAX_CACHE_BYTES) -> None:
    """Remove the least recently used entries, until the others fit."""
    entries: list[tuple[float, int, str]] = []
    end = time.time() + CLOCK_TOLERANCE
    with os.scandir(folder) as found:
        for each in found:
            try:
                status = each.stat(follow_symlinks=False)
            except OSError:
                continue  # another process removed it
            if stat.S_ISREG(status.st_mode) and not each.name.startswith("."):
                used = status.st_mtime if status.st_mtime < end else 0.0
                entries.append((used, status.st_size, each.path))
    total = 0
    for _, size, path in sorted(entries, reverse=True):
        total += size
        if total > max_bytes:
            Path(path).unlink(missing_ok=True)


def _evict_at_times(folder: Path, size: int) -> None:
    """Evict before the first entry that this process writes, and after each `EVICTION_BYTES`."""
    unchecked = _unchecked.get(folder, EVICTION_BYTES) + size
    if unchecked > EVICTION_BYTES:
        evict_entries(folder)
        unchecked = size
    _unchecked[folder] = unchecked


def _header(key: bytes, content: bytes, secret: bytes) -> bytes:
    code = hashlib.blake2b(key + content, key=secret, digest_size=32)
    return MAGIC + key + code.digest()


def _remove_irregular(path: Path) -> None:
    """Remove a link, named pipe or the like in place of an entry."""
    if os.path.lexists(path) and not stat.S_ISREG(os.lstat(path).st_mode):
        path.unlink()
