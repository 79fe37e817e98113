"""Declarations of the columns of a table: as given, or inferred from the cells."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from typing import Any, cast

from numpy.typing import NDArray

from chainrule.arguments.checks import bad_argument
from chainrule.data.cell import are_numbers, as_texts
from chainrule.data.feature import Category, Number
from chainrule.errors import ArgumentError, DataError

__all__ = [
    "Column",
    "checked_columns",
    "checked_drop",
    "checked_target",
    "declaration_of",
    "name_of_column",
]

Column = str | Number | Category
# A text column with more distinct values than this is taken for identifiers, not categories.
MAX_CATEGORIES = 100


def checked_columns(columns: Sequence[Any]) -> tuple[Column, ...]:
    """Return declarations of columns, given one by one or as a list."""
    if len(columns) == 1 and isinstance(columns[0], list | tuple):
        columns = cast(Sequence[Any], columns[0])
    for column in columns:
        if not isinstance(column, str | Number | Category):
            raise ArgumentError(
                f"Table: {column!r:.60} describes no column; give names, data.Number(name) or "
                "data.Category(name), and pass the data to fit"
            )
    name, count = Counter(map(name_of_column, columns)).most_common(1)[0] if columns else ("", 0)
    if count > 1:
        raise ArgumentError(f"Table: column {name!r} is declared twice")
    return tuple(columns)


def checked_target(target: Any) -> str | None:
    """Return the name of the column to predict, if there is one."""
    if target is None or isinstance(target, str):
        return target
    raise bad_argument("Table", "target", target, "the name of a column, a text")


def checked_drop(drop: Any) -> tuple[str, ...]:
    """Return the names of columns to leave out."""
    try:
        names: list[Any] = [drop] if isinstance(drop, str) else list(drop)
    except TypeError:
        names = [None]
    if all(isinstance(name, str) for name in names):
        return tuple(map(str, names))
    raise bad_argument("Table", "drop", drop, "a list of column names")


def name_of_column(column: Column) -> str:
    """Return the name of a declared column."""
    return column if isinstance(column, str) else column.name


def declaration_of(column: Column, cells: NDArray[Any]) -> Number | Category:
    """Return the declaration of a column, inferred from its cells where only its name is given."""
    if not isinstance(column, str):
        return column
    name = column
    are_dates = cells.dtype.kind == "O" and any(isinstance(cell, dt.date) for cell in cells.flat)
    if are_numbers(cells) or cells.dtype.kind not in "OUST" or are_dates:
        return Number(name)
    distinct = len(set(as_texts(cells)))
    if distinct > MAX_CATEGORIES and distinct > len(cells) // 20:
        raise DataError(
            f"Table: column {name!r} has {distinct} distinct texts in {len(cells)} rows and looks "
            f"like identifiers, not categories; leave it out with drop=[{name!r}], or declare "
            f"data.Category({name!r})"
        )
    return Category(name)
