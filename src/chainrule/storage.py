"""The one module that writes files, so that every file is either whole or not there.

A reader, or a machine that loses power, sees the old content or the new content and never a
mixture: the bytes go to a temporary file in the same folder, reach the disk (``fsync``), take the
final name in one step (``rename``), and the folder's entry reaches the disk too.

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
    """Write a whole file, or leave everything as it was.

    Parameters
    ----------
    path : str or path
        The file to create or replace; its folder must exist. A symbolic link is followed, and a
        file that is replaced keeps its permissions.
    content : bytes, or iterable of bytes
        The content, whole or in chunks. Chunks are written as they come, so a file may be larger
        than memory.

    Raises
    ------
    OSError
        If the folder is missing, ``path`` is a folder, or the disk refuses. Nothing is left behind
        then, nor when producing a chunk raises.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> write_atomically(folder / "note.txt", [b"chain ", b"rule"])
    >>> (folder / "note.txt").read_bytes()
    b'chain rule'
    """
    target = _checked_target(path)
    # A short name of its own: the target's name may already be as long as the file system allows.
    temporary = target.with_name(f".{os.urandom(8).hex()}.tmp")
    try:
        with temporary.open("xb") as file:
            _write_all(file, content)
        if target.exists():
            temporary.chmod(target.stat().st_mode & 0o7777)
        publish(temporary, target)
    except BaseException:  # also KeyboardInterrupt: nothing may be left behind
        temporary.unlink(missing_ok=True)
        raise


def write_at(path: Path, offset: int, chunks: Iterable[Bytes]) -> None:
    """Write chunks from a position of a file on, so that an interrupted transfer can go on later.

    Parameters
    ----------
    path : path
        The file to extend; created where absent.
    offset : int in [0, size of the file]
        Where the first chunk goes; what stands behind it is cut off.
    chunks : iterable of bytes
        What arrives. When it raises, the chunks that came before are kept.
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
    """Give a finished file its final name in one step, and make that durable.

    Parameters
    ----------
    temporary : path
        A file whose content has reached the disk, in the folder of ``target``.
    target : path
        The final name; a file of that name is replaced.
    """
    os.replace(temporary, target)
    _flush_folder(target.parent)


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file as 64 hexadecimal digits, reading it in chunks.

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
    """Return the folder for files that can be fetched or made again; it need not exist yet.

    ``$CHAINRULE_CACHE`` where it is set, otherwise the platform's place for caches.

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
    """Follow links and refuse a target that cannot be a file, before anything is written."""
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
    if sys.platform == "win32":  # folders cannot be opened there, and renames are journalled
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        # Some network file systems have no such operation; the rename itself has succeeded.
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(descriptor)
