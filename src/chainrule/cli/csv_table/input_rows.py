"""Rows of a CSV file as inputs of a trained network, a chunk at a time."""

from __future__ import annotations

import re
import sys
from collections.abc import Collection, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import click
import numpy as np
from numpy.typing import NDArray

from chainrule import data, nn
from chainrule.arguments.lookup import suggestion
from chainrule.cli.advice import in_options
from chainrule.cli.csv_table.gaps import Gaps
from chainrule.cli.csv_table.number_writing import table_as_written
from chainrule.cli.csv_table.option import TableOptions
from chainrule.data.column_type import empty_missing
from chainrule.data.csv_file.stream import Chunk, TableStream, table_stream
from chainrule.data.file_argument import checked_path
from chainrule.data.note import Note
from chainrule.errors import ChainruleError, DataError, FormatError, ShapeError, counted
from chainrule.train.model.model import Model

__all__ = ["InputRows", "input_names", "opened_table", "rows_for", "title_of"]

STANDARD_INPUT = "-"
_ROW = re.compile(r"\bin row (\d+)(?= \(rows)")
_OTHER_KIND = re.compile(r", or declare the column as .*$")
"""Advice for a training; here the kinds of columns are those of the model."""


@dataclass(frozen=True)
class InputRows:
    """A chunk of rows as inputs, and its cells as they are written."""

    X: Any
    chunk: Chunk


@contextmanager
def opened_table(path: str, function: str) -> Generator[BinaryIO]:
    """Open a file, or standard input for ``-``."""
    if path != STANDARD_INPUT:
        with checked_path(function, path).open("rb") as file:
            yield file
        return
    if sys.stdin.isatty():
        click.echo("reading a table from the terminal; Ctrl-D ends it", err=True)
    yield sys.stdin.buffer


def input_names(model: Model) -> list[str] | None:
    """Return the names of the columns that a network was trained on, where it knows them."""
    if model.table is not None:
        return [column.name for column in model.table.fitted]
    return model.columns


def rows_for(
    model: Model,
    file: BinaryIO,
    title: str,
    options: TableOptions,
    columns: Sequence[str] = (),
    others: Collection[str] = (),
) -> tuple[TableStream, Iterator[InputRows]]:
    """Return a table, and its rows as inputs of a network; messages name rows of the whole file.

    `columns` are the inputs in order, of a network that does not know their names; where they are
    not given, all but `others` are.
    """
    known = input_names(model)
    if columns and model.table is not None:
        raise click.UsageError(
            f"--columns is for networks without a table; this one takes {', '.join(known or ())}"
        )
    wanted = list(columns) or known
    table = table_stream(file, title, options.read_options(), {*(wanted or ()), *others})
    if wanted is None:
        wanted = [name for name in table.names if name not in others]
    _check_names(title, table.names, wanted)
    if model.table is None:
        _check_width(model, title, wanted)
    return table, _rows(model, table, title, options, wanted)


def _rows(
    model: Model, table: TableStream, title: str, options: TableOptions, wanted: list[str]
) -> Iterator[InputRows]:
    reading = options.read_options()
    encoders: data.Table | None = None
    gaps = Gaps()
    first = 0
    while True:
        with _counting_from(first, title):
            chunk = next(table.chunks, None)
        if chunk is None:
            table.notes.extend(map(Note, gaps.texts()))
            return
        cells = {name: list(chunk.cells[name]) for name in wanted}
        for column in cells.values():
            empty_missing(column, reading.missing)
        with _counting_from(chunk.first, title):
            if model.table is not None and encoders is None:
                encoders = table_as_written(model.table, cells, table.delimiter, reading.decimal)
            X = _inputs(model, encoders, cells, reading.decimal)
        gaps.count(encoders, cells)
        yield InputRows(X, chunk)
        first = chunk.first + len(next(iter(chunk.cells.values())))


def _inputs(
    model: Model, table: data.Table | None, cells: dict[str, list[str]], decimal: str | None
) -> Any:
    if table is not None:
        columns = {name: np.array(column, dtype=object) for name, column in cells.items()}
        return table.transform(columns, model.dtype.name)
    rows = np.stack([_numbers(name, column, decimal) for name, column in cells.items()], axis=1)
    assert model.input_shape is not None, "what is loaded is built"
    rows = rows.reshape(len(rows), *(size or 1 for size in model.input_shape[1:]))
    return rows.astype(np.int64 if isinstance(model.layers[0], nn.Embedding) else model.dtype)


def _numbers(name: str, cells: list[str], decimal: str | None) -> NDArray[np.float64]:
    if decimal == ",":
        cells = [cell.replace(".", "").replace(",", ".") for cell in cells]
    try:
        return np.array(cells).astype(np.float64)
    except ValueError:
        row, cell = next((i, each) for i, each in enumerate(cells) if not _is_number(each))
    found = f"{cell!r:.60}, which is no number," if cell else "no number"
    raise DataError(
        f"column {name!r} has {found} in row {row} (rows are counted from 0); this network takes "
        "numbers alone"
    )


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _check_names(title: str, names: Sequence[str], wanted: Sequence[str]) -> None:
    """Refuse a table that lacks a column."""
    missing = [name for name in wanted if name not in names]
    if not missing:
        return
    more = f" (and {len(missing) - 1} more of those that it takes)" if len(missing) > 1 else ""
    are_numbered = all(each == f"column_{i}" for i, each in enumerate(names, start=1))
    hint = ""
    if are_numbered:
        hint = "; its first line was taken for a row: --header if it names the columns"
    elif len(names) == 1:
        hint = "; that is one column: --delimiter says what separates several"
    raise DataError(
        f"{title} has no column {missing[0]!r}{more}, which the network was trained on; "
        f"{suggestion(missing[0], list(names))}{hint}"
    )


def _check_width(model: Model, title: str, wanted: Sequence[str]) -> None:
    """Refuse another number of columns than the network has inputs."""
    shape = model.input_shape or ()
    inputs = int(np.prod([size or 1 for size in shape[1:]]))
    if inputs != len(wanted):
        raise ShapeError(
            f"{title} has {counted(len(wanted), 'column')} ({', '.join(wanted):.60}), and the "
            f"network takes {counted(inputs, 'number')} a row; name them in order by "
            "--columns A,B,..."
        )


@contextmanager
def _counting_from(first: int, title: str) -> Generator[None]:
    """Name the file in errors, and rows of it rather than of a chunk."""
    try:
        yield
    except (DataError, FormatError, ShapeError) as error:
        raise _in_file(error, first, title) from None


def _in_file(error: ChainruleError, first: int, title: str) -> ChainruleError:
    message = _ROW.sub(lambda found: f"in row {int(found[1]) + first}", str(error))
    message = message.removeprefix("Table: ")
    message = _OTHER_KIND.sub(", or name it by --missing if it is unknown", message)
    return DataError(in_options(message if message.startswith(title) else f"{title}: {message}"))


def title_of(path: str) -> str:
    """Return what messages call a table."""
    return "standard input" if path == STANDARD_INPUT else Path(path).name
