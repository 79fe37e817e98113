"""Series as samples: what was seen so far, and what came next."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainrule.arguments.checks import checked_count
from chainrule.errors import DataError

__all__ = ["windows"]

Array = NDArray[Any]


def windows(
    series: ArrayLike | Sequence[ArrayLike], length: int = 30, horizon: int = 1, stride: int = 1
) -> tuple[Array, Array]:
    """Cut a series into windows of its past and the values that follow each.

    Window k sees ``series[k·stride : k·stride + length]``; what follows is
    ``series[k·stride + length : k·stride + length + horizon]``. Nothing is copied: windows overlap
    in memory, as views that cannot be written to.

    To test without knowing the future, cut the series first, let the test part begin with the
    `length` values before the cut (its windows may see the past, their targets are all new), and
    learn means and deviations from the training part alone::

        train, test = series[:cut], series[cut - length :]
        mean, deviation = train.mean(), train.std()

    Parameters
    ----------
    series : array, (time,) or (time, features), or list of such arrays
        Values in the order of time. Several series in a list are windowed one by one, so that no
        window runs from one into the next, and put together (a copy).
    length : int >= 1
        Values that a window sees.
    horizon : int >= 1
        Values to predict.
    stride : int >= 1
        From the start of one window to that of the next.

    Returns
    -------
    X : array, (n, length, features)
        The windows; a series without an axis of features has one.
    y : array, (n, horizon, features), or (n, horizon) for a series without features
        What follows. The value `horizon` steps ahead is ``y[:, -1]``.

    Raises
    ------
    ArgumentError
        If length, horizon or stride is no integer, 1 or more.
    DataError
        If the series is too short for one window, or is no series.

    Examples
    --------
    >>> X, y = windows(np.arange(6), length=3, horizon=2)
    >>> X[:, :, 0].tolist(), y.tolist()
    ([[0, 1, 2], [1, 2, 3]], [[3, 4], [4, 5]])
    """
    for name, value in (("length", length), ("horizon", horizon), ("stride", stride)):
        checked_count("windows", name, value)
    if not isinstance(series, list | tuple) or not any(map(np.ndim, cast(Any, series))):
        return _of_one(np.asarray(series), length, horizon, stride)
    parts = [_of_one(np.asarray(each), length, horizon, stride) for each in cast(Any, series)]
    shapes = {(X.shape[1:], y.shape[1:]) for X, y in parts}
    if len(shapes) > 1:
        raise DataError(
            "windows: the series have different features: shapes "
            + ", ".join(str(np.shape(each)) for each in cast(Any, series))
        )
    return np.concatenate([X for X, _ in parts]), np.concatenate([y for _, y in parts])


def _of_one(series: Array, length: int, horizon: int, stride: int) -> tuple[Array, Array]:
    if series.ndim not in (1, 2):
        raise DataError(
            f"windows: the series has shape {series.shape}; it must be (time,) or (time, "
            "features), or several of these in a list"
        )
    if len(series) < length + horizon:
        raise DataError(
            f"windows: the series has {len(series)} values; a window of {length} and the {horizon} "
            f"to predict need {length + horizon}"
        )
    columns = series[:, None] if series.ndim == 1 else series
    seen = _sliding(columns[:-horizon], length)[::stride]
    following = _sliding(columns[length:], horizon)[::stride]
    return seen, following[:, :, 0] if series.ndim == 1 else following


def _sliding(columns: Array, length: int) -> Array:
    view = np.lib.stride_tricks.sliding_window_view(columns, length, axis=0)
    return np.moveaxis(view, -1, 1)
