"""Precision, recall and F1, from the counts of the confusion matrix."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.train.metrics.shapes import aligned, cut, is_yes_or_no, labels

__all__ = ["class_counts", "confusion_counts", "f1", "precision", "ratio", "recall"]

Array = Any
Counts = NDArray[np.intp]


def precision(y_true: Array, y_pred: Array, threshold: float | None = None) -> float:
    """Return the fraction of predicted positives that are correct: TP / (TP + FP).

    With two classes it is that of class 1; with more, or several binary outputs, the macro average
    over the classes that occur or are predicted. It is 0 where nothing is predicted.

    Examples
    --------
    >>> precision(np.array([0, 1, 1, 0]), np.array([0.9, 0.8, 0.2, 0.1]))
    0.5
    """
    true_positives, predicted, present = _counts("precision", y_true, y_pred, threshold)
    return _mean_ratio(true_positives, predicted, predicted + present)


def recall(y_true: Array, y_pred: Array, threshold: float | None = None) -> float:
    """Return the fraction of positives that are predicted: TP / (TP + FN); averaged as `precision`.

    Examples
    --------
    >>> recall(np.array([0, 1, 1, 1]), np.array([0.9, 0.8, 0.2, 0.1]))
    0.3333333333333333
    """
    true_positives, predicted, present = _counts("recall", y_true, y_pred, threshold)
    return _mean_ratio(true_positives, present, predicted + present)


def f1(y_true: Array, y_pred: Array, threshold: float | None = None) -> float:
    """Return the harmonic mean of precision and recall: 2·TP / (2·TP + FP + FN).

    It is computed by class and averaged as `precision`.

    Examples
    --------
    >>> f1(np.array([0, 1, 1, 1]), np.array([0.9, 0.8, 0.2, 0.1]))
    0.4
    """
    true_positives, predicted, present = _counts("f1", y_true, y_pred, threshold)
    return _mean_ratio(2 * true_positives, predicted + present, predicted + present)


def confusion_counts(
    truth: NDArray[np.intp], predicted: NDArray[np.intp], classes: int
) -> NDArray[np.int64]:
    """Return how often each class, (classes, classes) by row, is predicted as each, by column.

    Examples
    --------
    >>> confusion_counts(np.array([0, 1, 1]), np.array([0, 1, 0]), 2)
    array([[1, 0],
           [1, 1]])
    """
    counts = np.bincount(truth * classes + predicted, minlength=classes**2)
    return counts.reshape(classes, classes).astype(np.int64)


def class_counts(
    truth: NDArray[np.intp], predicted: NDArray[np.intp], classes: int
) -> tuple[Counts, Counts, Counts]:
    """Return true positives, predicted positives and positives of each class, by its position.

    Examples
    --------
    >>> class_counts(np.array([0, 1, 1]), np.array([0, 1, 0]), 2)
    (array([1, 1]), array([2, 1]), array([1, 2]))
    """
    right, predicted, present = (
        np.bincount(each, minlength=classes)
        for each in (truth[truth == predicted], predicted, truth)
    )
    return right, predicted, present


def ratio(part: NDArray[Any], whole: NDArray[Any]) -> NDArray[np.float64]:
    """Return part / whole, counts of which 0 / 0 is 0."""
    return part / np.maximum(whole, 1)


def _counts(
    name: str, y_true: Array, y_pred: Array, threshold: float | None
) -> tuple[Counts, Counts, Counts]:
    """Return true positives, predicted positives and positives of each class."""
    truth: NDArray[np.bool_]
    predicted: NDArray[np.bool_]
    if is_yes_or_no(y_pred, threshold):
        truth = (aligned(name, y_true, y_pred) > 0.5).reshape(len(y_pred), -1)
        predicted = (y_pred > cut(threshold)).reshape(truth.shape)
    else:
        classes: NDArray[np.intp] = np.arange(int(y_pred.shape[-1]))
        truth = np.equal(labels(name, y_true, y_pred).reshape(-1, 1), classes)
        predicted = np.equal(np.argmax(y_pred, axis=-1).reshape(-1, 1), classes)
        if len(classes) == 2:
            truth, predicted = truth[:, 1:], predicted[:, 1:]
    return (truth & predicted).sum(axis=0), predicted.sum(axis=0), truth.sum(axis=0)


def _mean_ratio(part: Counts, whole: Counts, seen: Counts) -> float:
    """Average over the classes that occur or are predicted; 0 without any."""
    ratios = ratio(part, whole)[seen > 0]
    return float(np.mean(ratios)) if len(ratios) else 0.0
