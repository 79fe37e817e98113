"""Progress of a sweep: a bar on a terminal, else a line now and then."""

from __future__ import annotations

import sys
import time
from typing import Any

from chainrule.arguments.checks import bad_argument
from chainrule.console import encodable, shortened
from chainrule.train.progress.columns import duration

__all__ = ["Report"]

_WIDTH, _LINES = 24, 20
"""Columns of the bar; lines of a sweep that is written to no terminal."""
_PAUSE = 0.1
"""Seconds between two states of the bar."""


class Report:
    """Shows how many of the fits are done, and the best value so far."""

    def __init__(self, verbose: Any, fits: int) -> None:
        if verbose not in ("auto", 0, 1, 2):
            rule = '"auto", 0 (silent), 1 (a bar) or 2 (lines)'
            raise bad_argument("sweep", "verbose", verbose, rule)
        self._stream = None if verbose == 0 else sys.stdout
        self._is_terminal = self._stream is not None and self._stream.isatty() and verbose != 2
        self._total, self._done, self._start = fits, 0, time.perf_counter()
        self._next_time, self._next_count = 0.0, 0

    def add(self, total: int) -> None:
        """Note that more fits follow."""
        self._total += total

    def finished(self, best: str) -> None:
        """Count a fit, and show the best value."""
        self._done += 1
        is_last, now = self._done == self._total, time.perf_counter()
        if self._stream is None:
            return
        if self._is_terminal:
            if is_last or now >= self._next_time:
                self._next_time = now + _PAUSE
                self._write("\r", best, "")
        elif is_last or self._done >= self._next_count:
            self._next_count = self._done + max(1, self._total // _LINES)
            self._write("", best, "\n")

    def note(self, text: str) -> None:
        """Write a remark on a line of its own."""
        if self._stream is not None:
            clear = "\r" + " " * 79 + "\r" if self._is_terminal else ""
            self._stream.write(f"{clear}{encodable(text, self._stream)}\n")

    def close(self) -> None:
        """End the line of the bar."""
        if self._stream is not None and self._is_terminal and self._done:
            self._stream.write("\n")

    def _write(self, begin: str, best: str, end: str) -> None:
        assert self._stream is not None, "there is somewhere to write to"
        spent = duration(time.perf_counter() - self._start)
        filled = _WIDTH * self._done // max(self._total, 1)
        bar = f"{'━' * filled}{'─' * (_WIDTH - filled)}  " if self._is_terminal else ""
        text = shortened(f"{bar}{self._done}/{self._total} fits  {spent}  {best}", 79)
        self._stream.write(begin + encodable(f"{text:<79}" if begin else text, self._stream) + end)
        self._stream.flush()
