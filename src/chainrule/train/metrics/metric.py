"""Registry of metrics."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Literal

import numpy as np

from chainrule.arguments.aliases import METRIC_ALIASES
from chainrule.arguments.lookup import suggestion
from chainrule.arguments.signature import check_call
from chainrule.errors import ArgumentError
from chainrule.pickling import versioned_pickles
from chainrule.train.metrics.accuracy import accuracy, top_k
from chainrule.train.metrics.confusion import f1, precision, recall
from chainrule.train.metrics.regression import mae, mse, r2
from chainrule.train.metrics.roc_auc import auc
from chainrule.train.metrics.shapes import aligned, equal_shapes, is_yes_or_no, labels

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
    targets : "classes", "amounts" or "any"
        What it is for: others are refused, or warned of.
    """

    name: str
    function: Callable[[Any, Any], Any]
    is_mean: bool = False
    targets: Literal["classes", "amounts", "any"] = "any"

    def __repr__(self) -> str:
        return f"<metric {self.name}>"

    @property
    def threshold(self) -> float | None:
        """Above which it takes binary outputs as positive; None for its default."""
        return _keywords(self.function).get("threshold")

    @property
    def cuts_at_half(self) -> bool:
        """Whether binary outputs are positive above 0.5, as no other threshold is given."""
        is_cut = _inner(self.function) in (accuracy, precision, recall, f1)
        return is_cut and self.threshold is None

    @property
    def largest(self) -> int:
        """Among how many of the largest outputs `top_k` looks for the class; 0 for others."""
        is_top_k = _inner(self.function) is top_k
        return _keywords(self.function).get("k", 5) if is_top_k else 0

    def check_shapes(self, y_true: tuple[int, ...], y_pred: tuple[int, ...]) -> None:
        """Refuse shapes of targets and outputs that a metric of this library cannot compare.

        Parameters
        ----------
        y_true, y_pred : tuple of int
            Shapes, (n, ...).

        Raises
        ------
        ShapeError
            As the metric raises, but before the first step.
        """
        if y_true == y_pred:
            return
        if self.targets == "classes" and y_true == y_pred[:-1] and self.threshold is None:
            return
        # Views of one number: they have a shape and take no memory.
        truth, outputs = (np.broadcast_to(np.int8(0), shape) for shape in (y_true, y_pred))
        if self.targets == "amounts":
            equal_shapes(self.name, truth, outputs)
        elif (
            self.targets == "classes" and not self.largest and is_yes_or_no(outputs, self.threshold)
        ):
            aligned(self.name, truth, outputs)
        elif self.targets == "classes":
            labels(self.name, truth, outputs)

    @property
    def is_built_in(self) -> bool:
        """Whether it is a function of this library, also with other arguments."""
        inner = self.function.func if isinstance(self.function, partial) else self.function
        return any(inner is each.function for each in METRICS.values())

    def compute_real(self, y_true: Array, y_pred: Array, mask: Array) -> float:
        """Return the metric of the real steps of all samples, where `mask`, (n, steps), is True.

        A function of a user's own, which may relate steps, is called with all of them; where it
        gives no value a step, padding is counted.
        """
        if self.is_built_in and y_true.shape[:2] == mask.shape:
            return self.compute(y_true[mask], y_pred[mask])
        value = self._values(y_true, y_pred)
        return (
            self.compute(y_true, y_pred)
            if value.shape[:2] != mask.shape
            else float(np.mean(value[mask], dtype=np.float64))
        )

    def of_samples(self, y_true: Array, y_pred: Array) -> Array:
        """Return a mean metric of each sample, (n, ...), on arrays or nodes.

        Parameters
        ----------
        y_true, y_pred : array or node, (n, ...)
            Targets and outputs.

        Returns
        -------
        array or node
            Its values, whose mean is the metric.

        Raises
        ------
        ArgumentError
            If the function gives one number, such as a root of a mean, which is no mean of batches.
        """
        values = self.function(y_true, y_pred)
        if np.ndim(values) == 0:
            raise ArgumentError(
                f"metric {self.name}: with is_mean=True its function must give one value a sample, "
                "but it gave one number; leave is_mean out"
            )
        return values

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
        value = self._values(y_true, y_pred)
        if value.shape not in ((), (len(y_pred),)) or value.dtype.kind not in "fiub":
            raise ArgumentError(
                f"metric {self.name}: it gave {value.dtype}{list(value.shape)} for {len(y_pred)} "
                "samples; it must give a number, or one number a sample"
            )
        return float(np.mean(value, dtype=np.float64))

    def _values(self, y_true: Array, y_pred: Array) -> Array:
        """Call the function; what a custom one assigns to its arguments stays within it."""
        if not self.is_built_in:
            y_true, y_pred = np.copy(y_true), np.copy(y_pred)
        try:
            return np.asarray(self.function(y_true, y_pred))
        except Exception as error:
            error.add_note(
                f"Raised by the metric {self.name}, called with y_true of shape {y_true.shape} and "
                f"y_pred, the network's output, of shape {y_pred.shape}."
            )
            raise


METRICS: dict[str, Metric] = {
    "accuracy": Metric("accuracy", accuracy, is_mean=True, targets="classes"),
    "top_k": Metric("top_k", top_k, is_mean=True, targets="classes"),
    "precision": Metric("precision", precision, targets="classes"),
    "recall": Metric("recall", recall, targets="classes"),
    "f1": Metric("f1", f1, targets="classes"),
    "auc": Metric("auc", auc, targets="classes"),
    "mse": Metric("mse", mse, is_mean=True, targets="amounts"),
    "mae": Metric("mae", mae, is_mean=True, targets="amounts"),
    "r2": Metric("r2", r2, targets="amounts"),
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
        return _of_function(metric, threshold)
    return _named(metric, threshold)


def _of_function(function: Callable[..., Any], threshold: float | None) -> Metric:
    """Return the record of a function: ours, ours with other arguments, or any."""
    inner = _inner(function)
    public = getattr(inner, "metric_name", "")
    keywords = _keywords(function)
    if public and keywords.keys() <= {"threshold", "k"}:  # one of chainrule.metrics
        inner = METRICS[public].function
        function = partial(inner, **keywords) if keywords else inner
    known = next((name for name, each in METRICS.items() if each.function is inner), "")
    if known and function is inner:
        return _named(known, threshold)
    if known:
        return replace(METRICS[known], function=function)
    name = getattr(inner, "__name__", type(inner).__name__).strip("<>")
    check_call(f"compile: the metric {name}", function, ("y_true", "y_pred"))
    return Metric(name, function)


def _inner(function: Callable[..., Any]) -> Callable[..., Any]:
    return function.func if isinstance(function, partial) else function


def _keywords(function: Callable[..., Any]) -> dict[str, Any]:
    return function.keywords if isinstance(function, partial) else {}


def _named(name: Any, threshold: float | None) -> Metric:
    if isinstance(name, str) and re.fullmatch(r"top_[1-9][0-9]*", name):
        return replace(METRICS["top_k"], name=name, function=partial(top_k, k=int(name[4:])))
    if not isinstance(name, str) or name not in METRICS:
        hint = suggestion(str(name), METRICS, METRIC_ALIASES)
        raise ArgumentError(f"compile: there is no metric {name!r}; {hint}")
    record = METRICS[name]
    if threshold is None or name not in _WITH_THRESHOLD:
        return record
    return replace(record, function=partial(_WITH_THRESHOLD[name], threshold=threshold))
