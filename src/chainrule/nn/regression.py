"""Losses for numbers, each ``(y_true, y_pred) -> (batch,)`` in plain NumPy."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from chainrule.nn.activation import softplus

__all__ = ["cosine", "huber", "log_cosh", "mae", "mse", "poisson", "quantile", "sse"]


def mse(y_true: Any, y_pred: Any) -> Any:
    return _mean((y_pred - y_true) ** 2)


def sse(y_true: Any, y_pred: Any) -> Any:
    return _sum((y_pred - y_true) ** 2)


def mae(y_true: Any, y_pred: Any) -> Any:
    return _mean(np.abs(y_pred - y_true))


def huber(y_true: Any, y_pred: Any, delta: float = 1.0) -> Any:
    size = np.abs(y_pred - y_true)
    near = np.minimum(size, delta)
    return _mean(near * (size - near / 2))


def log_cosh(y_true: Any, y_pred: Any) -> Any:
    size = np.abs(y_pred - y_true)
    return _mean(size + softplus(-2 * size) - math.log(2))


def quantile(y_true: Any, y_pred: Any, q: float = 0.5) -> Any:
    error = y_true - y_pred
    return _mean(np.maximum(q * error, (q - 1) * error))


def poisson(y_true: Any, y_pred: Any) -> Any:
    return _mean(y_pred - y_true * np.log(y_pred))


def cosine(y_true: Any, y_pred: Any) -> Any:
    return 1 - np.sum(_unit(y_true) * _unit(y_pred), axis=-1)


def _unit(x: Any) -> Any:
    return x / np.sqrt(np.sum(x * x, axis=-1, keepdims=True))


def _mean(errors: Any) -> Any:
    """Average over all axes but the first."""
    return errors if errors.ndim == 1 else np.mean(errors, axis=tuple(range(1, errors.ndim)))


def _sum(errors: Any) -> Any:
    return errors if errors.ndim == 1 else np.sum(errors, axis=tuple(range(1, errors.ndim)))
