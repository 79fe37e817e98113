"""A table of delimited text in chunks of rows, in memory that does not depend on its length.

Encoding, delimiter and layout are inferred from the beginning of the file, by the functions that
infer them of a whole one, and the records are parsed alike.
"""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from chainrule.data.csv_file.byte_stream import lines_of, opened
from chainrule.data.csv_file.column_cells import (
    fitted_record,
    leave_out_footer,
    leave_out_sides,
    named_rows,
)
from chainrule.data.csv_file.encoding import checked_text, encoding_of
from chainrule.data.csv_file.file_kind import kind_of_text
from chainrule.data.csv_file.footer import MOST
from chainrule.data.csv_file.layout import Layout
from chainrule.data.csv_file.option import Options
from chainrule.data.csv_file.reader import Form, form_of
from chainrule.data.csv_file.record import QuoteError, Quotes, Record, quotes_of, records
from chainrule.data.note import Note
from chainrule.errors import FormatError

__all__ = ["Chunk", "TableStream", "table_stream"]

ROWS_AT_ONCE = 4096
MOST_SEEN = 10_000
"""Different cells of the first column that are remembered, by which a footer is told from rows."""


@dataclass(frozen=True)
class Chunk:
    """Successive rows: the number of the first one, and their cells as they are written."""

    first: int
    cells: dict[str, list[str]]


@dataclass(frozen=True)
class TableStream:
    """The names of the columns, what was inferred, and the rows; notes grow while these are read.

    The rows can be read once.
    """

    names: list[str]
    delimiter: str
    notes: list[Note]
    chunks: Iterator[Chunk]


def table_stream(
    file: BinaryIO, title: str, options: Options, expected: Collection[str] = ()
) -> TableStream:
    """Return the rows of an open file in chunks.

    Raises
    ------
    FormatError
        For a malformed file, as of `read_csv`; of a row when its chunk is read.
    """
    source = opened(file, title)
    sample = source.sample
    encoding, found = encoding_of(sample, options.encoding, title)
    text = checked_text(sample.decode(encoding), title)
    kind = kind_of_text(text)
    if kind is not None:
        raise FormatError(f"{title}: the file is {kind}")
    form = form_of(text, options, expected, title)
    quotes = _quotes(text, form, options, title, source.is_whole)
    rows = records(
        lines_of(source, encoding, title),
        form.delimiter,
        title,
        skip=form.layout.skip,
        comment=options.comment,
        quotes=quotes,
    )
    names, rows = named_rows(rows, form.layout, options.names, title)
    notes = [*source.notes, *found, *form.notes]
    if options.skip_footer:
        rows = _without_last(rows, options.skip_footer)
    added = notes if options.skip_footer is None else None
    return TableStream(
        names, form.delimiter, notes, _chunks(rows, names, form.layout, title, added)
    )


def _quotes(text: str, form: Form, options: Options, title: str, is_whole: bool) -> Quotes:
    """Return the first way to write quotes under which the beginning of the file is parsed."""
    ways = quotes_of(text, form.delimiter)
    for quotes in ways[:-1]:
        given = records(
            text, form.delimiter, title,
            skip=form.layout.skip, comment=options.comment, quotes=quotes,
        )  # fmt: skip
        try:
            deque(given, maxlen=0)
        except QuoteError as error:
            # The beginning may end within a quoted cell.
            if is_whole or "end of data" not in str(error):
                continue
        return quotes
    return ways[-1]


def _without_last(rows: Iterator[Record], count: int) -> Iterator[Record]:
    held: deque[Record] = deque()
    for row in rows:
        held.append(row)
        if len(held) > count:
            yield held.popleft()


def _chunks(
    rows: Iterator[Record], names: list[str], layout: Layout, title: str, notes: list[Note] | None
) -> Iterator[Chunk]:
    """Yield the rows; with `notes`, a footer is left out, with a note."""
    first, empty, seen = 0, 0, set[str]()
    for chunk in _with_footer(rows, seen, layout.before, notes):
        fitting = [row for each in chunk for row in fitted_record(each, len(names), layout, title)]
        if not fitting:
            continue
        columns = [list(cells) for cells in zip(*fitting, strict=True)]
        leave_out_sides(columns, len(names), layout, title)
        # Rows of delimiters at the end of a file are none: they wait for the next row with a cell.
        filled = _rows_to_the_last_cell(columns) if len(names) > 1 else len(columns[0])
        waiting, empty = empty, len(columns[0]) - filled
        if not filled:
            empty += waiting
            continue
        cells = [[""] * waiting + column[:filled] for column in columns]
        yield Chunk(first, dict(zip(names, cells, strict=True)))
        first += waiting + filled
    if not first:
        raise FormatError(
            f"{title}: there is no row after the header; if the first line is a row, pass "
            "header=False"
        )


def _with_footer(
    rows: Iterator[Record], seen: set[str], place: int, notes: list[Note] | None
) -> Iterator[list[Record]]:
    """Yield records in chunks, the last one long enough to have the whole footer, left out."""
    chunk = list(itertools.islice(rows, ROWS_AT_ONCE))
    while chunk:
        following = list(itertools.islice(rows, ROWS_AT_ONCE))
        if len(following) <= MOST:
            chunk, following = [*chunk, *following], []
            if notes is not None:
                leave_out_footer(chunk, seen, notes)
        if len(seen) < MOST_SEEN:
            seen.update(row[place] for _, row in chunk if len(row) > place)
        yield chunk
        chunk = following


def _rows_to_the_last_cell(columns: list[list[str]]) -> int:
    """Return the number of rows, without those at the end that have empty cells alone."""
    count = len(columns[0])
    while count and not any(column[count - 1].strip() for column in columns):
        count -= 1
    return count
