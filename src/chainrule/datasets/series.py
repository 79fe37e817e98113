"""Time series: airline passengers, sunspots, stock prices."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule import data
from chainrule.arguments.aliases import DATASET_ALIASES
from chainrule.arguments.keywords import answers_foreign_names
from chainrule.datasets.locate import locate
from chainrule.errors import FormatError

__all__ = ["airline", "prices", "sunspots"]

Series = tuple[NDArray[np.datetime64], NDArray[np.float64]]


@answers_foreign_names(DATASET_ALIASES)
def airline() -> Series:
    """Load the monthly number of international airline passengers, 1949 to 1960.

    Returns
    -------
    months : array, datetime64[M], (144,)
        1949-01 to 1960-12.
    passengers : array, float64, (144,), in thousands
        From 104 to 622.

    Raises
    ------
    DownloadError
        If it is not present. There is no download, for want of an open licence; the error
        names the source and the folder.
    FormatError
        If the file is corrupt.

    References
    ----------
    Box & Jenkins (1976), "Time Series Analysis: Forecasting and Control", series G.
    """
    return _monthly("airline", "Passengers")


@answers_foreign_names(DATASET_ALIASES)
def sunspots() -> Series:
    """Load the monthly mean of the sunspot number, 1749 to 1983.

    Returns
    -------
    months : array, datetime64[M], (2820,)
        1749-01 to 1983-12.
    numbers : array, float64, (2820,)
        Wolf's relative number, from 0 to 253.8.

    Raises
    ------
    DownloadError
        If it is not present. There is no download, for want of an open licence; the error
        names the source and the folder.
    FormatError
        If the file is corrupt.

    References
    ----------
    Andrews & Herzberg (1985), "Data: a collection of problems from many fields", table 11.1.
    """
    return _monthly("sunspots", "Sunspots")


@answers_foreign_names(DATASET_ALIASES)
def prices() -> dict[str, NDArray[Any]]:
    """Load daily prices of the S&P 500, 2000 to April 2020.

    Returns
    -------
    dict of str to array, (5105,)
        ``date`` as datetime64[D], the trading days from 2000-01-03 to 2020-04-17; ``open``,
        ``high``, ``low``, ``close`` and ``adjclose`` as float64, in points; ``volume`` as int64, in
        shares.

    Raises
    ------
    DownloadError
        If it is not present. There is no download, for want of an open licence; the error
        names the source and the folder.
    FormatError
        If the file is corrupt.
    """
    (path,) = locate("prices")
    columns = data.read_csv(path)
    days = _dates(columns["date"], "datetime64[D]", path) if "date" in columns else None
    if days is None or not {"open", "high", "low", "close", "volume"} <= set(columns):
        raise FormatError(f"{path} has the columns {', '.join(columns)}; download it again")
    return columns | {"date": days}


def _monthly(name: str, value: str) -> Series:
    (path,) = locate(name)
    columns = data.read_csv(path)
    if list(columns) != ["Month", value] or columns[value].dtype.kind not in "if":
        raise FormatError(f"{path} is not a table of Month and {value}; download it again")
    return _dates(columns["Month"], "datetime64[M]", path), columns[value].astype(np.float64)


def _dates(cells: NDArray[Any], dtype: str, path: Any) -> NDArray[np.datetime64]:
    try:
        dates = cells.astype(str).astype(dtype)
    except ValueError as error:
        raise FormatError(f"{path} has an invalid date ({error}); download it again") from None
    if np.any(np.diff(dates) <= np.timedelta64(0)):
        raise FormatError(f"{path} is not in temporal order; download it again")
    return dates
