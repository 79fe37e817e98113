"""Categorical columns: one-hot features, or one of integer codes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.arguments.aliases import DATA_ALIASES
from chainrule.arguments.checks import checked_choice
from chainrule.arguments.keywords import answers_foreign_names
from chainrule.data.category_codes import AMBIGUOUS, UNSEEN, category_codes
from chainrule.data.cell import as_list, as_texts, text_of, value_of
from chainrule.data.columns import as_column
from chainrule.data.features.checks import check_name, differ_in_case, warn_of_constant
from chainrule.errors import DataError, counted, warn
from chainrule.pickling import versioned_pickles

__all__ = ["ENCODINGS", "POLICIES", "Category", "FittedCategory"]

Features = NDArray[np.float64]
ENCODINGS = ("one_hot", "integer")
POLICIES = ("zeros", "error")
# As many rows without one known category are more likely another column than new categories.
SUSPICIOUS_ROWS = 10


@versioned_pickles
@answers_foreign_names(DATA_ALIASES)
@dataclass(frozen=True)
class Category:
    """A categorical column, such as countries: one-hot features, or one of integer codes.

    Missing cells are a category, if the training part has any.

    Parameters
    ----------
    name : str
        Name of the column.
    encoding : {"one_hot", "integer"}
        "integer" gives one feature, codes from 1 in alphabetical order, for an embedding.
    unseen : {"zeros", "error"}
        Encoding of a category absent from the training part: zeros in all its features (code 0),
        or a DataError.

    Raises
    ------
    ArgumentError
        If an argument is outside its range.
    """

    name: str
    encoding: str = "one_hot"
    unseen: str = "zeros"

    def __post_init__(self) -> None:
        """Check the arguments."""
        check_name("Category", self.name)
        for argument, value, known in (
            ("encoding", self.encoding, ENCODINGS),
            ("unseen", self.unseen, POLICIES),
        ):
            checked_choice(f"Category({self.name!r})", argument, value, known)

    def fit(self, cells: NDArray[Any]) -> FittedCategory:
        """Collect the categories of the training part.

        Parameters
        ----------
        cells : array, (n,)
            The column.

        Returns
        -------
        FittedCategory
            The fitted encoder.
        """
        cells = as_column(cells, self.name)
        values = sorted(set(as_texts(cells)))
        if len(values) == 1:
            warn_of_constant(self.name, len(cells))
        alike = differ_in_case(values)
        if alike is not None:
            warn(
                f"Table: column {self.name!r} has {alike[0]!r:.40} and {alike[1]!r:.40}, which "
                "differ in upper and lower case alone, as two categories; write them alike"
            )
        return FittedCategory(self.name, tuple(values), self.encoding, self.unseen)


@versioned_pickles
@dataclass(frozen=True)
class FittedCategory:
    """The fitted encoder of a categorical column.

    Parameters
    ----------
    name : str
        Name of the column.
    values : tuple of str
        The categories of the training part in alphabetical order; ``""`` denotes missing.
    encoding, unseen : str
        As in `Category`.
    """

    name: str
    values: tuple[str, ...]
    encoding: str
    unseen: str

    @property
    def features(self) -> tuple[str, ...]:
        """The names of the features."""
        if self.encoding == "integer":
            return (self.name,)
        return tuple(
            f"{self.name}={value}" if value else f"{self.name} is missing" for value in self.values
        )

    def transform(self, cells: NDArray[Any]) -> Features:
        """Return the features of a column."""
        codes = category_codes(as_list(cells), self.values)
        self._check(codes, cells)
        codes = np.where(codes == UNSEEN, 0, codes + 1)
        if self.encoding == "integer":
            return codes[:, None].astype(np.float64)
        return np.eye(len(self.values) + 1)[codes][:, 1:]

    def _check(self, codes: NDArray[np.intp], cells: NDArray[Any]) -> None:
        """Refuse a number that may be several categories, and unseen ones where that is asked."""
        ambiguous, unseen = np.flatnonzero(codes == AMBIGUOUS), np.flatnonzero(codes == UNSEEN)
        if len(ambiguous):
            cell = cells.tolist()[ambiguous[0]]
            equal = [each for each in self.values if value_of(each) == cell]
            raise DataError(
                f"Table: column {self.name!r} has the number {cell!r} in row {ambiguous[0]} (rows "
                f"are counted from 0), which the training part wrote as {' and '.join(equal)}; "
                "give the cell as text, as it is written, or the path of the CSV file"
            )
        if not len(unseen):
            return
        first = cells.tolist()[unseen[0]]
        if self.unseen == "error":
            known = ", ".join(self.values)
            raise DataError(
                f"Table: column {self.name!r} has {text_of(first)!r:.60} in row {unseen[0]} (rows "
                f"count from 0), which is not in the training part; there are {known:.500}"
            )
        if len(unseen) == len(cells) >= SUSPICIOUS_ROWS:
            warn(
                f"Table: none of the {counted(len(cells), 'cell')} of column {self.name!r} is in "
                f"the training part, first {text_of(first)!r:.60}, where it had "
                f"{', '.join(self.values):.60}; all are encoded as unseen: check that it is the "
                "same column, written alike"
            )
