"""The columns of a CSV file to predict from, and those without information: row numbers, names."""

from __future__ import annotations

import re
import shlex
from typing import Any

import click
import numpy as np
from numpy.typing import NDArray

from chainrule import data
from chainrule.cli.csv_table.option import TableOptions
from chainrule.data.cell import are_numbers, as_texts, is_missing
from chainrule.data.declaration import inferred_date
from chainrule.data.file_columns import FileColumns
from chainrule.data.formats.number_format import EXACT

__all__ = ["Declaration", "declarations_of"]

Declaration = data.Number | data.Category | data.Date
FEW_TEXTS = 20
ROWS_PER_TEXT = 20
_UNNAMED = re.compile(r"column_\d+|Unnamed: ?\d+|X|V1|\.\.\.1")
_IDENTIFIERS = {
    "id", "ids", "key", "uid", "uuid", "guid", "index", "idx", "nr", "no", "num", "number", "row",
    "rownumber", "rowid", "rownum", "rowname", "rownames", "rows", "serial", "sno", "obs", "case",
    "record", "pk", "identifier", "n", "#",
}  # fmt: skip


def declarations_of(
    columns: FileColumns, left_out: tuple[str, ...], options: TableOptions
) -> dict[str, Declaration]:
    """Return what the columns to predict from are; print which are left out, and why."""
    declared: dict[str, Declaration] = {}
    for name, cells in columns.items():
        if name in left_out:
            continue
        declaration = _forced(name, options) or _inferred(name, cells, columns.delimiter)
        if declaration is not None:
            declared[name] = declaration
    return declared


def _forced(name: str, options: TableOptions) -> Declaration | None:
    if name in options.dates:
        return data.Date(name, options.dates[name])
    if name in options.texts:
        return data.Category(name)
    return data.Number(name) if name in options.numbers else None


def _inferred(name: str, cells: NDArray[Any], delimiter: str) -> Declaration | None:
    """Return what a column is by its cells; None if it is left out."""
    date = inferred_date(name, cells, delimiter)
    if date is not None:
        click.echo(f"column {name!r} holds dates{f', as {date.format}' if date.format else ''}")
        return date
    if are_numbers(cells):
        return _number(name, cells)
    texts = as_texts(cells)
    distinct = {*texts}
    if len(distinct) == 1:
        return _leave_out(name, f"all its cells are {texts[0]!r}")
    if len(distinct) > max(FEW_TEXTS, len(texts) // ROWS_PER_TEXT):
        kept = shlex.quote(name)
        return _leave_out(
            name,
            f"{len(distinct):,} different texts in {len(texts):,} rows are names or free text, no "
            f"categories (--text {kept} keeps them)",
        )
    return data.Category(name)


def _number(name: str, cells: NDArray[Any]) -> Declaration | None:
    present = [cell for cell in cells.tolist() if not is_missing(cell)]
    distinct = {*present}
    if not present:
        return _leave_out(name, "all its cells are missing")
    if len(distinct) == 1 and len(present) == len(cells):
        return _leave_out(name, f"all its cells are {present[0]!r}")
    are_integers = all(isinstance(cell, int) and not isinstance(cell, bool) for cell in present)
    kept = shlex.quote(name)
    if are_integers and max(map(abs, distinct)) > EXACT:
        return _leave_out(
            name, f"integers beyond 2**53 identify rows (--text {kept} keeps them as categories)"
        )
    is_first = cells.dtype.kind == "i" and _counts(cells)
    if are_integers and len(distinct) == len(cells) and _is_identifier(name, is_first):
        what = "numbers the rows" if is_first else "identifies rows: each has another number"
        return _leave_out(name, f"it {what} (--number {kept} keeps it)")
    if is_first and len(cells) >= ROWS_PER_TEXT:
        click.echo(
            f"column {name!r} counts the rows from {cells[0]}: if it is a row number, leave it out "
            f"by --drop {kept}"
        )
    return data.Number(name)


def _counts(cells: NDArray[Any]) -> bool:
    """Whether cells count the rows."""
    return cells[0] in (0, 1) and bool(np.all(np.diff(cells) == 1))


def _is_identifier(name: str, counts_rows: bool) -> bool:
    """Whether a name is one of identifiers, or, of a column that counts rows, none at all."""
    if _UNNAMED.fullmatch(name):
        return counts_rows or name.startswith("Unnamed")
    words = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[^\W\d_A-Z]+|\d+|#", name)
    return bool(words) and words[-1].lower() in _IDENTIFIERS


def _leave_out(name: str, why: str) -> None:
    click.echo(f"column {name!r} is left out: {why}")
