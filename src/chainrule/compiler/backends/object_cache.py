"""Object code kept on disk between processes, in a folder of the user's own.

An entry is a file named by its key: a digest of the program's text, the processor and every version
that shaped the code. It holds its own key and a checksum, so that a torn, altered or renamed entry
is recognised; it is then rebuilt, never run. Machine code from a file runs with all of the user's
rights, so a folder or file that anyone else could have written is not even read.

    magic (16 bytes) | key (32) | SHA-256 of the code (32) | code
"""

import hashlib
import os
import stat
from collections.abc import Callable
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import llvmlite
import llvmlite.binding as llvm

from chainrule.compiler.backends.target import Target
from chainrule.storage import cache_folder, write_atomically

__all__ = ["cached_object", "clean_cache", "program_key"]

MAGIC = b"chainrule code 1"
HEADER_BYTES = len(MAGIC) + 64
LARGEST_CACHE = 256 * 2**20


def cached_object(text: str, target: Target, compile_text: Callable[[str, Target], bytes]) -> bytes:
    """Return the object code of a module, from the disk if it was made before.

    Parameters
    ----------
    text : str
        The module, or anything else that determines the code entirely.
    target : Target
        The processor.
    compile_text : callable
        ``(text, target) -> bytes``: makes the code where the cache has none. Usually
        `chainrule.compiler.backends.target.compile_module`.

    Returns
    -------
    bytes
        Object code. Trouble with the disk is not an error: the code is then made anew.
    """
    key = program_key(text, target)
    folder = _private_folder()
    if folder is None:
        return compile_text(text, target)
    path = folder / key.hex()
    code = _read(path, key)
    if code is None:
        code = compile_text(text, target)
        try:
            write_atomically(path, [MAGIC, key, hashlib.sha256(code).digest(), code])
        except OSError:
            return code  # a full or read-only disk only costs time
    return code


def program_key(text: str, target: Target) -> bytes:
    """Return the digest that names a program's code.

    Parameters
    ----------
    text : str
        What determines the code.
    target : Target
        The processor it is for.

    Returns
    -------
    bytes
        32 bytes; different whenever program, processor, LLVM, llvmlite or chainrule differ.
    """
    parts = (
        text, target.triple, target.cpu, target.features,
        f"{target.vector_bytes} {target.registers} {target.cheap_masks}",
        llvmlite.__version__, str(llvm.llvm_version_info), _own_version(),
    )  # fmt: skip
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode()
        # The length keeps ("ab", "c") and ("a", "bc") apart.
        digest.update(len(data).to_bytes(8, "little") + data)
    return digest.digest()


def clean_cache(folder: Path, largest: int = LARGEST_CACHE) -> None:
    """Remove the entries that were used longest ago, until the rest fits.

    Parameters
    ----------
    folder : path
        The folder of the entries.
    largest : int
        Bytes that may remain.
    """
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
        if not stat.S_ISDIR(status.st_mode) or not _is_own(status):
            return None
        clean_cache(folder)
    except OSError:
        return None
    return folder


def _is_own(status: os.stat_result) -> bool:
    """Tell whether nobody but this user could have written something."""
    if not hasattr(os, "getuid"):  # Windows: the folder inherits the profile's rights
        return True
    return status.st_uid == os.getuid() and not status.st_mode & 0o022


def _read(path: Path, key: bytes) -> bytes | None:
    """Return an entry's code, or None if it is missing or anything about it is not right."""
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


@cache
def _own_version() -> str:
    try:
        return version("chainrule")
    except PackageNotFoundError:
        return "unknown"
