"""Atomic, durable writes: the only module that writes files.

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
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

__all__ = ["cache_folder", "publish", "sha256_of", "write_at", "write_atomically"]

Bytes = bytes | bytearray | memoryview


def write_atomically(path: str | os.PathLike[str], content: Bytes | Iterable[Bytes]) -> None:
    """Replace the content of a file atomically.

    Parameters
    ----------
    path : str or path
        The file to create or replace; its folder must exist. A symbolic link is followed, and a
        file that is replaced keeps its permissions.
    content : bytes, or iterable of bytes
        The content, whole or in chunks. Chunks are written as they are produced, so a file may be
        larger than memory.

    Raises
    ------
    OSError
        If the folder is missing, ``path`` is a folder, or writing fails. No temporary file remains
        then, nor when the iterable raises.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> write_atomically(folder / "note.txt", [b"chain ", b"rule"])
    >>> (folder / "note.txt").read_bytes()
    b'chain rule'
    """
    target = _checked_target(path)
    # Not derived from the target's name, which may already have the maximal length.
    temporary = target.with_name(f".{os.urandom(8).hex()}.tmp")
    try:
        with temporary.open("xb") as file:
            _write_all(file, content)
        if target.exists():
            temporary.chmod(target.stat().st_mode & 0o7777)
        publish(temporary, target)
    except BaseException:  # also KeyboardInterrupt: no temporary file may remain
        temporary.unlink(missing_ok=True)
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
    path.touch()
    with path.open("r+b") as file:
        file.seek(offset)
        file.truncate()
        try:
            for chunk in chunks:
                file.write(chunk)
        finally:
            _flush_to_disk(file)


def publish(temporary: Path, target: Path) -> None:
    """Rename a finished file to its target, atomically and durably.

    Parameters
    ----------
    temporary : path
        A file whose content is flushed, in the folder of ``target``.
    target : path
        The final name; a file of that name is replaced.
    """
    os.replace(temporary, target)
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


def cache_folder() -> Path:
    """Return the folder for files that can be recreated; it need not exist yet.

    ``$CHAINRULE_CACHE`` where it is set, otherwise the platform's cache folder.

    Returns
    -------
    path
        An absolute path.
    """
    chosen = os.environ.get("CHAINRULE_CACHE")
    if chosen:
        return Path(chosen).expanduser().absolute()
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", "~/AppData/Local")).expanduser() / "chainrule"
    if sys.platform == "darwin":
        return Path("~/Library/Caches/chainrule").expanduser()
    base = os.environ.get("XDG_CACHE_HOME", "")
    # The XDG specification asks to ignore a relative path.
    return (Path(base) if os.path.isabs(base) else Path("~/.cache").expanduser()) / "chainrule"


def _checked_target(path: str | os.PathLike[str]) -> Path:
    """Resolve links and refuse a target that cannot be a file, before anything is written."""
    target = Path(os.path.realpath(path))
    if not target.parent.is_dir():
        raise FileNotFoundError(
            errno.ENOENT,
            "cannot write a file here: the folder does not exist; create it first",
            str(path),
        )
    if target.is_dir():
        raise IsADirectoryError(
            errno.EISDIR, "cannot write a file here: this is a folder; add a file name", str(path)
        )
    return target


def _write_all(file: BinaryIO, content: Bytes | Iterable[Bytes]) -> None:
    chunks = [content] if isinstance(content, bytes | bytearray | memoryview) else content
    for chunk in chunks:
        file.write(chunk)
    _flush_to_disk(file)


def _flush_to_disk(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())


def _flush_folder(folder: Path) -> None:
    if sys.platform == "win32":  # folders cannot be opened there; renames are journalled
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        # Some network file systems cannot flush a folder; the rename itself has succeeded.
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(descriptor)
