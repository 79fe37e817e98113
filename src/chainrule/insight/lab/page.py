"""Text of several lines that consoles and notebooks display as it is."""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, cast

import numpy as np
import numpy.typing as npt

from chainrule.console import encodable
from chainrule.rich_display import TextTable, html_of

__all__ = ["ExerciseTable", "Page", "Row", "in_columns"]


@dataclass(frozen=True, repr=False)
class Page:
    """A text that is displayed as it is: by `print`, at the prompt, and in notebooks.

    Parameters
    ----------
    text : str
        The text, lines of at most 100 letters.

    Examples
    --------
    >>> Page("f'(x) = 2 x")
    f'(x) = 2 x
    """

    text: str

    def __str__(self) -> str:
        return encodable(self.text)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return f"<pre>{html.escape(self.text)}</pre>"


class Row(NamedTuple):
    """An exercise: its name and topic, what to write, its points, and whether it is done."""

    name: str
    topic: str
    write: str
    points: int
    done: bool
    attempts: int


@dataclass(frozen=True, repr=False)
class ExerciseTable:
    """The table of exercises: printed, lines of text; iterated over, its rows.

    Parameters
    ----------
    rows : tuple of Row
        Name, topic, what to write, points, done and attempts of each exercise.
    """

    rows: tuple[Row, ...]

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def __str__(self) -> str:
        return encodable("\n".join(_aligned(self._cells())))

    __repr__ = __str__

    def _cells(self) -> list[tuple[str, ...]]:
        cells: list[tuple[str, ...]] = [("name", "topic", "write", "points", "done")]
        for row in self.rows:
            mark = "yes" if row.done else f"{row.attempts} tried" if row.attempts else "no"
            cells.append((row.name, row.topic, row.write, str(row.points), mark))
        return cells

    def _repr_html_(self) -> str | None:
        headings, *rows = self._cells()
        done = sum(row.points for row in self.rows if row.done)
        total = f"{done} of {sum(row.points for row in self.rows)} points"
        return html_of(TextTable(headings, rows, [total]))


def _aligned(rows: list[tuple[str, ...]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join(map(str.ljust, row, widths)).rstrip()


def in_columns(values: Mapping[str, object]) -> list[str]:
    r"""Return the lines of a table of values by name: arrays of more than two axes without 1s.

    Examples
    --------
    >>> print(*in_columns({"x": np.ones((1, 1, 2, 1)), "rate": 0.5}), sep="\n")
    x     array([1., 1.]) in the shape (1, 1, 2, 1)
    rate  0.5
    """
    width, lines = max(map(len, values)), list[str]()
    for name, value in values.items():
        first, *rest = _shown(value).split("\n")
        lines += [f"{name:{width}}  {first}", *(" " * (width + 2) + line for line in rest)]
    return lines


def _shown(value: object) -> str:
    if not isinstance(value, np.ndarray):
        return str(getattr(value, "__name__", repr(value))).lstrip("_")
    array = cast(npt.NDArray[Any], value)
    with np.printoptions(precision=6, suppress=True, threshold=200, linewidth=84):
        if array.ndim < 3 or array.size == 0:
            return repr(array)
        lines = [line for line in repr(array.squeeze()).split("\n") if line]
        return "\n".join(lines) + f" in the shape {array.shape}"
