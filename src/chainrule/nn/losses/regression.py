"""Regression losses, each ``(y_true, y_pred) -> (batch,)`` in plain NumPy.

Where a sample has several outputs, its loss is their mean (in `sse` their sum).
"""

from __future__ import annotations

import math
import numbers
from typing import Any

import numpy as np

from chainrule.arguments.checks import POSITIVE, Range, checked_number

__all__ = ["cosine", "huber", "log_cosh", "mae", "mse", "per_sample", "poisson", "quantile", "sse"]

# As in Keras: added to a rate before its logarithm; lower bound of ‖x‖².
_EPSILON = 1e-7
_LEAST_SQUARED_NORM = 1e-12

_LEVEL = Range("a number in (0, 1)", lambda x: 0 < x < 1)


def mse(y_true: Any, y_pred: Any) -> Any:
    """Compute the mean squared error, mean (ŷ - y)².

    References
    ----------
    Bishop (2006), "Pattern recognition and machine learning", equation 1.2 (there halved).

    Examples
    --------
    >>> mse(np.array([[1.0, 2.0]]), np.array([[1.0, 4.0]]))
    array([2.])
    """
    error = y_pred - y_true
    return per_sample(error * error)


def sse(y_true: Any, y_pred: Any) -> Any:
    """Compute the sum of squared errors, Σ (ŷ - y)²; over a batch it is summed too.

    References
    ----------
    Bishop (2006), "Pattern recognition and machine learning", equation 1.2 (there halved).

    Examples
    --------
    >>> sse(np.array([[1.0, 2.0]]), np.array([[1.0, 4.0]]))
    array([4.])
    """
    error = y_pred - y_true
    return np.sum(error * error, axis=tuple(range(1, error.ndim)))


def mae(y_true: Any, y_pred: Any) -> Any:
    """Compute the mean absolute error, mean |ŷ - y|; its derivative at 0 is 0.

    References
    ----------
    Hastie, Tibshirani & Friedman (2009), "The elements of statistical learning", section 10.6.

    Examples
    --------
    >>> mae(np.array([[1.0, 2.0]]), np.array([[1.0, 4.0]]))
    array([1.])
    """
    return per_sample(np.abs(y_pred - y_true))


def huber(y_true: Any, y_pred: Any, delta: float = 1.0) -> Any:
    """Compute the Huber loss: e²/2 where |e| ≤ δ, else δ (|e| - δ/2), with e = ŷ - y.

    References
    ----------
    Huber (1964), "Robust estimation of a location parameter", section 1.

    Examples
    --------
    >>> huber(np.array([0.0, 0.0]), np.array([0.5, 3.0]))
    array([0.125, 2.5  ])
    """
    if isinstance(delta, numbers.Real):
        checked_number("huber", "delta", delta, POSITIVE)
    error = y_pred - y_true
    clipped = np.clip(error, -delta, delta)
    return per_sample(clipped * (error - clipped / 2))


def log_cosh(y_true: Any, y_pred: Any) -> Any:
    """Compute ln cosh e, e = ŷ - y: about e²/2 for small |e| and |e| - ln 2 for large.

    References
    ----------
    Saleh & Saleh (2022), "Statistical properties of the log-cosh loss function used in machine
    learning", equation 1.

    Examples
    --------
    >>> log_cosh(np.array([0.0, 0.0]), np.array([0.0, 1000.0])).round(2)
    array([  0.  , 999.31])
    """
    error = y_pred - y_true
    return per_sample(np.logaddexp(error, -error) - math.log(2))


def quantile(y_true: Any, y_pred: Any, q: float = 0.5) -> Any:
    """Compute the quantile (pinball) loss max(q e, (q - 1) e), with e = y - ŷ.

    References
    ----------
    Koenker & Bassett (1978), "Regression quantiles", equation 2.1.

    Examples
    --------
    >>> quantile(np.array([1.0, 0.0]), np.array([0.0, 1.0]), q=0.75)
    array([0.75, 0.25])
    """
    if isinstance(q, numbers.Real):
        checked_number("quantile", "q", q, _LEVEL)
    error = y_true - y_pred
    return per_sample(np.where(error >= 0, q * error, (q - 1) * error))


def poisson(y_true: Any, y_pred: Any) -> Any:
    """Compute the Poisson negative log-likelihood ŷ - y ln ŷ (+ ln y!), of counts y at rate ŷ.

    References
    ----------
    McCullagh & Nelder (1989), "Generalized linear models", section 6.2.

    Examples
    --------
    >>> poisson(np.array([2.0, 0.0]), np.array([1.0, 3.0])).round(4)
    array([1., 3.])
    """
    return per_sample(y_pred - y_true * np.log(y_pred + _EPSILON))


def cosine(y_true: Any, y_pred: Any) -> Any:
    """Compute the cosine distance 1 - y·ŷ / (‖y‖ ‖ŷ‖) along the last axis.

    References
    ----------
    Salton & McGill (1983), "Introduction to modern information retrieval", section 4.1.

    Examples
    --------
    >>> cosine(np.array([[1.0, 0.0], [1.0, 0.0]]), np.array([[5.0, 0.0], [0.0, 2.0]]))
    array([0., 1.])
    """
    return per_sample(1 - np.sum(_direction(y_true) * _direction(y_pred), axis=-1))


def per_sample(losses: Any) -> Any:
    """Return the mean over all axes but the first, the batch.

    Examples
    --------
    >>> per_sample(np.array([[1.0, 3.0], [0.0, 0.0]]))
    array([2., 0.])
    """
    return losses if losses.ndim == 1 else np.mean(losses, axis=tuple(range(1, losses.ndim)))


def _direction(x: Any) -> Any:
    squared_norm = np.sum(x * x, axis=-1, keepdims=True)
    return x / np.sqrt(np.maximum(squared_norm, _LEAST_SQUARED_NORM))
