"""Rows of texts drawn as a table, below the names of its columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from chainrule.console import width_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["draw_table", "table_size"]

_GAP = 2


def table_size(rows: Sequence[Sequence[str]]) -> tuple[float, float]:
    """Return width and height in inches of a table with a title."""
    return max(0.085 * sum(_widths(rows)), 4.0), 0.27 * len(rows) + 0.5


def draw_table(axes: Axes, rows: Sequence[Sequence[str]], right: Sequence[bool] = ()) -> None:
    """Draw rows, the first of which names the columns; some columns are aligned to the right.

    Letters have widths of their own, unlike those of a console: each cell is drawn by itself.
    """
    widths = _widths(rows)
    starts = np.cumsum([0, *widths])
    right = [*right, *[False] * (len(widths) - len(right))]
    axes.set_axis_off()
    for place, line in enumerate(rows):
        for text, start, width, is_right in zip(line, starts, widths, right, strict=False):
            axes.text(
                start + is_right * (width - _GAP), place, text, va="center", fontsize=9,
                ha="right" if is_right else "left", fontweight="normal" if place else "bold",
            )  # fmt: skip
    axes.axhline(0.5, color="#888888", linewidth=0.8)
    axes.set_xlim(-1, starts[-1])
    axes.set_ylim(len(rows) - 0.4, -0.8)


def _widths(rows: Sequence[Sequence[str]]) -> list[int]:
    """Return the columns of a console that each column takes, with what is between two."""
    return [max(map(width_of, column)) + _GAP for column in zip(*rows, strict=True)]
