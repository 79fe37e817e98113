"""Registry of metrics."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from chainrule.arguments.aliases import METRIC_ALIASES
from chainrule.arguments.lookup import suggestion
from chainrule.errors import ArgumentError
from chainrule.pickling import versioned_pickles
from chainrule.train.metrics.accuracy import accuracy, top_k
from chainrule.train.metrics.confusion import f1, precision, recall
from chainrule.train.metrics.regression import mae, mse, r2
from chainrule.train.metrics.roc_auc import auc

__all__ = ["METRICS", "Metric", "resolve_metric"]

Array = Any


@versioned_pickles
@dataclass(frozen=True)
class Metric:
    """A metric and how it is reduced over batches.

    Parameters
    ----------
    name : str
        Its key in the history.
    function : function (y_true, y_pred)
        Returns one value a sample if `is_mean`, else one value; a user's function may return
        either.
    is_mean : bool
        Whether it is a mean over samples, so that batches can be averaged.
    """

    name: str
    function: Callable[[Any, Any], Any]
    is_mean: bool = False

    def compute(self, y_true: Array, y_pred: Array) -> float:
        """Return the metric of all samples.

        Parameters
        ----------
        y_true : array, (n, ...)
            The targets.
        y_pred : array, (n, ...)
            The outputs of the network.

        Returns
        -------
        float
            Its value.

        Raises
        ------
        ArgumentError
            If a user's function returns neither one value nor one a sample.
        """
        value = np.asarray(self.function(y_true, y_pred))
        if value.shape not in ((), (len(y_pred),)) or value.dtype.kind not in "fiub":
            raise ArgumentError(
                f"metric {self.name}: it gave {value.dtype}{list(value.shape)} for {len(y_pred)} "
                "samples; it must give a number, or one number a sample"
            )
        return float(np.mean(value, dtype=np.float64))


METRICS: dict[str, Metric] = {
    "accuracy": Metric("accuracy", accuracy, is_mean=True),
    "top_k": Metric("top_k", top_k, is_mean=True),
    "precision": Metric("precision", precision),
    "recall": Metric("recall", recall),
    "f1": Metric("f1", f1),
    "auc": Metric("auc", auc),
    "mse": Metric("mse", mse, is_mean=True),
    "mae": Metric("mae", mae, is_mean=True),
    "r2": Metric("r2", r2),
}
"""The metrics by name."""

_WITH_THRESHOLD: dict[str, Callable[..., Any]] = {
    "accuracy": accuracy, "precision": precision, "recall": recall, "f1": f1, "auc": auc,
}  # fmt: skip


def resolve_metric(
    metric: str | Metric | Callable[[Any, Any], Any], threshold: float | None = None
) -> Metric:
    """Return the metric for a name, a record or a function.

    Parameters
    ----------
    metric : str, Metric or function (y_true, y_pred)
        A name of the table, also "top_3" for any number; one of its functions; or any function in
        NumPy that gives a number, or one a sample.
    threshold : float or None
        Of binary outputs: positive above it. See `accuracy`.

    Returns
    -------
    Metric
        The record.

    Raises
    ------
    ArgumentError
        For an unknown name; the message suggests one of ours.

    Examples
    --------
    >>> resolve_metric("top_3").name, resolve_metric(lambda y, p: np.max(p)).is_mean
    ('top_3', False)
    """
    if isinstance(metric, Metric):
        return metric
    if callable(metric):
        known = [name for name, record in METRICS.items() if record.function is metric]
        name = getattr(metric, "__name__", type(metric).__name__).strip("<>")
        return _named(known[0], threshold) if known else Metric(name, metric)
    return _named(metric, threshold)


def _named(name: Any, threshold: float | None) -> Metric:
    if isinstance(name, str) and re.fullmatch(r"top_[1-9][0-9]*", name):
        return Metric(name, partial(top_k, k=int(name[4:])), is_mean=True)
    if not isinstance(name, str) or name not in METRICS:
        hint = suggestion(str(name), METRICS, METRIC_ALIASES)
        raise ArgumentError(f"compile: there is no metric {name!r}; {hint}")
    record = METRICS[name]
    if threshold is None or name not in _WITH_THRESHOLD:
        return record
    return Metric(name, partial(_WITH_THRESHOLD[name], threshold=threshold), record.is_mean)
