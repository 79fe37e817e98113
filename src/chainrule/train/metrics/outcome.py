"""True and predicted classes of samples, from any of the forms that targets and predictions have.

::

    y_true   labels (n,): integers, text, booleans   one-hot rows (n, classes)
    y_pred   labels (n,)                             the classes that are predicted
             amounts (n,) or (n, 1)                  the second of two classes above a threshold
             amounts (n, classes)                    the class of the largest, in sorted order
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainrule.data.byte_text import decoded
from chainrule.errors import ArgumentError, DataError, DTypeError, ShapeError
from chainrule.train.metrics.shapes import cut

__all__ = ["Outcome", "as_array", "outcome_of"]

Array = NDArray[Any]


@dataclass(frozen=True)
class Outcome:
    """Classes of samples, as positions in `classes`, and the outputs that predicted them, if any.

    `scores` are (n,) for two classes, the second of which is the positive one, or (n, classes).
    """

    classes: Array
    truth: NDArray[np.intp]
    predicted: NDArray[np.intp]
    scores: Array | None = None


def outcome_of(
    name: str,
    y_true: ArrayLike,
    y_pred: ArrayLike,
    threshold: float | None = None,
    labels: ArrayLike | None = None,
) -> Outcome:
    """Return what metric `name` compares; `labels` are all classes, in the order of the columns."""
    true, predicted = as_array(name, "y_true", y_true), as_array(name, "y_pred", y_pred)
    if predicted.ndim > 2 and true.shape in (predicted.shape, predicted.shape[:-1]):
        columns = predicted.shape[-1]  # several targets a sample, such as steps
        true = true.reshape((-1, columns) if true.ndim == predicted.ndim else -1)
        predicted = predicted.reshape(-1, columns)
    true, predicted = _flat(true), _flat(predicted)
    if true.shape[:1] != predicted.shape[:1] or not true.size or predicted.ndim > 2:
        raise ShapeError(
            f"{name}: y_true has shape {np.shape(y_true)} and y_pred {np.shape(y_pred)}; they need "
            "a label or a row for each of the same samples, one at least"
        )
    _refuse_exchanged(name, true, predicted)
    known = None if labels is None else _checked_labels(name, labels)
    if predicted.ndim == 2:
        return _of_columns(name, true, predicted, known)
    true = _as_labels(name, true, known)
    are_labels = threshold is None and name != "auc" and true.dtype.kind in "biu"
    if predicted.dtype.kind == "f" and not (are_labels and _is_whole(predicted)):
        return _of_scores(name, true, predicted, threshold, known)
    return _of_labels(name, true, _integers_if_whole(predicted), known)


def as_array(name: str, argument: str, values: ArrayLike) -> Array:
    """Return an array of numbers, booleans or text; raise for NaN, which has no metric."""
    array = decoded(np.asarray(values), f"{name}: {argument}")
    if array.dtype.kind == "O":
        kinds = {type(each) for each in array.flat}
        if hasattr(values, "predict"):
            raise DTypeError(
                f"{name}: {argument} is a {type(values).__name__}; give labels, as in "
                f"{name}(y, net.predict_class(X))"
            )
        if all(issubclass(kind, str) for kind in kinds):
            return array.astype(str)
        array = np.array(array.tolist())
        if array.dtype.kind in "OU":
            names = ", ".join(sorted(kind.__name__ for kind in kinds))
            raise DTypeError(
                f"{name}: {argument} holds {names}; give labels of one type, or numbers"
            )
    if array.dtype.kind not in "biufU" and type(array.dtype).__name__ != "StringDType":
        raise DTypeError(f"{name}: {argument} has dtype {array.dtype}; give labels or numbers")
    if array.dtype.kind == "f" and np.isnan(array).any():
        raise DataError(
            f"{name}: {argument} holds {np.isnan(array).sum()} NaN; leave those samples out"
        )
    return array


def _of_columns(name: str, true: Array, scores: Array, known: Array | None) -> Outcome:
    """Return the outcome of one output a class."""
    count = scores.shape[1]
    if true.ndim == 2:
        if true.shape != scores.shape or not _is_one_hot(true):
            raise ShapeError(
                f"{name}: y_true has shape {true.shape} and y_pred {scores.shape}; rows of y_true "
                "must have a single 1, in as many columns; where several labels of a sample are "
                "right, compare them column by column, as in y_true[:, 0], y_pred[:, 0]"
            )
        classes = np.arange(count) if known is None else known
        truth = np.argmax(true, axis=1)
    else:
        true = _integers_if_whole(true)
        classes = _classes_of_columns(name, true, count, known)
        truth = _positions(name, "y_true", true, classes)
    if len(classes) != count:
        raise ShapeError(f"{name}: there are {len(classes)} labels, but y_pred has {count} columns")
    return Outcome(classes, truth, np.argmax(scores, axis=1), scores)


def _classes_of_columns(name: str, true: Array, count: int, known: Array | None) -> Array:
    if known is not None:
        return known
    if true.dtype.kind in "iub" and true.min() >= 0 and true.max() < count:
        return np.arange(count)
    classes = np.unique(true)
    if len(classes) != count:
        raise ArgumentError(
            f"{name}: y_true has the {len(classes)} classes {_listed(classes)}, but y_pred has "
            f"{count} columns; give the class of each column, as in labels=net.classes"
        )
    return classes


def _of_scores(
    name: str, true: Array, scores: Array, threshold: float | None, known: Array | None
) -> Outcome:
    """Return the outcome of one output, the score of the second of two classes."""
    classes = _binary_classes(name, true, known)
    if threshold is None and name != "auc" and (scores.min() < 0 or scores.max() > 1):
        raise DataError(
            f"{name}: y_pred holds {scores.min():.4g} to {scores.max():.4g}, which are no "
            "probabilities; for logits give threshold=0"
        )
    predicted = (scores > cut(threshold)).astype(np.intp)
    return Outcome(classes, _positions(name, "y_true", true, classes), predicted, scores)


def _binary_classes(name: str, true: Array, known: Array | None) -> Array:
    found = np.unique(true)
    if known is None and true.dtype.kind in "iub" and found.min() >= 0 and found.max() <= 1:
        return np.arange(2)
    classes = found if known is None else known
    if len(classes) != 2:
        raise ArgumentError(
            f"{name}: y_true has the classes {_listed(found)}, but y_pred has one output a sample, "
            "the score of one of two; give an output for each class, or labels=(negative, positive)"
        )
    return classes


def _of_labels(name: str, true: Array, predicted: Array, known: Array | None) -> Outcome:
    """Return the outcome of predicted labels."""
    if (true.dtype.kind in "biu") != (predicted.dtype.kind in "biu"):
        raise DTypeError(
            f"{name}: y_true holds {_listed(true)} and y_pred {_listed(predicted)}; give both as "
            "labels of one kind"
        )
    classes = known
    if classes is None:
        classes = np.union1d(true, predicted)
        if classes.dtype.kind in "biu" and classes.min() >= 0 and classes.max() <= 1:
            classes = np.arange(2)
    truth = _positions(name, "y_true", true, classes)
    return Outcome(classes, truth, _positions(name, "y_pred", predicted, classes))


def _positions(name: str, argument: str, values: Array, classes: Array) -> NDArray[np.intp]:
    """Return the positions of labels among the classes."""
    order = np.argsort(classes)
    places = np.searchsorted(classes, values, sorter=order).clip(0, len(classes) - 1)
    found = order[places]
    unknown = classes[found] != values
    if unknown.any():
        raise DataError(
            f"{name}: {argument} holds {values[unknown][0]!s:.60}, which is none of the classes "
            f"{_listed(classes)}"
        )
    return found


def _checked_labels(name: str, labels: ArrayLike) -> Array:
    known = as_array(name, "labels", labels)
    if known.ndim != 1 or len(np.unique(known)) != len(known) or not known.size:
        raise ArgumentError(f"{name}: labels has {_listed(known)}; give each class once")
    return known


def _as_labels(name: str, true: Array, known: Array | None) -> Array:
    """Return the labels (n,) of targets for one prediction a sample."""
    if true.ndim == 1:
        return _integers_if_whole(true)
    if true.ndim > 2 or not _is_one_hot(true):
        raise ShapeError(f"{name}: y_true has shape {true.shape}; give one label a sample, (n,)")
    positions = np.argmax(true, axis=1)
    return positions if known is None else known[positions]


def _refuse_exchanged(name: str, true: Array, predicted: Array) -> None:
    """Raise for probabilities where the targets belong, and classes where the outputs do."""
    if true.dtype.kind != "f" or _is_whole(true):
        return
    if predicted.dtype.kind != "f" or _is_whole(predicted):
        raise ArgumentError(
            f"{name}: y_true holds fractions and y_pred labels; the order is (y_true, y_pred): "
            "exchange them"
        )
    value = true[true != np.rint(true)][0]
    raise DataError(f"{name}: y_true holds {value:.4g}, which is no class; amounts have mse or r2")


def _flat(array: Array) -> Array:
    return array[:, 0] if array.ndim == 2 and array.shape[1] == 1 else array


def _is_whole(array: Array) -> bool:
    """Whether amounts may be labels, written such as 0.0, 1.0 and 2.0."""
    return bool(np.all(array == np.rint(array)))


def _integers_if_whole(array: Array) -> Array:
    if array.dtype.kind == "b":
        return array.astype(np.int64)
    if array.dtype.kind == "f" and _is_whole(array):
        return array.astype(np.int64)
    return array


def _is_one_hot(rows: Array) -> bool:
    return bool(np.all((rows == 0) | (rows == 1)) and np.all(rows.sum(axis=1) == 1))


def _listed(values: Array, most: int = 4) -> str:
    names = [str(each) for each in values.ravel()[:most].tolist()]
    return ", ".join(names) + (", ..." if values.size > most else "")
