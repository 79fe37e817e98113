"""Cells of tables: conversion to numbers or categories, and missing values."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.errors import DataError, DTypeError

__all__ = ["are_numbers", "as_numbers", "as_texts", "is_missing"]


def is_missing(cell: Any) -> bool:
    """Whether a cell is missing: None, NaN, ``""``, or pandas' NA or NaT.

    Examples
    --------
    >>> [is_missing(cell) for cell in (None, float("nan"), "", 0, "NaN")]
    [True, True, True, False, False]
    """
    if cell is None or cell == "" or type(cell).__name__ in ("NAType", "NaTType"):
        return True
    return isinstance(cell, float | np.floating) and math.isnan(cell)


def are_numbers(cells: NDArray[Any]) -> bool:
    """Whether all cells that are not missing are numbers or booleans."""
    if cells.dtype.kind != "O":
        return cells.dtype.kind in "biuf"
    return all(
        isinstance(cell, int | float | np.number | np.bool_)
        for cell in cells.tolist()
        if not is_missing(cell)
    )


def as_numbers(cells: NDArray[Any], name: str) -> NDArray[np.float64]:
    """Return a column as float64, with NaN for missing cells."""
    if cells.dtype.kind in "biuf":
        numbers = cells.astype(np.float64)
    elif cells.dtype.kind in "OUT":
        numbers = np.array([_number(cell, row, name) for row, cell in enumerate(cells.tolist())])
    else:
        raise DTypeError(
            f"Table: column {name!r} has dtype {cells.dtype}; convert it to numbers first, dates "
            "for example into days since the first one"
        )
    infinite = np.flatnonzero(np.isinf(numbers))
    if len(infinite):
        row = infinite[0]
        raise DataError(
            f"Table: column {name!r} has {numbers[row]} in row {row} (rows are counted from 0); "
            "replace it by a number, or by NaN if it is unknown"
        )
    return numbers


def as_texts(cells: NDArray[Any]) -> list[str]:
    """Return a column of categories as text, with ``""`` for missing cells.

    Integers have one text whatever their dtype: 1, 1.0 and "1" are one category. (A column of
    integers becomes one of floats as soon as a cell is missing.)

    Examples
    --------
    >>> as_texts(np.array([1.0, 2.5, np.nan])), as_texts(np.array(["a", None], dtype=object))
    (['1', '2.5', ''], ['a', ''])
    """
    return [_text(cell) for cell in cells.tolist()]


def _number(cell: Any, row: int, name: str) -> float:
    if is_missing(cell):
        return math.nan
    try:
        # Python parses "1_000" as a number; in a table it is an identifier.
        if not isinstance(cell, str) or "_" not in cell:
            return float(cell)
    except (TypeError, ValueError):
        pass
    raise DataError(
        f"Table: column {name!r} has {cell!r:.60} in row {row} (rows are counted from 0), which is "
        f"no number; correct it, or declare the column as data.Category({name!r})"
    )


def _text(cell: Any) -> str:
    if isinstance(cell, str):
        return cell
    if is_missing(cell):
        return ""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell)
