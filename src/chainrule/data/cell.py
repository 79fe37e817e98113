"""Cells of tables: conversion to numbers or categories, and missing values.

What a cell is depends on the cell alone, never on the other rows: a row of a file gives the same
features by itself as among others.
"""

from __future__ import annotations

import math
import numbers
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.data.formats.number_format import PLAIN, NumberFormat, decimals_of
from chainrule.errors import DataError, DTypeError

__all__ = [
    "CELLS",
    "TRUTH_VALUES",
    "are_numbers",
    "as_float",
    "as_list",
    "as_numbers",
    "as_texts",
    "cells_of_numbers",
    "is_missing",
    "parse_number",
    "text_of",
    "value_of",
]

TRUTH_VALUES = {
    "True": True,
    "true": True,
    "TRUE": True,
    "False": False,
    "false": False,
    "FALSE": False,
}
CELLS = ("numbers", "booleans", "either")
"""What a numeric column holds: booleans are no numbers there, or numbers no booleans, or both."""
_MISSING_TYPES = ("NAType", "NaTType")


def is_missing(cell: Any) -> bool:
    """Whether a cell is missing: None, NaN, ``""``, or pandas' NA or NaT.

    Examples
    --------
    >>> [is_missing(cell) for cell in (None, float("nan"), "", 0, "NaN")]
    [True, True, True, False, False]
    """
    if isinstance(cell, str):
        return not cell
    if isinstance(cell, float | np.floating):
        return math.isnan(cell)
    # pandas' NA has no truth value: its type is asked first.
    return cell is None or type(cell).__name__ in _MISSING_TYPES


def parse_number(text: str) -> int | float | None:
    """Return the number that a text spells, an int if it can be, or None.

    Examples
    --------
    >>> [parse_number(text) for text in ("007", "1e3", "x1", "1_000", "1e999")]
    [7, 1000.0, None, None, inf]
    """
    # Python parses "1_000" as a number; in a table it is an identifier.
    if "_" in text:
        return None
    try:
        return int(text)
    except ValueError:
        try:
            return float(text)
        except ValueError:
            return None


def are_numbers(cells: NDArray[Any]) -> bool:
    """Whether all cells that are not missing are numbers or booleans."""
    if cells.dtype.kind != "O":
        return cells.dtype.kind in "biuf"
    return all(
        isinstance(cell, numbers.Number | np.bool_)
        for cell in cells.tolist()
        if not is_missing(cell)
    )


def cells_of_numbers(cells: NDArray[Any]) -> str:
    """Return which of `CELLS` a numeric column of the training part holds.

    Examples
    --------
    >>> columns = [[1, 5], [1, 0], [True, None], ["TRUE", "false", ""]]
    >>> [cells_of_numbers(np.array(each, object)) for each in columns]
    ['numbers', 'either', 'booleans', 'booleans']
    """
    if cells.dtype.kind == "b":
        return "booleans"
    if cells.dtype.kind in "iuf":
        are_binary = np.all((cells == 0) | (cells == 1) | (cells != cells))
        return "either" if are_binary else "numbers"
    present = [cell for cell in cells.tolist() if not is_missing(cell)]
    if present and all(map(_is_boolean, present)):
        return "booleans"
    # A boolean object among numbers counts as 0 or 1, as in Python; a text does not.
    amounts = [cell for cell in present if not isinstance(cell, bool | np.bool_)]
    if len(amounts) < len(present):
        return "either"
    return "either" if all(value_of(cell) in (0, 1) for cell in amounts) else "numbers"


def as_numbers(
    cells: NDArray[Any], name: str, holds: str = "either", number_format: NumberFormat = PLAIN
) -> NDArray[np.float64]:
    """Return a column as float64, with NaN for missing cells; `holds` is one of `CELLS`.

    Texts are numbers in a format.
    """
    plain = _plain_numbers(cells) if number_format == PLAIN and holds != "booleans" else None
    if plain is not None:
        column = plain
    elif cells.dtype.kind in "biuf" and not _is_unexpected(cells, holds):
        column = cells.astype(np.float64)
    elif cells.dtype.kind in "biufOUT":
        written = None if number_format == PLAIN else number_format
        column = np.array(
            [_number(cell, row, name, holds, written) for row, cell in enumerate(cells.tolist())]
        )
    else:
        raise DTypeError(
            f"Table: column {name!r} has dtype {cells.dtype}; convert it to numbers first; dates "
            f"are declared by data.Date({name!r})"
        )
    infinite = np.flatnonzero(np.isinf(column))
    if len(infinite):
        row = infinite[0]
        raise DataError(
            f"Table: column {name!r} has {cells[row]!s:.60} in row {row} (rows are counted "
            "from 0); replace it by a finite number, or by NaN if it is unknown (in a file, by "
            "missing=['inf'])"
        )
    return column


def _plain_numbers(cells: NDArray[Any]) -> NDArray[np.float64] | None:
    """Return texts as numbers, parsed together, if Python reads all that are not missing."""
    if cells.dtype.kind != "O":
        return None
    listed: list[Any] = cells.tolist()
    try:
        # Python parses "1_000" as a number; cells that are no texts are not joined.
        if "_" in "".join(listed):
            return None
        return np.array([float(cell) if cell else math.nan for cell in listed], np.float64)
    except (ValueError, TypeError):
        return None


def as_texts(cells: NDArray[Any]) -> list[str]:
    """Return a column of categories as text, with ``""`` for missing cells.

    Integers have one text whatever their dtype: 1, 1.0 and "1" are one category. (A column of
    integers becomes one of floats as soon as a cell is missing.)

    Examples
    --------
    >>> as_texts(np.array([1.0, 2.5, np.nan])), as_texts(np.array(["a", None], dtype=object))
    (['1', '2.5', ''], ['a', ''])
    """
    return [cell if type(cell) is str else text_of(cell) for cell in as_list(cells)]


def as_list(cells: NDArray[Any]) -> list[Any]:
    """Return cells as Python's objects; 0.1 in single precision is 0.1, as it is written."""
    if cells.dtype.kind == "f" and cells.dtype.itemsize < 8:
        return [float(str(cell)) for cell in cells]
    return cells.tolist()


def value_of(cell: Any) -> bool | int | float | None:
    """Return a cell as a boolean or number, or None if it is neither.

    Examples
    --------
    >>> [value_of(cell) for cell in ("TRUE", "007", 1.5, "x", None)]
    [True, 7, 1.5, None, None]
    """
    if isinstance(cell, str):
        return TRUTH_VALUES[cell] if cell in TRUTH_VALUES else parse_number(cell)
    if isinstance(cell, bool | int | float):
        return cell
    if isinstance(cell, np.bool_):
        return bool(cell)
    try:
        return None if is_missing(cell) else float(cell)
    except (TypeError, ValueError):
        return None


def as_float(value: float) -> float:
    """Return a number as a float, infinity for an integer beyond float64."""
    try:
        return float(value)
    except OverflowError:
        return math.inf


def text_of(cell: Any) -> str:
    """Return a cell as text, ``""`` if it is missing."""
    if isinstance(cell, str):
        return cell
    if is_missing(cell):
        return ""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell)


def _is_unexpected(cells: NDArray[Any], holds: str) -> bool:
    """Whether an array of numbers has a cell that `_number` refuses for what it is."""
    if holds == "booleans" and cells.dtype.kind != "b":
        return bool(np.any((cells < 0) | (cells > 1)))
    return holds == "numbers" and cells.dtype.kind == "b"


def _is_boolean(cell: Any) -> bool:
    return isinstance(cell, bool | np.bool_) or (isinstance(cell, str) and cell in TRUTH_VALUES)


def _number(cell: Any, row: int, name: str, holds: str, written: NumberFormat | None) -> float:
    if written is not None and isinstance(cell, str) and cell not in TRUTH_VALUES:
        value = written.parse(cell)
    else:
        value = value_of(cell)
    if value is None and is_missing(cell):
        return math.nan
    if value is None and written is None and isinstance(cell, str):
        value = PLAIN.parse(cell)  # 1,234.5
    if value is None:
        rule = _no_number(cell, name)
    elif holds == "numbers" and isinstance(value, bool):
        rule = "but held numbers in training; write it as a number"
    elif holds == "booleans" and not (0 <= value <= 1 or math.isnan(value)):
        rule = "but held only true and false in training; correct it"
    else:
        return as_float(value)
    raise DataError(
        f"Table: column {name!r} has {cell!r:.60} in row {row} (rows are counted from 0), {rule}"
    )


def _no_number(cell: Any, name: str) -> str:
    """Return why a cell is no number, with the remedy."""
    marks = decimals_of(cell) if isinstance(cell, str) else ()
    if marks:
        return (
            "which may be a number with thousands, a unit or another decimal mark than in the "
            f"training part; write it as there, or declare data.Number({name!r}, decimal=...)"
        )
    return f"which is no number; correct it, or declare the column as data.Category({name!r})"
