"""Records to columns: each record has the cells of the columns, no more and no less."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Container, Iterator

from chainrule.data.csv_file.footer import MOST, count_footer
from chainrule.data.csv_file.layout import Layout
from chainrule.data.csv_file.record import Record, is_blank
from chainrule.data.note import Note
from chainrule.errors import ArgumentError, FormatError, counted

__all__ = [
    "cells_of_columns",
    "fitted_record",
    "leave_out_footer",
    "leave_out_sides",
    "named_rows",
]

ROWS_AT_ONCE = 1024


def cells_of_columns(
    rows: Iterator[Record],
    layout: Layout,
    given: list[str] | None,
    title: str,
    footer: int | None = None,
) -> tuple[dict[str, list[str]], list[Note]]:
    """Return the cells of each column by its name, and what is left out below them.

    `footer` is the number of records at the end that are no rows; None is to be inferred.
    """
    names, rows = named_rows(rows, layout, given, title)
    if footer:
        rows = iter(list(rows)[:-footer])
    notes: list[Note] = []
    columns = _cells(rows, len(names), layout, title, notes if footer is None else None)
    return dict(zip(names, columns, strict=True)), notes


def named_rows(
    rows: Iterator[Record], layout: Layout, given: list[str] | None, title: str
) -> tuple[list[str], Iterator[Record]]:
    """Return the names of the columns, and the rows."""
    header, rows = layout.header, iter(rows)
    if header is None:
        first = next(rows, None)
        if first is None:
            raise FormatError(
                f"{title}: the file is empty; its first line must name the columns, or be a row"
            )
        rows = itertools.chain([first], rows)
        width = len(first[1]) - layout.before - layout.after
        header = given or [""] * width
    else:
        width = len(header)
    if given is not None and len(given) != width:
        raise ArgumentError(
            f"read_csv: names has {counted(len(given), 'name')}, and the file "
            f"{counted(width, 'column')}; give one name for each column"
        )
    return _names(given or header, title), rows


def _names(header: list[str], title: str) -> list[str]:
    names = [name.strip() or f"column_{index}" for index, name in enumerate(header, start=1)]
    duplicate, count = Counter(names).most_common(1)[0]
    if count > 1:
        raise FormatError(
            f"{title}: two columns are named {duplicate!r}; names must be unique: give others by "
            "names=[...], or header=False if the first line is a row"
        )
    return names


def _cells(
    rows: Iterator[Record], width: int, layout: Layout, title: str, notes: list[Note] | None
) -> list[list[str]]:
    """Return the cells of each column; with `notes`, a footer is left out, with a note."""
    total = layout.before + width + layout.after
    columns: list[list[str]] = [[] for _ in range(total)]
    # A list for each row of the file would occupy the garbage collector longer than the reader.
    chunk = list(itertools.islice(rows, ROWS_AT_ONCE))
    while chunk:
        following = list(itertools.islice(rows, ROWS_AT_ONCE))
        if len(following) <= MOST:
            chunk, following = [*chunk, *following], []
            if notes is not None:
                leave_out_footer(chunk, columns[layout.before], notes)
        fitting = [row for _, row in chunk]
        if set(map(len, fitting)) != {total}:
            fitting = [
                row for record in chunk for row in fitted_record(record, width, layout, title)
            ]
        if fitting:
            for column, cells in zip(columns, zip(*fitting, strict=True), strict=True):
                column.extend(cells)
        chunk = following
    if not columns[0]:
        raise FormatError(
            f"{title}: there is no row after the header; if the first line is a row, pass "
            "header=False"
        )
    leave_out_sides(columns, width, layout, title)
    # Spreadsheets write lines of delimiters below the table.
    while width > 1 and len(columns[0]) > 1 and not any(each[-1].strip() for each in columns):
        for each in columns:
            each.pop()
    return columns


def leave_out_footer(chunk: list[Record], above: Container[str], notes: list[Note]) -> None:
    """Leave out what is below the table, of its last records."""
    count = count_footer(chunk, above.__contains__)
    if not count:
        return
    _, first = chunk[-count]
    lines = "the last line" if count == 1 else f"the last {count} lines"
    shown = ", ".join(first)
    text = f"{lines} ({shown:.40}) left out as no row of the table; pass skip_footer=0 to keep"
    notes.append(Note(f"{text} {'it' if count == 1 else 'them'}", is_guess=True))
    del chunk[-count:]


def leave_out_sides(columns: list[list[str]], width: int, layout: Layout, title: str) -> None:
    """Leave out the columns without a name, which are empty."""
    unnamed = ([] if layout.has_row_names else columns[: layout.before]) + columns[
        layout.before + width :
    ]
    for column in unnamed:
        row = next((row for row, cell in enumerate(column) if cell.strip()), None)
        if row is not None:
            raise FormatError(
                f"{title}: a column without a name has {column[row]!r:.40} in row {row} (rows are "
                "counted from 0), and is empty above; name all columns by names=[...]"
            )
    columns[:] = columns[layout.before : layout.before + width]


def fitted_record(record: Record, width: int, layout: Layout, title: str) -> list[list[str]]:
    """Return a record of the right number of cells; none for a line of blanks."""
    line, row = record
    total = layout.before + width + layout.after
    if len(row) == total:
        return [row]
    if is_blank(row):
        return []
    if len(row) > total and not any(map(str.strip, row[total:])):
        return [row[:total]]
    if len(row) == total - layout.after:
        return [[*row, *[""] * layout.after]]
    raise FormatError(
        f"{title}: line {line} has {counted(len(row), 'cell')}, the header names "
        f"{counted(width, 'column')}; correct the line, pass another delimiter, or, if it is none "
        'of the table, skip_rows=..., skip_footer=... or comment="#"'
    )
