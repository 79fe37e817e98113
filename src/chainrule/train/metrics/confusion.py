"""Metrics of classes that come from the confusion matrix: found, predicted, there."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.train.metrics.shapes import aligned, cut, is_yes_or_no, labels

__all__ = ["f1", "precision", "recall"]

Array = Any
Counts = NDArray[np.intp]


def precision(y_true: Array, y_pred: Array, threshold: float | None = None) -> float:
    """Return the share of right ones among those predicted: TP / (TP + FP).

    With two classes it is that of class 1; with more, or several independent outputs, the mean over
    the classes that are there or predicted, each counting the same. It is 0 where nothing is
    predicted.

    Examples
    --------
    >>> precision(np.array([0, 1, 1, 0]), np.array([0.9, 0.8, 0.2, 0.1]))
    0.5
    """
    hits, predicted, present = _counts("precision", y_true, y_pred, threshold)
    return _mean_ratio(hits, predicted, predicted + present)


def recall(y_true: Array, y_pred: Array, threshold: float | None = None) -> float:
    """Return the share of those there are that is found: TP / (TP + FN); averaged as `precision`.

    Examples
    --------
    >>> recall(np.array([0, 1, 1, 1]), np.array([0.9, 0.8, 0.2, 0.1]))
    0.3333333333333333
    """
    hits, predicted, present = _counts("recall", y_true, y_pred, threshold)
    return _mean_ratio(hits, present, predicted + present)


def f1(y_true: Array, y_pred: Array, threshold: float | None = None) -> float:
    """Return the harmonic mean of precision and recall: 2·TP / (2·TP + FP + FN).

    It is taken class by class, and averaged as `precision`.

    Examples
    --------
    >>> f1(np.array([0, 1, 1, 1]), np.array([0.9, 0.8, 0.2, 0.1]))
    0.4
    """
    hits, predicted, present = _counts("f1", y_true, y_pred, threshold)
    return _mean_ratio(2 * hits, predicted + present, predicted + present)


def _counts(
    name: str, y_true: Array, y_pred: Array, threshold: float | None
) -> tuple[Counts, Counts, Counts]:
    """Return, class by class, how many are found, predicted and there."""
    truth: NDArray[np.bool_]
    answer: NDArray[np.bool_]
    if is_yes_or_no(y_pred, threshold):
        truth = (aligned(name, y_true, y_pred) > 0.5).reshape(len(y_pred), -1)
        answer = (y_pred > cut(threshold)).reshape(truth.shape)
    else:
        classes: NDArray[np.intp] = np.arange(int(y_pred.shape[-1]))
        truth = np.equal(labels(name, y_true, y_pred).reshape(-1, 1), classes)
        answer = np.equal(np.argmax(y_pred, axis=-1).reshape(-1, 1), classes)
        if len(classes) == 2:
            truth, answer = truth[:, 1:], answer[:, 1:]
    return (truth & answer).sum(axis=0), answer.sum(axis=0), truth.sum(axis=0)


def _mean_ratio(part: Counts, whole: Counts, seen: Counts) -> float:
    """Average over the classes that are there or predicted; 0 where there are none."""
    ratio = (part / np.maximum(whole, 1))[seen > 0]
    return float(np.mean(ratio)) if len(ratio) else 0.0
