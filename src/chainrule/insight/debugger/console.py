"""The commands of a debug session on a terminal, in tables of rich, or in plain text."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable
from typing import Any, Protocol

from numpy.typing import NDArray

from chainrule.console import encodable
from chainrule.errors import ChainruleError
from chainrule.insight.debugger.conditions import Condition
from chainrule.insight.debugger.sample_gradients import SampleGradients
from chainrule.insight.debugger.stop import Stop

__all__ = ["Console", "Walk"]


class Walk(Protocol):
    """What the commands are answered by: a `DebugSession`."""

    title: str
    stops: tuple[Stop, ...]

    @property
    def current(self) -> Stop:
        """The current stop."""
        ...

    def step(self, count: int = 1) -> Stop:
        """Go forward."""
        ...

    def back(self, count: int = 1) -> Stop:
        """Go back."""
        ...

    def goto(self, target: int | str) -> Stop:
        """Go to a stop."""
        ...

    def enter(self, step: int) -> Walk:
        """Enter a loop."""
        ...

    def goto_step(self, step: int) -> Stop:
        """Go to another step of a run."""
        ...

    def run_until(self, condition: str | Condition) -> Stop | None:
        """Go to where a condition holds."""
        ...

    def value(self, name: str | None = None) -> NDArray[Any]:
        """Return a value."""
        ...

    def gradient(self, name: str | None = None) -> NDArray[Any] | None:
        """Return a derivative."""
        ...

    def samples(self, parameter: str, index: Any = None, n: int = 5) -> SampleGradients:
        """Rank samples."""
        ...


_HELP = """\
n [K]      go K stops forward, 1 by default
b [K]      go K stops back
u COND     go on until a condition holds: nan, inf, branch, |grad| > 10, dead > 90%, max > 1e3
g STOP     go to a stop by number, name or layer
l          list the stops
p [NAME]   print the value and the gradient of a stop in full, of the current one by default
e STEP     enter the loop of the current stop, at one of its steps; o goes out again
t STEP     go to another step of the run that is debugged
s NAME     print the samples with the largest gradients by a parameter; s NAME 0,2: by one weight
q          end
?          print this list"""


class Console:
    """Reads commands from standard input, or from an iterable of lines, and answers them."""

    def __init__(self, session: Walk, commands: Iterable[str] | None = None) -> None:
        self.session = session
        self._around: list[Walk] = []  # of loops that are entered
        self._lines = None if commands is None else iter(commands)
        self._commands: dict[str, Callable[[str], None]] = {
            "n": lambda rest: self._show(self.session.step(_count(rest))),
            "b": lambda rest: self._show(self.session.back(_count(rest))),
            "u": self._until,
            "g": lambda rest: self._show(self.session.goto(_stop(rest))),
            "l": self._list,
            "p": self._print,
            "s": self._samples,
            "t": self._repeat,
            "e": self._enter,
            "o": self._leave,
            "?": lambda rest: self._write(_HELP),
        }

    def run(self) -> None:
        """Answer commands until ``q`` or the end of the input; an empty line is ``n``."""
        self._write(f"{self.session.title}: {len(self.session.stops)} stops; ? lists the commands")
        self._show(self.session.current)
        while (line := self._read()) is not None:
            word, _, rest = line.strip().partition(" ")
            if word == "q":
                break
            command = self._commands.get(word or "n")
            if command is None:
                self._write(f"there is no command {word!r}; ? lists the commands")
                continue
            try:
                command(rest.strip())
            except (ChainruleError, ValueError) as error:
                self._write(str(error))

    def _read(self) -> str | None:
        """Return the next line, None at the end."""
        if self._lines is not None:
            line = next(self._lines, None)
            if line is not None:
                self._write(f"(debug) {line}")
            return line
        try:
            line = input("(debug) ")
        except (EOFError, KeyboardInterrupt):
            self._write("")
            return None
        if not sys.stdin.isatty():
            self._write(line)  # which a terminal shows when it is typed
        return line

    def _until(self, rest: str) -> None:
        stop = self.session.run_until(rest)
        if stop is None:
            self._write(f"{rest} holds for no further stop")
        else:
            self._show(stop)

    def _repeat(self, rest: str) -> None:
        stop = self.session.goto_step(_integer(rest))
        self._write(self.session.title)
        self._show(stop)

    def _enter(self, rest: str) -> None:
        inner = self.session.enter(_integer(rest))
        self._around.append(self.session)
        self._go_on_in(inner)

    def _leave(self, rest: str) -> None:
        del rest
        if not self._around:
            self._write("no loop is entered; e 0 enters that of the current stop")
            return
        self._go_on_in(self._around.pop())

    def _go_on_in(self, session: Walk) -> None:
        self.session = session
        self._write(f"{session.title}: {len(session.stops)} stops")
        self._show(session.current)

    def _samples(self, rest: str) -> None:
        name, _, place = rest.partition(" ")
        index = tuple(int(each) for each in place.split(",")) if place else None
        self._write(str(self.session.samples(name, index)))

    def _print(self, rest: str) -> None:
        name = rest or None
        self._write(f"{self.session.value(name)}")
        gradient = self.session.gradient(name)
        stop = self.session.current
        if gradient is not None and (name or stop.direction == "forward"):
            self._write(f"gradient\n{gradient}")

    def _list(self, rest: str) -> None:
        del rest
        rows = [
            [
                "→" if stop is self.session.current else "",
                str(stop.number), stop.direction, stop.layer, stop.name, str(stop.shape),
                stop.formula,
            ]
            for stop in self.session.stops
        ]  # fmt: skip
        heads = ["", "", "pass", "layer", "name", "shape", "formula"]
        if _is_rich():
            self._print_table("", heads, rows)
            return
        widths = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]
        for row in (heads, *rows):
            cells = (f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True))
            self._write("  ".join(cells).rstrip())

    def _show(self, stop: Stop) -> None:
        if not _is_rich():
            self._write(str(stop))
            return
        layer = f", layer {stop.layer}" if stop.layer else ""
        title = f"stop {stop.number} of {len(self.session.stops)}, {stop.direction}{layer}"
        self._print_table(title, None, [list(row) for row in stop.rows()])

    def _print_table(self, title: str, heads: list[str] | None, rows: list[list[str]]) -> None:
        """Print a table by rich."""
        from rich import box
        from rich.console import Console as Rich
        from rich.table import Table
        from rich.text import Text

        table: Any = Table(
            title=title or None, title_justify="left", show_header=heads is not None,
            box=box.SIMPLE,
        )  # fmt: skip
        for head in heads or ["", ""]:
            table.add_column(head)
        for row in rows:
            table.add_row(*(Text(encodable(cell)) for cell in row))
        Rich().print(table)

    def _write(self, text: str) -> None:
        sys.stdout.write(encodable(text) + "\n")


def _is_rich() -> bool:
    """Whether standard output is a terminal that moves the cursor and has colours."""
    return sys.stdout.isatty() and os.environ.get("TERM") not in ("dumb", "unknown")


def _count(text: str) -> int:
    if text and not text.isdigit():
        raise ValueError(f"{text!r} is no number of stops; write n 3")
    return int(text or 1)


def _integer(text: str) -> int:
    if not text.removeprefix("-").isdigit():
        raise ValueError(f"{text!r} is no number of a step; write e 0, or t 0")
    return int(text)


def _stop(text: str) -> int | str:
    return int(text) if text.isdigit() else text
