"""Regression metrics: mean squared error, mean absolute error, coefficient of determination."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.train.metrics.shapes import equal_shapes, per_sample

__all__ = ["mae", "mse", "r2"]

Array = Any


def mse(y_true: Array, y_pred: Array) -> Array:
    """Return the squared error of each sample, averaged over its outputs.

    Examples
    --------
    >>> mse(np.array([[0.0, 0.0]]), np.array([[1.0, 3.0]]))
    array([5.])
    """
    error = y_pred - equal_shapes("mse", y_true, y_pred)
    return per_sample(error * error)


def mae(y_true: Array, y_pred: Array) -> Array:
    """Return the absolute error of each sample, averaged over its outputs.

    Examples
    --------
    >>> mae(np.array([[0.0, 0.0]]), np.array([[1.0, -3.0]]))
    array([2.])
    """
    return per_sample(np.abs(y_pred - equal_shapes("mae", y_true, y_pred)))


def r2(y_true: Array, y_pred: Array) -> float:
    """Return the coefficient of determination, ``1 - Σ(y - ŷ)² / Σ(y - ȳ)²``.

    With several outputs it is the mean over them. Where a target is constant it is 1 if every
    prediction is exact and 0 otherwise.

    Examples
    --------
    >>> r2(np.array([1.0, 2.0, 3.0]), np.array([1.0, 2.0, 2.0]))
    0.5
    """
    truth = np.asarray(equal_shapes("r2", y_true, y_pred), np.float64).reshape(len(y_true), -1)
    error = np.sum((truth - np.asarray(y_pred).reshape(truth.shape)) ** 2, axis=0)
    spread = np.sum((truth - truth.mean(axis=0)) ** 2, axis=0)
    varies = np.greater(spread, 0)
    unexplained = np.where(varies, error / np.where(varies, spread, 1), np.greater(error, 0))
    return float(1 - np.mean(unexplained))
