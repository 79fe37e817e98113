"""Discard what a function prints while it is traced, in the thread that traces it."""

from __future__ import annotations

import sys
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from threading import Lock
from typing import Any

__all__ = ["discarded_output"]

_discards: ContextVar[bool] = ContextVar("discards", default=False)


class _Stream:
    """``sys.stdout`` while at least one thread discards its output; others write as before."""

    def __init__(self, stream: Any) -> None:
        self.stream = stream

    def write(self, text: str) -> int:
        """Write, except where output is discarded."""
        return len(text) if _discards.get() else self.stream.write(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)


_lock = Lock()
_streams: list[_Stream] = []  # one for each block that is open


@contextmanager
def discarded_output() -> Generator[None]:
    """Discard what this thread prints; ``sys.stdout`` is as before when the last block ends.

    `contextlib.redirect_stdout` is not for threads: of two blocks that overlap, the one that ends
    last restores the stream of the other, and the program prints nothing any more.
    """
    with _lock:
        if not (_streams and sys.stdout is _streams[-1]):
            sys.stdout = _Stream(sys.stdout)
        stream: Any = sys.stdout
        _streams.append(stream)
    token = _discards.set(True)
    try:
        yield
    finally:
        _discards.reset(token)
        with _lock:
            _streams.remove(stream)
            if sys.stdout is stream and stream not in _streams:
                sys.stdout = stream.stream
