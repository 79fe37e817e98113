"""Tables of numbers and categories as inputs of a network."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, cast, final

import numpy as np
from numpy.typing import NDArray

from chainrule.data.cell import are_numbers, as_texts, is_missing
from chainrule.data.columns import Columns, read_columns
from chainrule.data.feature import Category, FittedCategory, FittedNumber, Number
from chainrule.errors import ArgumentError, DataError

__all__ = ["Table"]

Column = str | Number | Category
Fitted = FittedNumber | FittedCategory
# A column of text with more different values than this is rather made of names than of kinds.
MANY_CATEGORIES = 100


@final
class Table:
    """How the columns of a table become the inputs of a network.

    Numbers are standardised, categories become a feature of 0 or 1 each, missing values are filled
    in and marked; see `Number` and `Category`. What that takes (means, deviations, categories) is
    learned from the training part alone, by `fit` or by the network that the table stands first in:
    ``Network([table, nn.Dense(16), nn.Dense(1)])``. Such a network takes tables as they are, and
    keeps what was learned when it is saved.

    A table is a DataFrame, a dict of columns, a structured array or the path of a CSV file.

    Parameters
    ----------
    *columns : str, Number or Category
        The columns to use, in this order. Of a column given by name the data decide: numbers and
        truth values are numbers, everything else is a category. None at all: every column.
    target : str or None
        The column to predict, which is no input.
    drop : sequence of str
        Columns that are no inputs either, such as numbers of customers.

    Raises
    ------
    ArgumentError
        If a column is described twice or is no column.

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
        self._columns = _checked_columns(columns)
        self.target = target
        self.drop = (drop,) if isinstance(drop, str) else tuple(drop)
        self._fitted: tuple[Fitted, ...] = ()
        for name in (*self.drop, *([target] if target else [])):
            if any(_name(column) == name for column in self._columns):
                raise ArgumentError(f"Table: column {name!r} is both an input and left out")

    @classmethod
    def of(cls, fitted: Sequence[Fitted], target: str | None = None) -> Table:
        """Return a table that has learned already, as a file tells it.

        Parameters
        ----------
        fitted : sequence of FittedNumber and FittedCategory
            What was learned of each column.
        target : str or None
            The column to predict.

        Returns
        -------
        Table
            Ready to transform.
        """
        table = cls(target=target)
        table._fitted = tuple(fitted)
        return table

    @property
    def fitted(self) -> tuple[Fitted, ...]:
        """What was learned of each column; empty before `fit`."""
        return self._fitted

    @property
    def is_fitted(self) -> bool:
        """Whether the table has learned."""
        return bool(self._fitted)

    @property
    def feature_names(self) -> tuple[str, ...]:
        """The names of the inputs it makes, in order.

        Raises
        ------
        ArgumentError
            Before `fit`.
        """
        return tuple(name for column in self._learned() for name in column.features)

    def fit(self, source: Any) -> Table:
        """Learn means, deviations and categories from the training part.

        Parameters
        ----------
        source : DataFrame, dict of columns, structured array, or path of a CSV file
            The rows to learn from; keep those apart that serve for testing.

        Returns
        -------
        Table
            This one.

        Raises
        ------
        DataError
            If a column is missing or has cells that do not belong there: column, row and value are
            named. Also for a column of text that looks like names and was not called a category.
        DTypeError
            For a column of dates or complex numbers.

        Warns
        -----
        ChainruleWarning
            If a column has the same value in all rows.
        """
        columns = self._read(source)
        self._fitted = tuple(
            _described(self._columns, name, cells).fit(cells) for name, cells in columns.items()
        )
        return self

    def transform(self, source: Any, dtype: str = "float32") -> NDArray[Any]:
        """Return the inputs that a network takes.

        Parameters
        ----------
        source : DataFrame, dict of columns, structured array, or path of a CSV file
            Rows with at least the columns that were learned. Single values are one row.
        dtype : {"float32", "float64"}
            Kind of number.

        Returns
        -------
        array, (n, features)
            The columns in the order of `feature_names`.

        Raises
        ------
        ArgumentError
            Before `fit`.
        DataError, DTypeError
            For cells that do not belong there.
        """
        learned = self._learned()
        columns = read_columns(source, [column.name for column in learned])
        features = [column.transform(columns[column.name]) for column in learned]
        return np.concatenate(features, axis=1).astype(dtype)

    def fit_transform(self, source: Any, dtype: str = "float32") -> NDArray[Any]:
        """Learn from rows and return their inputs; see `fit` and `transform`.

        Parameters
        ----------
        source : DataFrame, dict of columns, structured array, or path of a CSV file
            The training part.
        dtype : {"float32", "float64"}
            Kind of number.

        Returns
        -------
        array, (n, features)
            The inputs.
        """
        columns = read_columns(source)
        return self.fit(columns).transform(columns, dtype)

    def targets(self, source: Any) -> NDArray[Any]:
        """Return the column to predict.

        Parameters
        ----------
        source : DataFrame, dict of columns, structured array, or path of a CSV file
            A table that has it.

        Returns
        -------
        array, (n,)
            Numbers or truth values as they are, everything else as text.

        Raises
        ------
        ArgumentError
            If the table has no target.
        DataError
            If the column is not there, or a value is missing.
        """
        if self.target is None:
            raise ArgumentError('Table: there is no target; say which column it is by target="..."')
        cells = read_columns(source, [self.target])[self.target]
        gap = next((row for row, cell in enumerate(cells.tolist()) if is_missing(cell)), None)
        if gap is not None:
            raise DataError(
                f"Table: the target {self.target!r} is missing in row {gap} (rows are counted from "
                "0); leave such rows out"
            )
        if not are_numbers(cells):
            return np.array(as_texts(cells))
        return np.array(cells.tolist()) if cells.dtype.kind == "O" else cells

    def copy(self) -> Table:
        """Return another table that is described, and has learned, as this one."""
        table = Table(*self._columns, target=self.target, drop=self.drop)
        table._fitted = self._fitted
        return table

    def __repr__(self) -> str:
        if not self._fitted:
            told = ", ".join(_name(column) for column in self._columns) or "every column"
            return f"<table of {told}, not fitted>"
        numbers = sum(isinstance(column, FittedNumber) for column in self._fitted)
        return (
            f"<table: {numbers} numbers and {len(self._fitted) - numbers} categories as "
            f"{len(self.feature_names)} features>"
        )

    def _read(self, source: Any) -> Columns:
        if self._columns:
            return read_columns(source, [_name(column) for column in self._columns])
        columns = read_columns(source)
        for name in self.drop:
            if name not in columns:
                raise DataError(f"Table: drop has {name!r}, but there are {', '.join(columns)}")
        left_out = {*self.drop, self.target}
        return {name: cells for name, cells in columns.items() if name not in left_out}

    def _learned(self) -> tuple[Fitted, ...]:
        if not self._fitted:
            raise ArgumentError(
                "Table: it has learned nothing yet; call fit with the training part first"
            )
        return self._fitted


def _checked_columns(columns: Sequence[Any]) -> tuple[Column, ...]:
    if len(columns) == 1 and isinstance(columns[0], list | tuple):
        columns = cast(Sequence[Any], columns[0])
    for place, column in enumerate(columns):
        if not isinstance(column, str | Number | Category):
            raise ArgumentError(
                f"Table: {column!r:.60} describes no column; give names, data.Number(name) or "
                "data.Category(name), and the data themselves to fit"
            )
        if any(_name(other) == _name(column) for other in columns[:place]):
            raise ArgumentError(f"Table: column {_name(column)!r} is described twice")
    return tuple(columns)


def _name(column: Column) -> str:
    return column if isinstance(column, str) else column.name


def _described(columns: Sequence[Column], name: str, cells: NDArray[Any]) -> Number | Category:
    """What the user said of a column, or else what its cells say."""
    for column in columns:
        if not isinstance(column, str) and column.name == name:
            return column
    if are_numbers(cells) or cells.dtype.kind not in "OUST":
        return Number(name)
    different = len(set(as_texts(cells)))
    if different > max(MANY_CATEGORIES, 1) and different > len(cells) // 20:
        raise DataError(
            f"Table: column {name!r} has {different} different texts in {len(cells)} rows, so it "
            f"rather holds names than kinds; leave it out with drop=[{name!r}], or say "
            f"data.Category({name!r})"
        )
    return Category(name)
