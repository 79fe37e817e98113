"""Feature encoders of table columns: standardised numbers, encoded categories.

The declaration of a column (`Number`, `Category`) and its fitted statistics (`FittedNumber`,
`FittedCategory`) are separate immutable records.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.arguments.aliases import DATA_ALIASES
from chainrule.arguments.checks import (
    Range,
    bad_argument,
    checked_choice,
    checked_flag,
    checked_number,
)
from chainrule.arguments.keywords import answers_foreign_names
from chainrule.data.category_codes import AMBIGUOUS, UNSEEN, category_codes
from chainrule.data.cell import as_list, as_numbers, as_texts, cells_of_numbers, text_of, value_of
from chainrule.data.columns import as_column
from chainrule.errors import DataError, warn
from chainrule.pickling import versioned_pickles

__all__ = ["ENCODINGS", "POLICIES", "Category", "FittedCategory", "FittedNumber", "Number"]

Features = NDArray[np.float64]
FILLS = ("mean", "median")
_FILL = Range("'mean', 'median' or a finite number", lambda x: True)
ENCODINGS = ("one_hot", "integer")
POLICIES = ("zeros", "error")
# As many rows without one known category are more likely another column than new categories.
SUSPICIOUS_ROWS = 10


@versioned_pickles
@answers_foreign_names(DATA_ALIASES)
@dataclass(frozen=True)
class Number:
    """A numeric column, standardised: (x - mean) / standard deviation.

    Missing numbers are imputed; if the training part has any, an indicator feature is added.

    Parameters
    ----------
    name : str
        Name of the column.
    fill : {"mean", "median"} or float
        The imputed value: a statistic of the training part, or a constant.
    scaled : bool
        False leaves the numbers unscaled.

    Raises
    ------
    ArgumentError
        If an argument is outside its range.
    """

    name: str
    fill: str | float = "mean"
    scaled: bool = True

    def __post_init__(self) -> None:
        """Check the arguments."""
        _check_name("Number", self.name)
        checked_flag(f"Number({self.name!r})", "scaled", self.scaled)
        if not (isinstance(self.fill, str) and self.fill in FILLS):
            checked_number(f"Number({self.name!r})", "fill", self.fill, _FILL)

    def fit(self, cells: NDArray[Any]) -> FittedNumber:
        """Estimate mean, standard deviation and fill on the training part.

        Parameters
        ----------
        cells : array, (n,)
            The column.

        Returns
        -------
        FittedNumber
            The fitted encoder.
        """
        cells = as_column(cells, self.name)
        holds = cells_of_numbers(cells)
        numbers = as_numbers(cells, self.name, holds)
        present = numbers[~np.isnan(numbers)]
        is_constant = not len(present) or bool(np.all(present == present[0]))
        if is_constant:
            _warn_of_constant(self.name, len(numbers))
            # The mean of equal numbers may differ from them in the last bit.
            present = present[:1] if len(present) else np.zeros(1)
        statistics = {"mean": np.mean, "median": np.median}
        fill = statistics[self.fill](present) if isinstance(self.fill, str) else self.fill
        mean, scale = _mean_and_scale(present, self.name) if self.scaled else (0.0, 1.0)
        has_gaps = bool(np.isnan(numbers).any())
        return FittedNumber(self.name, float(fill), float(mean), float(scale), has_gaps, holds)


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
        _check_name("Category", self.name)
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
            _warn_of_constant(self.name, len(cells))
        return FittedCategory(self.name, tuple(values), self.encoding, self.unseen)


@versioned_pickles
@dataclass(frozen=True)
class FittedNumber:
    """The fitted encoder of a numeric column.

    Parameters
    ----------
    name : str
        Name of the column.
    fill : float
        The imputed value.
    mean, scale : float
        A number x becomes (x - mean) / scale.
    has_gaps : bool
        Whether there is an indicator feature of missing numbers.
    holds : {"numbers", "booleans", "either"}
        What the training part held; a cell of the other kind is refused. "either" for a column of
        0 and 1.
    """

    name: str
    fill: float
    mean: float
    scale: float
    has_gaps: bool
    holds: str = "either"

    @property
    def features(self) -> tuple[str, ...]:
        """The names of the features."""
        return (self.name, f"{self.name} is missing") if self.has_gaps else (self.name,)

    def transform(self, cells: NDArray[Any]) -> Features:
        """Return the features of a column."""
        numbers = as_numbers(cells, self.name, self.holds)
        is_missing = np.isnan(numbers)
        scaled = (np.where(is_missing, self.fill, numbers) - self.mean) / self.scale
        return np.stack([scaled, is_missing][: len(self.features)], axis=1)


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
                f"Table: none of the {len(cells)} cells of column {self.name!r} is in the training "
                f"part, first {text_of(first)!r:.60}, where it had {', '.join(self.values):.60}; "
                "all are encoded as unseen: check that it is the same column, written alike"
            )


def _check_name(kind: str, name: Any) -> None:
    if not isinstance(name, str):
        raise bad_argument(kind, "name", name, "the name of a column, a text")


def _mean_and_scale(numbers: Features, name: str) -> tuple[float, float]:
    """Return mean and standard deviation, 1 for a constant."""
    with np.errstate(over="ignore"):
        mean, scale = float(numbers.mean()), float(numbers.std())
        if not scale and numbers.min() < numbers.max():  # their squares are below float64
            size = float(np.abs(numbers).max())
            scale = float((numbers / size).std()) * size
    if not np.isfinite(mean) or not np.isfinite(scale):
        raise DataError(
            f"Table: column {name!r} has numbers up to {np.abs(numbers).max():.3g}, too large to "
            "be standardised in float64; divide the column by a constant first"
        )
    return mean, scale or 1.0


def _warn_of_constant(name: str, rows: int) -> None:
    warn(
        f"Table: column {name!r} has the same value, or none, in all {rows} rows and carries no "
        f"information; leave it out with drop=[{name!r}]"
    )
