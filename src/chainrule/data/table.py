"""Preprocessing of tables: columns of numbers and categories to input features."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import Any, cast, final

import numpy as np
from numpy.typing import NDArray

from chainrule.arguments.aliases import DATA_ALIASES, TABLE_ATTRIBUTES
from chainrule.arguments.checks import bad_argument, checked_choice
from chainrule.arguments.keywords import answers_foreign_names
from chainrule.data.cell import are_numbers, as_texts, is_missing
from chainrule.data.columns import Columns, read_columns, select_columns
from chainrule.data.declaration import (
    Column,
    checked_columns,
    checked_drop,
    checked_target,
    declaration_of,
    name_of_column,
    warn_of_row_number,
)
from chainrule.data.features import FittedCategory, FittedDate, FittedNumber, Number
from chainrule.data.file_columns import FileColumns
from chainrule.errors import ArgumentError, DataError, counted
from chainrule.pickling import independent_copies
from chainrule.rich_display import html_of

__all__ = ["Table"]

Fitted = FittedNumber | FittedCategory | FittedDate


@independent_copies
@answers_foreign_names(DATA_ALIASES, "table", TABLE_ATTRIBUTES)
@final
class Table:
    """Preprocessing of a table to the input features of a network.

    Numbers are standardised, categories one-hot encoded, dates turned into numbers, missing values
    imputed and indicated; see `Number`, `Category` and `Date`. The statistics (means, deviations,
    categories) are fitted on the training part alone, by `fit` or by the network whose first entry
    the table is: ``Network([table, nn.Dense(16), nn.Dense(1)])``. Such a network accepts raw
    tables, and saves the fitted statistics.

    A table is a DataFrame, a dict of columns, a structured array, a list of dicts, each a row, or
    the path of a CSV file. A single row may be a dict of scalars or a Series, a row of a DataFrame.

    Parameters
    ----------
    *columns : str, Number, Category or Date
        The columns to use, in this order. The type of a column given by name is inferred: numbers
        and booleans are numeric, dates are dates, also as texts, and texts such as "$1,234" are
        numbers; everything else is a category. None: all columns.
    target : str or None
        The column to predict, excluded from the inputs.
    drop : sequence of str
        Further columns to exclude, such as customer numbers.

    Raises
    ------
    ArgumentError
        If a column is declared twice, or a declaration is invalid.

    Examples
    --------
    >>> people = {"age": [20, 30, None, 40], "town": ["Bonn", "Ulm", "Ulm", "Bonn"]}
    >>> table = Table().fit(people)
    >>> table.feature_names
    ('age', 'age is missing', 'town=Bonn', 'town=Ulm')
    >>> table.transform({"age": [30, None], "town": ["Ulm", "Rome"]})
    array([[0., 0., 0., 1.],
           [0., 1., 0., 0.]], dtype=float32)
    """

    def __init__(
        self,
        *columns: Column | Sequence[Column],
        target: str | None = None,
        drop: Iterable[str] = (),
    ) -> None:
        _refuse_file(columns)
        self._columns = checked_columns(columns)
        self.target = checked_target(target)
        self.drop = checked_drop(drop)
        self._fitted: tuple[Fitted, ...] = ()
        inputs = set(map(name_of_column, self._columns))
        for name in (*self.drop, *([target] if target else [])):
            if name in inputs:
                raise ArgumentError(f"Table: column {name!r} is both an input and left out")

    @classmethod
    def of(cls, fitted: Sequence[Fitted], target: str | None = None) -> Table:
        """Return a fitted table, as read from a file.

        Parameters
        ----------
        fitted : sequence of FittedNumber, FittedCategory and FittedDate
            The fitted encoders.
        target : str or None
            The column to predict.

        Returns
        -------
        Table
            Ready to transform.
        """
        if not isinstance(cast(object, fitted), list | tuple) or not all(
            isinstance(each, FittedNumber | FittedCategory | FittedDate)
            for each in cast(list[Any], fitted)
        ):
            raise bad_argument("Table.of", "fitted", fitted, "a list of fitted columns")
        table = cls(target=target)
        table._fitted = tuple(fitted)
        return table

    @property
    def fitted(self) -> tuple[Fitted, ...]:
        """The fitted encoders of the columns; empty before `fit`."""
        return self._fitted

    @property
    def is_fitted(self) -> bool:
        """Whether the table is fitted."""
        return bool(self._fitted)

    @property
    def feature_names(self) -> tuple[str, ...]:
        """The names of the features, in order.

        Raises
        ------
        ArgumentError
            Before `fit`.
        """
        return tuple(name for column in self._require_fitted() for name in column.features)

    def fit(self, source: Any) -> Table:
        """Fit means, deviations and categories on the training part.

        Parameters
        ----------
        source : DataFrame, dict of columns, structured array, or path of a CSV file
            The training rows; exclude the test rows.

        Returns
        -------
        Table
            This one.

        Raises
        ------
        DataError
            If a column is missing or has an invalid cell: column, row and value are named. Also
            for a text column that looks like identifiers and was not declared a category.
        DTypeError
            For a column of dates or complex numbers.

        Warns
        -----
        ChainruleWarning
            If a column has the same value in all rows, numbers the rows, or may have been read
            otherwise.
        """
        columns = self._read(source)
        file = columns if isinstance(columns, FileColumns) else FileColumns(columns, {})
        declared = {name_of_column(column): column for column in self._columns}
        for name in columns.keys() - declared:
            warn_of_row_number(name, columns[name])
        self._fitted = tuple(_fitted(declared.get(name, name), name, file) for name in columns)
        return self

    def transform(self, source: Any, dtype: str = "float32") -> NDArray[Any]:
        """Return the features of rows.

        Parameters
        ----------
        source : DataFrame, dict of columns, structured array, or path of a CSV file
            Rows with at least the fitted columns. Scalars are one row.
        dtype : {"float32", "float64"}
            Of the features.

        Returns
        -------
        array, (n, features)
            The columns in the order of `feature_names`.

        Raises
        ------
        ArgumentError
            Before `fit`.
        DataError, DTypeError
            For invalid cells.
        """
        encoders = self._require_fitted()
        name_of_dtype = checked_choice("Table", "dtype", _name_of(dtype), ("float32", "float64"))
        names = [column.name for column in encoders]
        columns = read_columns(source, names, as_written=True)
        texts = columns.texts if isinstance(columns, FileColumns) else {}
        features = [
            column.transform(texts.get(column.name, columns[column.name])) for column in encoders
        ]
        with np.errstate(over="ignore"):
            rows = np.concatenate(features, axis=1).astype(name_of_dtype)
        # The extremes, which NaN and infinities reach, take less time than a test of each value.
        if not np.isfinite([rows.min(initial=0), rows.max(initial=0)]).all():
            infinite = np.flatnonzero(~np.isfinite(rows).all(axis=0))
            raise DataError(
                f"Table: the feature {self.feature_names[infinite[0]]!r} exceeds the largest "
                f'{name_of_dtype}; standardise the column, or use dtype="float64"'
            )
        return rows

    def fit_transform(self, source: Any, dtype: str = "float32") -> NDArray[Any]:
        """Fit on rows and return their features; see `fit` and `transform`.

        Parameters
        ----------
        source : DataFrame, dict of columns, structured array, or path of a CSV file
            The training part.
        dtype : {"float32", "float64"}
            Of the features.

        Returns
        -------
        array, (n, features)
            The features.
        """
        columns = read_columns(source)
        return self.fit(columns).transform(columns, dtype)

    def targets(self, source: Any, kind: str | None = None) -> NDArray[Any]:
        """Return the column to predict.

        Parameters
        ----------
        source : DataFrame, dict of columns, structured array, or path of a CSV file
            A table with that column.
        kind : {"class", "number"} or None
            "class" gives the names of classes, texts; "number" gives float64.

        Returns
        -------
        array, (n,)
            By default, numbers and booleans unchanged, everything else as text.

        Raises
        ------
        ArgumentError
            If the table has no target.
        DataError
            If the column or a value is missing, or is to be a number and is none.
        """
        if kind is not None:
            checked_choice("Table.targets", "kind", kind, ("class", "number"))
        if self.target is None:
            raise ArgumentError('Table: there is no target; name the column by target="..."')
        cells = read_columns(source, [self.target])[self.target]
        gap = next((row for row, cell in enumerate(cells.tolist()) if is_missing(cell)), None)
        if gap is not None:
            is_text = not are_numbers(cells)
            hint = "; a class that is called NA is kept by missing=['']" if is_text else ""
            raise DataError(
                f"Table: the target {self.target!r} is missing in row {gap} (rows are counted from "
                f"0); leave such rows out{hint}"
            )
        if kind == "number":
            return Number(self.target).numbers(cells)
        if kind == "class" or not are_numbers(cells):
            return np.array(as_texts(cells))
        return np.array(cells.tolist()) if cells.dtype.kind == "O" else cells

    def copy(self) -> Table:
        """Return a copy with the same declarations and fitted encoders."""
        table = Table(*self._columns, target=self.target, drop=self.drop)
        table._fitted = self._fitted
        return table

    _repr_html_ = html_of

    def __repr__(self) -> str:
        if not self._fitted:
            columns = (
                ", ".join(name_of_column(column) for column in self._columns) or "every column"
            )
            return f"<table of {columns}, not fitted>"
        number = sum(isinstance(column, FittedNumber) for column in self._fitted)
        date = sum(isinstance(column, FittedDate) for column in self._fitted)
        category = len(self._fitted) - number - date
        kinds = [("number", number), ("category", category), ("date", date)]
        parts = [counted(count, kind) for kind, count in kinds if count]
        listed = " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)
        return f"<table: {listed} as {counted(len(self.feature_names), 'feature')}>"

    def _read(self, source: Any) -> Columns:
        if self._columns:
            names = [name_of_column(column) for column in self._columns]
            declared = [column.name for column in self._columns if not isinstance(column, str)]
            return read_columns(source, names, declared=declared)
        columns = read_columns(source, declared=self.drop)
        for name in self.drop:
            if name not in columns:
                raise DataError(f"Table: drop has {name!r}, but there are {', '.join(columns)}")
        left_out = {*self.drop, self.target}
        return select_columns(columns, [name for name in columns if name not in left_out])

    def _require_fitted(self) -> tuple[Fitted, ...]:
        if not self._fitted:
            raise ArgumentError("Table: it is not fitted; call fit with the training part first")
        return self._fitted


def _fitted(declared: Column, name: str, columns: FileColumns) -> Fitted:
    """Fit the encoder of a column, with how its file writes numbers."""
    column = declaration_of(declared, columns[name], columns.delimiter)
    if isinstance(column, Number) and column.decimal is None:
        return column.fit(columns[name], columns.formats.get(name))
    return column.fit(columns.texts.get(name, columns[name]))


def _name_of(dtype: Any) -> Any:
    """Return the name of a dtype, such as of ``np.float32``; what is none as it is."""
    try:
        return np.dtype(dtype).name if dtype is not None else dtype
    except (TypeError, ValueError):
        return dtype


def _refuse_file(columns: Sequence[Any]) -> None:
    """Refuse the path of a file in the place of names of columns."""
    name = columns[0] if len(columns) == 1 else None
    if (
        isinstance(name, str)
        and os.path.splitext(name)[1] in (".csv", ".tsv", ".txt")
        and os.path.isfile(name)
    ):
        raise ArgumentError(
            f"Table: {name!r} is a file; read it by data.read_csv({name!r}), and give the columns "
            "to net.fit: data.Table() takes all of them"
        )
