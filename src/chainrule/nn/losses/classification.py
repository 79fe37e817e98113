"""Classification losses, each ``(y_true, y_pred) -> (batch,)`` in plain NumPy.

Where a sample has several outputs (such as pixels or time steps), its loss is their mean.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.nn.activations.bounded import log_softmax
from chainrule.nn.activations.rectifiers import relu, softplus
from chainrule.nn.losses.regression import per_sample

__all__ = ["binary_cross_entropy", "cross_entropy", "hinge", "kl_divergence"]

# Lower bound of a probability before its logarithm, as in Keras: it keeps the loss finite.
_EPSILON = 1e-7


def cross_entropy(y_true: Any, y_pred: Any, from_logits: bool = True) -> Any:
    """Compute the categorical cross-entropy -Σ y ln p, with p = softmax(ŷ), or p = ŷ.

    y holds class indices (batch, ...) or one-hot rows or probabilities (batch, ..., classes).

    References
    ----------
    Bishop (2006), "Pattern recognition and machine learning", equation 4.108.

    Examples
    --------
    >>> logits = np.array([[2.0, 0.0], [-1000.0, 1000.0]])
    >>> cross_entropy(np.array([0, 0]), logits).round(4)
    array([1.269e-01, 2.000e+03])
    >>> cross_entropy(np.array([[0.5, 0.5]]), np.array([[0.5, 0.5]]), from_logits=False).round(4)
    array([0.6931])
    """
    log_p = log_softmax(y_pred) if from_logits else np.log(np.maximum(y_pred, _EPSILON))
    if y_true.ndim == log_p.ndim:
        return per_sample(-np.sum(y_true * log_p, axis=-1))
    return per_sample(-np.take_along_axis(log_p, y_true[..., None], axis=-1)[..., 0])


def binary_cross_entropy(y_true: Any, y_pred: Any, from_logits: bool = True) -> Any:
    """Compute the binary cross-entropy -(y ln p + (1 - y) ln(1 - p)), with p = σ(ŷ), or p = ŷ.

    References
    ----------
    Bishop (2006), "Pattern recognition and machine learning", equation 4.90.

    Examples
    --------
    >>> binary_cross_entropy(np.array([1.0, 1.0]), np.array([0.0, -1000.0])).round(4)
    array([6.931e-01, 1.000e+03])
    """
    if from_logits:
        # softplus(ŷ) - y ŷ, as two terms of the same sign: no cancellation.
        return per_sample(y_true * softplus(-y_pred) + (1 - y_true) * softplus(y_pred))
    p = np.clip(y_pred, _EPSILON, 1 - _EPSILON)
    return per_sample(-(y_true * np.log(p) + (1 - y_true) * np.log(1 - p)))


def hinge(y_true: Any, y_pred: Any) -> Any:
    """Compute the hinge loss max(0, 1 - s ŷ), s = 1 for the positive class and -1 for the other.

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
    """Compute the Kullback-Leibler divergence Σ y ln(y / ŷ) along the last axis.

    References
    ----------
    Kullback & Leibler (1951), "On information and sufficiency", equation 2.4.

    Examples
    --------
    >>> kl_divergence(np.array([[0.5, 0.5]]), np.array([[0.25, 0.75]])).round(4)
    array([0.1438])
    """
    log_ratio = np.log(np.maximum(y_true, _EPSILON)) - np.log(np.maximum(y_pred, _EPSILON))
    return per_sample(np.sum(y_true * log_ratio, axis=-1))
