"""Tables of delimited text: the columns of the first rows, as the reader of files sees them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.data.cell import are_numbers, is_missing
from chainrule.data.column_type import empty_missing, typed_columns
from chainrule.data.csv_file.option import Options
from chainrule.data.csv_file.stream import table_stream
from chainrule.data.dates import are_dates
from chainrule.data.declaration import inferred_date

__all__ = ["table_content"]

Content = dict[str, Any]
LARGEST_COUNTED = 1 << 26
"""Bytes up to which the rows are counted."""


def table_content(path: Path) -> Content:
    """Return the columns of a table by its first rows."""
    with path.open("rb") as file:
        table = table_stream(file, f"inspect: {path.name}", Options())
        first = next(table.chunks)
        rows = len(next(iter(first.cells.values())))
        is_small = path.stat().st_size <= LARGEST_COUNTED
        total = rows
        for chunk in table.chunks if is_small else ():
            total += len(next(iter(chunk.cells.values())))
    cells = {name: list(column) for name, column in first.cells.items()}
    for column in cells.values():
        empty_missing(column, Options().missing)
    typed = typed_columns(cells, f"inspect: {path.name}", delimiter=table.delimiter)
    notes = [each.text for each in (*table.notes, *typed.notes)]
    columns = [_column(name, column, typed.delimiter) for name, column in typed.items()]
    content: Content = {"kind": "a table", "rows": total if is_small else f"more than {rows:,}"}
    content |= {f"note {number}": text for number, text in enumerate(notes[:10], start=1)}
    seen = "columns" if total == rows and is_small else f"columns, of the first {rows:,} rows"
    return {**content, "number of columns": len(columns), seen: columns}


def _column(name: str, cells: NDArray[Any], delimiter: str) -> Content:
    present = [cell for cell in cells.tolist() if not is_missing(cell)]
    distinct = {*present}
    kind = "text"
    if are_numbers(cells):
        kind = "truth values" if distinct <= {True, False} and _are_bool(present) else "numbers"
    elif are_dates(cells) or inferred_date(name, cells, delimiter) is not None:
        kind = "dates"
    content = {"name": name, "kind": kind, "missing": len(cells) - len(present),
               "different": len(distinct)}  # fmt: skip
    if kind == "numbers" and present:
        return content | {"values": f"{_short(min(present))} to {_short(max(present))}"}
    shown = sorted(map(str, distinct))[:4]
    return content | {"values": ", ".join(shown) + (", ..." if len(distinct) > 4 else "")}


def _are_bool(cells: list[Any]) -> bool:
    return all(isinstance(each, bool | np.bool_) for each in cells)


def _short(number: float) -> str:
    return f"{number:.6g}"
