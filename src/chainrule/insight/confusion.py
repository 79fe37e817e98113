"""The confusion matrix of a classifier."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainrule.data.byte_text import decoded
from chainrule.errors import DataError
from chainrule.train.metrics.confusion import confusion_counts

__all__ = ["confusion_matrix"]


def confusion_matrix(
    y_true: ArrayLike, y_pred: ArrayLike
) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """Return the sorted classes and the counts, (true class, predicted class).

    Examples
    --------
    >>> classes, counts = confusion_matrix(["cat", "dog", "dog"], ["cat", "dog", "cat"])
    >>> counts
    array([[1, 0],
           [1, 1]])
    """
    true, predicted = decoded(np.asarray(y_true), "confusion: y"), np.asarray(y_pred)
    if true.ndim != 1 or true.shape != predicted.shape or not true.size:
        raise DataError(
            f"confusion: the true classes have shape {true.shape}, the predicted ones "
            f"{predicted.shape}; both must have one class a sample, shape (n,), n at least 1"
        )
    both = np.concatenate([true, predicted])
    classes, codes = np.unique(both, return_inverse=True)
    return classes, confusion_counts(codes[: true.size], codes[true.size :], len(classes))
