"""Ctrl-C and SIGTERM during a call of ``fit``: where they end it, and where they wait."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from types import FrameType
from typing import Any

__all__ = ["TERMINATED", "ends_on_termination", "signals_deferred"]

INTERRUPTS = (signal.SIGINT, signal.SIGTERM)
TERMINATED = 128 + signal.SIGTERM
"""The exit code that a shell reports for a process that SIGTERM has ended."""


@contextmanager
def ends_on_termination() -> Generator[None]:
    """Raise ``SystemExit(143)`` on SIGTERM, as Ctrl-C raises KeyboardInterrupt.

    Where the system's default would end the process at once, ``fit`` so ends after a whole step,
    and the caller's ``finally`` clauses run. Another handler is the caller's own, and stays.
    """
    if not _is_main_thread() or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield
        return
    handler = _exits_in(os.getpid())
    try:
        signal.signal(signal.SIGTERM, handler)
        yield
    finally:
        if signal.getsignal(signal.SIGTERM) is handler:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)


@contextmanager
def signals_deferred() -> Generator[None]:
    """Deliver signals that come during the block after it, so that it is not left half-way."""
    if not _is_main_thread():  # others receive none
        yield
        return
    received: list[int] = []
    handlers: dict[int, Any] = {}
    try:
        for number in INTERRUPTS:
            if callable(signal.getsignal(number)):
                handlers[number] = signal.signal(number, lambda number, _: received.append(number))
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
        for number in received:
            signal.raise_signal(number)


def _exits_in(process: int) -> Callable[[int, FrameType | None], None]:
    """Return a handler that exits, but in forked children does what the system would."""

    def handle(number: int, _: FrameType | None) -> None:
        if os.getpid() == process:
            raise SystemExit(TERMINATED)
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)

    return handle


def _is_main_thread() -> bool:
    """Whether this thread may set handlers, and runs them."""
    return threading.current_thread() is threading.main_thread()
