"""What a classifier predicts: classes and scores, from a network, an estimator or a function.

A function may return classes; a score of each class, (n, classes); or, of two classes, one score
a sample: a probability, or an amount that is positive for the second class.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainrule.arguments.checks import bad_argument
from chainrule.data.byte_text import decoded
from chainrule.errors import ChainruleError, DataError, counted

__all__ = [
    "Classifier",
    "Predictions",
    "as_rows",
    "check_classifier",
    "class_labels",
    "class_names",
    "predict_classes",
]

Array = NDArray[Any]

_CLASSIFIER = (
    "a network, an estimator of scikit-learn, or a function that returns the class of each sample"
)


class Classifier(Protocol):
    """A classifier, as far as the plots use it."""

    def predict_class(self, X: Any) -> Any:
        """Return the class of each sample."""
        ...


@dataclass(frozen=True)
class Predictions:
    """The predictions of n samples."""

    predicted: Array  # (n,), the class of each sample
    classes: Array  # (classes,), what the columns of `scores` are of
    scores: Array | None  # (n, classes), highest for the predicted class
    are_probabilities: bool

    @property
    def certainty(self) -> Array:
        """From 0, no better than chance, to 1; all 1 where there are no scores."""
        if self.scores is None or self.scores.shape[1] < 2:
            return np.ones(len(self.predicted))
        ordered = np.sort(self.scores, axis=1)
        if self.are_probabilities:
            chance = 1 / self.scores.shape[1]
            return np.clip((ordered[:, -1] - chance) / (1 - chance), 0, 1)
        margin = ordered[:, -1] - ordered[:, -2]
        return np.clip(margin / (np.quantile(margin, 0.9) or 1.0), 0, 1)


def check_classifier(function: str, net: Any) -> None:
    """Raise unless an object predicts classes."""
    is_known = any(hasattr(net, name) for name in ("predict_class", "predict")) or callable(net)
    if isinstance(net, type) or not is_known:
        raise bad_argument(function, "net", net, _CLASSIFIER)


def predict_classes(function: str, net: Any, X: Any, known: Array) -> Predictions:
    """Return the predictions of a classifier; `known` are the classes of the samples at hand."""
    check_classifier(function, net)
    if hasattr(net, "predict_class"):
        predictions = _of_network(net, X, known)
    elif hasattr(net, "classes_") and hasattr(net, "predict"):
        predictions = _of_estimator(net, X)
    elif hasattr(net, "get_params") and not hasattr(net, "classes_"):
        raise DataError(
            f"{function}: {type(net).__name__} is a regressor, or not fitted, and has no classes; "
            "fit a classifier, or give a function that cuts what it predicts, such as lambda X: "
            "net.predict(X) > 0.5"
        )
    else:
        outputs = np.asarray((net.predict if hasattr(net, "predict") else net)(X))
        predictions = _of_outputs(
            function, decoded(outputs, f"{function}: what net returns"), known
        )
    if predictions.predicted.ndim != 1:
        raise DataError(
            f"{function}: the predicted classes have shape {predictions.predicted.shape}; there "
            "must be one class for each sample, (n,)"
        )
    if known.size:
        _check_kinds(function, known, predictions.predicted)
    return predictions


def as_rows(X: Any) -> Any:
    """Return samples as a classifier takes them: lists as an array, all else as it is."""
    return np.asarray(X) if isinstance(X, list | tuple) else X


def class_labels(function: str, X: Any, y: ArrayLike) -> Array:
    """Return the class of each sample, (n,): also of one-hot rows and of (n, 1)."""
    labels = decoded(np.asarray(y), f"{function}: y")
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    elif labels.ndim == 2 and labels.dtype.kind in "biuf" and _is_one_hot(labels):
        labels = np.argmax(labels, axis=1)
    if labels.ndim != 1 or not labels.size:
        raise DataError(
            f"{function}: y has shape {labels.shape}; it must have one class for each sample, "
            "shape (n,), n at least 1"
        )
    rows = _row_count(X)
    if rows != len(labels):
        raise DataError(
            f"{function}: X has {counted(rows, 'row')} and y {counted(len(labels), 'class')}; "
            "both must have as many"
        )
    if labels.dtype.kind == "O":  # of a data frame: texts, or numbers of one kind
        labels = np.array(labels.tolist())
    if labels.dtype.kind == "O" or (labels.dtype.kind == "f" and not np.isfinite(labels).all()):
        raise DataError(f"{function}: y has missing values; leave out the rows without a class")
    return labels


def class_names(function: str, names: Any, classes: Array) -> list[str]:
    """Return what each class is called: by its place in a sequence, or by its key in a mapping."""
    if names is None:
        return [_text(each) for each in classes.tolist()]
    if isinstance(names, Mapping):
        by_class = cast(Mapping[Any, Any], names)
        return [str(by_class.get(each, _text(each))) for each in classes.tolist()]
    if isinstance(names, str) or not isinstance(names, Sequence | np.ndarray):
        raise bad_argument(function, "names", names, "a list of names, or a dict of them by class")
    given = cast(Sequence[Any], names)
    if classes.dtype.kind not in "biu" or classes.min() < 0 or classes.max() >= len(given):
        raise DataError(
            f"{function}: names has {counted(len(given), 'name')}, and the classes are "
            f"{', '.join(map(repr, classes.tolist())):.100}; a list names the classes 0, 1, 2, ... "
            "in order: give a dict by class otherwise"
        )
    return [str(given[int(each)]) for each in classes]


def _of_network(net: Any, X: Any, known: Array) -> Predictions:
    predicted = np.asarray(net.predict_class(X))
    names = getattr(net, "classes", None)
    if predicted.ndim == 2 and hasattr(net, "predict_proba"):  # of outputs by themselves
        return _of_outputs("plot", np.asarray(net.predict_proba(X)), known)
    scores = None
    if hasattr(net, "predict_proba"):
        try:
            scores = np.asarray(net.predict_proba(X))
        except ChainruleError:  # trained by a hinge loss, say: its outputs are no probabilities
            scores = None
    if scores is None or scores.ndim != 2:
        return Predictions(predicted, np.union1d(known, predicted), None, False)
    if scores.shape[1] == 1:  # a single sigmoid output
        scores = np.hstack([1 - scores, scores])
    classes = _columns(scores.shape[1], names, np.union1d(known, predicted))
    return Predictions(predicted, classes, scores, True)


def _columns(count: int, names: Any, seen: Array) -> Array:
    """Return the class of each column of scores: as named, as seen, or 0, 1, 2, ...."""
    if names is not None and len(names) == count:
        return np.array(names)
    is_index = seen.dtype.kind in "biu" and seen.min() >= 0 and seen.max() < count
    return seen if len(seen) == count and not is_index else np.arange(count)


def _of_estimator(net: Any, X: Any) -> Predictions:
    predicted, classes = np.asarray(net.predict(X)), np.asarray(net.classes_)
    if hasattr(net, "predict_proba"):
        return Predictions(predicted, classes, np.asarray(net.predict_proba(X)), True)
    if not hasattr(net, "decision_function"):
        return Predictions(predicted, classes, None, False)
    scores = np.asarray(net.decision_function(X))
    if scores.ndim == 1:
        scores = np.stack([-scores, scores], axis=1)
    return Predictions(
        predicted, classes, scores if scores.shape[1] == len(classes) else None, False
    )


def _of_outputs(function: str, outputs: Array, known: Array) -> Predictions:
    if outputs.ndim == 2 and outputs.shape[1] > 1:
        classes = _columns(outputs.shape[1], None, np.unique(known))
        is_share = bool(np.all(outputs >= 0) and np.allclose(outputs.sum(axis=1), 1, atol=1e-3))
        return Predictions(classes[np.argmax(outputs, axis=1)], classes, outputs, is_share)
    single = outputs[:, 0] if outputs.ndim == 2 else outputs
    if single.ndim != 1:
        raise DataError(
            f"{function}: net returns shape {outputs.shape}; it must return a class for each "
            "sample, (n,), or a score of each class, (n, classes)"
        )
    if single.dtype.kind != "f" or np.isin(single, known).all():
        return Predictions(single, np.union1d(known, single), None, False)
    classes = np.unique(known)
    if len(classes) > 2:
        raise DataError(
            f"{function}: net returns one real number for each sample, and y has {len(classes)} "
            "classes; it must return the class of each sample, or a score of each class"
        )
    classes = classes if len(classes) == 2 else np.array([0, 1])
    is_probability = bool(np.all((single >= 0) & (single <= 1)))
    scores = np.stack([1 - single, single] if is_probability else [-single, single], axis=1)
    return Predictions(classes[(scores[:, 1] > scores[:, 0]) * 1], classes, scores, is_probability)


def _check_kinds(function: str, known: Array, predicted: Array) -> None:
    if (known.dtype.kind in "US") != (predicted.dtype.kind in "USO"):
        own, other = known.tolist()[0], predicted.tolist()[0]
        raise DataError(
            f"{function}: y holds classes such as {own!r}, and predicted are classes such as "
            f"{other!r}; give y as the classifier names its classes"
        )
    if _holds_fractions(known) and not _holds_fractions(predicted):
        amount = known[known != np.rint(known)].tolist()[0]
        raise DataError(
            f"{function}: y holds amounts such as {amount:.6g}, and predicted are classes such as "
            f"{predicted.tolist()[0]!r}; amounts are shown by cr.plot.predictions(net, X, y)"
        )


def _holds_fractions(labels: Array) -> bool:
    return labels.dtype.kind == "f" and bool(np.any(labels != np.rint(labels)))


def _is_one_hot(labels: Array) -> bool:
    return bool(np.isin(labels, (0, 1)).all() and (labels.sum(axis=1) == 1).all())


def _row_count(X: Any) -> int:
    if isinstance(X, Mapping):
        columns = cast(Mapping[str, Any], X)
        return len(next(iter(columns.values()), ()))
    return int(X.shape[0]) if hasattr(X, "shape") else len(X)  # sparse matrices have no length


def _text(value: Any) -> str:
    """Return a class as text: 3.0 as 3."""
    return f"{value:g}" if isinstance(value, float) else str(value)
