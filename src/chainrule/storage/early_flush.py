"""Flushing of a file to the disk while more of it is written.

A flush at the end alone leaves the disk idle meanwhile: of 100 MB, writing to memory and a checksum
take a fifth of a second, in which the disk writes as much.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Generator
from contextlib import contextmanager

__all__ = ["EarlyFlush", "early_flush"]

STEP = 8 * 2**20
"""Bytes that are written before another flush begins."""


class EarlyFlush:
    """Flushes an open file in another thread, one flush at a time.

    The system reports a failed write once, to one flush: its error is raised by the next method.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._waiting = 0
        self._thread: threading.Thread | None = None
        self._error: OSError | None = None

    def wrote(self, count: int) -> None:
        """Note that so many bytes more were written; begin a flush if there is enough for one."""
        self._waiting += count
        if self._waiting >= STEP and not (self._thread and self._thread.is_alive()):
            self._raise()
            self._waiting = 0
            self._thread = threading.Thread(target=self._flush)
            self._thread.start()

    def finish(self) -> None:
        """Wait for the flush that is running, then flush the rest if it is large."""
        self.wait()
        if self._waiting >= STEP // 4:
            self._flush()
        self._raise()

    def wait(self) -> None:
        """Wait for the flush that is running."""
        if self._thread is not None:
            self._thread.join()

    def _flush(self) -> None:
        try:
            # Without the times of the file, where the system can: the last flush writes them.
            getattr(os, "fdatasync", os.fsync)(self._descriptor)
        except OSError as error:
            self._error = error

    def _raise(self) -> None:
        if self._error is not None:
            raise self._error


@contextmanager
def early_flush(descriptor: int) -> Generator[EarlyFlush]:
    """Give a file that is written early flushes, of which none is running afterwards."""
    flush = EarlyFlush(descriptor)
    try:
        yield flush
    finally:
        flush.wait()
