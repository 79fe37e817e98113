"""Durations and times of day, as NumPy, pandas and Python have them: numbers of hours."""

from __future__ import annotations

import datetime as dt
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from chainrule.data.cell import is_missing

__all__ = ["in_hours"]

_HOUR = np.timedelta64(1, "h")


def in_hours(cells: NDArray[Any]) -> NDArray[Any]:
    """Return durations and times of day in hours, NaN where missing; other cells as they are.

    Examples
    --------
    >>> in_hours(np.array([90, "NaT"], "timedelta64[m]"))
    array([1.5, nan])
    >>> in_hours(np.array([dt.time(12, 30), None, "x"], object)).tolist()
    [12.5, nan, 'x']
    """
    if cells.dtype.kind == "m":
        return cast(NDArray[Any], cells / _HOUR)
    if cells.dtype.kind != "O":
        return cells
    first: Any = next((cell for cell in cells.flat if not is_missing(cell)), None)
    if not isinstance(first, dt.timedelta | dt.time):
        return cells
    listed = cells.ravel().tolist()
    hours = np.fromiter(map(_hours, listed), object, len(listed)).reshape(cells.shape)
    is_plain = all(isinstance(each, float) for each in hours.flat)
    return hours.astype(float) if is_plain else hours


def _hours(cell: Any) -> Any:
    if is_missing(cell):
        return float("nan")
    if isinstance(cell, dt.timedelta):
        return cell / dt.timedelta(hours=1)
    if isinstance(cell, dt.time):
        return cell.hour + cell.minute / 60 + (cell.second + cell.microsecond / 1e6) / 3600
    return cell
