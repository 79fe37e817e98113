"""Reader of CSV files: columns with inferred dtypes."""

import csv
import io
import os
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.arguments.function_aliases import DATA_ALIASES
from chainrule.arguments.keywords import answers_foreign_names
from chainrule.errors import ArgumentError, FormatError

__all__ = ["read_csv"]

MISSING = ("", "NA", "N/A", "NaN", "nan", "NULL", "null")
BOOLEANS = {
    "True": True,
    "true": True,
    "TRUE": True,
    "False": False,
    "false": False,
    "FALSE": False,
}


@answers_foreign_names(DATA_ALIASES)
def read_csv(
    path: str | os.PathLike[str],
    *,
    delimiter: str = ",",
    encoding: str = "utf-8",
    missing: Collection[str] = MISSING,
) -> dict[str, NDArray[Any]]:
    r"""Read a table of comma-separated values into a dictionary of columns.

    The first line names the columns. The dtype of a column is the narrowest that holds all of its
    cells: bool, int64, float64 or text. Blanks after a delimiter are skipped.

    Parameters
    ----------
    path : str or path
        The file.
    delimiter : str
        One character, such as ``";"`` or a tab.
    encoding : str
        The text encoding; a byte-order mark is skipped.
    missing : collection of str
        The cells that denote a missing value.

    Returns
    -------
    dict of str to array, (n,)
        The columns in the file's order: bool, int64, float64 with NaN where a number is missing, or
        objects of type str with ``""`` where a text is missing. A column without a name is called
        ``column_1`` if it is the first.

    Raises
    ------
    ArgumentError
        For an invalid delimiter or encoding.
    FormatError
        If the file is malformed: no rows, a row of another length (the line is named), a duplicate
        column name, bytes invalid in the encoding.
    OSError
        If the file cannot be read.

    References
    ----------
    RFC 4180, "Common Format and MIME Type for Comma-Separated Values (CSV) Files", section 2.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "people.csv"
    >>> _ = path.write_text("name,age,height\nAnn,31,1.7\nBob,40,\n")
    >>> read_csv(path)
    {'name': array(['Ann', 'Bob'], dtype=object),
     'age': array([31, 40]),
     'height': array([1.7, nan])}
    """
    if len(delimiter) != 1 or delimiter in '"\r\n':
        raise ArgumentError(f"read_csv: delimiter is {delimiter!r}; it must be one character")
    title = f"read_csv: {os.fspath(path)}"
    rows = _rows(_text(Path(path).read_bytes(), encoding, title), delimiter, title)
    names = _names(next(rows, (1, []))[1], title)
    cells = _columns(rows, len(names), title)
    return {
        name: _typed(column, frozenset(missing)) for name, column in zip(names, cells, strict=True)
    }


def _text(content: bytes, encoding: str, title: str) -> str:
    try:
        text = content.decode("utf-8-sig" if encoding.lower() in ("utf-8", "utf8") else encoding)
    except UnicodeDecodeError as error:
        raise FormatError(
            f"{title}: not {encoding} text; save it as UTF-8, or, if a spreadsheet wrote it, try "
            'encoding="cp1252"',
            error.start,
        ) from None
    except LookupError:
        raise ArgumentError(
            f"read_csv: encoding is {encoding!r}, which Python does not know; try utf-8 or cp1252"
        ) from None
    return text


def _rows(text: str, delimiter: str, title: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows with the number of their last line; empty lines are skipped."""
    reader = csv.reader(
        io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True, strict=True
    )
    try:
        for row in reader:
            if row:
                yield reader.line_num, row
    except csv.Error as error:
        raise FormatError(
            f"{title}: line {reader.line_num} cannot be parsed ({error}); check its quotes"
        ) from None


def _names(header: list[str], title: str) -> list[str]:
    if not header:
        raise FormatError(f"{title}: the file is empty; its first line must name the columns")
    names = [name.strip() or f"column_{index}" for index, name in enumerate(header, start=1)]
    duplicate = next((name for index, name in enumerate(names) if name in names[:index]), None)
    if duplicate is not None:
        raise FormatError(f"{title}: two columns are named {duplicate!r}; names must be unique")
    return names


def _columns(rows: Iterator[tuple[int, list[str]]], width: int, title: str) -> list[list[str]]:
    table: list[list[str]] = []
    for line, row in rows:
        if len(row) != width:
            raise FormatError(
                f"{title}: line {line} has {len(row)} cells, the header names {width} columns; "
                "correct the line, or pass another delimiter"
            )
        table.append(row)
    if not table:
        raise FormatError(f"{title}: there is no row after the header")
    return [list(column) for column in zip(*table, strict=True)]


def _typed(cells: list[str], missing: frozenset[str]) -> NDArray[Any]:
    """Return the column with the narrowest dtype that holds every cell."""
    present = [cell for cell in cells if cell not in missing]
    is_complete = len(present) == len(cells)
    if is_complete and all(cell in BOOLEANS for cell in cells):
        return np.array([BOOLEANS[cell] for cell in cells])
    integers = _numbers(cells, int, np.dtype(np.int64)) if is_complete else None
    if integers is not None:
        return integers
    numbers = _numbers(present, float, np.dtype(np.float64))
    if numbers is None:
        return np.array(["" if cell in missing else cell for cell in cells], dtype=object)
    column = np.full(len(cells), np.nan)
    column[[cell not in missing for cell in cells]] = numbers
    return column


def _numbers(
    cells: list[str], number: Callable[[str], float], dtype: np.dtype[Any]
) -> NDArray[Any] | None:
    # Python parses 1_000 as a number; in a table it is an identifier.
    if any("_" in cell for cell in cells):
        return None
    try:
        return np.array([number(cell) for cell in cells], dtype)
    except (ValueError, OverflowError):
        return None
