"""Area under the ROC curve."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.errors import warn
from chainrule.train.metrics.shapes import aligned, is_yes_or_no, labels

__all__ = ["auc"]

Array = Any


def auc(y_true: Array, y_pred: Array, threshold: float | None = None) -> float:
    """Return the area under the ROC curve, by ranks.

    It is the probability that a positive sample has a larger output than a negative one, ties
    counting half: the Mann-Whitney statistic ``(R - n₁·(n₁ + 1) / 2) / (n₁·n₀)``, with R the sum of
    the ranks of the n₁ samples of the class. With more than two classes it is the mean over each
    class against the rest; outputs that are not probabilities go through a softmax first.

    Returns
    -------
    float in [0, 1]
        NaN, with a warning, where a class or all others are missing.

    References
    ----------
    Hanley & McNeil (1982), "The meaning and use of the area under a receiver operating
    characteristic (ROC) curve"; Hand & Till (2001) discuss several classes.

    Examples
    --------
    >>> auc(np.array([0, 0, 1, 1]), np.array([0.1, 0.4, 0.35, 0.8]))
    0.75
    """
    truth, scores = _one_against_rest(y_true, y_pred, threshold)
    areas = [_area(truth[:, each], scores[:, each]) for each in range(truth.shape[1])]
    if any(np.isnan(area) for area in areas):
        warn(
            "auc: it is not defined where all samples are of one class, or an output is not a "
            "number; it is NaN here"
        )
    return float(np.mean(areas))


def _one_against_rest(y_true: Array, y_pred: Array, threshold: float | None) -> tuple[Array, Array]:
    """Return membership and score of each compared class, (n, classes)."""
    if is_yes_or_no(y_pred, threshold):
        scores = y_pred.reshape(len(y_pred), -1)
        return aligned("auc", y_true, y_pred).reshape(scores.shape) > 0.5, scores
    scores = _probabilities(y_pred.reshape(-1, y_pred.shape[-1]))
    classes = np.arange(int(scores.shape[1]))
    truth = np.equal(labels("auc", y_true, y_pred).reshape(-1, 1), classes)
    return (truth[:, 1:], scores[:, 1:]) if scores.shape[1] == 2 else (truth, scores)


def _probabilities(outputs: Array) -> Array:
    """Return rows that sum to 1: unchanged, or by a softmax."""
    if np.all(outputs >= 0) and np.allclose(outputs.sum(axis=1), 1, atol=1e-3):
        return outputs
    powers = np.exp(outputs - outputs.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def _area(truth: Array, scores: Array) -> float:
    ones = int(truth.sum())
    zeros = len(truth) - ones
    if ones == 0 or zeros == 0 or np.isnan(scores).any():
        return np.nan
    _, group, counts = np.unique(scores, return_inverse=True, return_counts=True)
    # Equal scores share the mean of their ranks.
    rank = np.cumsum(counts) - (counts - 1) / 2
    return float((rank[group][truth].sum() - ones * (ones + 1) / 2) / (ones * zeros))
