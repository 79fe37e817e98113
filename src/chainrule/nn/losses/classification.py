"""Losses for classes, each ``(y_true, y_pred) -> (batch,)`` in plain NumPy.

Where a sample is classified at several places, its loss is their mean.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.nn.activations.bounded import log_softmax
from chainrule.nn.activations.rectifiers import relu, softplus
from chainrule.nn.losses.regression import per_sample

__all__ = ["binary_cross_entropy", "cross_entropy", "hinge", "kl_divergence"]

# Smaller probabilities count as this, as in Keras: the loss of a sure mistake stays finite.
_LEAST = 1e-7


def cross_entropy(y_true: Any, y_pred: Any, from_logits: bool = True) -> Any:
    """Compute -Σ y ln p with p = softmax(ŷ): the surprise of the true class.

    References
    ----------
    Bishop (2006), "Pattern recognition and machine learning", equation 4.108.

    Examples
    --------
    >>> scores = np.array([[2.0, 0.0], [-1000.0, 1000.0]])
    >>> cross_entropy(np.array([0, 0]), scores).round(4)
    array([1.269e-01, 2.000e+03])
    >>> cross_entropy(np.array([[0.5, 0.5]]), np.array([[0.5, 0.5]]), from_logits=False).round(4)
    array([0.6931])
    """
    logs = log_softmax(y_pred) if from_logits else np.log(np.maximum(y_pred, _LEAST))
    if y_true.ndim == logs.ndim:
        return per_sample(-np.sum(y_true * logs, axis=-1))
    return per_sample(-np.take_along_axis(logs, y_true[..., None], axis=-1)[..., 0])


def binary_cross_entropy(y_true: Any, y_pred: Any, from_logits: bool = True) -> Any:
    """Compute -(y ln p + (1 - y) ln(1 - p)) with p = σ(ŷ).

    References
    ----------
    Bishop (2006), "Pattern recognition and machine learning", equation 4.90.

    Examples
    --------
    >>> binary_cross_entropy(np.array([1.0, 1.0]), np.array([0.0, -1000.0])).round(4)
    array([6.931e-01, 1.000e+03])
    """
    if from_logits:
        # softplus(ŷ) - y ŷ, in two parts that cannot cancel one another.
        return per_sample(y_true * softplus(-y_pred) + (1 - y_true) * softplus(y_pred))
    p = np.clip(y_pred, _LEAST, 1 - _LEAST)
    return per_sample(-(y_true * np.log(p) + (1 - y_true) * np.log(1 - p)))


def hinge(y_true: Any, y_pred: Any) -> Any:
    """Compute max(0, 1 - s ŷ), with s = 1 for the positive class and s = -1 for the other.

    References
    ----------
    Cortes & Vapnik (1995), "Support-vector networks", section 3.

    Examples
    --------
    >>> hinge(np.array([1.0, 0.0]), np.array([0.5, 0.5]))
    array([0.5, 1.5])
    """
    signs = 2 * (y_true > 0).astype(y_pred.dtype) - 1
    return per_sample(relu(1 - signs * y_pred))


def kl_divergence(y_true: Any, y_pred: Any) -> Any:
    """Compute Σ y ln(y / ŷ) along the last axis: what is lost by taking ŷ for y.

    References
    ----------
    Kullback & Leibler (1951), "On information and sufficiency", equation 2.4.

    Examples
    --------
    >>> kl_divergence(np.array([[0.5, 0.5]]), np.array([[0.25, 0.75]])).round(4)
    array([0.1438])
    """
    logs = np.log(np.maximum(y_true, _LEAST)) - np.log(np.maximum(y_pred, _LEAST))
    return per_sample(np.sum(y_true * logs, axis=-1))
