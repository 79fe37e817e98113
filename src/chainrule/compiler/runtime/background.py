"""Something that a thread of its own is making, while whoever wants it has other things to do."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import Any, Generic, TypeVar
from weakref import WeakSet

__all__ = ["BackgroundTask"]

Made = TypeVar("Made")


class BackgroundTask(Generic[Made]):
    """The result of a function that runs in a thread of its own.

    Parameters
    ----------
    make : callable
        Gives the result; it should leave the interpreter most of the time, as LLVM does.

    Examples
    --------
    >>> BackgroundTask(lambda: 6 * 7).result()
    42
    """

    def __init__(self, make: Callable[[], Made]) -> None:
        self._make = make
        self._made: list[Made] = []
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="chainrule-compiler")
        _all.add(self)
        self._thread.start()

    def wait(self) -> None:
        """Return when it is made, or has failed."""
        self._thread.join()

    def result(self) -> Made:
        """Return the result, as soon as it is there, or raise what the function raised."""
        self.wait()
        if self._error is not None:
            raise self._error
        return self._made[0]

    def _run(self) -> None:
        try:
            self._made.append(self._make())
        except BaseException as error:  # noqa: BLE001 - whoever asks for the result is told
            self._error = error


_all: WeakSet[Any] = WeakSet()


def _wait_for_all() -> None:
    """Let a process be forked only while no thread holds LLVM's locks: the child has no threads."""
    for each in list(_all):
        each.wait()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_wait_for_all)
