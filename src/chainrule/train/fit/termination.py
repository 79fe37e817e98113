"""Ctrl-C and SIGTERM during a call of ``fit``: where they end it, and where they wait."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Generator
from contextlib import contextmanager
from functools import cache
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
    _keep_out_of_children()
    try:
        signal.signal(signal.SIGTERM, _exit)
        yield
    finally:
        if signal.getsignal(signal.SIGTERM) is _exit:
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


def _exit(number: int, frame: FrameType | None) -> None:
    raise SystemExit(TERMINATED)


@cache
def _keep_out_of_children() -> None:
    """Give forked children the system's default; what they receive before that waits for it.

    Python forgets signals that arrive between the fork and the child's first instruction.
    """
    if not hasattr(os, "register_at_fork"):
        return
    masks = threading.local()

    def block() -> None:
        masks.before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})

    def unblock() -> None:
        signal.pthread_sigmask(signal.SIG_SETMASK, masks.before)

    def restore_default() -> None:
        if signal.getsignal(signal.SIGTERM) is _exit:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
        unblock()

    os.register_at_fork(before=block, after_in_parent=unblock, after_in_child=restore_default)


def _is_main_thread() -> bool:
    """Whether this thread may set handlers, and runs them."""
    return threading.current_thread() is threading.main_thread()
