"""Locks that a forked child finds open."""

from __future__ import annotations

import os
import threading
from typing import Any
from weakref import WeakSet

__all__ = ["fork_lock"]

_locks: WeakSet[Any] = WeakSet()


def fork_lock() -> threading.Lock:
    """Return a lock that is open in a forked child, even if another thread held it meanwhile.

    The child has no such thread, so nobody would ever let go of it.

    Examples
    --------
    >>> with fork_lock() as is_held:
    ...     is_held
    True
    """
    lock = threading.Lock()
    _locks.add(lock)
    return lock


def _free_locks() -> None:
    """``_at_fork_reinit`` is how the standard library's own modules do it."""
    for lock in list(_locks):
        getattr(lock, "_at_fork_reinit", lambda: None)()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_free_locks)
