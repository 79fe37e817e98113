"""The metrics: how good predictions are, as people count it.

A metric is a function ``(y_true, y_pred)`` in plain NumPy. Some are means over samples: they give
one number a sample, on arrays and nodes, and can be averaged batch by batch. The others need all
predictions at once. None weighs samples: weights are for training, a metric counts each one once.

Targets of classes are numbers, (n,), or rows with a single 1, (n, classes). Outputs are one a
class, probabilities or logits, where the largest wins; or they each say yes above a threshold, as
a single output always does.
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
