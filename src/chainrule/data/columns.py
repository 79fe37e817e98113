"""Columns of tables: data frames, dictionaries, structured arrays, records and CSV files."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from chainrule.arguments.lookup import suggestion
from chainrule.data import csv_file
from chainrule.data.array_protocols import names_of_columns, refuse_lazy
from chainrule.data.byte_text import decoded
from chainrule.data.cell import text_of
from chainrule.data.duration import in_hours
from chainrule.data.file_argument import is_path
from chainrule.data.file_columns import FileColumns
from chainrule.data.row_labels import check_row_labels
from chainrule.data.sparse_rows import is_sparse
from chainrule.errors import DataError, counted, type_in_words

__all__ = [
    "Columns",
    "as_column",
    "is_table",
    "read_columns",
    "row_count",
    "select_columns",
    "take_rows",
]

Columns = dict[str, NDArray[Any]]


def is_table(value: Any) -> bool:
    """Whether a value has named columns: a dictionary, data frame, structured array or path.

    So have a list of dictionaries, each a row, and a series of pandas that is a row of a frame.
    """
    if isinstance(value, Mapping) or is_path(value) or _names(value) is not None:
        return True
    return _are_records(value) or _is_row(value)


def read_columns(
    source: Any,
    names: Iterable[str] | None = None,
    as_written: bool = False,
    declared: Collection[str] = (),
) -> Columns:
    """Return the columns of a table as arrays of equal length.

    The dtypes of a file depend on all of its rows: `as_written` returns its cells as text. Guesses
    of the dtypes of `declared` columns are not warned of.
    """
    names = None if names is None else list(names)
    given = _as_mapping(source, names, as_written, declared)
    if isinstance(source, Mapping):
        check_row_labels("Table", table=source)
    selected = list(given) if names is None else names
    columns = {name: _column(given, name, as_written) for name in selected}
    if not columns:
        raise DataError("Table: the table has no columns")
    first = next(iter(columns))
    for name, column in columns.items():
        if len(column) != len(columns[first]):
            raise DataError(
                f"Table: column {name!r} has {counted(len(column), 'row')} and column {first!r} "
                f"{len(columns[first])}; all must have the same number"
            )
    if not len(columns[first]):
        raise DataError("Table: the table has no rows")
    return _as_read(columns, given)


def _as_read(columns: Columns, source: Any) -> Columns:
    """Return columns with how their file writes them, if they are of a file."""
    return source.of(columns) if isinstance(source, FileColumns) else columns


def select_columns(columns: Columns, names: Iterable[str]) -> Columns:
    """Return some columns."""
    return _as_read({name: columns[name] for name in names}, columns)


def row_count(columns: Columns) -> int:
    """Return the number of rows."""
    return len(next(iter(columns.values())))


def take_rows(table: Any, rows: Any) -> Any:
    """Return some rows of a table or array, as the same type."""
    if isinstance(table, FileColumns):
        return table.rows(rows)
    if isinstance(table, Mapping):
        return {name: np.asanyarray(column)[rows] for name, column in cast(Any, table).items()}
    if is_sparse(table):
        return table[rows]
    return table.iloc[rows] if hasattr(table, "iloc") else np.asanyarray(table)[rows]


def _names(table: Any) -> list[Any] | None:
    if isinstance(table, np.ndarray):
        fields = cast(NDArray[Any], table).dtype.names
        return None if fields is None else list(fields)
    return names_of_columns(table)


def _as_mapping(
    source: Any, expected: list[str] | None, as_written: bool, declared: Collection[str]
) -> Mapping[Any, Any]:
    if is_path(source) and as_written:
        return csv_file.read_csv_text(source, expected or ())
    if is_path(source):
        columns, notes = csv_file.read_table(source, expected=expected or ())
        csv_file.warn_of_guesses(source, [note for note in notes if note.column not in declared])
        return columns
    if isinstance(source, Mapping):
        columns = cast(Mapping[Any, Any], source)
        return _by_text(list(columns), columns)
    if _are_records(source):
        return _from_records(source)
    if _is_row(source):
        return {name: [source[name]] for name in source.index}
    refuse_lazy(source, "Table: the table")
    names = _names(source)
    if names is None:
        raise DataError(
            f"Table: {type_in_words(source)} has no named columns; give a DataFrame, a dict of "
            "columns, a list of dicts, each a row, or the path of a CSV file"
        )
    return _by_text(names, {name: source[name] for name in names})


def _are_records(value: Any) -> bool:
    """Whether a value is a list of rows, each a dictionary."""
    if not isinstance(value, list | tuple) or not value:
        return False
    return all(isinstance(row, Mapping) for row in cast(list[Any], value))


def _from_records(rows: list[Mapping[Any, Any]]) -> Mapping[str, Any]:
    """Return the columns of rows; what a row does not have is missing there."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    return _by_text(names, {name: [row.get(name) for row in rows] for name in names})


def _is_row(value: Any) -> bool:
    """Whether a value is a series of pandas with the names of columns: a row of a frame."""
    labels = getattr(value, "index", None) if hasattr(value, "iloc") else None
    if labels is None or getattr(value, "ndim", 0) != 1 or not hasattr(labels, "inferred_type"):
        return False
    return labels.inferred_type == "string" and labels.is_unique


def _by_text(names: list[Any], columns: Mapping[Any, Any]) -> Mapping[str, Any]:
    """Return columns by the text of their names: a data frame may number them."""
    if all(isinstance(name, str) for name in names):
        return columns
    by_text = {str(name): columns[name] for name in names}
    if len(by_text) < len(names):
        raise DataError(f"Table: two of the columns {', '.join(map(repr, names)):.200} are alike")
    return by_text


def _with_gaps(cells: Any) -> NDArray[Any]:
    """Return the cells of a masked array, NaN or None where they are masked."""
    if cells.dtype.kind in "biuf":
        return cells.astype(np.result_type(cells.dtype, np.float32)).filled(np.nan)
    column = np.array(cells, object)
    column[np.ma.getmaskarray(cells)] = None
    return column


def _column(given: Mapping[Any, Any], name: str, as_written: bool) -> NDArray[Any]:
    if name not in given:
        hint = suggestion(name, [str(each) for each in given])
        raise DataError(f"Table: there is no column {name!r}; {hint}")
    return as_column(given[name], name, as_written)


def as_column(cells: Any, name: str, as_written: bool = False) -> NDArray[Any]:
    """Return the cells of a column as an array, texts decoded."""
    # Most are plain arrays and lists: those do not import numpy.ma.
    if type(cells) not in (np.ndarray, list) and isinstance(cells, np.ma.MaskedArray):
        cells = _with_gaps(cells)
    if isinstance(cells, set | frozenset | Iterator):
        raise DataError(
            f"Table: column {name!r} is {type_in_words(cast(object, cells))}, whose cells have no "
            "order or can be read once; give a list"
        )
    is_category = type(getattr(cells, "dtype", None)).__name__ == "CategoricalDtype"
    is_category = is_category or type(getattr(cells, "type", None)).__name__ == "DictionaryType"
    if is_category and not as_written:
        # A column that is declared a category in pandas is learned as one, also of numbers.
        cells = [text_of(cell) for cell in np.asarray(cells).tolist()]
    try:
        column = np.atleast_1d(np.asarray(cells))
    except (ValueError, TypeError) as error:
        raise DataError(f"Table: column {name!r} is ragged ({error})") from None
    if column.dtype.kind in "US" and isinstance(cells, list | tuple):
        # NumPy writes None and NaN among texts as 'None' and 'nan'.
        column = np.array(cells, dtype=object)
    if column.ndim != 1:
        raise DataError(
            f"Table: column {name!r} has shape {column.shape}; it must have one value per row: "
            "name each of its columns"
        )
    if column.dtype.kind not in "OSm":
        return column
    return in_hours(decoded(column, f"Table: column {name!r}"))
