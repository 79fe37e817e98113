"""Writes that are whole or undone: the only module that writes files.

A reader sees the old or the new content, never a mixture, even after a power failure: the bytes are
written to a temporary file in the same folder and flushed (``fsync``), the file is renamed to the
target (``rename`` is atomic), and the directory entry is flushed too.

References
----------
Pillai et al. (2014), "All File Systems Are Not Created Equal", OSDI: why each of the four steps is
needed.
"""

import errno
import hashlib
import os
import sys
from collections.abc import Callable, Iterable
from functools import partial
from io import FileIO
from pathlib import Path
from typing import cast

from chainrule.storage.early_flush import EarlyFlush, early_flush
from chainrule.storage.interruption import close
from chainrule.storage.target_file import checked_target, copy_attributes, refuse_irregular
from chainrule.storage.temporary_file import new_temporary, remove_abandoned, remove_temporary
from chainrule.storage.write_error import naming

__all__ = [
    "PRIVATE_FILE",
    "append",
    "create_atomically",
    "publish",
    "sha256_of",
    "write_at",
    "write_atomically",
]

AnyPath = str | os.PathLike[str]
Bytes = bytes | bytearray | memoryview

NEW_FILE, PRIVATE_FILE = 0o666, 0o600
"""Permissions of a new file, less those that the umask removes."""

AS_IT_IS = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
"""Flags by which to open a name itself: no link is followed, no named pipe waited for."""

PIECE = 8 * 2**20
"""Bytes of one call of the system, between which signals are handled and a flush may begin."""

UNCHANGED, NOTHING = "an earlier version of it is unchanged", "nothing of it is left"


def write_atomically(
    path: AnyPath,
    content: Bytes | Iterable[Bytes],
    permissions: int = NEW_FILE,
    durable: bool = True,
    patch: Callable[[], tuple[int, bytes]] | None = None,
) -> None:
    """Replace the content of a file atomically.

    A symbolic link is followed, and stays. A file that is replaced keeps its permissions, and its
    owner and group where the system permits it; other hard links to it keep the old content.
    Temporary files that killed processes have left in the folder are removed.

    Parameters
    ----------
    path : str or path
        The file to create or replace; its folder must exist.
    content : bytes, or iterable of bytes
        The content, whole or in chunks. Chunks are written as they are produced, so a file may be
        larger than memory.
    permissions : int
        Of a new file, less those that the umask removes.
    durable : bool
        Whether to wait until the content has reached the disk. Without, a power failure may leave a
        file cut short: for content that is verified when it is read and can be made anew.
    patch : callable or None
        Returns an offset and bytes to write there when the content is written, such as a checksum.

    Raises
    ------
    OSError
        If the folder is missing, ``path`` is something other than a regular file, or read-only, or
        writing fails. No temporary file remains then, nor when the iterable raises.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> write_atomically(folder / "note.txt", [b"chain ", b"rule"])
    >>> (folder / "note.txt").read_bytes()
    b'chain rule'
    """
    target, replaced = checked_target(path)
    temporary = new_temporary(target.parent)
    # What is to replace a private file must not be readable before it does.
    mode, left = (permissions, NOTHING) if replaced is None else (PRIVATE_FILE, UNCHANGED)
    try:
        with _open(path, temporary, "xb", mode, consequence=left) as file:
            with naming(path, left):
                remove_abandoned(target.parent, os.fstat(file.fileno()).st_mtime)
            with early_flush(file.fileno()) as flush:
                _write_all(path, file, content, left, flush if durable else None)
                if patch is not None:
                    _apply(path, file, patch, left, flush if durable else None)
            with naming(path, left):
                if replaced is not None:
                    copy_attributes(target, replaced, file.fileno())
                if durable:
                    os.fsync(file.fileno())
                close(file.close)
        publish(temporary, target, durable)
    finally:  # also after a KeyboardInterrupt no temporary file may remain
        remove_temporary(temporary)


def create_atomically(path: Path, content: Bytes, permissions: int = NEW_FILE) -> None:
    """Create a file unless there is one; of several writers at once, the first one succeeds.

    Parameters
    ----------
    path : path
        The file to create; its folder must exist.
    content : bytes
        The content.
    permissions : int
        Of the file, less those that the umask removes.
    """
    temporary = new_temporary(path.parent)
    try:
        with _open(path, temporary, "xb", permissions) as file:
            _write_all(path, file, content)
            os.fsync(file.fileno())
        try:
            os.link(temporary, path)
        except FileExistsError:
            return
        except OSError:  # a file system without hard links
            os.replace(temporary, path)
    finally:
        remove_temporary(temporary)


def append(path: AnyPath, content: Bytes, permissions: int = NEW_FILE) -> None:
    """Add bytes at the end of a file, all or none.

    A symbolic link is followed. Readers may see a part of the content while it is written; where
    writing fails, as on a full disk, that part is removed.

    Parameters
    ----------
    path : str or path
        The file to extend; created where absent, in a folder that must exist.
    content : bytes
        The bytes to add.
    permissions : int
        Of a new file, less those that the umask removes.

    Raises
    ------
    OSError
        If the folder is missing, ``path`` is something other than a regular file, or read-only, or
        writing fails.
    """
    target, _ = checked_target(path)
    consequence = "what it held before is unchanged"
    with _open(path, target, "ab", permissions, consequence=consequence) as file:
        size = os.fstat(file.fileno()).st_size
        try:
            _write_all(path, file, content, consequence)
        except BaseException:
            file.truncate(size)
            raise


def write_at(path: Path, offset: int, chunks: Iterable[Bytes]) -> None:
    """Write chunks at an offset of a file, so that an interrupted transfer can be resumed.

    Parameters
    ----------
    path : path
        The file to extend; created where absent.
    offset : int in [0, size of the file]
        Of the first chunk; the file is truncated there.
    chunks : iterable of bytes
        The content. If it raises, the chunks written before remain.
    """
    with _open(path, path, "r+b", NEW_FILE, os.O_CREAT) as file:
        refuse_irregular(path, os.fstat(file.fileno()))
        file.seek(offset)
        file.truncate()
        try:
            _write_all(path, file, chunks)
        finally:
            with naming(path, "what was written before remains"):
                os.fsync(file.fileno())


def publish(temporary: Path, target: Path, durable: bool = True) -> None:
    """Rename a finished file to its target, atomically and, unless told otherwise, durably.

    Parameters
    ----------
    temporary : path
        A file whose content is flushed, in the folder of ``target``.
    target : path
        The final name; a file of that name is replaced, anything else is refused.
    durable : bool
        Whether to wait until the new name has reached the disk.
    """
    left = UNCHANGED if os.path.lexists(target) else NOTHING
    with naming(target, left):
        if left is UNCHANGED:
            refuse_irregular(target, os.lstat(target))
        os.replace(temporary, target)
    if durable:
        with naming(target, "the new file is there, but may not survive a power failure"):
            _flush_folder(target.parent)


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file as 64 hexadecimal digits, read in chunks.

    Parameters
    ----------
    path : path
        The file.

    Returns
    -------
    str
        Lower-case hexadecimal digits.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _open(
    path: AnyPath,
    name: Path,
    mode: str,
    permissions: int,
    flags: int = 0,
    consequence: str = UNCHANGED,
) -> FileIO:
    """Open a file, unbuffered; `path` is what errors name."""

    def opener(text: str, mode_flags: int) -> int:
        return os.open(text, mode_flags | flags | AS_IT_IS, permissions)

    with naming(path, consequence):
        # An object, unlike a descriptor, is closed if an interrupt comes before it has a name.
        return cast(FileIO, open(name, mode, buffering=0, opener=opener))


def _apply(
    path: AnyPath,
    file: FileIO,
    patch: Callable[[], tuple[int, bytes]],
    consequence: str,
    flush: EarlyFlush | None,
) -> None:
    """Write what `patch` returns at its offset; what is written before is flushed meanwhile."""
    if flush is not None:
        with naming(path, consequence):
            flush.finish()
    offset, rest = patch()
    with naming(path, consequence):
        file.seek(offset)
    _write_all(path, file, rest, consequence)


def _write_all(
    path: AnyPath,
    file: FileIO,
    content: Bytes | Iterable[Bytes],
    consequence: str = UNCHANGED,
    flush: EarlyFlush | None = None,
) -> None:
    chunks = [content] if isinstance(content, bytes | bytearray | memoryview) else content
    for chunk in chunks:
        rest = memoryview(chunk).cast("B")
        while rest:
            with naming(path, consequence):
                written = os.write(file.fileno(), rest[:PIECE])
                if flush is not None:
                    flush.wrote(written)
            rest = rest[written:]


def _flush_folder(folder: Path) -> None:
    if sys.platform == "win32":  # folders cannot be opened there; renames are journalled
        return
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except PermissionError:  # a folder in which one may write, not read
        return
    try:
        os.fsync(descriptor)
    except OSError as error:
        # Some network file systems cannot flush a folder; the rename itself has succeeded.
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        close(partial(os.close, descriptor))
