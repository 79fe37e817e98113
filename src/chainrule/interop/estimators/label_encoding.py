"""Labels of classes: those that are known, outputs as labels, and how many of them are right."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.preprocessing import LabelBinarizer
from sklearn.utils.multiclass import unique_labels

from chainrule.errors import DataError
from chainrule.interop.estimators.training import Rows

__all__ = ["accuracy", "check_classes", "labels_of"]

_SCORES = "identity"
"""The last activation of the hinge loss, whose outputs are scores of any sign."""


def check_classes(y: Any, known: Any, is_warm: bool) -> None:
    """Refuse labels of no known class, and with a warm start any other set of classes."""
    classes = unique_labels(y)
    if is_warm and set(classes) != set(known):
        raise DataError(
            "warm_start can only be used where `y` has the same classes as in the previous "
            f"call to fit. Previously got {known}, `y` has {classes}"
        )
    if len(np.setdiff1d(classes, known, assume_unique=True)):
        raise DataError(
            f"`y` has classes not in `self.classes_`. `self.classes_` has {known}. "
            f"'y' has {classes}."
        )


def labels_of(outputs: Any, binarizer: LabelBinarizer, activation: str) -> Any:
    """Return the labels of outputs, (n, outputs)."""
    if outputs.shape[1] == 1:
        outputs = (outputs > 0).astype(float) if activation == _SCORES else outputs
        outputs = outputs.ravel()
    return binarizer.inverse_transform(outputs)


def accuracy(outputs: Any, rows: Rows, kind: str, activation: str) -> float:
    """Return the accuracy; of several labels, the share of samples that have all right."""
    threshold = 0.0 if activation == _SCORES else 0.5
    if kind == "multiclass":
        is_right = outputs.argmax(axis=1) == rows.y.argmax(axis=1)
    else:
        is_right = ((outputs > threshold) == rows.y).all(axis=1)
    return float(np.average(is_right, weights=rows.weight))
