"""Losses for classes, each ``(y_true, y_pred) -> (batch,)`` in plain NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.nn.activation import log_softmax, softplus

__all__ = ["binary_cross_entropy", "cross_entropy", "hinge", "kl_divergence"]


def cross_entropy(y_true: Any, y_pred: Any, from_logits: bool = True) -> Any:
    logs = log_softmax(y_pred) if from_logits else np.log(y_pred)
    if y_true.ndim < logs.ndim:
        return _mean(-np.take_along_axis(logs, y_true[..., None], axis=-1)[..., 0])
    return _mean(-np.sum(y_true * logs, axis=-1))


def binary_cross_entropy(y_true: Any, y_pred: Any, from_logits: bool = True) -> Any:
    if from_logits:
        return _mean(softplus(y_pred) - y_true * y_pred)
    return _mean(-(y_true * np.log(y_pred) + (1 - y_true) * np.log1p(-y_pred)))


def hinge(y_true: Any, y_pred: Any) -> Any:
    return _mean(np.maximum(1 - y_true * y_pred, 0))


def kl_divergence(y_true: Any, y_pred: Any) -> Any:
    return _mean(np.sum(y_true * (np.log(y_true) - np.log(y_pred)), axis=-1))


def _mean(errors: Any) -> Any:
    """Average over all axes but the first."""
    return errors if errors.ndim == 1 else np.mean(errors, axis=tuple(range(1, errors.ndim)))
