"""Reader of CSV files: columns with inferred dtypes."""

import io
import itertools
import os
from collections import Counter
from collections.abc import Collection, Iterator
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from chainrule.arguments.aliases import DATA_ALIASES
from chainrule.arguments.checks import bad_argument
from chainrule.arguments.keywords import answers_foreign_names
from chainrule.data.column_type import MISSING, empty_missing, typed_column
from chainrule.data.file_argument import is_path, read_content
from chainrule.errors import ArgumentError, FormatError

__all__ = ["read_csv", "read_csv_text"]

ROWS_AT_ONCE = 1024


@answers_foreign_names(DATA_ALIASES)
def read_csv(
    path: str | os.PathLike[str] | IO[Any],
    *,
    delimiter: str = ",",
    encoding: str = "utf-8",
    missing: Collection[str] = MISSING,
) -> dict[str, NDArray[Any]]:
    r"""Read a table of comma-separated values into a dictionary of columns.

    The first line names the columns. The dtype of a column is the narrowest that holds all of its
    cells: bool, int64, float64 or text. It depends on all rows: a `Table` is given the path itself,
    so that a row means the same in every file. Blanks after a delimiter are skipped.

    Parameters
    ----------
    path : str, path or open file
        The file. An open one is read from its position to its end.
    delimiter : str
        One character, such as ``";"`` or a tab.
    encoding : str
        The text encoding; a byte-order mark is skipped.
    missing : collection of str
        The cells that denote a missing value, besides empty ones.

    Returns
    -------
    dict of str to array, (n,)
        The columns in the file's order: bool, int64, float64 with NaN where a number is missing,
        objects of type bool with None where a truth value is missing, or of type str with ``""``
        where a text is missing. A column without a name is called ``column_1`` if it is the first.

    Raises
    ------
    ArgumentError
        If it is no path or open file, and for an invalid delimiter or encoding.
    FormatError
        If the file is malformed: no rows, a row of another length (the line is named), a duplicate
        column name, bytes invalid in the encoding, a number beyond those of float64.
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
    title, columns = _read(path, delimiter, encoding, missing)
    return {name: typed_column(cells, name, title) for name, cells in columns.items()}


def read_csv_text(path: str | os.PathLike[str]) -> dict[str, NDArray[Any]]:
    """Return the cells as they are written, objects of type str, with ``""`` for missing ones."""
    _, columns = _read(path, ",", "utf-8", MISSING)
    return {name: np.array(cells, dtype=object) for name, cells in columns.items()}


def _read(
    path: Any, delimiter: Any, encoding: Any, missing: Any
) -> tuple[str, dict[str, list[str]]]:
    """Return what messages call the file, and its columns, missing cells empty."""
    if not isinstance(delimiter, str) or len(delimiter) != 1 or delimiter in '"\r\n\0':
        raise ArgumentError(f"read_csv: delimiter is {delimiter!r}; it must be one character")
    signs = _checked_missing(missing)
    title = f"read_csv: {os.fspath(path) if is_path(path) else 'the file'}"
    rows = _rows(_text(read_content("read_csv", path), encoding, title), delimiter, title)
    names = _names(next(rows, (1, []))[1], title)
    columns = _columns(rows, len(names), title)
    for cells in columns:
        empty_missing(cells, signs)
    return title, dict(zip(names, columns, strict=True))


def _checked_missing(missing: Any) -> frozenset[str]:
    try:
        signs: list[Any] = [missing] if isinstance(missing, str) else list(missing)
    except TypeError:
        signs = [None]
    if all(isinstance(each, str) for each in signs):
        return frozenset(signs)
    raise bad_argument("read_csv", "missing", missing, 'a list of texts, such as ["", "NA", "?"]')


def _text(content: bytes | str, encoding: Any, title: str) -> str:
    if not isinstance(encoding, str):
        raise bad_argument("read_csv", "encoding", encoding, 'a name, such as "utf-8" or "cp1252"')
    try:
        if isinstance(content, bytes):
            is_plain = encoding.lower() in ("utf-8", "utf8")
            content = content.decode("utf-8-sig" if is_plain else encoding)
    except UnicodeError as error:
        raise FormatError(
            f"{title}: not {encoding} text; save it as UTF-8, or, if a spreadsheet wrote it, try "
            'encoding="cp1252"',
            getattr(error, "start", None),
        ) from None
    except (LookupError, ValueError):
        raise ArgumentError(
            f"read_csv: encoding is {encoding!r}, which Python does not know; try utf-8 or cp1252"
        ) from None
    if "\0" in content:
        raise FormatError(
            f"{title}: no text: character {content.index(chr(0))} is NUL; if the file is UTF-16, "
            'pass encoding="utf-16"'
        )
    return content.removeprefix("\ufeff")


def _rows(text: str, delimiter: str, title: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows with the number of their last line; empty lines are skipped."""
    import csv  # here, as most programs read none

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
    duplicate, count = Counter(names).most_common(1)[0]
    if count > 1:
        raise FormatError(f"{title}: two columns are named {duplicate!r}; names must be unique")
    return names


def _columns(rows: Iterator[tuple[int, list[str]]], width: int, title: str) -> list[list[str]]:
    columns: list[list[str]] = [[] for _ in range(width)]
    # A list for each row of the file would occupy the garbage collector longer than the reader.
    while chunk := list(itertools.islice(rows, ROWS_AT_ONCE)):
        for line, row in chunk:
            if len(row) != width:
                raise FormatError(
                    f"{title}: line {line} has {len(row)} cells, the header names {width} columns; "
                    "correct the line, or pass another delimiter"
                )
        cells_of = zip(*(row for _, row in chunk), strict=True)
        for column, cells in zip(columns, cells_of, strict=True):
            column.extend(cells)
    if not columns[0]:
        raise FormatError(f"{title}: there is no row after the header")
    return columns
