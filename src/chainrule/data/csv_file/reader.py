"""Reader of delimited text, by stages: bytes, encoding, dialect, layout, rows, dtypes."""

from __future__ import annotations

import itertools
import os
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from chainrule.arguments.aliases import DATA_ALIASES
from chainrule.arguments.keywords import answers_foreign_names
from chainrule.data.column_type import MISSING, empty_missing, typed_columns
from chainrule.data.csv_file.column_cells import cells_of_columns
from chainrule.data.csv_file.content import unpacked
from chainrule.data.csv_file.dialect import inferred_delimiter, named_delimiter, sample_of
from chainrule.data.csv_file.encoding import checked_text, decoded
from chainrule.data.csv_file.file_kind import kind_of_text
from chainrule.data.csv_file.layout import Layout, inferred_layout
from chainrule.data.csv_file.option import Options, checked_options
from chainrule.data.csv_file.record import BLANKS, QuoteError, quotes_of, records
from chainrule.data.file_argument import is_path, read_content
from chainrule.data.file_columns import FileColumns
from chainrule.data.note import Note
from chainrule.errors import FormatError, warn

__all__ = ["Form", "form_of", "read_csv", "read_csv_text", "read_table", "warn_of_guesses"]

_QUOTES = {
    "escaped": Note("quotes in quotes are written with a backslash"),
    "plain": Note("quotes do not enclose cells, but belong to them", is_guess=True),
}
SAMPLE = 300
"""Records from which the layout is inferred."""


@answers_foreign_names(DATA_ALIASES)
def read_csv(
    path: str | os.PathLike[str] | IO[Any],
    *,
    delimiter: str = "auto",
    encoding: str = "auto",
    missing: Collection[str] = MISSING,
    decimal: str = "auto",
    header: bool | str = "auto",
    names: Sequence[str] | None = None,
    comment: str | None = None,
    skip_rows: int = 0,
    skip_footer: int | str = "auto",
) -> dict[str, NDArray[Any]]:
    r"""Read a table of delimited text into a dictionary of columns.

    What is not given is inferred from the file: its compression (gzip, bz2, xz, or zip with one
    file in it), encoding, delimiter, and whether its first line names the columns. Lines in front
    of the header (comments that begin with ``#`` or ``%``, titles, ``sep=;``), row names as R
    writes them, and a delimiter at the end of each line are recognised.

    The dtype of a column is the narrowest that holds all of its cells: bool, int64, uint64,
    float64 or text. It depends on all rows: a `Table` is given the path itself, so that a row
    means the same in every file. Blanks around cells are stripped.

    Parameters
    ----------
    path : str, path or open file
        The file; ``~`` is the home folder. An open one is read from its position to its end.
    delimiter : str
        Such as ``";"`` or a tab; ``" "`` is any number of blanks.
    encoding : str
        The text encoding; a byte-order mark is skipped.
    missing : collection of str
        The cells that denote a missing value, besides empty ones. Among numbers, the usual
        spellings are missing as well, such as ``?``, ``-`` and ``#DIV/0!``.
    decimal : {"auto", ".", ","}
        The decimal mark of numbers that programs did not write: with separated thousands, a unit
        such as ``$`` or ``%``, or a decimal comma.
    header : {"auto", True, False}
        Whether the first line of the table names the columns.
    names : sequence of str, optional
        The names of the columns, instead of those in the file.
    comment : str, optional
        The sign after which the rest of a line is a comment, such as ``"#"``.
    skip_rows : int >= 0
        The number of lines to skip at the beginning of the file.
    skip_footer : int >= 0 or "auto"
        The number of lines to skip at the end, such as those of sums; empty ones are not counted.

    Returns
    -------
    dict of str to array, (n,)
        The columns in the file's order: bool, int64, float64 with NaN where a number is missing,
        objects of type bool with None where one is missing, or of type str with ``""``
        where a text is missing. A column without a name is called ``column_1`` if it is the first.

    Raises
    ------
    ArgumentError
        If it is no path or open file, and for an invalid argument.
    FormatError
        If the file is malformed: no rows, a row of another length (the line is named), a duplicate
        column name, bytes invalid in the encoding, a number beyond those of float64. Also for a
        file in another format, such as a spreadsheet, a web page or JSON, which is named.
    OSError
        If the file cannot be read.

    Warns
    -----
    ChainruleWarning
        Of a guess that may be wrong: an encoding other than UTF-8 without a byte-order mark, a
        missing header, a title in front of it, units below it, or sums below the rows.

    References
    ----------
    RFC 4180, "Common Format and MIME Type for Comma-Separated Values (CSV) Files", section 2.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "people.csv"
    >>> _ = path.write_text("name;age;height\nAnn;31;1.7\nBob;40;\n")
    >>> read_csv(path)
    {'name': array(['Ann', 'Bob'], dtype=object),
     'age': array([31, 40]),
     'height': array([1.7, nan])}
    """
    options = checked_options(
        delimiter, encoding, missing, header, names, comment, skip_rows, decimal, skip_footer
    )
    columns, notes = read_table(path, options)
    warn_of_guesses(path, notes)
    return columns


def read_table(
    path: str | os.PathLike[str] | IO[Any],
    options: Options | None = None,
    expected: Collection[str] = (),
) -> tuple[FileColumns, tuple[Note, ...]]:
    """Return the columns with inferred dtypes, and what was inferred of the file.

    `expected` are names that the columns should have, which settles whether there is a header.
    """
    options = options or Options()
    table = _read(path, options, expected)
    columns = typed_columns(
        table.cells, table.title, delimiter=table.delimiter, decimal=options.decimal
    )
    return columns, (*table.notes, *columns.notes)


def read_csv_text(path: str | os.PathLike[str], expected: Collection[str] = ()) -> dict[str, Any]:
    """Return the cells as they are written, objects of type str, with ``""`` for missing ones."""
    table = _read(path, Options(), expected)
    warn_of_guesses(path, table.notes)
    return {name: np.array(cells, dtype=object) for name, cells in table.cells.items()}


def warn_of_guesses(path: Any, notes: Iterable[Note]) -> None:
    """Warn of what may be wrong."""
    for note in notes:
        if note.is_guess:
            warn(f"{_title(path)}: {note.text}")


def _title(path: Any) -> str:
    """Return what messages call the file."""
    return f"read_csv: {os.fspath(path) if is_path(path) else 'the file'}"


@dataclass(frozen=True)
class _Table:
    title: str
    delimiter: str
    cells: dict[str, list[str]]
    notes: tuple[Note, ...]


def _read(path: Any, options: Options, expected: Collection[str]) -> _Table:
    """Return the columns of a file, missing cells empty."""
    title = _title(path)
    text, notes = _text(read_content("read_csv", path), options, title)
    form = form_of(text, options, expected, title)
    cells, added = _parsed(text, form.delimiter, form.layout, options, title)
    for column in cells.values():
        empty_missing(column, options.missing)
    return _Table(title, form.delimiter, cells, (*notes, *form.notes, *added))


@dataclass(frozen=True)
class Form:
    """How a text holds a table."""

    delimiter: str
    layout: Layout
    notes: tuple[Note, ...]


def form_of(text: str, options: Options, expected: Collection[str], title: str) -> Form:
    """Return delimiter and layout of a table, by the beginning of its text."""
    notes: list[Note] = []
    skip, delimiter = options.skip_rows, options.delimiter
    named = named_delimiter(text) if not skip else None
    if named is not None:
        skip, delimiter = 1, delimiter or named
    sample = sample_of(text)
    if delimiter is None:
        delimiter = inferred_delimiter(sample, options.comment, skip)
        if delimiter != ",":
            shown = "blanks" if delimiter == BLANKS else repr(delimiter)
            notes.append(Note(f"columns are separated by {shown}"))
    elif named is not None:
        notes.append(Note(f"columns are separated by {named!r}, as the line sep={named} says"))
    given = records(sample, delimiter, title, skip=skip, comment=options.comment, strict=False)
    layout = inferred_layout(
        list(itertools.islice(given, SAMPLE)),
        options.header,
        options.names,
        expected,
        skip,
        title,
    )
    return Form(delimiter, layout, (*notes, *layout.notes))


def _parsed(
    text: str, delimiter: str, layout: Layout, options: Options, title: str
) -> tuple[dict[str, list[str]], list[Note]]:
    """Return the cells of each column; where its quotes cannot be parsed, by other rules."""
    first: FormatError | None = None
    for quotes in quotes_of(text, delimiter):
        rows = records(
            text, delimiter, title, skip=layout.skip, comment=options.comment, quotes=quotes
        )
        try:
            cells, added = cells_of_columns(rows, layout, options.names, title, options.skip_footer)
        except FormatError as error:
            if first is None and not isinstance(error, QuoteError):
                raise
            first = first or error
        else:
            return cells, [*([_QUOTES[quotes]] if first else []), *added]
    assert first is not None, "there is a way to write quotes"
    raise first


def _text(content: bytes | str, options: Options, title: str) -> tuple[str, list[Note]]:
    notes: list[Note] = []
    if isinstance(content, bytes):
        content, notes = unpacked(content, title)
        content, added = decoded(content, options.encoding, title)
        notes += added
    text = checked_text(content, title)
    kind = kind_of_text(text)
    if kind is not None:
        raise FormatError(f"{title}: the file is {kind}")
    return text, notes
