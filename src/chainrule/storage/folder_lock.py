"""A lock of a folder: one process, and one call of it, writes there at a time.

The lock is one of the system (``flock``) on the file ``lock``, which names its owner, and so ends
with the process, however that ends. Forked children, which would hold it too, close it.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Generator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

from chainrule.errors import warn
from chainrule.storage.interruption import close
from chainrule.storage.target_file import is_on_read_only_disk
from chainrule.storage.write_error import naming

__all__ = ["FolderInUseError", "create_folder", "locked_folder"]

NAME = "lock"

_NO_LOCKS = {errno.ENOLCK, errno.ENOTSUP, errno.EINVAL, errno.ENOSYS}
"""Errors of file systems without locks."""

_held: dict[tuple[str, int], object] = {}
_descriptors: set[int] = set()


class FolderInUseError(OSError):
    """Another process, or another call of this one, writes to a folder."""


@contextmanager
def locked_folder(folder: Path) -> Generator[None]:
    """Hold the lock of a folder, which is created if it does not exist.

    Parameters
    ----------
    folder : path
        The folder.

    Raises
    ------
    FolderInUseError
        If it is locked; the message names the process and its host.
    OSError
        If the folder cannot be created or written to.
    """
    create_folder(folder)
    place = os.path.realpath(folder), os.getpid()  # a forked child has no lock of its parent's
    mine = object()
    if _held.setdefault(place, mine) is not mine:
        raise _in_use(folder, f"this process ({os.getpid()})")
    try:
        with naming(folder / NAME, attempt="lock the folder of this file"):
            descriptor = _locked(folder)
        _descriptors.add(descriptor)
        try:
            yield
        finally:
            if place[1] == os.getpid():  # no child that leaves the block of its parent
                with suppress(OSError):  # before the lock ends, so that no other one is removed
                    os.unlink(folder / NAME)
                _descriptors.discard(descriptor)
                close(partial(os.close, descriptor))
    finally:
        _held.pop(place, None)


def _close_in_child() -> None:
    while _descriptors:
        close(partial(os.close, _descriptors.pop()))


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_close_in_child)


def create_folder(folder: Path) -> None:
    """Create a folder, or refuse one that cannot be written to, for the superuser too."""
    with naming(folder, attempt="write to this folder"):
        _create_folder(folder)


def _create_folder(folder: Path) -> None:
    nearest = next(each for each in (folder, *folder.parents) if os.path.lexists(each))
    if not os.path.isdir(nearest):
        reason = "this is not a folder; give the name of one, which may be new"
        raise NotADirectoryError(errno.ENOTDIR, reason, str(nearest))
    os.makedirs(folder, exist_ok=True)
    if is_on_read_only_disk(folder):
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(folder))
    if not os.stat(folder).st_mode & 0o222 or not os.access(folder, os.W_OK):
        reason = "this folder is read-only; allow to write to it, or give another one"
        raise PermissionError(errno.EACCES, reason, str(folder))


def _locked(folder: Path) -> int:
    """Return the open file of a lock that is held."""
    path = folder / NAME
    while True:
        descriptor, is_writable = _opened(path)
        try:
            if not _lock(descriptor, folder):
                owner = os.pread(descriptor, 300, 0).decode("ascii", "replace").strip()
                raise _in_use(folder, owner or "another process")
            if _is_at(descriptor, path):
                if is_writable:
                    owner = f"process {os.getpid()} on {_host()}"
                    os.ftruncate(descriptor, 0)
                    os.pwrite(descriptor, ascii(owner)[1:-1].encode(), 0)
                    return descriptor
                os.unlink(path)  # of a user whose process has ended
        except BaseException:
            close(partial(os.close, descriptor))
            raise
        # Of a lock that its owner has just removed: there is another file.
        close(partial(os.close, descriptor))


def _opened(path: Path) -> tuple[int, bool]:
    """Open the file of a lock, and tell whether it can be written to: not that of another user."""
    as_it_is = getattr(os, "O_NOFOLLOW", 0)
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | as_it_is, 0o666), True
    except PermissionError as error:
        try:
            return os.open(path, os.O_RDONLY | as_it_is), False
        except OSError:
            raise error from None


def _lock(descriptor: int, folder: Path) -> bool:
    """Lock an open file; return whether no other process has, as far as the disk can tell."""
    if sys.platform == "win32":
        import msvcrt

        try:
            os.lseek(descriptor, 1000, os.SEEK_SET)  # the text before it stays readable
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True
    import fcntl

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in (errno.EACCES, errno.EAGAIN):
            return False
        if error.errno not in _NO_LOCKS:
            raise
        warn(
            f"the disk of {folder} has no locks ({error.strerror}): it is not known whether "
            "another process writes to this folder; make sure that none does"
        )
    return True


def _host() -> str:
    return os.uname().nodename if hasattr(os, "uname") else os.environ.get("COMPUTERNAME", "")


def _is_at(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), os.stat(path))
    except FileNotFoundError:
        return False


def _in_use(folder: Path, owner: str) -> FolderInUseError:
    reason = f"{owner} writes to this folder; wait until it ends, or give another folder"
    return FolderInUseError(errno.EBUSY, reason, str(folder))
