"""How a training run shows itself: a bar on a terminal, one line an epoch elsewhere, or nothing."""

from __future__ import annotations

import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, TextIO

from chainrule.errors import ArgumentError

__all__ = ["Progress", "choose_progress", "format_numbers"]

Logs = Mapping[str, float]

_SHORTEST_PAUSE = 0.1
"""Seconds between two lines: epochs of a small network would otherwise come by the thousand."""


class Progress(ABC):
    """Where the course of a training run is shown."""

    @abstractmethod
    def start(self, epochs: int, steps: int) -> None:
        """Begin a run."""

    @abstractmethod
    def note(self, text: str) -> None:
        """Show something worth knowing about the run."""

    @abstractmethod
    def advance(self, steps: int, logs: Logs, speed: float) -> None:
        """Show how far the epoch is."""

    @abstractmethod
    def finish_epochs(self, count: int, logs: Logs, speed: float) -> None:
        """Show the results of the last of `count` epochs; the others as for `advance`."""

    @abstractmethod
    def close(self) -> None:
        """Leave the screen in order, also after an exception."""


def choose_progress(verbose: str | int | bool) -> Progress:
    """Return the way of showing that ``fit(verbose=...)`` asks for."""
    if not (verbose == "auto" or (isinstance(verbose, int) and verbose in (0, 1, 2))):
        raise ArgumentError(
            f'fit: verbose is {verbose!r}; it must be "auto", 0 (silent), 1 (a bar) or 2 (one line '
            "an epoch)"
        )
    screen: TextIO | None = sys.stdout  # None for a program without a console
    if verbose == 0 or screen is None:
        return _Silent()
    if verbose == 1 or (verbose == "auto" and screen.isatty()):
        return _Bar()
    return _Lines(screen)


def format_numbers(logs: Logs) -> str:
    """Write quantities on one line.

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
    """Shows nothing."""

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


class _Pace:
    """Counts epochs and says which of them deserve a line."""

    def __init__(self, epochs: int) -> None:
        self._epochs = epochs
        self._done = 0
        self._last = -_SHORTEST_PAUSE

    def label(self) -> str:
        width = len(str(self._epochs))
        return f"epoch {min(self._done + 1, self._epochs):{width}d}/{self._epochs}"

    def finish(self, count: int) -> str:
        """Return the label of the last of `count` epochs, or "" if it is not to be shown."""
        self._done += count - 1
        label, now = self.label(), time.perf_counter()
        self._done += 1
        if now - self._last < _SHORTEST_PAUSE and self._done < self._epochs:
            return ""
        self._last = now
        return label


class _Lines(Progress):
    """One line an epoch, at most ten a second; the last epoch always has one."""

    def __init__(self, screen: TextIO) -> None:
        self._screen = screen
        self._pace = _Pace(0)

    def start(self, epochs: int, steps: int) -> None:
        self._pace = _Pace(epochs)

    def note(self, text: str) -> None:
        self._write(text)

    def advance(self, steps: int, logs: Logs, speed: float) -> None:
        pass

    def finish_epochs(self, count: int, logs: Logs, speed: float) -> None:
        if label := self._pace.finish(count):
            self._write(f"{label}  {format_numbers(logs)}  {_format_speed(speed)}")

    def close(self) -> None:
        pass

    def _write(self, line: str) -> None:
        self._screen.write(line + "\n")
        self._screen.flush()


class _Bar(Progress):
    """A bar that is drawn over, above it one line an epoch."""

    def __init__(self) -> None:
        self._bar: Any = None
        self._task: Any = None
        self._pace = _Pace(0)
        self._steps = 0
        self._finished = 0

    def start(self, epochs: int, steps: int) -> None:
        # Late, because importing rich takes as long as training a small network.
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        self._pace, self._steps, self._finished = _Pace(epochs), steps, 0
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[numbers]}"),
            TimeRemainingColumn(compact=True),
            TextColumn("left"),
            auto_refresh=False,
            transient=True,
        )
        self._task = self._bar.add_task(self._pace.label(), total=epochs * steps, numbers="")
        self._bar.start()

    def note(self, text: str) -> None:
        self._bar.console.print(text, highlight=False, markup=False)

    def advance(self, steps: int, logs: Logs, speed: float) -> None:
        self._bar.update(
            self._task,
            completed=self._finished + steps,
            description=self._pace.label(),
            numbers=f"{format_numbers(logs)}  {_format_speed(speed)}",
        )
        self._bar.refresh()

    def finish_epochs(self, count: int, logs: Logs, speed: float) -> None:
        self._finished += count * self._steps
        if label := self._pace.finish(count):
            self.note(f"{label}  {format_numbers(logs)}  {_format_speed(speed)}")
            self.advance(0, logs, speed)

    def close(self) -> None:
        if self._bar is not None:
            self._bar.stop()
