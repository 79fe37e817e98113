"""Displays of the progress of a run: one that shows nothing, and one that writes to a surface."""

from __future__ import annotations

import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext

from chainrule.errors import warn
from chainrule.train.progress.columns import EpochLine, Logs, RunningLine
from chainrule.train.progress.epoch_lines import MANY_EPOCHS, EpochLines
from chainrule.train.progress.surface import Surface

__all__ = ["Display", "Shown", "Silent"]

_COMPILE_SECONDS = 1.0
"""Duration of a compilation from which on it is announced."""

_LONG_EPOCH = 1.0
"""Seconds from which on each epoch has a line, however many there are."""

_REFRESH_SECONDS = 0.1

_SETTLED_SECONDS = 0.5
"""Duration after which the time left can be estimated from the time taken."""


class Display(ABC):
    """Output of the progress of one training run."""

    is_shown: bool

    @abstractmethod
    def compiling(self) -> AbstractContextManager[None]:
        """Announce the compilation of the program, if it takes long."""

    @abstractmethod
    def start(self, epochs: int, steps: int, done: int = 0) -> None:
        """Begin a run of some epochs of `steps` steps each, of which some are done."""

    @abstractmethod
    def note(self, text: str) -> None:
        """Print a remark on the run."""

    @abstractmethod
    def advance(self, steps: int, logs: Logs, speed: float) -> None:
        """Show that `steps` steps of the epoch are done; `speed` in samples a second."""

    @abstractmethod
    def finish_epochs(self, count: int, row: Callable[[int], Logs], speed: float) -> None:
        """Show `count` finished epochs, of which `row` gives the results by number, from 0."""

    @abstractmethod
    def close(self) -> None:
        """Restore the terminal; called after exceptions, too."""


class Silent(Display):
    """No output."""

    is_shown = False

    def compiling(self) -> AbstractContextManager[None]:
        """Start no timer."""
        return nullcontext()

    def start(self, epochs: int, steps: int, done: int = 0) -> None:
        """Begin without output."""

    def note(self, text: str) -> None:
        """Leave a remark to the history."""

    def advance(self, steps: int, logs: Logs, speed: float) -> None:
        """Show no steps."""

    def finish_epochs(self, count: int, row: Callable[[int], Logs], speed: float) -> None:
        """Show no epochs."""

    def close(self) -> None:
        """Have nothing to restore."""


class Shown(Display):
    """Lines of epochs, and the state of the run where a surface can rewrite it."""

    is_shown = True

    def __init__(self, surface: Surface, every: int | None) -> None:
        self._surface: Surface | None = surface
        self._every = every if surface.keeps_lines else 1
        self._keeps_lines = surface.keeps_lines
        self._lines = EpochLines(0, 1)
        self._steps = self._total = self._finished = self._skipped = 0
        self._held_out: Logs = {}
        self._began = self._refreshed = 0.0

    @contextmanager
    def compiling(self) -> Generator[None, None, None]:
        """Announce it after a second, from another thread, as this one is busy."""
        lock, is_over = threading.Lock(), False

        def announce() -> None:
            with lock:
                if not is_over:
                    self._show(lambda surface: surface.compiling())

        timer = threading.Timer(_COMPILE_SECONDS, announce)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            with lock:
                is_over = True
            self._show(lambda surface: surface.compiled())

    def start(self, epochs: int, steps: int, done: int = 0) -> None:
        """Begin, and print how to get fewer lines where each of many epochs has one."""
        every = self._every
        self._lines, self._steps = EpochLines(epochs, every, done), steps
        self._total, self._skipped = epochs * steps, done * steps
        self._began, self._finished, self._held_out = time.perf_counter(), self._skipped, {}
        self._show(lambda surface: surface.start(epochs))
        if every == 1 and epochs > MANY_EPOCHS and self._keeps_lines:
            self.note(f"{epochs:,} epochs, a line each; verbose=cr.Progress(every=100) has fewer")

    def note(self, text: str) -> None:
        """Print it on a line of its own."""
        self._show(lambda surface: surface.note(text))

    def advance(self, steps: int, logs: Logs, speed: float) -> None:
        """Show the state, ten times a second at most."""
        now = time.perf_counter()
        if now - self._refreshed < _REFRESH_SECONDS:
            return
        self._refreshed = now
        fraction = (self._finished + steps) / self._total
        elapsed = now - self._began
        here = fraction - self._skipped / self._total
        left = elapsed * (1 - fraction) / here if here and elapsed > _SETTLED_SECONDS else None
        shown = {**logs, **self._held_out}
        line = RunningLine(self._lines.label, fraction, shown, speed, left)
        self._show(lambda surface: surface.running(line))

    def finish_epochs(self, count: int, row: Callable[[int], Logs], speed: float) -> None:
        """Show the lines that are due, then the state."""
        lines, elapsed = self._lines, time.perf_counter() - self._began
        if lines.is_thinned and self._finished == self._skipped:
            if elapsed / count >= _LONG_EPOCH:
                lines.show_each()
            else:
                self.note(f"a line every {lines.every} epochs; verbose=2 prints each")
        first = self._finished // self._steps
        self._show(lambda surface: surface.results(first, count, row))
        self._finished += count * self._steps
        self._show_epochs(lines.finish(count, row, speed))
        last = row(count - 1)
        self._held_out = {name: last[name] for name in last if name.startswith("val_")}
        if self._finished < self._total:
            self.advance(0, last, speed)

    def close(self) -> None:
        """Show the last epoch of a run that ended early."""
        self._show_epochs(self._lines.last())
        self._show(lambda surface: surface.close())

    def _show_epochs(self, lines: Sequence[EpochLine]) -> None:
        def show(surface: Surface) -> None:
            for line in lines:
                surface.epoch(line)

        self._show(show)

    def _show(self, show: Callable[[Surface], None]) -> None:
        """Write to the surface; where that is impossible, train on without a display."""
        if self._surface is None:
            return
        try:
            show(self._surface)
        except (OSError, ValueError) as error:
            if isinstance(error, ValueError) and "closed file" not in str(error):
                raise
            self._surface = None
            warn(f"fit: the training goes on without a display of its progress: {error}")
