"""Locks that are free in a forked child, and in a copy of their owner."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, Generic, Self, TypeVar, overload
from weakref import WeakSet

__all__ = ["ReentrantLock", "cached_property", "fork_lock"]

Value = TypeVar("Value")

_locks: WeakSet[Any] = WeakSet()
_awaited: WeakSet[Any] = WeakSet()  # by a fork, which copies what they protect
_held_by_fork: list[Any] = []

_FORK_SECONDS = 5.0
"""How long a fork waits for all locks together, in case their holders wait for its thread."""


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


class cached_property(Generic[Value]):  # noqa: N801 (as in functools)
    """``functools.cached_property`` without the lock that it has before Python 3.12.

    A child that is forked while another thread computes the property would wait for it for ever.
    Two threads may both compute the value.

    Examples
    --------
    >>> class Circle:
    ...     radius = 2
    ...     @cached_property
    ...     def area(self):
    ...         return 3 * self.radius**2
    >>> circle = Circle()
    >>> circle.area, vars(circle)
    (12, {'area': 12})
    """

    def __init__(self, function: Callable[[Any], Value]) -> None:
        self.function, self.__doc__ = function, function.__doc__

    @overload
    def __get__(self, instance: None, owner: type[Any] | None = None) -> Self: ...
    @overload
    def __get__(self, instance: object, owner: type[Any] | None = None) -> Value: ...
    def __get__(self, instance: object | None, owner: type[Any] | None = None) -> Self | Value:
        if instance is None:
            return self
        # The entry hides this descriptor, which has no __set__, from then on.
        return vars(instance).setdefault(self.function.__name__, self.function(instance))


class ReentrantLock:
    """A lock that its holder may take again; a copy of its owner has one of its own.

    A fork waits for one that `protects_a_write`, so that the child has either what was before the
    write or what is after it.

    Examples
    --------
    >>> lock = ReentrantLock()
    >>> with lock, lock:
    ...     "held twice"
    'held twice'
    """

    def __init__(self, protects_a_write: bool = False) -> None:
        self._lock, self._protects_a_write = threading.RLock(), protects_a_write
        _locks.add(self._lock)
        if protects_a_write:
            _awaited.add(self._lock)

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._lock.release()

    def __reduce__(self) -> tuple[type[ReentrantLock], tuple[bool]]:
        return ReentrantLock, (self._protects_a_write,)


def _await_writes() -> None:
    """Wait until no thread is writing what a forked child would read."""
    end = time.monotonic() + _FORK_SECONDS
    for lock in list(_awaited):
        is_held = lock.acquire(timeout=max(0.0, end - time.monotonic()))
        _held_by_fork.extend([lock] if is_held else [])


def _continue_writes() -> None:
    while _held_by_fork:
        _held_by_fork.pop().release()


def _release_all() -> None:
    """Release all locks, by ``_at_fork_reinit`` as the standard library's own modules do."""
    _held_by_fork.clear()
    for lock in list(_locks):
        getattr(lock, "_at_fork_reinit", lambda: None)()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_await_writes, after_in_parent=_continue_writes, after_in_child=_release_all
    )
