"""What progress is written to: a stream of lines, or a terminal."""

from __future__ import annotations

import sys
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, TextIO, TypeVar

from chainrule.console import encodable
from chainrule.train.progress.columns import EpochLine, Logs, RunningLine

__all__ = ["COMPILING", "Stream", "Surface", "Terminal", "has_bar"]

COMPILING = "compiling …"


Line = TypeVar("Line", EpochLine, RunningLine)


class Surface(ABC):
    """Somewhere to write to."""

    keeps_lines = True
    """Whether the lines of several epochs stand below one another."""

    @abstractmethod
    def start(self, epochs: int) -> None:
        """Begin a run of some epochs."""

    @abstractmethod
    def note(self, text: str) -> None:
        """Print a remark."""

    @abstractmethod
    def compiling(self) -> None:
        """Announce the compilation; called in another thread, before `start`."""

    @abstractmethod
    def compiled(self) -> None:
        """Remove that text."""

    @abstractmethod
    def results(self, first: int, count: int, row: Callable[[int], Logs]) -> None:
        """Take the results of finished epochs, of which some have a line; `row` counts from 0."""

    @abstractmethod
    def epoch(self, line: EpochLine) -> None:
        """Show the results of an epoch."""

    @abstractmethod
    def running(self, line: RunningLine) -> None:
        """Show the state of the run."""

    @abstractmethod
    def close(self) -> None:
        """End the run; called after exceptions, too."""


class Stream(Surface):
    """Plain lines, without control characters."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def start(self, epochs: int) -> None:
        """Have nothing to begin."""

    def note(self, text: str) -> None:
        """Print a line."""
        self._stream.write(encodable(text, self._stream) + "\n")
        self._stream.flush()

    def compiling(self) -> None:
        """Print a line."""
        self.note(COMPILING)

    def compiled(self) -> None:
        """Leave that line."""

    def results(self, first: int, count: int, row: Callable[[int], Logs]) -> None:
        """Need no curves."""

    def epoch(self, line: EpochLine) -> None:
        """Print a line, of all columns but on a terminal that is too narrow for them."""
        # Imported here, since shutil imports all compressions.
        from shutil import get_terminal_size

        is_terminal = self._stream.isatty()
        width = get_terminal_size().columns - 1 if is_terminal else None
        self.note(_encodable(line, self._stream).text(width, encodable("…", self._stream)))

    def running(self, line: RunningLine) -> None:
        """Show finished epochs alone."""

    def close(self) -> None:
        """Have nothing to restore."""


_starting = threading.Lock()


class Terminal(Surface):
    """Lines, and below them a bar that is rewritten.

    A terminal has one bar: that of the run that starts first. One that starts in a callback of it,
    or in another thread, prints lines, which stand above that bar.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._is_compiling = False
        self._live: Any = None
        self._lines = Stream(stream)

    def start(self, epochs: int) -> None:
        """Show an empty line below, which what the user's code prints stays above."""
        # Imported here, since importing rich takes as long as training a small network.
        from rich.console import Console
        from rich.live import Live

        with _starting:
            if has_bar(sys.stdout):
                self._lines = Stream(sys.stdout)
                return
            console = Console(file=self._stream)
            self._live = Live(console=console, auto_refresh=False, transient=True)
            self._live.start()

    def note(self, text: str) -> None:
        """Print a line above the bar."""
        if self._live is None:
            self._lines.note(text)
            return
        self._live.console.print(
            encodable(text, self._stream), highlight=False, markup=False, no_wrap=True,
            overflow="ignore", crop=False,
        )  # fmt: skip

    def compiling(self) -> None:
        """Write at the beginning of the line, unless the bar of another run stands there."""
        if has_bar(sys.stdout):
            return
        self._is_compiling = True
        self._write(encodable(COMPILING, self._stream))

    def compiled(self) -> None:
        """Overwrite it by blanks."""
        if self._is_compiling:
            self._is_compiling = False
            self._write(f"\r{' ' * len(encodable(COMPILING, self._stream))}\r")

    def results(self, first: int, count: int, row: Callable[[int], Logs]) -> None:
        """Need no curves."""

    def epoch(self, line: EpochLine) -> None:
        """Print a line above the bar, as wide as the terminal."""
        if self._live is None:
            self._lines.epoch(line)
            return
        width = self._live.console.width - 1
        self.note(_encodable(line, self._stream).text(width, encodable("…", self._stream)))

    def running(self, line: RunningLine) -> None:
        """Rewrite the bar."""
        from rich.text import Text

        if self._live is None:
            return
        line = _encodable(line, self._stream)
        styles = ("", "bar.complete", "bar.back", "")
        parts = line.parts(self._live.console.width - 1, encodable("…", self._stream))
        encoded = (encodable(part, self._stream) for part in parts)
        text = Text.assemble(*zip(encoded, styles, strict=True), no_wrap=True, overflow="crop")
        self._live.update(text, refresh=True)

    def close(self) -> None:
        """Remove the bar."""
        if self._live is not None:
            self._live.stop()
            self._live = None

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()


def has_bar(stream: TextIO | None) -> bool:
    """Whether a bar of Rich stands on a stream, so that what is written stands above it."""
    return type(stream).__module__ == "rich.file_proxy"


def _encodable(line: Line, stream: TextIO) -> Line:
    """Return a line whose names a stream can encode, which changes their lengths."""
    logs = {encodable(name, stream): value for name, value in line.logs.items()}
    return line._replace(logs=logs)
