"""The confusion matrix, and the report of precision and recall of each class."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainrule.arguments.aliases import SCORE_ALIASES
from chainrule.arguments.keywords import answers_foreign_names
from chainrule.errors import ArgumentError
from chainrule.train.metrics.confusion import confusion_counts
from chainrule.train.metrics.outcome import outcome_of
from chainrule.train.metrics.report import ClassificationReport

__all__ = ["classification_report", "confusion_matrix"]


@answers_foreign_names(SCORE_ALIASES)
def confusion_matrix(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    threshold: float | None = None,
    *,
    labels: ArrayLike | None = None,
) -> NDArray[np.int64]:
    """Count how often each class is predicted as each; `chainrule.plot.confusion` draws it.

    Parameters
    ----------
    y_true : array, (n,) or one-hot rows (n, classes)
        The true labels.
    y_pred : array, (n,), (n, 1) or (n, classes)
        Predicted labels, probabilities of the second class, or an output for each class.
    threshold : float or None
        As that of `chainrule.metrics.accuracy`.
    labels : array, (classes,), or None
        The classes in the order of the columns; None is their sorted order.

    Returns
    -------
    array, int64, (classes, classes)
        Rows are true classes, columns predicted ones, in the order of `labels`, or sorted.

    Raises
    ------
    DataError, DTypeError, ShapeError, ArgumentError
        As `accuracy`.

    Examples
    --------
    >>> confusion_matrix(["cat", "dog", "dog"], ["cat", "dog", "cat"])
    array([[1, 0],
           [1, 1]])
    """
    outcome = outcome_of("confusion_matrix", y_true, y_pred, threshold, labels)
    return confusion_counts(outcome.truth, outcome.predicted, len(outcome.classes))


@answers_foreign_names(SCORE_ALIASES)
def classification_report(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    threshold: float | None = None,
    *,
    labels: ArrayLike | None = None,
    names: Sequence[str] | None = None,
) -> ClassificationReport:
    """Return precision, recall, F1 and support of each class, which print as a table.

    Parameters
    ----------
    y_true : array, (n,) or one-hot rows (n, classes)
        The true labels.
    y_pred : array, (n,), (n, 1) or (n, classes)
        Predicted labels, probabilities of the second class, or an output for each class.
    threshold : float or None
        As that of `chainrule.metrics.accuracy`.
    labels : array, (classes,), or None
        The classes in the order of the columns; None is their sorted order.
    names : sequence of str or None
        Names of the classes in the table.

    Returns
    -------
    ClassificationReport
        A mapping: ``report["cat"]["recall"]``, ``report["macro avg"]["f1"]``,
        ``report["accuracy"]``.

    Raises
    ------
    DataError, DTypeError, ShapeError, ArgumentError
        As `accuracy`.

    Examples
    --------
    >>> report = classification_report(["cat", "dog", "dog"], ["cat", "dog", "cat"])
    >>> print(report)
                   precision     recall         f1    support
    <BLANKLINE>
             cat        0.50       1.00       0.67          1
             dog        1.00       0.50       0.67          2
    <BLANKLINE>
        accuracy                              0.67          3
       macro avg        0.75       0.75       0.67          3
    weighted avg        0.83       0.67       0.67          3
    >>> report["dog"]["recall"]
    0.5
    """
    outcome = outcome_of("classification_report", y_true, y_pred, threshold, labels)
    count = len(outcome.classes)
    if names is not None and len(names) != count:
        raise ArgumentError(
            f"classification_report: names has {len(names)} names for the {count} classes "
            f"{', '.join(map(str, outcome.classes.tolist()))}; give one for each"
        )
    return ClassificationReport(outcome, [*map(str, names or outcome.classes.tolist())])
