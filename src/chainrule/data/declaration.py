"""Declarations of the columns of a table: as given, or inferred from the cells."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, cast

from numpy.typing import NDArray

from chainrule.arguments.checks import bad_argument
from chainrule.data import formats
from chainrule.data.cell import are_numbers, as_texts
from chainrule.data.dates import are_dates
from chainrule.data.features import Category, Date, Number
from chainrule.data.formats.date_format import parse_date
from chainrule.data.formats.missing import MISSING
from chainrule.data.formats.number_format import PLAIN
from chainrule.errors import ArgumentError, DataError, counted, warn

__all__ = [
    "Column",
    "checked_columns",
    "checked_drop",
    "checked_target",
    "declaration_of",
    "inferred_date",
    "name_of_column",
    "warn_of_row_number",
]

Column = str | Number | Category | Date
# A text column with more distinct values than this is taken for identifiers, not categories.
MAX_CATEGORIES = 100
# What pandas calls the labels of rows when it writes or resets them.
ROW_LABELS = ("Unnamed: 0", "index", "level_0")
# Integers of eight digits within a century or two, which are written as dates are.
FIRST_DAY, LAST_DAY, ENOUGH_DAYS = 19000101, 21001231, 5


def checked_columns(columns: Sequence[Any]) -> tuple[Column, ...]:
    """Return declarations of columns, given one by one or as a list."""
    if len(columns) == 1 and isinstance(columns[0], list | tuple):
        columns = cast(Sequence[Any], columns[0])
    for column in columns:
        if not isinstance(column, str | Number | Category | Date):
            raise ArgumentError(
                f"Table: {column!r:.60} describes no column; give names, data.Number(name), "
                "data.Category(name) or data.Date(name), and pass the data to fit"
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


def declaration_of(
    column: Column, cells: NDArray[Any], delimiter: str = ""
) -> Number | Category | Date:
    """Return the declaration of a column, inferred from its cells where only its name is given.

    Texts that are plain numbers are categories: a column of numbers would not hold texts.
    """
    if not isinstance(column, str):
        return column
    name = column
    date = inferred_date(name, cells, delimiter)
    if date is not None:
        return date
    if are_numbers(cells) or cells.dtype.kind not in "OUST":
        return Number(name)
    distinct = {*as_texts(cells)}
    remedy = f"data.Category({name!r})"
    if formats.holds_digits(distinct):
        numbers = formats.infer_numbers(distinct - {""})
        if numbers.format is not None and (numbers.format != PLAIN or numbers.signs):
            _warn_of_doubt(name, numbers.doubt, numbers.format.decimal)
            return Number(name)
        if numbers.format is not None or numbers.odd:
            remedy += f" or data.Number({name!r})"
    if len(distinct) > MAX_CATEGORIES and len(distinct) > len(cells) // 20:
        raise DataError(
            f"Table: column {name!r} has {len(distinct)} distinct texts in "
            f"{counted(len(cells), 'row')} and looks like identifiers, not categories; leave it "
            f"out with drop=[{name!r}], or declare {remedy}"
        )
    return Category(name)


def inferred_date(name: str, cells: NDArray[Any], delimiter: str = "") -> Date | None:
    """Return the declaration of a column of dates, None for another; warn of what may be wrong."""
    if are_dates(cells):
        return Date(name)
    if _are_calendar_days(cells):
        return Date(name, "%Y%m%d")
    if cells.dtype.kind not in "OUT" or are_numbers(cells):
        return None
    texts = as_texts(cells)
    if not formats.holds_digits({*texts}):
        return None
    found = formats.infer_dates(texts, delimiter)
    if found.odd:
        warn(
            f"Table: column {name!r} holds dates, but {found.odd[0]!r:.60} in row "
            f"{texts.index(found.odd[0])} (rows are counted from 0) is none, and so all are texts; "
            f"correct it, or pass missing={['', *found.odd[:5]]!r}"
        )
    if found.mixed:
        warn(
            f"Table: column {name!r} holds dates written as {' and as '.join(found.mixed[:3])}, "
            "and so all are texts; write them alike"
        )
    signs = [sign for sign in found.signs if sign not in MISSING]
    if signs:
        warn(
            f"Table: {', '.join(map(repr, signs))} among the dates of column {name!r} is taken as "
            f"missing; if that is right, declare data.Date({name!r}, format={found.format!r})"
        )
    if found.other:
        warn(
            f"Table: column {name!r} is ambiguous: {texts[0]!r} is read as a date by "
            f"{found.format}, and could be {found.other}; declare "
            f"data.Date({name!r}, format={found.format!r}) or "
            f"data.Date({name!r}, format={found.other!r})"
        )
    return Date(name, found.format) if found.format else None


def _warn_of_doubt(name: str, doubt: str, decimal: str) -> None:
    other = "," if decimal == "." else "."
    if doubt:
        warn(
            f"Table: column {name!r} is ambiguous: {doubt}; declare data.Number({name!r}, "
            f"decimal={decimal!r}) or decimal={other!r}"
        )


def _are_calendar_days(cells: NDArray[Any]) -> bool:
    """Whether integers are dates such as 20241231, and many enough not to be so by chance."""
    if cells.dtype.kind != "i" or not len(cells):
        return False
    if cells.min() < FIRST_DAY or cells.max() > LAST_DAY:
        return False
    days = {*cells.tolist()}
    return len(days) >= ENOUGH_DAYS and all(parse_date(str(day), "%Y%m%d") for day in days)


def warn_of_row_number(name: str, cells: NDArray[Any]) -> None:
    """Warn of a column of row numbers that was not declared."""
    if name not in ROW_LABELS or cells.dtype.kind != "i" or len(cells) < 2:
        return
    if len({*cells.tolist()}) == len(cells):
        warn(
            f"Table: column {name!r} has another integer in each row, as row numbers of pandas "
            f"have; leave it out with drop=[{name!r}], or declare data.Number({name!r})"
        )
