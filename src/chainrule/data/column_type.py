"""Dtypes of the columns of text files: the narrowest that holds every cell.

The reader of files calls `empty_missing` and `typed_column` once for each column.
"""

from __future__ import annotations

from collections.abc import Callable, Set
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.data.cell import TRUTH_VALUES
from chainrule.errors import FormatError

__all__ = ["MISSING", "empty_missing", "typed_column"]

MISSING = ("", "NA", "N/A", "NaN", "nan", "NULL", "null")
"""Cells that denote a missing value, unless others are named."""


def empty_missing(cells: list[str], signs: Set[str]) -> None:
    """Replace the cells that denote a missing value by ``""``, in place."""
    if not signs.isdisjoint(cells):
        cells[:] = ["" if cell in signs else cell for cell in cells]


def typed_column(cells: list[str], name: str, title: str) -> NDArray[Any]:
    """Return the column with the narrowest dtype that holds every cell; ``""`` is missing."""
    present = [cell for cell in cells if cell]
    is_complete = len(present) == len(cells)
    if present and all(cell in TRUTH_VALUES for cell in present):
        truths = [TRUTH_VALUES.get(cell) for cell in cells]
        return np.array(truths, bool if is_complete else object)
    integers = _numbers(cells, int, np.dtype(np.int64)) if is_complete else None
    if integers is not None:
        return integers
    numbers = _numbers(present, float, np.dtype(np.float64))
    # A text that Python alone takes for NaN, such as the town Nan, is no number by itself.
    if numbers is None or (len(numbers) and np.isnan(numbers).all()):
        return np.array(cells, dtype=object)
    column = numbers
    if not is_complete:
        column = np.full(len(cells), np.nan)
        column[[bool(cell) for cell in cells]] = numbers
    _refuse_overflow(column, cells, name, title)
    return column


def _refuse_overflow(column: NDArray[Any], cells: list[str], name: str, title: str) -> None:
    """Refuse what became infinite although no infinity is written."""
    for row in np.flatnonzero(np.isinf(column)).tolist():
        if "inf" not in cells[row].lower():
            raise FormatError(
                f"{title}: column {name!r} has {cells[row]:.60} in row {row} (rows are counted "
                "from 0), beyond the largest float64, about 1.8e308; correct it, or name it in "
                "missing=[...]"
            )


def _numbers(
    cells: list[str], number: Callable[[str], float], dtype: np.dtype[Any]
) -> NDArray[Any] | None:
    try:
        numbers = np.array([number(cell) for cell in cells], dtype)
    except (ValueError, OverflowError):
        return None
    # Python parses 1_000 as a number; in a table it is an identifier.
    return None if any("_" in cell for cell in cells) else numbers
