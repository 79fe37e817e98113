"""Tabular data sets in files: letter recognition, bank churn, Californian houses."""

import io
from typing import Any, Literal, overload

import numpy as np
from numpy.typing import NDArray

from chainrule import data
from chainrule.arguments.aliases import DATASET_ALIASES
from chainrule.arguments.checks import checked_flag
from chainrule.arguments.keywords import answers_foreign_names
from chainrule.datasets.archive import read_members
from chainrule.datasets.locate import locate
from chainrule.errors import FormatError

__all__ = ["california_housing", "churn", "letters"]

Samples = tuple[NDArray[np.float32], NDArray[np.int64]]
TRAINING_ROWS = 16_000
LETTER_ROW = np.dtype([("letter", "U1"), ("features", np.uint8, (16,))])


@answers_foreign_names(DATASET_ALIASES)
def letters() -> tuple[Samples, Samples]:
    """Load 20,000 printed capital letters, each described by 16 measurements of its image.

    The first 16,000 rows are for training, the last 4,000 for testing, as in the paper.

    Returns
    -------
    (X_train, y_train), (X_test, y_test) : pairs of arrays
        X : float32, (16000, 16) and (4000, 16), in [0, 1] (from 0 to 15 in the file);
        y : int64, (16000,) and (4000,), in 0 .. 25, the letter being ``chr(ord("A") + y)``.

    Raises
    ------
    DownloadError
        If the file is neither present nor downloadable.
    FormatError
        If the file is corrupt.

    References
    ----------
    Frey & Slate (1991), "Letter recognition using Holland-style adaptive classifiers", Machine
    Learning 6(2), 161-182.
    """
    (path,) = locate("letters")
    try:
        rows = np.loadtxt(path, dtype=LETTER_ROW, delimiter=",", encoding="ascii")
    except ValueError as error:
        raise FormatError(
            f"{path} is not a table of a letter and 16 numbers ({error}); download it again"
        ) from error
    X = (rows["features"] / 15).astype(np.float32)
    y = rows["letter"].view(np.uint32).astype(np.int64) - ord("A")
    if X.max() > 1 or y.min() < 0 or y.max() > 25:
        raise FormatError(f"{path} has values beyond 0 .. 15 or A .. Z; download it again")
    return (X[:TRAINING_ROWS], y[:TRAINING_ROWS]), (X[TRAINING_ROWS:], y[TRAINING_ROWS:])


IDENTIFIERS = ("RowNumber", "CustomerId", "Surname")


@answers_foreign_names(DATASET_ALIASES)
def churn() -> tuple[dict[str, NDArray[Any]], NDArray[np.int64]]:
    """Load 10,000 customers of a bank, 2,037 of whom left it.

    Identifiers (row number, customer id and surname) are dropped.

    Returns
    -------
    X : dict of str to array, (10000,)
        ``CreditScore``, ``Age``, ``Tenure``, ``NumOfProducts``, ``HasCrCard`` and
        ``IsActiveMember`` as int64, ``Balance`` and ``EstimatedSalary`` as float64, ``Geography``
        and ``Gender`` as text. `data.Table` encodes them.
    y : array, int64, (10000,), 0 or 1
        1 for those who left.

    Raises
    ------
    DownloadError
        If it is not present. There is no download, for want of an open licence; the error
        names the source and the folder.
    FormatError
        If the file is corrupt.
    """
    (path,) = locate("churn")
    columns = data.read_csv(path)
    left = columns.pop("Exited", None)
    if left is None or left.dtype != np.int64 or not np.isin(left, (0, 1)).all():
        raise FormatError(f"{path} has no column Exited of 0 and 1; download it again")
    return {name: each for name, each in columns.items() if name not in IDENTIFIERS}, left


HOUSING_FILE = "CaliforniaHousing/cal_housing.data"
HOUSING_COLUMNS = (
    "MedInc", "HouseAge", "AveRooms", "AveBedrms", "Population", "AveOccup", "Latitude",
    "Longitude",
)  # fmt: skip


@overload
def california_housing(
    as_columns: Literal[False] = False,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]: ...
@overload
def california_housing(
    as_columns: Literal[True],
) -> tuple[dict[str, NDArray[np.float64]], NDArray[np.float64]]: ...
@answers_foreign_names(DATASET_ALIASES)
def california_housing(as_columns: bool = False) -> tuple[Any, NDArray[np.float64]]:
    """Load the median value of houses in 20,640 districts of California, of the census of 1990.

    Equal to scikit-learn's ``fetch_california_housing``. The scales of the columns differ:
    `data.Table` scales them.

    Parameters
    ----------
    as_columns : bool
        Whether X is a dict of columns by name, as `data.Table` takes it.

    Returns
    -------
    X : array, float64, (20640, 8); or dict of str to array, (20640,)
        ``MedInc``, the median income in 10,000 dollars; ``HouseAge``, the median age in years;
        ``AveRooms``, ``AveBedrms`` and ``AveOccup``, rooms, bedrooms and persons a household;
        ``Population``; ``Latitude``; ``Longitude``.
    y : array, float64, (20640,), in 100,000 dollars
        The median value, of which those above 5 are 5.00001.

    Raises
    ------
    DownloadError
        If the file is neither present nor downloadable.
    FormatError
        If it is corrupt.

    References
    ----------
    Pace & Barry (1997), "Sparse spatial autoregressions", Statistics and Probability Letters
    33(3), 291-297.
    """
    checked_flag("california_housing", "as_columns", as_columns)
    (path,) = locate("california_housing")
    (content,) = read_members(path, [HOUSING_FILE])
    try:
        rows = np.loadtxt(io.BytesIO(content), delimiter=",", dtype=np.float64, ndmin=2)
    except ValueError as error:
        raise FormatError(
            f"{path} is not a table of numbers ({error}); download it again"
        ) from error
    if rows.shape[1] != len(HOUSING_COLUMNS) + 1 or not np.isfinite(rows).all():
        raise FormatError(f"{path} is not a table of 9 columns of numbers; download it again")
    longitude, latitude, age, rooms, bedrooms, population, households, income, value = rows.T
    X = np.column_stack(
        [
            income, age, rooms / households, bedrooms / households, population,
            population / households, latitude, longitude,
        ]
    )  # fmt: skip
    if not as_columns:
        return X, value / 100_000
    columns = {name: X[:, k].copy() for k, name in enumerate(HOUSING_COLUMNS)}
    return columns, value / 100_000
