"""Metrics as functions of targets and predictions, in the order of scikit-learn.

>>> from chainrule import metrics
>>> metrics.accuracy(["cat", "dog", "dog"], ["cat", "dog", "cat"])
0.6666666666666666

Targets are labels (integers, text or booleans), or one-hot rows; predictions are labels, or outputs
of a network: one probability a sample for two classes, or an output for each class, the largest of
which is predicted. They are the metrics of ``net.compile(metrics=...)``, which takes their names or
the functions themselves.
"""

from typing import TYPE_CHECKING

from chainrule.arguments.aliases import METRIC_ALIASES
from chainrule.arguments.rooms import open_room
from chainrule.metrics.classification import accuracy, auc, f1, precision, recall, top_k
from chainrule.metrics.confusion import classification_report, confusion_matrix
from chainrule.metrics.regression import mae, mse, r2

__all__ = [
    "accuracy",
    "auc",
    "classification_report",
    "confusion_matrix",
    "f1",
    "mae",
    "mse",
    "precision",
    "r2",
    "recall",
    "top_k",
]


if not TYPE_CHECKING:  # type checkers must still reject unknown names
    __getattr__, __dir__ = open_room(__name__, "metrics", __all__, METRIC_ALIASES)
