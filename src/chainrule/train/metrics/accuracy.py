"""Accuracy and top-k accuracy."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.train.metrics.shapes import aligned, cut, is_yes_or_no, labels, per_sample

__all__ = ["accuracy", "top_k"]

Array = Any


def accuracy(y_true: Array, y_pred: Array, threshold: float | None = None) -> Array:
    """Return 1 for each sample whose class is predicted, 0 for the others.

    Parameters
    ----------
    y_true : array or node, (n, ...)
        Class indices, one-hot rows, or binary targets (positive above 0.5).
    y_pred : array or node, (n, ..., classes) or (n,)
        The outputs.
    threshold : float or None
        Binary outputs are positive above it: 0.5 for probabilities, 0 for logits. With None the
        largest output is predicted, and a single one has the threshold 0.5.

    Returns
    -------
    array or node, float64, (n,)
        With several targets a sample, the fraction of correct ones.

    Examples
    --------
    >>> accuracy(np.array([0, 1, 1]), np.array([[0.9, 0.1], [0.2, 0.8], [0.7, 0.3]]))
    array([1., 1., 0.])
    """
    if is_yes_or_no(y_pred, threshold):
        y_true = aligned("accuracy", y_true, y_pred)
        return per_sample(1.0 * ((y_pred > cut(threshold)) == (y_true > 0.5)))
    return per_sample(1.0 * (np.argmax(y_pred, axis=-1) == labels("accuracy", y_true, y_pred)))


def top_k(y_true: Array, y_pred: Array, k: int = 5) -> Array:
    """Return 1 for each sample whose class is among the k largest outputs, 0 for the others.

    Of equal outputs the first counts as the largest, as in `accuracy`, which this is for k = 1.

    Examples
    --------
    >>> top_k(np.array([0, 2]), np.array([[0.3, 0.6, 0.1], [0.3, 0.6, 0.1]]), k=2)
    array([1., 0.])
    """
    number = labels("top_k", y_true, y_pred)[..., None]
    own = np.take_along_axis(y_pred, number, axis=-1)
    # Written so that NaN counts as larger than the class, not as smaller.
    above = np.logical_not(y_pred <= own)
    first = np.logical_and(y_pred == own, np.arange(y_pred.shape[-1]) < number)
    return per_sample(1.0 * (np.sum(np.logical_or(above, first), axis=-1) < k))
