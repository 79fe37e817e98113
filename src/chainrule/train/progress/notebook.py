"""Progress in a notebook: one output of the cell, rewritten, with live curves."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, TextIO

from chainrule.rich_display import html_of
from chainrule.train.progress.columns import EpochLine, Logs, RunningLine
from chainrule.train.progress.run_state import Curve, Curves, RunState
from chainrule.train.progress.surface import COMPILING, Stream, Surface

__all__ = ["Notebook", "has_shown_curves"]

_WIDTH, _REFRESH_SECONDS = 100, 0.2
_RUNNING_POINTS = 60
"""Points of the loss within an epoch at most."""


_latest_cell: list[Any] = []
"""The number of the cell in which the curves of a run were shown last."""


def has_shown_curves() -> bool:
    """Whether the curves of a run stand in the output of the cell that is executed."""
    return bool(_latest_cell) and _latest_cell == [_cell()]


class Notebook(Surface):
    """One output of a cell, rewritten: numbers, a bar and curves; text where there is no HTML.

    Lines of epochs are shown only where they are asked for, as the curves show each epoch.
    """

    def __init__(self, stream: TextIO, keeps_lines: bool = False) -> None:
        self.keeps_lines = keeps_lines
        self._stream = Stream(stream)
        self._handle: Any = None
        self._shown_at = -_REFRESH_SECONDS
        self._begun = time.perf_counter()
        self._epochs = 0
        self._curves, self._running = Curves(), _Running()
        self._notes: list[str] = []
        self._line: EpochLine | None = None
        self._part: RunningLine | None = None
        """The state within the first epoch."""

    def start(self, epochs: int) -> None:
        """Wait for the first numbers."""
        self._epochs, self._begun = epochs, time.perf_counter()

    def note(self, text: str) -> None:
        """Show it with the numbers."""
        self._notes.append(text)

    def compiling(self) -> None:
        """Show it instead of numbers."""
        self._show({"text/plain": COMPILING})

    def compiled(self) -> None:
        """Let the first numbers replace it."""

    def results(self, first: int, count: int, row: Callable[[int], Logs]) -> None:
        """Add them to the curves."""
        self._curves.add(first, count, row)
        self._running.clear()

    def epoch(self, line: EpochLine) -> None:
        """Show the results of an epoch, now or when it is due."""
        self._line = line
        if self.keeps_lines:
            if self._handle is None:
                self._show_last()  # above the lines
            self._stream.epoch(line)

    def running(self, line: RunningLine) -> None:
        """Show the state, five times a second at most."""
        self._running.add(line.fraction * self._epochs, line.logs["loss"])
        self._part = line
        if time.perf_counter() - self._shown_at >= _REFRESH_SECONDS:
            state = self._state(line.label, line.logs, line.speed, line.fraction, line.seconds)
            self._show(self._content("".join(line.parts(_WIDTH)), state))

    def close(self) -> None:
        """Leave the results of the last epoch, and the curves."""
        if self._line is None and self._part is not None:  # it has ended in its first epoch
            self._line = EpochLine(self._part.label, self._part.logs, self._part.speed)
        if self._line is not None:
            self._show_last()
            _latest_cell[:] = [_cell()]
        elif self._notes:
            self._show(self._content("", None))

    def _show_last(self) -> None:
        assert self._line is not None, "an epoch was finished"
        label, logs, speed = self._line
        state = self._state(label, logs, speed, None, time.perf_counter() - self._begun)
        self._show(self._content(self._line.text(_WIDTH), state))

    def _state(
        self, label: str, logs: Logs, speed: float, fraction: float | None, seconds: float | None
    ) -> RunState:
        curves, running = self._curves.by_name(), self._running.curve
        return RunState(label, fraction, seconds, logs, speed, curves, running, tuple(self._notes))

    def _content(self, text: str, state: RunState | None) -> dict[str, str]:
        """Return what is shown, by its type."""
        content = {"text/plain": "\n".join(filter(None, [*self._notes, text]))}
        html = None if state is None else html_of(state)
        return content if html is None else content | {"text/html": html}

    def _show(self, content: dict[str, str]) -> None:
        self._shown_at = time.perf_counter()
        if self._handle is None:
            self._handle = _ipython_display()(content, raw=True, display_id=True)
        else:
            self._handle.update(content, raw=True)


class _Running:
    """The loss in the epoch that runs: where there is no room for more, every second point."""

    def __init__(self) -> None:
        self.curve: Curve = ([], [])

    def clear(self) -> None:
        self.curve = ([], [])

    def add(self, epoch: float, loss: float) -> None:
        epochs, losses = self.curve
        if len(epochs) >= _RUNNING_POINTS:
            del epochs[1::2], losses[1::2]
        epochs.append(epoch)
        losses.append(loss)


def _cell() -> Any:
    # No dependency: a notebook has it, and nothing else imports it.
    from IPython import get_ipython  # pyright: ignore[reportMissingImports, reportPrivateImportUsage]

    return getattr(get_ipython(), "execution_count", None)


def _ipython_display() -> Callable[..., Any]:
    """Import IPython's function, which is there in a notebook."""
    # No dependency: a notebook has it, and nothing else imports it.
    from IPython.display import display  # pyright: ignore[reportMissingImports]

    return display
