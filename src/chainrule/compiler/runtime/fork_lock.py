"""Locks that are released in a forked child."""

from __future__ import annotations

import os
import threading
from typing import Any
from weakref import WeakSet

__all__ = ["fork_lock"]

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


def _release_all() -> None:
    """Release all locks, by ``_at_fork_reinit`` as the standard library's own modules do."""
    for lock in list(_locks):
        getattr(lock, "_at_fork_reinit", lambda: None)()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_release_all)
