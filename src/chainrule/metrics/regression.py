"""Metrics of amounts."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from chainrule.errors import DTypeError, ShapeError
from chainrule.metrics.metric_function import metric_function
from chainrule.train import metrics as of_batches
from chainrule.train.metrics.outcome import as_array

__all__ = ["mae", "mse", "r2"]


@metric_function
def mse(y_true: ArrayLike, y_pred: ArrayLike) -> float:
    """Return the mean squared error.

    Parameters
    ----------
    y_true : array, (n, ...)
        Targets.
    y_pred : array, (n, ...)
        Predictions of the same shape; (n,) and (n, 1) are taken as equal.

    Returns
    -------
    float
        Its mean over samples and outputs.

    Raises
    ------
    DataError, DTypeError, ShapeError
        For NaN, text, or other shapes: nothing is broadcast.

    Examples
    --------
    >>> mse([1.0, 2.0], [1.0, 4.0])
    2.0
    """
    return float(np.mean(of_batches.mse(*_amounts("mse", y_true, y_pred))))


@metric_function
def mae(y_true: ArrayLike, y_pred: ArrayLike) -> float:
    """Return the mean absolute error.

    Parameters
    ----------
    y_true : array, (n, ...)
        Targets.
    y_pred : array, (n, ...)
        Predictions of the same shape; (n,) and (n, 1) are taken as equal.

    Returns
    -------
    float
        Its mean over samples and outputs.

    Raises
    ------
    DataError, DTypeError, ShapeError
        As `mse`.

    Examples
    --------
    >>> mae([1.0, 2.0], [1.0, 4.0])
    1.0
    """
    return float(np.mean(of_batches.mae(*_amounts("mae", y_true, y_pred))))


@metric_function
def r2(y_true: ArrayLike, y_pred: ArrayLike) -> float:
    """Return the coefficient of determination, ``1 - Σ(y - ŷ)² / Σ(y - ȳ)²``.

    Parameters
    ----------
    y_true : array, (n, ...)
        Targets.
    y_pred : array, (n, ...)
        Predictions of the same shape; (n,) and (n, 1) are taken as equal.

    Returns
    -------
    float, at most 1
        The mean over several outputs. Where a target is constant, 1 if it is predicted, else 0.

    Raises
    ------
    DataError, DTypeError, ShapeError
        As `mse`.

    Examples
    --------
    >>> r2([1.0, 2.0, 3.0], [1.0, 2.0, 2.0])
    0.5
    """
    return of_batches.r2(*_amounts("r2", y_true, y_pred))


def _amounts(name: str, y_true: ArrayLike, y_pred: ArrayLike) -> tuple[Any, Any]:
    """Return targets and predictions as numbers of equal shapes."""
    true, predicted = as_array(name, "y_true", y_true), as_array(name, "y_pred", y_pred)
    if "U" in (true.dtype.kind, predicted.dtype.kind):
        raise DTypeError(f"{name}: the targets or predictions are text; it compares amounts")
    if true.ndim != predicted.ndim and true.size == predicted.size == len(predicted):
        true, predicted = true.reshape(-1), predicted.reshape(-1)
    if not true.size or not true.ndim:
        raise ShapeError(
            f"{name}: y_true has shape {true.shape}; give one value at least, (n, ...)"
        )
    return true.astype(np.float64), predicted.astype(np.float64)
