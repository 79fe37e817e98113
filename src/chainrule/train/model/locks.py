"""Locks of a model that several threads use: one call of ``fit`` at a time, consistent reads."""

from __future__ import annotations

import os
import threading
import time
import weakref
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
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
        self.lock = ReentrantLock(protects_a_write=True)
        self.version: object | None = object()  # another one after each write; None during one
        self._complete: Callable[[], None] | None = None
        self._waiting: list[None] = []  # one for each reader

    @property
    def is_deferring(self) -> bool:
        """Whether there are values that wait to be written."""
        return self._complete is not None

    def defer(self, complete: Callable[[], None]) -> None:
        """Let what follows call `complete` before it reads or writes, until `end_deferring`."""
        with self.lock:
            self.version, self._complete = None, complete

    def end_deferring(self) -> None:
        """Read without a call again, the values that have been deferred being written, or void."""
        with self.lock:
            self.version, self._complete = object(), None

    @contextmanager
    def writing(self) -> Generator[None]:
        """Write: reads that overlap are repeated."""
        with self.lock:
            if self._complete is not None:
                self._complete()
            is_outermost, self.version = self.version is not None, None
            try:
                yield
            finally:
                self.version = object() if is_outermost else None

    def read(self, function: Callable[[], Result]) -> Result:
        """Return what a function returns that no write has interrupted; it may run repeatedly."""
        for _ in range(_ATTEMPTS):
            if (version := self.version) is not None:
                try:
                    result = function()
                except Exception:  # may be due to a write
                    if self.version is version:
                        raise
                else:
                    if self.version is version:
                        return result
        self._waiting.append(None)
        try:
            with self.lock:
                if self._complete is not None:
                    self._complete()
                return function()
        finally:
            self._waiting.pop()

    def give_way(self) -> None:
        """Let readers that wait go first: a thread that writes again and again keeps them out."""
        while self._waiting and self.version is not None:
            time.sleep(1e-4)

    def __reduce__(self) -> tuple[type[SequenceLock], tuple[()]]:
        return SequenceLock, ()


class TrainingLock:
    """Held by the call of ``fit`` in progress; a second one, of any thread, is refused.

    Waiting instead would hang where a callback waits for the thread that calls ``fit``. The lock is
    free again when the call returns, also if an interrupt prevents its release, and in a forked
    child, where the training thread does not exist.
    """

    def __init__(self) -> None:
        self._mutex = fork_lock()
        self._call: weakref.ref[_Call] | None = None

    @contextmanager
    def held(self) -> Generator[None]:
        """Train; refused while a call of ``fit`` is in progress."""
        call = _Call(threading.get_ident(), os.getpid())
        with self._mutex:
            self.refuse("fit")
            self._call = weakref.ref(call)
        try:
            yield
        finally:
            if self._in_progress is call:
                self._call = None

    @property
    def _in_progress(self) -> _Call | None:
        call = None if self._call is None else self._call()
        return call if call is not None and call.process == os.getpid() else None

    @property
    def is_held_here(self) -> bool:
        """Whether the call of ``fit`` in progress is one of this thread."""
        call = self._in_progress
        return call is not None and call.thread == threading.get_ident()

    def refuse_in_callback(self, function: str) -> None:
        """Raise if the call of ``fit`` in progress is one of this thread."""
        if self.is_held_here:
            raise ArgumentError(
                f"{function}: called while fit is training the same network, from one of its "
                "callbacks; return True to stop that fit, and call it afterwards"
            )

    def refuse_elsewhere(self, function: str) -> None:
        """Raise if another thread is training."""
        if (call := self._in_progress) is not None and call.thread != threading.get_ident():
            raise ArgumentError(
                f"{function}: another thread is training this network, whose next step would undo "
                "the change; call it after fit has returned, or from a callback of that fit"
            )

    def refuse(self, function: str) -> None:
        """Raise during a call of ``fit``, of any thread."""
        self.refuse_in_callback(function)
        if self._in_progress is not None:
            raise ArgumentError(
                f"{function}: another thread is training this network; call it after fit has "
                "returned"
            )

    def __reduce__(self) -> tuple[type[TrainingLock], tuple[()]]:
        return TrainingLock, ()


@dataclass(frozen=True, eq=False)
class _Call:
    """A call of ``fit``: its thread and process."""

    thread: int
    process: int
