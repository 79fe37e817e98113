"""The file that a path leads to, which a write may create or replace, and its attributes."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from chainrule.errors import ArgumentError
from chainrule.storage.write_error import naming

__all__ = [
    "check_suffix",
    "checked_target",
    "copy_attributes",
    "expanded",
    "is_on_read_only_disk",
    "refuse_irregular",
]

KINDS = {
    stat.S_IFCHR: "a device", stat.S_IFBLK: "a device", stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket", stat.S_IFLNK: "a symbolic link",
}  # fmt: skip
SEPARATORS = tuple(each for each in (os.sep, os.altsep) if each)
KEPT_ATTRIBUTES = ("user.", "system.posix_acl_access")
"""Extended attributes that a file keeps when it is replaced; the system sets the others."""


def expanded(text: str) -> str:
    """Return a path with ``~`` for the home folder, unless there is a file of that very name.

    Examples
    --------
    >>> expanded("~/net.safetensors") == os.path.expanduser("~/net.safetensors")
    True
    """
    is_home = text.startswith("~") and not os.path.lexists(text)
    return os.path.expanduser(text) if is_home else text


def checked_target(path: str | os.PathLike[str]) -> tuple[Path, os.stat_result | None]:
    """Follow links; return the file to write and its status, None if it is to be created.

    What is no regular file is refused: to rename a file to its name would replace it.
    """
    text = expanded(os.fsdecode(path))
    with naming(text):
        return _checked_target(text)


def _checked_target(text: str) -> tuple[Path, os.stat_result | None]:
    status = _status(text)
    target = Path(os.path.realpath(text))
    if status is None:
        _refuse_new(target, text)
        return target, None
    refuse_irregular(text, status)
    try:
        status = os.lstat(target)  # another process may have replaced it
    except FileNotFoundError:
        raise _refusal(errno.ENOENT, "this file has just been removed", text) from None
    refuse_irregular(text, status)
    if is_on_read_only_disk(target):
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), text)
    # The superuser, who may write any file, is asked to allow it too, as by editors.
    if not status.st_mode & 0o222 or not _may_write(target):
        raise _refusal(
            errno.EACCES, "this file is read-only; allow to write it, or give another name", text
        )
    return target, status


def is_on_read_only_disk(path: str | os.PathLike[str]) -> bool:
    """Whether a file or folder is on a file system that is mounted read-only."""
    return hasattr(os, "statvfs") and bool(os.statvfs(path).f_flag & os.ST_RDONLY)


def check_suffix(function: str, path: str | os.PathLike[str], suffixes: Sequence[str]) -> None:
    """Raise unless the suffix of a file to write, if any, is one of what is written."""
    target = Path(path)
    if target.suffix.lower() not in ("", *suffixes):
        raise ArgumentError(
            f"{function}: {target.name!r} has the suffix of another format than those written, "
            f"{', '.join(suffixes)}; name it {target.with_suffix(suffixes[0]).name!r}"
        )


def refuse_irregular(path: str | os.PathLike[str], status: os.stat_result) -> None:
    """Raise if a path is a folder, device, named pipe, socket or link."""
    if stat.S_ISDIR(status.st_mode):
        raise _refusal(errno.EISDIR, "this is a folder; add a file name", path)
    if not stat.S_ISREG(status.st_mode):
        kind = KINDS.get(stat.S_IFMT(status.st_mode), "no regular file")
        raise _refusal(errno.EINVAL, f"this is {kind}; give the name of a file", path)


def copy_attributes(source: Path, status: os.stat_result, descriptor: int) -> None:
    """Give a new file owner, group, extended attributes and permissions of the one it replaces."""
    if not hasattr(os, "fchown"):  # Windows: a file has the rights of its folder
        return
    mode, mine = stat.S_IMODE(status.st_mode), os.fstat(descriptor)
    if (mine.st_uid, mine.st_gid) != (status.st_uid, status.st_gid):
        mode &= 0o777  # a program that ran as its owner would run as another one
        try:
            _change_owner(descriptor, status)
        except PermissionError:
            # What the group could do, another group can only if everyone could.
            mode &= 0o707 | (mode & 0o007) << 3
    if hasattr(os, "listxattr"):
        with suppress(OSError):
            for name in os.listxattr(source):
                if name.startswith(KEPT_ATTRIBUTES):
                    os.setxattr(descriptor, name, os.getxattr(source, name))
    os.fchmod(descriptor, mode)


def _change_owner(descriptor: int, status: os.stat_result) -> None:
    try:
        os.fchown(descriptor, status.st_uid, status.st_gid)
    except PermissionError:
        os.fchown(descriptor, -1, status.st_gid)


def _status(text: str) -> os.stat_result | None:
    try:
        return os.stat(text)
    except FileNotFoundError:
        return None
    except ValueError as error:  # a null character
        raise _refusal(errno.EINVAL, str(error), text) from None
    except OSError as error:
        if error.errno != errno.ELOOP:
            raise
        raise _refusal(errno.ELOOP, "this link leads in a circle", text) from None


def _refuse_new(target: Path, text: str) -> None:
    if os.path.islink(text):
        reason = "this link leads to no file; remove it, or create the file that it names"
        raise _refusal(errno.ENOENT, reason, text)
    if not target.parent.is_dir():
        raise _refusal(errno.ENOENT, "the folder does not exist; create it first", text)
    if text.endswith(SEPARATORS):
        raise _refusal(errno.EISDIR, "this names a folder; add a file name", text)


def _refusal(number: int, reason: str, path: str | os.PathLike[str]) -> OSError:
    """Return the error of the subclass for the number, such as IsADirectoryError."""
    return OSError(number, f"cannot write a file here: {reason}", str(path))


def _may_write(path: Path) -> bool:
    if os.access in os.supports_effective_ids:
        return os.access(path, os.W_OK, effective_ids=True)
    return os.access(path, os.W_OK)
