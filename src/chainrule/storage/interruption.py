"""Calls of the system that a signal interrupts (EINTR), where Python does not repeat them.

Opening, reading, writing, locking and flushing are repeated by Python itself (PEP 475).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from io import BufferedReader
from pathlib import Path

__all__ = ["close", "names_in", "reading"]


def names_in(folder: str | os.PathLike[str]) -> list[str]:
    """Return the names of what is in a folder; on some file systems a signal interrupts that.

    Examples
    --------
    >>> import tempfile
    >>> names_in(tempfile.mkdtemp())
    []
    """
    while True:
        try:
            return os.listdir(folder)
        except InterruptedError:  # its handler has run
            continue


def close(closing: Callable[[], object]) -> None:
    """Close a file by a function. One that is interrupted has closed it; what is flushed is kept.

    To repeat it would close another file, that of another thread, under the same number.
    """
    with suppress(InterruptedError):
        closing()


@contextmanager
def reading(path: Path) -> Generator[BufferedReader]:
    """Open a file to read it, and close it."""
    file = path.open("rb")
    try:
        yield file
    finally:
        close(file.close)
