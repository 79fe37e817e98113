"""Cells of a column of dates: NumPy's, pandas' and Python's dates, and texts in one format."""

from __future__ import annotations

import datetime as dt
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from chainrule.data import formats
from chainrule.data.cell import is_missing, text_of
from chainrule.data.formats.date_format import parse_date
from chainrule.data.formats.missing import is_spelled_missing
from chainrule.errors import DataError

__all__ = ["are_dates", "as_dates"]

_MISSING = np.datetime64("NaT", "us")
Dates = NDArray[np.datetime64]


def are_dates(cells: NDArray[Any]) -> bool:
    """Whether cells are dates themselves, not texts: all that are not missing."""
    if cells.dtype.kind != "O":
        return cells.dtype.kind == "M"
    present = (cell for cell in cells.tolist() if not is_missing(cell))
    first = next(present, None)
    return first is not None and _is_date(first) and all(map(_is_date, present))


def as_dates(cells: NDArray[Any], name: str, date_format: str | None = None) -> tuple[Dates, str]:
    """Return a column as datetime64[us], NaT for missing cells, and the format of its texts.

    Examples
    --------
    >>> dates, written = as_dates(np.array(["3.1.2024", "?", "28.2.2024"]), "day")
    >>> dates.astype("M8[D]").tolist(), written
    ([datetime.date(2024, 1, 3), None, datetime.date(2024, 2, 28)], '%d.%m.%Y')
    """
    if cells.dtype.kind == "M":
        return cells.astype("M8[us]"), date_format or ""
    listed = cells.tolist()
    if date_format is None:
        texts = [cell for cell in listed if isinstance(cell, str)]
        date_format = formats.infer_dates(texts).format if texts else ""
    known: dict[Any, Any] = {}
    dates = np.empty(len(listed), "M8[us]")
    for row, cell in enumerate(listed):
        if not isinstance(cell, str):
            dates[row] = _date_of(cell, row, name, date_format)
            continue
        if cell not in known:
            known[cell] = _date_of(cell, row, name, date_format)
        dates[row] = known[cell]
    return dates, date_format


def _is_date(cell: Any) -> bool:
    return isinstance(cell, dt.date | np.datetime64) or hasattr(cell, "to_timestamp")


def _date_of(cell: Any, row: int, name: str, date_format: str) -> np.datetime64:
    if is_missing(cell):
        return _MISSING
    if isinstance(cell, np.datetime64):
        return cell.astype("M8[us]")
    if hasattr(cell, "to_timestamp"):  # a period of pandas
        cell = cell.to_timestamp()
    if isinstance(cell, dt.datetime):
        return np.datetime64(cell.replace(tzinfo=None), "us")
    if isinstance(cell, dt.date):
        return np.datetime64(cell, "us")
    text = text_of(cell)
    if isinstance(cell, str) and is_spelled_missing(text):
        return _MISSING
    date = parse_date(text, date_format) if date_format else None
    return _refuse(cell, row, name, date_format) if date is None else np.datetime64(date, "us")


def _refuse(cell: Any, row: int, name: str, date_format: str) -> NoReturn:
    rule = f"which is no date written as {date_format}" if date_format else "which is no date"
    raise DataError(
        f"Table: column {name!r} has {cell!r:.60} in row {row} (rows are counted from 0), {rule}; "
        f"correct it, or declare data.Date({name!r}, format=...) or data.Category({name!r})"
    )
