"""Background task: a future, the result of a function that runs in a background thread.

Not `concurrent.futures`: its import takes 7 ms, half of a first call of a cached program, and its
futures do not delay a fork.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import Any, Generic, TypeVar
from weakref import WeakSet

__all__ = ["BackgroundTask"]

Result = TypeVar("Result")


class BackgroundTask(Generic[Result]):
    """Run a function in a thread of its own; it should release the interpreter lock, as LLVM does.

    Where the system permits no thread, or little memory, it runs at once instead.

    Examples
    --------
    >>> BackgroundTask(lambda: 6 * 7).result()
    42
    """

    def __init__(self, function: Callable[[], Result]) -> None:
        self._function = function
        self._results: list[Result] = []
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="chainrule-compiler")
        _all.add(self)
        try:
            if not _is_address_space_limited():
                self._thread.start()
        except RuntimeError:  # the system refuses another thread
            pass
        if self._thread.ident is None:
            _all.discard(self)
            self._run()

    def wait(self) -> None:
        """Return when the function has returned or raised."""
        if self._thread.ident is not None:
            self._thread.join()

    def result(self) -> Result:
        """Wait for the function; return its result, or raise what it raised."""
        self.wait()
        if self._error is not None:
            raise self._error
        return self._results[0]

    def _run(self) -> None:
        try:
            self._results.append(self._function())
        except BaseException as error:  # noqa: BLE001 - raised again by `result`
            self._error = error


def _is_address_space_limited() -> bool:
    """Whether ``ulimit -v`` is set: the C library reserves 64 MB for each thread that allocates."""
    try:
        import resource
    except ImportError:  # Windows
        return False
    return resource.getrlimit(resource.RLIMIT_AS)[0] != resource.RLIM_INFINITY


_all: WeakSet[Any] = WeakSet()


def _wait_for_all() -> None:
    """Delay a fork until no task holds LLVM's locks, which nothing in the child would release."""
    for each in list(_all):
        each.wait()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_wait_for_all)
