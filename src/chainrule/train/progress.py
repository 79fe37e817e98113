"""Progress of ``fit``: a bar on a terminal, one line an epoch elsewhere, or nothing."""

from __future__ import annotations

import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, TextIO, cast

from chainrule.arguments.checks import bad_argument

__all__ = ["Progress", "choose_progress", "format_numbers"]

Logs = Mapping[str, float]

_LINE_SECONDS = 0.1
"""Least time between two lines: a small network runs thousands of epochs a second."""


class Progress(ABC):
    """Output of the progress of one training run."""

    @abstractmethod
    def start(self, epochs: int, steps: int) -> None:
        """Begin a run of some epochs of `steps` steps each."""

    @abstractmethod
    def note(self, text: str) -> None:
        """Print a remark on the run."""

    @abstractmethod
    def advance(self, steps: int, logs: Logs, speed: float) -> None:
        """Show that `steps` steps of the epoch are done; `speed` in samples a second."""

    @abstractmethod
    def finish_epochs(self, count: int, logs: Logs, speed: float) -> None:
        """Show the results of the last of `count` finished epochs."""

    @abstractmethod
    def close(self) -> None:
        """Restore the terminal; called after exceptions, too."""


def choose_progress(verbose: str | int | bool) -> Progress:
    """Return the progress output for ``fit(verbose=...)``."""
    if not isinstance(cast(Any, verbose), str | int) or verbose not in ("auto", 0, 1, 2):
        rule = '"auto", 0 (silent), 1 (a bar) or 2 (one line an epoch)'
        raise bad_argument("fit", "verbose", verbose, rule)
    stream: TextIO | None = sys.stdout  # None for a program without a console
    if verbose == 0 or stream is None:
        return _Silent()
    if verbose == 1 or (verbose == "auto" and stream.isatty()):
        return _Bar()
    return _Lines(stream)


def format_numbers(logs: Logs) -> str:
    """Format quantities on one line.

    Examples
    --------
    >>> format_numbers({"loss": 0.123456, "val_accuracy": 1.0, "learning_rate": 0.1, "seconds": 2})
    'loss 0.1235  val_accuracy 1'
    """
    hidden = ("learning_rate", "seconds")
    return "  ".join(f"{name} {value:.4g}" for name, value in logs.items() if name not in hidden)


def _format_speed(speed: float) -> str:
    return f"{speed:,.0f} samples/s"


class _Silent(Progress):
    """No output."""

    def start(self, epochs: int, steps: int) -> None:
        pass

    def note(self, text: str) -> None:
        pass

    def advance(self, steps: int, logs: Logs, speed: float) -> None:
        pass

    def finish_epochs(self, count: int, logs: Logs, speed: float) -> None:
        pass

    def close(self) -> None:
        pass


class _EpochLines:
    """Counts epochs and limits the rate of lines."""

    def __init__(self, epochs: int) -> None:
        self._epochs = epochs
        self._done = 0
        self._last = -_LINE_SECONDS

    def label(self) -> str:
        width = len(str(self._epochs))
        return f"epoch {min(self._done + 1, self._epochs):{width}d}/{self._epochs}"

    def finish(self, count: int) -> str:
        """Return the label of the last of `count` epochs, or "" if it gets no line."""
        self._done += count - 1
        label, now = self.label(), time.perf_counter()
        self._done += 1
        if now - self._last < _LINE_SECONDS and self._done < self._epochs:
            return ""
        self._last = now
        return label


class _Lines(Progress):
    """One line an epoch, at most ten a second; the last epoch always has one."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._lines = _EpochLines(0)

    def start(self, epochs: int, steps: int) -> None:
        self._lines = _EpochLines(epochs)

    def note(self, text: str) -> None:
        self._write(text)

    def advance(self, steps: int, logs: Logs, speed: float) -> None:
        pass

    def finish_epochs(self, count: int, logs: Logs, speed: float) -> None:
        if label := self._lines.finish(count):
            self._write(f"{label}  {format_numbers(logs)}  {_format_speed(speed)}")

    def close(self) -> None:
        pass

    def _write(self, line: str) -> None:
        self._stream.write(line + "\n")
        self._stream.flush()


class _Bar(Progress):
    """A progress bar below one line an epoch."""

    def __init__(self) -> None:
        self._bar: Any = None
        self._task: Any = None
        self._lines = _EpochLines(0)
        self._steps = 0
        self._finished = 0

    def start(self, epochs: int, steps: int) -> None:
        # Imported here, since importing rich takes as long as training a small network.
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        self._lines, self._steps, self._finished = _EpochLines(epochs), steps, 0
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[numbers]}"),
            TimeRemainingColumn(compact=True),
            TextColumn("left"),
            auto_refresh=False,
            transient=True,
        )
        self._task = self._bar.add_task(self._lines.label(), total=epochs * steps, numbers="")
        self._bar.start()

    def note(self, text: str) -> None:
        self._bar.console.print(text, highlight=False, markup=False)

    def advance(self, steps: int, logs: Logs, speed: float) -> None:
        self._bar.update(
            self._task,
            completed=self._finished + steps,
            description=self._lines.label(),
            numbers=f"{format_numbers(logs)}  {_format_speed(speed)}",
        )
        self._bar.refresh()

    def finish_epochs(self, count: int, logs: Logs, speed: float) -> None:
        self._finished += count * self._steps
        if label := self._lines.finish(count):
            self.note(f"{label}  {format_numbers(logs)}  {_format_speed(speed)}")
            self.advance(0, logs, speed)

    def close(self) -> None:
        if self._bar is not None:
            self._bar.stop()
