"""Locks of a model that several threads use: one call of ``fit`` at a time, consistent reads."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import TypeVar

from chainrule.errors import ArgumentError
from chainrule.locks import ReentrantLock, fork_lock

__all__ = ["SequenceLock", "TrainingLock"]

_ATTEMPTS = 3
"""Optimistic reads, before a reader makes the writers wait."""

Result = TypeVar("Result")


class SequenceLock:
    """Reads the parameters as of one moment, without a lock unless a write comes between (seqlock).

    Examples
    --------
    >>> lock, values = SequenceLock(), [1, 1]
    >>> with lock.writing():
    ...     values[:] = 2, 2
    >>> lock.read(lambda: tuple(values))
    (2, 2)
    """

    def __init__(self) -> None:
        self._lock = ReentrantLock()
        self.version: object | None = object()  # another one after each write; None during one

    @contextmanager
    def writing(self) -> Generator[None]:
        """Write: reads that overlap are repeated."""
        with self._lock:
            self.version = None
            try:
                yield
            finally:
                self.version = object()

    def read(self, function: Callable[[], Result]) -> Result:
        """Return what a function returns that no write has interrupted; it may run repeatedly."""
        for _ in range(_ATTEMPTS):
            if (version := self.version) is not None:
                result = function()
                if self.version is version:
                    return result
        with self._lock:
            return function()


class TrainingLock:
    """Held by the call of ``fit`` in progress; those of other threads wait until it has ended."""

    def __init__(self) -> None:
        self._lock, self._thread = fork_lock(), 0

    @contextmanager
    def held(self) -> Generator[None]:
        """Train, after the calls of other threads that began before."""
        self.refuse_in_callback("fit")
        self._lock.acquire()
        try:
            self._thread = threading.get_ident()
            yield
        finally:
            self._thread = 0
            if self._lock.locked():  # in a forked child it may be free
                self._lock.release()

    @property
    def is_held_here(self) -> bool:
        """Whether the call of ``fit`` in progress is one of this thread."""
        return self._lock.locked() and self._thread == threading.get_ident()

    def refuse_in_callback(self, function: str) -> None:
        """Raise if the call of ``fit`` in progress is one of this thread."""
        if self.is_held_here:
            raise ArgumentError(
                f"{function}: called while fit is training the same network, from one of its "
                "callbacks; return True to stop that fit, and call it afterwards"
            )

    def refuse_elsewhere(self, function: str) -> None:
        """Raise if another thread is training."""
        if self._lock.locked() and self._thread != threading.get_ident():
            raise ArgumentError(
                f"{function}: another thread is training this network, whose next step would undo "
                "the change; call it after fit has returned, or from a callback of that fit"
            )

    def refuse(self, function: str) -> None:
        """Raise during a call of ``fit``, of any thread."""
        self.refuse_in_callback(function)
        if self._lock.locked():
            raise ArgumentError(
                f"{function}: another thread is training this network; call it after fit has "
                "returned"
            )

    def __reduce__(self) -> tuple[type[TrainingLock], tuple[()]]:
        return TrainingLock, ()
