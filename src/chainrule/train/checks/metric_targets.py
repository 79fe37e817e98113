"""Checks of targets against the metrics, before the first step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.errors import DataError, ShapeError, counted, warn
from chainrule.nn.losses.loss import Loss
from chainrule.nn.losses.target_domain import DISTRIBUTIONS, find, is_distribution
from chainrule.train.checks.target_kind import target_kind
from chainrule.train.metrics import Metric

__all__ = ["check_metric_targets"]

Array = NDArray[Any]

_POSITIVE = "takes targets and outputs above 0.5 as positive"


def check_metric_targets(
    y: Array,
    loss: Loss,
    metrics: Sequence[Metric],
    output_shape: tuple[int | None, ...],
    function: str,
    name: str = "y",
) -> None:
    """Refuse or warn of metrics that mean nothing for targets, as encoded for the loss.

    Examples
    --------
    >>> import numpy as np
    >>> from chainrule.nn.losses.loss import LOSSES
    >>> from chainrule.train.metrics import METRICS
    >>> y = np.array([[210.0], [185.0]])
    >>> check_metric_targets(y, LOSSES["mse"], [METRICS["accuracy"]], (None, 1), "fit")
    Traceback (most recent call last):
    chainrule.errors.DataError: fit: the metric accuracy counts classes, but y holds amounts such as
    210.0 at y[0, 0]; for amounts use the metric mae, mse or r2, for classes the loss cross_entropy
    """
    ours = [metric for metric in metrics if metric.targets != "any"]
    if not ours:
        return
    outputs = (len(y), *(size or 0 for size in output_shape[1:]))
    for metric in ours:
        if metric.targets == "amounts" and y.shape == outputs[:-1]:
            raise ShapeError(
                f"{function}: the metric {metric.name} compares amounts, but {name} has one class "
                f"for each {counted(outputs[-1], 'output')} (shapes {y.shape} and {outputs}); use "
                f"accuracy, or rows with a single 1: np.eye({outputs[-1]})[{name}]"
            )
        metric.check_shapes(y.shape, outputs)
    of_classes = [metric for metric in ours if metric.targets == "classes"]
    if not of_classes:
        return
    kind, index = target_kind(y, loss, output_shape)
    if kind != "amounts":
        for metric in of_classes:
            _warn_of_all(metric, outputs[-1], function)
    if kind == "signs":
        of_classes = [metric for metric in of_classes if metric.cuts_at_half]
    if kind == "classes":
        _warn_of_several(y, loss, of_classes, outputs, function, name)
        _warn_of_single(y, loss, of_classes, outputs, function, name)
    if kind == "classes" or not of_classes:
        return
    shown = f"{y[index]} at {name}[{', '.join(map(str, index))}]"
    listed = ", ".join(metric.name for metric in of_classes)
    subject = f"{function}: the metric {listed}"
    if kind == "amounts":
        raise DataError(
            f"{subject} counts classes, but {name} holds amounts such as {shown}; for amounts use "
            "the metric mae, mse or r2, for classes the loss cross_entropy"
        )
    if kind == "signs":
        warn(f"{subject} {_POSITIVE}, but {name} is -1 and 1; use the loss hinge, or map -1 to 0")
        return
    rule = _POSITIVE if outputs[-1] == 1 else "takes the largest of a row as its class"
    warn(
        f"{subject} {rule}, but {name} holds fractions such as {shown}; for amounts use the metric "
        "mae, mse or r2, for probabilities the loss binary_cross_entropy or cross_entropy"
    )


def _warn_of_several(
    y: Array,
    loss: Loss,
    metrics: Sequence[Metric],
    outputs: tuple[int, ...],
    function: str,
    name: str,
) -> None:
    """Warn of metrics that take the largest value of a row as its class, where rows have several.

    Probabilities may have equal ones.
    """
    listed = ", ".join(each.name for each in metrics if each.threshold is None)
    if not listed or y.shape != outputs or outputs[-1] == 1 or loss.targets is DISTRIBUTIONS:
        return
    count, index = find(y, lambda b: ~(is_distribution(b) | _has_one_largest(b)))
    if count:
        warn(
            f"{function}: the metric {listed} takes the largest of a row as its class, but "
            f"{count} of the rows have several, first {name}[{', '.join(map(str, index))}]; for "
            'several labels a sample use the loss "binary_cross_entropy", or a metric with a '
            "threshold, such as functools.partial(chainrule.train.metrics.accuracy, threshold=0.5)"
        )


def _warn_of_single(
    y: Array,
    loss: Loss,
    metrics: Sequence[Metric],
    outputs: tuple[int, ...],
    function: str,
    name: str,
) -> None:
    """Warn of metrics that count each output by itself, where each row has a single 1."""
    listed = ", ".join(each.name for each in metrics if each.threshold is not None)
    is_of_each = loss.name == "binary_cross_entropy" and y.shape == outputs
    if not listed or not is_of_each or outputs[-1] < 3 or len(y) < 2:
        return
    count, _ = find(y, lambda b: np.count_nonzero(b == 1, axis=-1) != 1)
    if not count:
        warn(
            f"{function}: the metric {listed} counts each of the {outputs[-1]} outputs by itself, "
            f"but each row of {name} has a single 1, a class; for the share of samples whose class "
            'has the largest output use the loss "cross_entropy", or a metric of your own that '
            "compares the np.argmax of the rows"
        )


def _has_one_largest(y: Array) -> Array:
    return np.count_nonzero(y == y.max(axis=-1, keepdims=True), axis=-1) == 1


def _warn_of_all(metric: Metric, outputs: int, function: str) -> None:
    """Warn of the k largest outputs where there are no more than k."""
    if metric.largest and 0 < outputs <= metric.largest:
        better = "accuracy" if outputs < 3 else f"top_{min(2, outputs - 1)}"
        warn(
            f"{function}: the metric {metric.name} is always 1: it looks for the class among the "
            f"{metric.largest} largest outputs, and there are {outputs}; use {better}"
        )
