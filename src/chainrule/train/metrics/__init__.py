"""Metrics: functions ``(y_true, y_pred)`` in plain NumPy that score predictions.

Some are means over samples: they return one value a sample, on arrays and nodes, and are averaged
over batches. The others need all predictions at once. No metric applies sample weights.

Targets of classes are class indices, (n,), or one-hot rows, (n, classes). Outputs are
probabilities or logits of the classes, of which the largest is predicted; or binary outputs, each
positive above a threshold, as a single output always is.
"""

from chainrule.train.metrics.accuracy import accuracy, top_k
from chainrule.train.metrics.confusion import f1, precision, recall
from chainrule.train.metrics.metric import METRICS, Metric, resolve_metric
from chainrule.train.metrics.regression import mae, mse, r2
from chainrule.train.metrics.roc_auc import auc

__all__ = [
    "METRICS",
    "Metric",
    "accuracy",
    "auc",
    "f1",
    "mae",
    "mse",
    "precision",
    "r2",
    "recall",
    "resolve_metric",
    "top_k",
]
