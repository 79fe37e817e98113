"""Fits on threads of this process, each network on one thread, without the interpreter's lock."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from chainrule.compiler.runtime.thread_count import single_threaded
from chainrule.train.fit.termination import StoppedError, stopping_at

__all__ = ["run_on_threads"]

Result = TypeVar("Result")

_PATIENCE = 0.5
"""Seconds after which a waiting main thread looks for signals, where locks do not."""


def run_on_threads(
    work: Sequence[Callable[[], Result]], threads: int, take: Callable[[Result], None]
) -> None:
    """Run functions, in order, on some threads; `take` is called with each result, here.

    An exception of a function, or an interrupt, ends them all, the running ones between two steps;
    `take` is called with what is finished by then.
    """
    stop, results = threading.Event(), queue.SimpleQueue[Any]()
    source = _Source(work)
    workers = [
        threading.Thread(
            target=_work, args=(source, stop, results), name=f"chainrule-sweep-{n}", daemon=True
        )
        for n in range(min(threads, len(work)))
    ]
    try:
        for each in workers:
            each.start()
        for _ in work:
            is_error, result = _next(results)
            if is_error:
                raise result
            take(result)
    finally:
        stop.set()
        for each in workers:
            each.join()
        while not results.empty():
            is_error, result = results.get()
            if not is_error:
                take(result)


class _Source:
    """Gives each function to one thread."""

    def __init__(self, work: Iterable[Callable[[], Any]]) -> None:
        self._work, self._lock = iter(work), threading.Lock()

    def next(self) -> Callable[[], Any] | None:
        with self._lock:
            return next(self._work, None)


def _next(results: queue.SimpleQueue[Any]) -> Any:
    while True:
        try:
            return results.get(timeout=_PATIENCE)
        except queue.Empty:
            continue


def _work(source: _Source, stop: threading.Event, results: queue.SimpleQueue[Any]) -> None:
    with single_threaded(), stopping_at(stop):
        while not stop.is_set() and (function := source.next()) is not None:
            try:
                results.put((False, function()))
            except StoppedError:
                return
            except BaseException as error:  # noqa: BLE001 - raised by the thread that waits for it
                results.put((True, error))
                return
