"""Rows of a CSV file with the column that a trained network predicts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

import click
import numpy as np
from numpy.typing import NDArray

from chainrule import data
from chainrule.arguments.lookup import suggestion
from chainrule.cli.advice import in_options
from chainrule.cli.csv_table.input_rows import rows_for
from chainrule.cli.csv_table.option import TableOptions
from chainrule.data.category_codes import category_codes
from chainrule.errors import DataError
from chainrule.train.model.model import Model

__all__ = ["LabelledRows", "labelled_rows"]

Array = NDArray[Any]


@dataclass(frozen=True)
class LabelledRows:
    """The inputs and the targets of a file, and how many rows have no target."""

    X: Array
    y: Array
    left_out: int


def labelled_rows(
    model: Model, file: BinaryIO, title: str, target: str, options: TableOptions,
    columns: Sequence[str] = (),
) -> LabelledRows:  # fmt: skip
    """Return the rows that have a target, as samples of a network."""
    table, rows = rows_for(model, file, title, options, columns, {target})
    if target not in table.names:
        raise DataError(
            f"{title} has no column {target!r} to compare with; {suggestion(target, table.names)}"
        )
    inputs: list[Array] = []
    cells: list[str] = []
    for each in rows:
        inputs.append(each.X)
        cells += map(str.strip, each.chunk.cells[target])
    for note in table.notes:
        click.echo(in_options(f"{title.partition(': ')[2]}: {note.text}"), err=True)
    X = np.concatenate(inputs)
    missing = {"", *options.missing}
    if model.classes is None:
        missing |= options.read_options().missing
    # Where the network has a class of that name, NA is one.
    is_given = np.array([cell not in missing for cell in cells])
    if not is_given.any():
        raise DataError(f"{title}: the target {target!r} is missing in all rows")
    try:
        y = _targets(model, target, [c if g else "" for c, g in zip(cells, is_given, strict=True)])
    except DataError as error:
        raise DataError(f"{title}: {str(error).removeprefix('Table: ')}") from None
    return LabelledRows(X[is_given], y[is_given], int(np.sum(~is_given)))


def _targets(model: Model, name: str, cells: list[str]) -> Array:
    """Return classes by their names, or numbers; any for an empty cell."""
    if model.classes is None:
        numbers = data.Number(name).numbers(np.array(cells, dtype=object))
        is_whole = np.array_equal(numbers, np.round(numbers))
        is_class = model.compile_arguments is not None and model.compile_arguments.loss.contains
        return numbers.astype(np.int64) if is_whole and is_class else numbers
    codes = category_codes(cells, model.classes)
    unknown = [row for row in np.flatnonzero(codes < 0).tolist() if cells[row]]
    if unknown:
        raise DataError(
            f"column {name!r} has {cells[unknown[0]]!r:.60} in row {unknown[0]} (rows are counted "
            f"from 0), which is no class of the network; it has {', '.join(model.classes):.200}"
        )
    return np.array(model.classes)[np.maximum(codes, 0)]
