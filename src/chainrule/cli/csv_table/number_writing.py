"""How a file writes numbers, where that is not how the file of the training wrote them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import click

from chainrule import data
from chainrule.data.cell import TRUTH_VALUES
from chainrule.data.column_type import typed_columns
from chainrule.data.features import FittedNumber
from chainrule.data.formats.number_format import PLAIN

__all__ = ["table_as_written"]


def table_as_written(
    table: data.Table, cells: Mapping[str, list[str]], delimiter: str, decimal: str | None
) -> data.Table:
    """Return a table that reads the numbers of a file as its first rows write them.

    Only where they are no numbers as programs write them, and so did the file of the training: a
    decimal comma in one column holds for the others. A given decimal mark holds for all columns.
    """
    numbers = [each for each in table.fitted if isinstance(each, FittedNumber)]
    are_plain = all(_is_plain(cell) for each in numbers for cell in cells[each.name])
    if decimal is None and (are_plain or any(each.format != PLAIN for each in numbers)):
        return table
    texts = {each.name: cells[each.name] for each in numbers}
    found = typed_columns(texts, "", delimiter=delimiter, decimal=decimal)
    written = {name: each for name, each in found.formats.items() if each != PLAIN}
    if not written and decimal is None:
        return table
    for note in found.notes:
        if not note.column or note.column in written:
            click.echo(note.text, err=True)
    fitted = [
        replace(each, format=written.get(each.name, PLAIN))
        if isinstance(each, FittedNumber)
        else each
        for each in table.fitted
    ]
    return data.Table.of(fitted, table.target)


def _is_plain(cell: str) -> bool:
    if not cell or cell in TRUTH_VALUES:
        return True
    try:
        float(cell)
    except ValueError:
        return False
    return True
