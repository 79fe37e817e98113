"""What progress is written to: a stream, a terminal, a notebook."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, TextIO

from chainrule.console import encodable
from chainrule.train.progress.columns import EpochLine, RunningLine

__all__ = ["Notebook", "Stream", "Surface", "Terminal"]

_COMPILING = "compiling …"
_NOTEBOOK_WIDTH = 100
_REFRESH_SECONDS = 0.1


class Surface(ABC):
    """Somewhere to write to."""

    keeps_lines = True
    """Whether the lines of several epochs stand below one another."""

    @abstractmethod
    def start(self) -> None:
        """Begin a run."""

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

    def start(self) -> None:
        """Have nothing to begin."""

    def note(self, text: str) -> None:
        """Print a line."""
        self._stream.write(encodable(text, self._stream) + "\n")
        self._stream.flush()

    def compiling(self) -> None:
        """Print a line."""
        self.note(_COMPILING)

    def compiled(self) -> None:
        """Leave that line."""

    def epoch(self, line: EpochLine) -> None:
        """Print a line, of all columns but on a terminal that is too narrow for them."""
        # Imported here, since shutil imports all compressions.
        from shutil import get_terminal_size

        is_terminal = self._stream.isatty()
        self.note(line.text(get_terminal_size().columns - 1 if is_terminal else None))

    def running(self, line: RunningLine) -> None:
        """Show finished epochs alone."""

    def close(self) -> None:
        """Have nothing to restore."""


class Terminal(Surface):
    """Lines, and below them a bar that is rewritten."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._is_compiling = False
        self._live: Any = None

    def start(self) -> None:
        """Show an empty line below, which what the user's code prints stays above."""
        # Imported here, since importing rich takes as long as training a small network.
        from rich.console import Console
        from rich.live import Live

        console = Console(file=self._stream)
        self._live = Live(console=console, auto_refresh=False, transient=True)
        self._live.start()

    def note(self, text: str) -> None:
        """Print a line above the bar."""
        self._live.console.print(
            encodable(text, self._stream), highlight=False, markup=False, no_wrap=True,
            overflow="ignore", crop=False,
        )  # fmt: skip

    def compiling(self) -> None:
        """Write at the beginning of the line."""
        self._is_compiling = True
        self._write(encodable(_COMPILING, self._stream))

    def compiled(self) -> None:
        """Overwrite it by blanks."""
        if self._is_compiling:
            self._is_compiling = False
            self._write(f"\r{' ' * len(encodable(_COMPILING, self._stream))}\r")

    def epoch(self, line: EpochLine) -> None:
        """Print a line above the bar, as wide as the terminal."""
        self.note(line.text(self._live.console.width - 1))

    def running(self, line: RunningLine) -> None:
        """Rewrite the bar."""
        from rich.text import Text

        styles = ("", "bar.complete", "bar.back", "")
        parts = line.parts(self._live.console.width - 1)
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


class Notebook(Surface):
    """One line of a cell's output, rewritten; what the user's code prints has its own."""

    keeps_lines = False

    def __init__(self) -> None:
        self._handle: Any = None
        self._text, self._shown_at = "", 0.0

    def start(self) -> None:
        """Wait for the first text."""

    def note(self, text: str) -> None:
        """Add a line to the cell's output."""
        _ipython_display()({"text/plain": text}, raw=True)

    def compiling(self) -> None:
        """Write the line."""
        self._show(_COMPILING)

    def compiled(self) -> None:
        """Let the next text overwrite it."""

    def epoch(self, line: EpochLine) -> None:
        """Rewrite the line, unless it has just been, and there are many epochs a second."""
        self._text = line.text(_NOTEBOOK_WIDTH)
        if time.perf_counter() - self._shown_at >= _REFRESH_SECONDS:
            self._show(self._text)

    def running(self, line: RunningLine) -> None:
        """Rewrite the line."""
        self._show("".join(line.parts(_NOTEBOOK_WIDTH)))

    def close(self) -> None:
        """Leave the results of the last epoch."""
        if self._text:
            self._show(self._text)

    def _show(self, text: str) -> None:
        content = {"text/plain": text}
        self._shown_at = time.perf_counter()
        if self._handle is None:
            self._handle = _ipython_display()(content, raw=True, display_id=True)
        else:
            self._handle.update(content, raw=True)


def _ipython_display() -> Callable[..., Any]:
    """Import IPython's function, which is there in a notebook."""
    # No dependency: a notebook has it, and nothing else imports it.
    from IPython.display import display  # pyright: ignore[reportMissingImports]

    return display
