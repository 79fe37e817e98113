"""Numeric columns: standardised, missing numbers imputed and indicated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.arguments.aliases import DATA_ALIASES
from chainrule.arguments.checks import Range, checked_choice, checked_flag, checked_number
from chainrule.arguments.keywords import answers_foreign_names
from chainrule.data import formats
from chainrule.data.cell import as_numbers, cells_of_numbers
from chainrule.data.columns import as_column
from chainrule.data.features.checks import check_name, warn_of_constant
from chainrule.data.formats.number_format import DECIMALS, EXACT, PLAIN, NumberFormat
from chainrule.errors import DataError, warn
from chainrule.pickling import versioned_pickles

__all__ = ["FittedNumber", "Number", "mean_and_scale"]

Features = NDArray[np.float64]
FILLS = ("mean", "median")
ENOUGH = 10
"""Count of numbers from which outliers are recognised."""
DISTINCT = 4
"""Different numbers, from which on one far from them is no class like others."""
_SENTINELS = {sign * (10.0**digits - 1) for digits in range(2, 8) for sign in (1, -1)} | {-32768.0}
"""Numbers that instruments and surveys write where they have none."""
_FILL = Range("'mean', 'median' or a finite number", lambda x: True)


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
    decimal : {".", ","} or None
        The decimal mark of numbers that are texts; None infers it from all of them. Thousands may
        be separated, and a unit (``$``, ``%``, ``kg``) may stand before or behind all numbers.
        12:30 and 01:02:03 are in hours.

    Raises
    ------
    ArgumentError
        If an argument is outside its range.
    """

    name: str
    fill: str | float = "mean"
    scaled: bool = True
    decimal: str | None = None

    def __post_init__(self) -> None:
        """Check the arguments."""
        check_name("Number", self.name)
        checked_flag(f"Number({self.name!r})", "scaled", self.scaled)
        if not (isinstance(self.fill, str) and self.fill in FILLS):
            checked_number(f"Number({self.name!r})", "fill", self.fill, _FILL)
        if self.decimal is not None:
            checked_choice(f"Number({self.name!r})", "decimal", self.decimal, DECIMALS)

    def fit(self, cells: NDArray[Any], number_format: NumberFormat | None = None) -> FittedNumber:
        """Estimate mean, standard deviation and fill on the training part.

        Parameters
        ----------
        cells : array, (n,)
            The column.
        number_format : NumberFormat or None
            How the file writes the numbers; None infers it from those that are texts.

        Returns
        -------
        FittedNumber
            The fitted encoder.
        """
        cells = as_column(cells, self.name)
        if number_format is None:
            number_format = _format_of(cells, self.decimal)
        if number_format != PLAIN and cells.dtype.kind in "OUT":
            cells = as_numbers(cells, self.name, "either", number_format)
        holds = cells_of_numbers(cells)
        numbers = as_numbers(cells, self.name, holds)
        are_merged = _warn_of_merged(self.name, cells, numbers)
        present = numbers[~np.isnan(numbers)]
        _warn_of_sentinels(self.name, present)
        is_constant = not len(present) or bool(np.all(present == present[0]))
        if is_constant:
            if not are_merged:
                warn_of_constant(self.name, len(numbers))
            # The mean of equal numbers may differ from them in the last bit.
            present = present[:1] if len(present) else np.zeros(1)
        statistics = {"mean": np.mean, "median": np.median}
        fill = statistics[self.fill](present) if isinstance(self.fill, str) else self.fill
        mean, scale = mean_and_scale(present, self.name) if self.scaled else (0.0, 1.0)
        has_gaps = bool(np.isnan(numbers).any())
        return FittedNumber(
            self.name, float(fill), float(mean), float(scale), has_gaps, holds, number_format
        )

    def numbers(self, cells: NDArray[Any]) -> Features:
        """Return a column as float64, NaN where a number is missing.

        Parameters
        ----------
        cells : array, (n,)
            The column.

        Returns
        -------
        array, float64, (n,)
            Unscaled.
        """
        cells = as_column(cells, self.name)
        return as_numbers(cells, self.name, "either", _format_of(cells, self.decimal))


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
    format : NumberFormat
        How numbers are written that are texts.
    """

    name: str
    fill: float
    mean: float
    scale: float
    has_gaps: bool
    holds: str = "either"
    format: NumberFormat = PLAIN

    @property
    def features(self) -> tuple[str, ...]:
        """The names of the features."""
        return (self.name, f"{self.name} is missing") if self.has_gaps else (self.name,)

    def transform(self, cells: NDArray[Any]) -> Features:
        """Return the features of a column."""
        numbers = as_numbers(cells, self.name, self.holds, self.format)
        is_missing = np.isnan(numbers)
        scaled = (np.where(is_missing, self.fill, numbers) - self.mean) / self.scale
        return np.stack([scaled, is_missing][: len(self.features)], axis=1)


def mean_and_scale(numbers: Features, name: str) -> tuple[float, float]:
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


def _format_of(cells: NDArray[Any], decimal: str | None) -> NumberFormat:
    """Return how numbers are written that are given as texts."""
    given = PLAIN if decimal is None else NumberFormat(decimal)
    if cells.dtype.kind not in "OUT":
        return given
    texts = {cell for cell in cells.tolist() if isinstance(cell, str) and cell}
    return (formats.infer_numbers(texts, decimal).format if texts else None) or given


def _warn_of_sentinels(name: str, present: Features) -> None:
    """Warn of -999, 9999 and the like, farther from all other numbers than these are apart."""
    if len(present) < ENOUGH:
        return
    for value in (float(present.min()), float(present.max())):
        if value not in _SENTINELS:
            continue
        others = present[present != value]
        if len(present) - len(others) < 2 or len(others) < len(present) // 2:
            continue
        low, high = float(others.min()), float(others.max())
        is_far = max(low - value, value - high) > high - low > 0
        if is_far and len(np.unique(others)) >= DISTINCT:
            warn(
                f"Table: column {name!r} holds {value:.0f}, far from all its other values; if it "
                "denotes a missing value, replace it by NaN (in a file, by "
                f"missing=['{value:.0f}'])"
            )


def _warn_of_merged(name: str, cells: NDArray[Any], numbers: Features) -> bool:
    """Warn of different integers that are one number in float64; return whether there are."""
    if not len(numbers) or not np.nanmax(np.abs(numbers), initial=0.0) >= EXACT:
        return False
    distinct = {cell for cell in cells.tolist() if isinstance(cell, int)}
    are_merged = len(distinct) > len({*map(float, distinct)})
    if are_merged:
        warn(
            f"Table: column {name!r} has integers beyond 2**53, some of which are one number in "
            f"float64; if they identify rows, leave them out with drop=[{name!r}], or declare "
            f"data.Category({name!r})"
        )
    return are_merged
