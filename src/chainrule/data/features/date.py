"""Columns of dates: days since the epoch, and the places in the year, month, week and day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.arguments.aliases import DATA_ALIASES
from chainrule.arguments.checks import bad_argument
from chainrule.arguments.keywords import answers_foreign_names
from chainrule.data.columns import as_column
from chainrule.data.dates import as_dates
from chainrule.data.features.checks import check_name, warn_of_constant
from chainrule.data.features.number import mean_and_scale
from chainrule.data.formats.date_format import checked_date_format
from chainrule.pickling import versioned_pickles

__all__ = ["PARTS", "Date", "FittedDate"]

Features = NDArray[np.float64]
PARTS = ("days", "month", "day", "weekday", "hour")
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_DAY = np.timedelta64(1, "D")
_MONDAY = 3  # days from Monday to Thursday, 1970-01-01


@versioned_pickles
@answers_foreign_names(DATA_ALIASES)
@dataclass(frozen=True)
class Date:
    """A column of dates or times: a trend, and the places in the year, month, week and day.

    The features are the days since the mean date, standardised; month, day of the month and hour
    as sine and cosine, so that December is beside January; and one feature for each weekday. What
    does not vary in the training part is left out. Missing dates are the mean date, indicated if
    the training part has any.

    Parameters
    ----------
    name : str
        Name of the column.
    format : str or None
        How dates are written that are texts, as in ``strptime``, such as ``"%d/%m/%Y"``; None
        infers it from all cells of the training part.
    parts : sequence of {"days", "month", "day", "weekday", "hour"} or None
        The features; None takes all that vary.

    Raises
    ------
    ArgumentError
        If an argument is outside its range.

    Examples
    --------
    >>> days = ["2024-01-05", "2024-01-06", "2024-01-07"]
    >>> Date("day", parts=["days", "weekday"]).fit(np.array(days)).features
    ('day: days', 'day: Friday', 'day: Saturday', 'day: Sunday')

    In the table that a network begins with, other columns are given by name:

    >>> from chainrule import data
    >>> table = data.Table(data.Date("sold", format="%d/%m/%Y", parts=["days"]), "price")
    >>> table.fit({"sold": ["05/01/2024", "25/01/2024"], "price": [2.5, 3.0]}).feature_names
    ('sold: days', 'price')
    """

    name: str
    format: str | None = None
    parts: Sequence[str] | None = None

    def __post_init__(self) -> None:
        """Check the arguments."""
        check_name("Date", self.name)
        owner = f"Date({self.name!r})"
        if self.format is not None:
            checked_date_format(owner, self.format)
        if self.parts is not None:
            object.__setattr__(self, "parts", _checked_parts(owner, self.parts))

    def fit(self, cells: NDArray[Any]) -> FittedDate:
        """Infer the format, and estimate mean and standard deviation on the training part.

        Parameters
        ----------
        cells : array, (n,)
            The column.

        Returns
        -------
        FittedDate
            The fitted encoder.
        """
        dates, written = as_dates(as_column(cells, self.name), self.name, self.format)
        present = dates[~np.isnat(dates)]
        has_gaps = len(present) < len(dates)
        if not len(present) or np.all(present == present[0]):
            warn_of_constant(self.name, len(dates))
            present = present[:1] if len(present) else np.zeros(1, dates.dtype)
        mean, scale = mean_and_scale(_since_1970(present), self.name)
        places = _places(present)
        varied = [part for part in PARTS if part == "days" or len(np.unique(places[part])) > 1]
        if "day" not in varied and "month" in varied:  # the first of each month has no weekday
            varied = [part for part in varied if part != "weekday"]
        parts = tuple(varied if self.parts is None else self.parts)
        weekdays = tuple(np.unique(places["weekday"]).astype(int).tolist())
        return FittedDate(self.name, written, parts, mean, scale, weekdays, has_gaps)


@versioned_pickles
@dataclass(frozen=True)
class FittedDate:
    """The fitted encoder of a column of dates.

    Parameters
    ----------
    name : str
        Name of the column.
    format : str
        How dates are written that are texts; "" if the training part had none.
    parts : tuple of str
        The features, of `PARTS`.
    mean, scale : float
        Days d since 1970 become (d - mean) / scale.
    weekdays : tuple of int
        Those of the training part, 0 for Monday.
    has_gaps : bool
        Whether there is an indicator feature of missing dates.
    """

    name: str
    format: str
    parts: tuple[str, ...]
    mean: float
    scale: float
    weekdays: tuple[int, ...]
    has_gaps: bool

    @property
    def features(self) -> tuple[str, ...]:
        """The names of the features."""
        names: list[str] = []
        for part in self.parts:
            if part == "days":
                names.append("days")
            elif part == "weekday":
                names += [WEEKDAYS[day] for day in self.weekdays]
            else:
                names += [f"{part} (sine)", f"{part} (cosine)"]
        gaps = [f"{self.name} is missing"] if self.has_gaps else []
        return (*(f"{self.name}: {name}" for name in names), *gaps)

    def transform(self, cells: NDArray[Any]) -> Features:
        """Return the features of a column."""
        dates, _ = as_dates(cells, self.name, self.format or None)
        is_missing = np.isnat(dates)
        mean = np.datetime64(dt.datetime(1970, 1, 1) + dt.timedelta(days=self.mean), "us")  # noqa: DTZ001
        places = _places(np.where(is_missing, mean, dates))
        columns: list[Features] = []
        for part in self.parts:
            place = places[part]
            if part == "days":
                columns.append((place - self.mean) / self.scale)
            elif part == "weekday":
                columns += [(place == day).astype(float) for day in self.weekdays]
            else:
                columns += [np.sin(2 * np.pi * place), np.cos(2 * np.pi * place)]
        features = np.stack(columns, axis=1)
        features[is_missing] = 0
        return np.column_stack([features, is_missing]) if self.has_gaps else features


def _places(dates: Any) -> dict[str, Features]:
    """Return days since 1970, weekdays, and the places in year, month and day, in [0, 1)."""
    days = dates.astype("M8[D]")
    months = days.astype("M8[M]")
    return {
        "days": _since_1970(dates),
        "month": (months - months.astype("M8[Y]")).astype(np.float64) / 12,
        "day": (days - months).astype(np.float64) / 31,
        "weekday": (days.astype(np.float64) + _MONDAY) % 7,
        "hour": (dates - days) / _DAY,
    }


def _since_1970(dates: Any) -> Features:
    """Return days, with their fractions."""
    return (dates - np.datetime64(0, "us")) / _DAY


def _checked_parts(owner: str, parts: Any) -> tuple[str, ...]:
    chosen = tuple(parts) if isinstance(parts, list | tuple) else (parts,)
    if not chosen or len({*chosen}) < len(chosen) or not {*chosen} <= {*PARTS}:
        raise bad_argument(owner, "parts", parts, f"a list of {', '.join(map(repr, PARTS))}")
    return chosen
