"""Locks that are free in a forked child, and in a copy of their owner."""

from __future__ import annotations

import os
import threading
from types import TracebackType
from typing import Any
from weakref import WeakSet

__all__ = ["ReentrantLock", "fork_lock"]

_locks: WeakSet[Any] = WeakSet()


def fork_lock() -> threading.Lock:
    """Return a lock that is free in a forked child, even if another thread of the parent held it.

    That thread does not exist in the child, so it would never be released there.

    Examples
    --------
    >>> with fork_lock() as is_held:
    ...     is_held
    True
    """
    lock = threading.Lock()
    _locks.add(lock)
    return lock


class ReentrantLock:
    """A lock that its holder may take again; a copy of its owner has one of its own.

    Examples
    --------
    >>> lock = ReentrantLock()
    >>> with lock, lock:
    ...     "held twice"
    'held twice'
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        _locks.add(self._lock)

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._lock.release()

    def __reduce__(self) -> tuple[type[ReentrantLock], tuple[()]]:
        return ReentrantLock, ()


def _release_all() -> None:
    """Release all locks, by ``_at_fork_reinit`` as the standard library's own modules do."""
    for lock in list(_locks):
        getattr(lock, "_at_fork_reinit", lambda: None)()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_release_all)
