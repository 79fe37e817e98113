"""The classes of samples, and finite scores of each class: what curves of thresholds need."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainrule.arguments.checks import bad_argument
from chainrule.data.row_labels import check_row_labels
from chainrule.errors import ArgumentError, DataError
from chainrule.insight.plots.classifier import Predictions, as_rows, class_labels, predict_classes

__all__ = ["place_of", "scored"]

Array = NDArray[Any]


def scored(
    function: str, curve: str, net: Any, X: Any, y: ArrayLike | None
) -> tuple[Array, Predictions]:
    """Return the classes of the samples, of which there are two at least, and finite scores."""
    call = function.removeprefix("plot.")
    # f(scores, y) gives the classes in the place of the samples.
    classifier, samples, targets = (_as_scores(function, net), net, X) if y is None else (net, X, y)
    if y is None and _are_exchanged(net, X):
        raise ArgumentError(
            f"{function}: X holds fractions and net classes; the order is {call}(scores, y): "
            "exchange them"
        )
    check_row_labels(function, X=samples, y=targets)
    labels = class_labels(function, samples, targets)
    predictions = predict_classes(function, classifier, as_rows(samples), labels)
    if predictions.scores is None:
        raise DataError(
            f"{function}: the classifier gives classes only, and {curve} needs a score of each; "
            f"give its probabilities, as in {call}(probabilities, y)"
        )
    if not np.isfinite(predictions.scores).all():
        row = int(np.flatnonzero(~np.isfinite(predictions.scores).all(axis=1))[0])
        raise DataError(
            f"{function}: the scores of row {row} are {predictions.scores[row].tolist()!s:.60}"
        )
    unknown = np.setdiff1d(labels, predictions.classes)
    if unknown.size:
        known = ", ".join(map(repr, predictions.classes.tolist()))
        raise DataError(
            f"{function}: y holds {unknown.tolist()[0]!r}, and the classes with scores are "
            f"{known:.100}; give y as the classifier names its classes"
        )
    if len(np.unique(labels)) < 2:
        raise DataError(
            f"{function}: all samples are of class {labels.tolist()[0]!r}; {curve} needs samples "
            "of two classes"
        )
    return labels, predictions


def _are_exchanged(scores: Any, labels: Any) -> bool:
    """Whether classes are given as scores, and scores as classes."""
    first, second = np.asarray(scores), np.asarray(labels)
    if second.dtype.kind != "f" or first.dtype.kind not in "biuU":
        return False
    return first.shape == second.shape[:1] and bool(np.any(second != np.rint(second)))


def _as_scores(function: str, scores: Any) -> Any:
    """Return scores as a classifier of the samples that they are of."""
    if hasattr(scores, "predict") or hasattr(scores, "predict_class") or callable(scores):
        call = function.removeprefix("plot.")
        raise bad_argument(function, "y", None, f"the class of each sample: {call}(net, X, y)")
    array = np.asarray(scores)
    if array.dtype.kind not in "biuf" or array.ndim not in (1, 2) or not array.size:
        raise bad_argument(function, "net", scores, "a classifier, or its scores as numbers")
    return lambda _: array.astype(float) if array.dtype.kind != "f" else array


def place_of(function: str, positive: Any, classes: Array) -> int:
    """Return the column of the positive class: as given, or the second."""
    if positive is None:
        return 1
    places = [place for place, each in enumerate(classes.tolist()) if each == positive]
    if not places:
        known = ", ".join(map(repr, classes.tolist()))
        raise bad_argument(function, "positive", positive, f"a class, one of {known:.200}")
    return places[0]
