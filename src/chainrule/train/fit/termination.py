"""Ctrl-C and SIGTERM during a call of ``fit``: where they end it, and where they wait."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from functools import cache
from types import FrameType
from typing import Any

__all__ = [
    "TERMINATED",
    "StoppedError",
    "ends_on_termination",
    "forget_interrupts",
    "hold_signals",
    "raise_if_terminated",
    "release_signals",
    "run_to_its_end",
    "signals_held",
    "stopping_at",
]

TERMINATED = 128 + signal.SIGTERM
"""The exit code that a shell reports for a process that SIGTERM has ended."""

# The module in C: its wrappers, which convert handlers to members of enumerations, take 25 us.
signal_module: Any = getattr(signal, "_signal", signal)

_received: list[int] = []
"""The signals since the handler was set: Python drops what is raised in a finalizer or weakref."""


_held: list[bool] = [False]
_waiting: list[type[BaseException]] = []
"""Whether signals wait for `release_signals`, and the exception of the one that does."""


@contextmanager
def ends_on_termination() -> Generator[None]:
    """Raise ``SystemExit(143)`` on SIGTERM, and KeyboardInterrupt on Ctrl-C, lost by no finalizer.

    Where the system's default would end the process at once, ``fit`` so ends after a whole step,
    and the caller's ``finally`` clauses run. Another handler is the caller's own, and stays.
    """
    # Only the main thread may set handlers, and runs them.
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    _keep_out_of_children()
    own = [each for each in _defaults() if signal_module.getsignal(each[0]) == each[1]]
    try:
        for number, _, handler in own:
            _forget(number)
            signal_module.signal(number, handler)
        yield
    finally:
        for number, default, handler in own:
            if signal_module.getsignal(number) is handler:
                signal_module.signal(number, default)
            _forget(number)


def _defaults() -> list[tuple[int, Any, Callable[[int, FrameType | None], None]]]:
    """Return the signals that are handled here, Python's handlers of them and our own."""
    return [
        (signal.SIGTERM, signal_module.SIG_DFL, _exit),
        (signal.SIGINT, signal.default_int_handler, _interrupt),
    ]


def _forget(number: int) -> None:
    _received[:] = [each for each in _received if each != number]


def forget_interrupts() -> None:
    """Count a Ctrl-C that came during code of the user's as seen by it."""
    if _received and threading.current_thread() is threading.main_thread():
        _forget(signal.SIGINT)


def hold_signals() -> None:
    """Let the next Ctrl-C or SIGTERM wait for `release_signals`; one after it is raised at once."""
    if threading.current_thread() is threading.main_thread():
        _held[0] = True


def release_signals() -> None:
    """Raise the signal that has waited, if there is one."""
    if threading.current_thread() is threading.main_thread():
        _held[0] = False
        if _waiting:
            interrupt = _waiting.pop()
            raise interrupt


@contextmanager
def signals_held() -> Generator[None]:
    """Let a Ctrl-C or SIGTERM that comes in the block be raised behind it."""
    hold_signals()
    try:
        yield
    finally:
        release_signals()


def _waits(kind: type[BaseException]) -> bool:
    """Whether a signal waits: the first one that comes while signals are held."""
    if not _held[0] or _waiting:
        _held[0] = False
        _waiting.clear()
        return False
    _waiting.append(kind)
    return True


def _interrupt(number: int, frame: FrameType | None) -> None:
    _received.append(number)
    if not _waits(KeyboardInterrupt):
        raise KeyboardInterrupt


class _Terminated(SystemExit):
    """``SystemExit(143)``."""

    def __init__(self) -> None:
        super().__init__(TERMINATED)


def run_to_its_end(function: Callable[[], None]) -> None:
    """Call a function that may be repeated, until no signal interrupts it; then raise that."""
    interrupt: BaseException | None = None
    while True:
        try:
            function()
            break
        except (KeyboardInterrupt, SystemExit) as error:
            interrupt = error
    if interrupt is not None:
        raise interrupt


def raise_if_terminated() -> None:
    """Raise once more what a handler has raised for Ctrl-C or SIGTERM, if that was lost.

    In a thread whose training is to end, see `stopping_at`, raise a `StoppedError`.
    """
    if (stop := getattr(_own, "stop", None)) is not None and stop.is_set():
        raise StoppedError
    if _received and threading.current_thread() is threading.main_thread():
        raise SystemExit(TERMINATED) if signal.SIGTERM in _received else KeyboardInterrupt


class StoppedError(SystemExit):
    """Raised between two steps in a thread whose training is to end."""


_own = threading.local()
"""The event at which the training of each thread is to end, if there is one."""


@contextmanager
def stopping_at(event: threading.Event) -> Generator[None]:
    """Let the trainings of this thread end once an event is set, as on an interrupt."""
    _own.stop = event
    try:
        yield
    finally:
        _own.stop = None


def _exit(number: int, frame: FrameType | None) -> None:
    _received.append(number)
    if not _waits(_Terminated):
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
        _received.clear()
        if signal_module.getsignal(signal.SIGTERM) is _exit:
            signal_module.signal(signal.SIGTERM, signal_module.SIG_DFL)
        unblock()

    os.register_at_fork(before=block, after_in_parent=unblock, after_in_child=restore_default)
