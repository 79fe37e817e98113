"""Metrics of classes, each one number."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from chainrule.arguments.checks import checked_choice, checked_count
from chainrule.errors import ArgumentError, ShapeError
from chainrule.metrics.metric_function import metric_function
from chainrule.train import metrics as of_batches
from chainrule.train.metrics.confusion import class_counts, ratio
from chainrule.train.metrics.outcome import Outcome, as_array, outcome_of

__all__ = ["accuracy", "auc", "f1", "precision", "recall", "top_k"]

Average = Literal["auto", "macro", "micro", "weighted"] | None
"""How to average over classes: by default as fit does, class 1 of two, else the macro average."""


@metric_function
def accuracy(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    threshold: float | None = None,
    *,
    labels: ArrayLike | None = None,
) -> float:
    """Return the fraction of samples whose class is predicted.

    Parameters
    ----------
    y_true : array, (n,) or one-hot rows (n, classes)
        The true labels.
    y_pred : array, (n,), (n, 1) or (n, classes)
        Predicted labels, probabilities of the second class, or an output for each class.
    threshold : float or None
        Of one output a sample: the second class above it. None is 0.5, for probabilities; 0 is
        that of logits.
    labels : array, (classes,), or None
        The classes in the order of the columns; None is their sorted order.

    Returns
    -------
    float in [0, 1]
        The accuracy.

    Raises
    ------
    DataError, DTypeError, ShapeError, ArgumentError
        For data that are no labels or outputs of the same samples.

    Examples
    --------
    >>> accuracy([0, 1, 1], [[0.9, 0.1], [0.2, 0.8], [0.7, 0.3]])
    0.6666666666666666
    """
    outcome = outcome_of("accuracy", y_true, y_pred, threshold, labels)
    return float(np.mean(outcome.truth == outcome.predicted))


@metric_function
def precision(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    threshold: float | None = None,
    *,
    labels: ArrayLike | None = None,
    average: Average = "auto",
    positive: Any = None,
) -> Any:
    """Return the fraction of predicted positives that are correct: TP / (TP + FP); 0 for 0 / 0.

    Parameters
    ----------
    y_true : array, (n,) or one-hot rows (n, classes)
        The true labels.
    y_pred : array, (n,), (n, 1) or (n, classes)
        Predicted labels, probabilities of the second class, or an output for each class.
    threshold : float or None
        As that of `accuracy`.
    labels : array, (classes,), or None
        The classes in the order of the columns; None is their sorted order.
    average : {"auto", "macro", "micro", "weighted"} or None
        "auto" is the precision of the second of two classes, and "macro" of more: the mean over the
        classes that occur or are predicted; "weighted" weights it by how often they occur; "micro"
        counts all samples together; None returns one value a class.
    positive : label or None
        The class whose precision is returned, in place of an average.

    Returns
    -------
    float in [0, 1], or array (classes,)
        The precision.

    Raises
    ------
    DataError, DTypeError, ShapeError, ArgumentError
        As `accuracy`.

    Examples
    --------
    >>> precision(["no", "yes", "yes", "no"], ["yes", "yes", "no", "no"])
    0.5
    """
    outcome = outcome_of("precision", y_true, y_pred, threshold, labels)
    return _averaged("precision", outcome, average, positive)


@metric_function
def recall(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    threshold: float | None = None,
    *,
    labels: ArrayLike | None = None,
    average: Average = "auto",
    positive: Any = None,
) -> Any:
    """Return the fraction of positives that are predicted: TP / (TP + FN); 0 for 0 / 0.

    Parameters
    ----------
    y_true : array, (n,) or one-hot rows (n, classes)
        The true labels.
    y_pred : array, (n,), (n, 1) or (n, classes)
        Predicted labels, probabilities of the second class, or an output for each class.
    threshold : float or None
        As that of `accuracy`.
    labels : array, (classes,), or None
        The classes in the order of the columns; None is their sorted order.
    average : {"auto", "macro", "micro", "weighted"} or None
        As that of `precision`.
    positive : label or None
        The class whose score is returned, in place of an average.

    Returns
    -------
    float in [0, 1], or array (classes,)
        The recall.

    Raises
    ------
    DataError, DTypeError, ShapeError, ArgumentError
        As `accuracy`.

    Examples
    --------
    >>> recall([0, 1, 1, 1], [0.9, 0.8, 0.2, 0.1])
    0.3333333333333333
    """
    outcome = outcome_of("recall", y_true, y_pred, threshold, labels)
    return _averaged("recall", outcome, average, positive)


@metric_function
def f1(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    threshold: float | None = None,
    *,
    labels: ArrayLike | None = None,
    average: Average = "auto",
    positive: Any = None,
) -> Any:
    """Return the harmonic mean of precision and recall: 2·TP / (2·TP + FP + FN); 0 for 0 / 0.

    Parameters
    ----------
    y_true : array, (n,) or one-hot rows (n, classes)
        The true labels.
    y_pred : array, (n,), (n, 1) or (n, classes)
        Predicted labels, probabilities of the second class, or an output for each class.
    threshold : float or None
        As that of `accuracy`.
    labels : array, (classes,), or None
        The classes in the order of the columns; None is their sorted order.
    average : {"auto", "macro", "micro", "weighted"} or None
        As that of `precision`.
    positive : label or None
        The class whose score is returned, in place of an average.

    Returns
    -------
    float in [0, 1], or array (classes,)
        The F1 score.

    Raises
    ------
    DataError, DTypeError, ShapeError, ArgumentError
        As `accuracy`.

    Examples
    --------
    >>> f1([0, 1, 2, 2], [0, 2, 2, 1], average=None)
    array([1. , 0. , 0.5])
    """
    outcome = outcome_of("f1", y_true, y_pred, threshold, labels)
    return _averaged("f1", outcome, average, positive)


@metric_function
def auc(y_true: ArrayLike, y_pred: ArrayLike, *, labels: ArrayLike | None = None) -> float:
    """Return the area under the ROC curve, by ranks.

    Parameters
    ----------
    y_true : array, (n,) or one-hot rows (n, classes)
        The true labels.
    y_pred : array, float, (n,), (n, 1) or (n, classes)
        Probabilities or logits of the second class; or of each, where the areas of each class
        against the rest are averaged, of logits after a softmax.
    labels : array, (classes,), or None
        The classes in the order of the columns; None is their sorted order.

    Returns
    -------
    float in [0, 1]
        NaN, with a warning, where a class or all others are missing.

    Raises
    ------
    DataError, DTypeError, ShapeError, ArgumentError
        As `accuracy`.

    Examples
    --------
    >>> auc([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])
    0.75
    """
    scores = as_array("auc", "y_pred", y_pred)
    if scores.dtype.kind in "iub":
        scores = scores.astype(np.float64)  # ranks, not labels
    outcome = outcome_of("auc", y_true, scores, None, labels)
    if outcome.scores is None:
        raise ShapeError("auc: y_pred holds labels; give probabilities or logits")
    return of_batches.auc(outcome.truth, outcome.scores)


@metric_function
def top_k(
    y_true: ArrayLike, y_pred: ArrayLike, k: int = 5, *, labels: ArrayLike | None = None
) -> float:
    """Return the fraction of samples whose class is among the k largest outputs.

    Parameters
    ----------
    y_true : array, (n,) or one-hot rows (n, classes)
        The true labels.
    y_pred : array, float, (n, classes)
        An output for each class.
    k : int >= 1
        How many of the largest.
    labels : array, (classes,), or None
        The classes in the order of the columns; None is their sorted order.

    Returns
    -------
    float in [0, 1]
        The top-k accuracy.

    Raises
    ------
    DataError, DTypeError, ShapeError, ArgumentError
        As `accuracy`.

    Examples
    --------
    >>> top_k([0, 2], [[0.3, 0.6, 0.1], [0.3, 0.6, 0.1]], k=2)
    0.5
    """
    k = checked_count("top_k", "k", k)
    outcome = outcome_of("top_k", y_true, y_pred, None, labels)
    if outcome.scores is None or outcome.scores.ndim == 1:
        raise ShapeError(
            f"top_k: y_pred has shape {np.shape(y_pred)}; it needs an output for each class, "
            "(n, classes)"
        )
    return float(np.mean(of_batches.top_k(outcome.truth, outcome.scores, k)))


def _averaged(name: str, outcome: Outcome, average: Any, positive: Any) -> Any:
    if average is not None:
        checked_choice(name, "average", average, ("auto", "macro", "micro", "weighted"))
    right, predicted, present = class_counts(outcome.truth, outcome.predicted, len(outcome.classes))
    part, whole = {
        "precision": (right, predicted),
        "recall": (right, present),
        "f1": (2 * right, predicted + present),
    }[name]
    values = ratio(part, whole)
    if positive is not None or (average == "auto" and len(values) == 2):
        return float(values[_position(name, outcome, positive)])
    if average is None:
        return values
    if average == "micro":
        return float(ratio(part.sum(), whole.sum()))
    seen = predicted + present > 0
    weights = present if average == "weighted" else seen
    return float(np.average(values, weights=weights))


def _position(name: str, outcome: Outcome, positive: Any) -> int:
    if positive is None:
        return 1
    found = np.flatnonzero(outcome.classes == positive)
    if not len(found):
        listed = ", ".join(map(str, outcome.classes.tolist()))
        raise ArgumentError(f"{name}: positive is {positive!r}, which is none of {listed}")
    return int(found[0])
