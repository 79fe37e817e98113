"""Rows of a table as text on axes: the first columns, each as wide as its longest cell."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from chainrule.console import shortened, width_of
from chainrule.data.columns import is_table, read_columns
from chainrule.insight.figure import File, drawing, root_figure
from chainrule.insight.plots.plane import feature_names

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["cell_text", "cells_of_rows", "draw_rows"]

_MOST_COLUMNS = 6
_WIDTH = 66  # characters of the names of columns that fit side by side
_LONGEST_CELL, _LONGEST_NAME = 16, 24
_GAP = 2  # characters between two columns
_MANY = 10_000
"""Numbers from which on thousands are separated, and decimals left out."""


def cells_of_rows(
    function: str, X: Any, rows: Iterable[int], features: Sequence[str] | None
) -> tuple[list[str], list[list[str]]]:
    """Return the names of the first columns, and the text of their cells in some rows."""
    columns: dict[str, NDArray[Any]]
    if is_table(X):
        columns = {str(name): np.asarray(column) for name, column in read_columns(X).items()}
    else:
        array = np.asarray(X)
        flat = array.reshape(len(array), -1)
        named = feature_names(function, features, flat.shape[1])
        names = named or [f"column {place}" for place in range(flat.shape[1])]
        columns = dict(zip(names, flat.T, strict=True))
    widths = np.cumsum([max(width_of(name), 8) + 2 for name in columns])
    header = list(columns)[: max(min(int(np.sum(widths <= _WIDTH)), _MOST_COLUMNS), 1)]
    cells = [[cell_text(columns[name][row]) for name in header] for row in rows]
    header = [shortened(name, _LONGEST_NAME) for name in header]
    if len(columns) > len(header):
        header.append(f"and {len(columns) - len(header)} more")
        cells = [[*each, "…"] for each in cells]
    return header, cells


def cell_text(value: Any) -> str:
    """Return the text of a cell, numbers with four significant digits or more.

    Examples
    --------
    >>> [cell_text(value) for value in (0.123456, 1234567.8, "a long text in a cell")]
    ['0.1235', '1,234,568', 'a long text in …']
    """
    text = str(value)
    if isinstance(value, float | np.floating):
        text = f"{value:,.0f}" if abs(value) >= _MANY else f"{value:.4g}"
    return shortened(text, _LONGEST_CELL)


def draw_rows(
    title: str, header: list[str], lines: list[list[str]], path: File, axes: Axes | None = None
) -> Figure:
    """Draw lines of cells below a header; columns of numbers are aligned to the right.

    Letters have widths of their own, unlike those of a console: each cell is drawn by itself.
    """
    columns = list(zip(header, *lines, strict=True))
    widths = [max(map(width_of, column)) + _GAP for column in columns]
    size = (max(0.085 * sum(widths), 4.0), 0.27 * (len(lines) + 1) + 0.5)
    starts = np.cumsum([0, *widths])
    places = [
        (start + width - _GAP, "right") if all(map(_is_number, column[1:])) else (start, "left")
        for start, width, column in zip(starts, widths, columns, strict=False)
    ]
    with drawing(axes, path, size) as axes:
        axes.set_axis_off()
        for y, line in enumerate([header, *lines]):
            weight = "normal" if y else "bold"
            for (x, side), text in zip(places, line, strict=True):
                axes.text(x, y, text, va="center", ha=side, fontsize=9, fontweight=weight)
        axes.axhline(0.5, color="#888888", linewidth=0.8)
        axes.set_xlim(-1, starts[-1])
        axes.set_ylim(len(lines) + 0.6, -0.8)
        axes.set_title(title)
        return root_figure(axes)


def _is_number(text: str) -> bool:
    try:
        float(text.replace(",", ""))
    except ValueError:
        return False
    return True
