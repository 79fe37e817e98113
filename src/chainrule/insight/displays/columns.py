"""Tables of data: each column with its kind, what is missing, its values and their distribution."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from chainrule.data.cell import are_numbers, as_texts, is_missing
from chainrule.data.dates import are_dates
from chainrule.data.formats import holds_digits, infer_dates
from chainrule.errors import counted
from chainrule.insight.displays.page import display, folded
from chainrule.insight.pages.markup import Markup, element, note, table
from chainrule.insight.plots.row_table import cell_text

__all__ = ["columns_display"]

_ROWS, _COLUMNS = 50_000, 100
"""Rows that are examined, and columns that are shown at most."""
_CATEGORIES, _BINS, _FIRST = 100, 24, 5
_WIDTH, _HEIGHT = 144, 28
_LONGEST = 28
"""Letters of a cell."""


class _Column(NamedTuple):
    kind: str
    missing: float
    """The share of the cells."""
    values: str
    bars: NDArray[Any]


def columns_display(columns: Mapping[str, NDArray[Any]]) -> Markup:
    """Return the columns of a table, one in a row, and its first rows."""
    length = max(map(len, columns.values()), default=0)
    chosen = np.unique(np.linspace(0, max(length - 1, 0), min(length, _ROWS)).astype(int))
    shown = dict(list(columns.items())[:_COLUMNS])
    rows = [_row(name, each[chosen] if length else each) for name, each in shown.items()]
    title = f"{counted(length, 'row')}, {counted(len(columns), 'column')}"
    content = [element("p", element("b", "Table"), " ", element("span", title, class_="soft"))]
    if rows:
        headings = ("column", "kind", "missing", "values", "distribution")
        content.append(table(headings, rows))
    if len(shown) < len(columns):
        content.append(note(f"and {len(columns) - len(shown):,} more columns"))
    if len(chosen) < length:
        content.append(note(f"Examined are {len(chosen):,} rows, evenly spaced."))
    if rows and length:
        first = [
            [_short(each[row]) for each in shown.values()] for row in range(min(_FIRST, length))
        ]
        content.append(folded("first rows", table([str(name) for name in shown], first)))
    return display(*content)


def _row(name: str, cells: NDArray[Any]) -> list[object]:
    column = _described(cells)
    missing = f"{column.missing:.1%}" if column.missing else ""
    return [str(name), column.kind, missing, column.values, _histogram(column.bars)]


def _described(cells: NDArray[Any]) -> _Column:
    nothing = np.zeros(0)
    if cells.ndim != 1:
        shape = " × ".join(map(str, cells.shape[1:]))
        return _Column(f"arrays of {shape}", 0.0, "", nothing)
    if cells.dtype.kind == "b":
        share = float(cells.mean()) if len(cells) else 0.0
        return _Column("boolean", 0.0, f"{share:.1%} true", np.array([1 - share, share]))
    if cells.dtype.kind in "iuf":
        return _numbers(cells.astype(float), "integer" if cells.dtype.kind in "iu" else "number")
    if cells.dtype.kind == "M" or are_dates(cells):
        return _dates(cells)
    if len(cells) and are_numbers(cells):
        numbers = [np.nan if is_missing(each) else float(each) for each in cells.tolist()]
        return _numbers(np.array(numbers), "number")
    return _texts(as_texts(cells))


def _numbers(numbers: NDArray[np.float64], kind: str) -> _Column:
    present = numbers[np.isfinite(numbers)]
    missing = float(np.isnan(numbers).mean()) if len(numbers) else 0.0
    if not len(present):
        return _Column(kind, missing, "", np.zeros(0))
    low, high, middle = (cell_text(np.float64(f(present))) for f in (np.min, np.max, np.median))
    different = np.unique(present)
    if len(different) == 1:
        return _Column(kind, missing, f"{low} in each row", np.ones(1))
    bins = min(_BINS, len(different))
    with np.errstate(all="ignore"):
        scaled = (present - present.min()) / (present.max() - present.min())
    bars = np.bincount((np.nan_to_num(scaled) * (bins - 1e-9)).astype(int), minlength=bins)
    return _Column(kind, missing, f"{low} to {high}, median {middle}", bars)


def _dates(cells: NDArray[Any]) -> _Column:
    days = np.array(cells, "datetime64[D]")
    present = days[~np.isnat(days)]
    missing = 1 - len(present) / len(days) if len(days) else 0.0
    if not len(present):
        return _Column("date", missing, "", np.zeros(0))
    bars = _numbers(present.astype(float), "date").bars
    return _Column("date", missing, f"{present.min()} to {present.max()}", bars)


def _texts(texts: list[str]) -> _Column:
    counts = Counter(each for each in texts if each)
    total = sum(counts.values())
    missing = 1 - total / len(texts) if texts else 0.0
    common = counts.most_common(_BINS)
    if holds_digits(set(counts)) and (found := infer_dates(texts, "")).format:
        words = f"{common[0][0]}, …; {found.format}"
        return _Column("date", missing, words, np.zeros(0))
    if not 0 < len(counts) <= _CATEGORIES or len(counts) == total > 1:
        example = f"{len(counts):,} different, such as {_short(common[0][0])}" if common else ""
        return _Column("text", missing, example, np.zeros(0))
    words = ", ".join(f"{_short(text)} {count / total:.0%}" for text, count in common[:3])
    more = f", {len(counts) - 3} more" if len(counts) > 3 else ""
    return _Column("category", missing, words + more, np.array([count for _, count in common]))


def _short(cell: Any) -> str:
    if isinstance(cell, np.ndarray):
        return " × ".join(map(str, cell.shape))
    text = "" if is_missing(cell) else cell_text(cell)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _histogram(bars: NDArray[Any]) -> Markup:
    """Return bars side by side, the largest as high as the drawing."""
    if len(bars) < 2:
        return Markup()
    step = _WIDTH / len(bars)
    heights = _HEIGHT * bars / max(bars.max(), 1e-300)
    marks = [
        element("rect", x=f"{step * place:.1f}", y=f"{_HEIGHT - height:.1f}",
                width=f"{max(step - 1, 0.5):.1f}", height=f"{height:.1f}")
        for place, height in enumerate(np.where(bars > 0, np.maximum(heights, 1), 0).tolist())
    ]  # fmt: skip
    size = {"width": _WIDTH, "height": _HEIGHT, "viewBox": f"0 0 {_WIDTH} {_HEIGHT}"}
    return element("svg", *marks, class_="hist", role="img", **size)
