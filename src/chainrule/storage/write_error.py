"""Errors of the system in words: the path that the user gave, the cause, what is left, a remedy."""

from __future__ import annotations

import errno
import os
from collections.abc import Generator
from contextlib import contextmanager

__all__ = ["naming"]

_REMEDIES = {
    "ENOSPC": "free some space on this disk, or write to another one",
    "EDQUOT": "remove files of yours from this disk, or ask for a larger quota",
    "EIO": "the disk or the connection to it fails: write to another one",
    "EROFS": "this disk is mounted read-only: write to another one",
    "EACCES": "ask for the permission to use it, or give another name",
    "EPERM": "ask for the permission to use it, or give another name",
    "EFBIG": "raise the limit of the size of files (ulimit -f), or write to another disk",
    "EMFILE": "close files that are open, or raise the limit of their number (ulimit -n)",
    "ENFILE": "close files that are open, or wait until other processes do",
    "ENOENT": "its folder does not exist: create it",
    "ENOTDIR": "a file has taken the place of its folder: remove that, or give another folder",
    "ENAMETOOLONG": "give a shorter name",
    "ENOLCK": "this disk has no locks left: write to another one",
    "ESTALE": "the connection to this disk is broken: mount it again",
}
_REMEDY_OF = {
    getattr(errno, name): text for name, text in _REMEDIES.items() if hasattr(errno, name)
}


@contextmanager
def naming(
    path: str | os.PathLike[str], consequence: str = "", attempt: str = "write this file"
) -> Generator[None]:
    """Raise the system's errors with the path that the user gave, in words.

    Parameters
    ----------
    path : str or path
        What the error names.
    consequence : str
        What is left of the file.
    attempt : str
        What could not be done.

    Raises
    ------
    OSError
        Of the subclass and number of the system's error; one that has words already is raised as
        it is.

    Examples
    --------
    >>> with naming("net.safetensors", "an earlier version of it is unchanged"):
    ...     raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    Traceback (most recent call last):
        ...
    OSError: [Errno 28] cannot write this file: No space left on device; an earlier version of it \
is unchanged; free some space on this disk, or write to another one: 'net.safetensors'
    """
    try:
        yield
    except OSError as error:
        number, cause = error.errno or errno.EIO, error.strerror or str(error)
        if error.filename is not None and cause != os.strerror(number):
            raise
        parts = [f"cannot {attempt}: {cause}", consequence, _REMEDY_OF.get(number, "")]
        raise OSError(number, "; ".join(filter(None, parts)), os.fspath(path)) from error
