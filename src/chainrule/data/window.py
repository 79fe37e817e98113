"""Sliding windows of time series, and the values to forecast."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainrule.arguments.aliases import DATA_ALIASES
from chainrule.arguments.array_classes import refuse_masked
from chainrule.arguments.checks import checked_count
from chainrule.arguments.keywords import answers_foreign_names
from chainrule.data.array_argument import as_array
from chainrule.data.row_labels import check_dates_in_order
from chainrule.errors import DataError, DTypeError, counted

__all__ = ["windows"]

Array = NDArray[Any]


@answers_foreign_names(DATA_ALIASES)
def windows(
    series: ArrayLike | Sequence[ArrayLike], length: int = 30, horizon: int = 1, stride: int = 1
) -> tuple[Array, Array]:
    """Return sliding windows of a series and the values that follow each.

    Window k is ``series[k·stride : k·stride + length]``; its target is
    ``series[k·stride + length : k·stride + length + horizon]``. Nothing is copied: windows are
    overlapping, read-only views.

    To test without leakage, split the series first, let the test part begin with the `length`
    values before the split (windows may overlap the past, targets do not), and compute means and
    deviations on the training part alone::

        train, test = series[:cut], series[cut - length :]
        mean, deviation = train.mean(), train.std()

    Parameters
    ----------
    series : array, (time,) or (time, features), or list of such arrays
        Values in temporal order. The windows of several series in a list are computed separately
        and concatenated (a copy).
    length : int >= 1
        Values in a window.
    horizon : int >= 1
        Values to predict.
    stride : int >= 1
        Distance between the starts of windows.

    Returns
    -------
    X : array, (n, length, features)
        The windows; a series of shape (time,) has one feature.
    y : array, (n, horizon, features), or (n, horizon) for a series without features
        The targets. The value `horizon` steps ahead is ``y[:, -1]``.

    Raises
    ------
    ArgumentError
        If length, horizon or stride is no integer, 1 or more.
    DataError
        If the series is too short for one window, has another shape, or has row labels that are
        dates in another order.
    DTypeError
        If it holds text or objects.

    Examples
    --------
    >>> X, y = windows(np.arange(6), length=3, horizon=2)
    >>> X[:, :, 0].tolist(), y.tolist()
    ([[0, 1, 2], [1, 2, 3]], [[3, 4], [4, 5]])
    """
    for name, value in (("length", length), ("horizon", horizon), ("stride", stride)):
        checked_count("windows", name, value)
    refuse_masked(series, "windows: the series")
    check_dates_in_order("windows", series)
    if not isinstance(series, list | tuple) or not any(map(_has_rows, cast(Any, series))):
        return _of_one(series, length, horizon, stride)
    parts = [_of_one(each, length, horizon, stride) for each in cast(Any, series)]
    kinds = {X.dtype.kind in "Mm" for X, _ in parts}
    if len(kinds) > 1:
        raise DataError("windows: some series are dates and others numbers; pass them separately")
    shapes = {(X.shape[1:], y.shape[1:]) for X, y in parts}
    if len(shapes) > 1:
        raise DataError(
            "windows: the series have different features: shapes "
            + ", ".join(str(np.shape(each)) for each in cast(Any, series))
        )
    return np.concatenate([X for X, _ in parts]), np.concatenate([y for _, y in parts])


def _has_rows(each: Any) -> bool:
    return isinstance(each, list | tuple) or bool(np.ndim(each))


def _of_one(values: Any, length: int, horizon: int, stride: int) -> tuple[Array, Array]:
    series = np.asarray(as_array(values, "windows: the series"))
    if series.dtype.kind not in "biufcMm":
        raise DTypeError(
            f"windows: the series has dtype {series.dtype}, but must hold numbers; encode or leave "
            "out what is text, and convert numbers held as objects with np.asarray(series, float)"
        )
    if series.ndim not in (1, 2):
        raise DataError(
            f"windows: the series has shape {series.shape}; it must be (time,) or (time, "
            "features), or several of these in a list"
        )
    if len(series) < length + horizon:
        raise DataError(
            f"windows: the series has {counted(len(series), 'value')}; a window of {length} and "
            f"the {horizon} to predict need {length + horizon}"
        )
    columns = series[:, None] if series.ndim == 1 else series
    past = _sliding(columns[:-horizon], length)[::stride]
    following = _sliding(columns[length:], horizon)[::stride]
    return past, following[:, :, 0] if series.ndim == 1 else following


def _sliding(columns: Array, length: int) -> Array:
    view = np.lib.stride_tricks.sliding_window_view(columns, length, axis=0)
    return np.moveaxis(view, -1, 1)
