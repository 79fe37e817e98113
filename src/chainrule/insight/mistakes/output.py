"""Checks of the output and the loss against the targets: activation, loss, labels, shapes."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np

from chainrule.errors import DataError, ShapeError, counted
from chainrule.insight.mistakes.catalogue import kind
from chainrule.insight.mistakes.mistake import Mistake
from chainrule.insight.mistakes.subject import Subject
from chainrule.train.checks.broadcasting import warn_of_broadcasting
from chainrule.train.checks.metric_targets import check_metric_targets
from chainrule.train.inputs.targets import encode_targets

__all__ = ["output_mistakes"]

_PROBABILITIES = ("softmax", "sigmoid", "hard_sigmoid")
_AMOUNTS = ("mse", "mae", "sse", "huber", "log_cosh", "quantile")
_RANGES = {
    "relu": (0.0, np.inf), "softplus": (0.0, np.inf), "sigmoid": (0.0, 1.0), "tanh": (-1.0, 1.0),
    "hard_sigmoid": (0.0, 1.0), "softsign": (-1.0, 1.0), "softmax": (0.0, 1.0),
    "log_softmax": (-np.inf, 0.0),
}  # fmt: skip
"""Ranges of activations."""


def output_mistakes(subject: Subject) -> Iterator[Mistake]:
    """Yield what is certainly wrong with the output and the loss, for these targets."""
    if not subject.model.output_shapes:
        return
    yield from _activation(subject)
    yield from _loss(subject)
    yield from _labels(subject)
    yield from _shapes(subject)


def _activation(subject: Subject) -> Iterator[Mistake]:
    tail, loss = subject.tail, subject.loss
    last = tail[-1] if tail else "linear"
    ends = f"the network ends in {' and '.join(tail) or 'no activation'}, the loss is {loss.name}"
    if last == "softmax" and subject.outputs == 1:
        yield Mistake(kind("CR004"), f"{ends}, and there is 1 output")
        return
    if len(tail) > 1 and tail[-1] in _PROBABILITIES:
        code = "CR001" if tail[-2] in _PROBABILITIES else "CR002"
        yield Mistake(kind(code), f"{tail[-2]} comes before the last {last}")
        return
    contained = loss.contains
    if subject.nature == "several" and "softmax" in (contained, last) and contained != "sigmoid":
        labels = np.unique(np.asarray(subject.y).sum(axis=-1))
        yield Mistake(
            kind("CR007"), f"{ends}, and samples have {labels[0]:g} to {labels[-1]:g} labels"
        )
    elif contained == "softmax" and subject.outputs == 1:
        yield Mistake(kind("CR004"), f"{ends}, which takes a softmax of the single output")
    elif contained and last not in ("linear", "own", contained):
        code = "CR001" if last in _PROBABILITIES else "CR002"
        yield Mistake(
            kind("CR002"),
            f"{ends}, which takes logits and applies a {contained} to them"
            + (", so that there are two" if code == "CR001" else f"; {last} bounds them"),
            _remedy_of(subject),
        )
    elif not contained and loss.targets.are_classes and loss.is_built_in and loss.name != "hinge":
        if last == "linear":
            yield Mistake(kind("CR003"), f"{ends}, which takes probabilities", _remedy_of(subject))
        elif last in ("relu", "tanh", "softplus"):
            yield Mistake(kind("CR002"), f"{ends}, which takes probabilities", _remedy_of(subject))
    elif last == "relu" and subject.nature in ("class", "binary") and loss.name in _AMOUNTS:
        yield Mistake(kind("CR002"), f"{ends}, and the targets are classes", _remedy_of(subject))
    elif (
        subject.nature in ("amounts", "binary")
        and subject.ends_plainly
        and not loss.targets.are_classes
    ):
        yield from _range(subject, last)


def _remedy_of(subject: Subject) -> str:
    if subject.nature in ("binary", "several"):
        return 'give the last layer activation="sigmoid", with loss="binary_cross_entropy"'
    return 'give the last layer activation="softmax", with loss="cross_entropy"'


def _range(subject: Subject, last: str) -> Iterator[Mistake]:
    """Yield that targets of amounts lie beyond the range of the last activation."""
    if last not in _RANGES:
        return
    low, high = _RANGES[last]
    y = np.asarray(subject.y, "float64")
    slack = 0.02
    beyond = (y < low - slack) | (y > high + slack)
    if beyond.any():
        yield Mistake(
            kind("CR006"),
            f"the network ends in {last}, whose values are from {low:g} to {high:g}; "
            f"{beyond.mean():.0%} of the targets lie beyond, which go from {y.min():.4g} to "
            f"{y.max():.4g}",
        )


def _loss(subject: Subject) -> Iterator[Mistake]:
    loss, nature, y = subject.loss, subject.nature, subject.y
    classes = _classes(subject)
    last = subject.tail[-1:] or [loss.contains]
    if last == ["sigmoid"] and nature == "class":
        return  # one against the rest: a mistake only where the network does not learn
    if loss.name == "binary_cross_entropy" and nature == "class" and classes > 2:
        if y.ndim > 1 and y.shape[-1] == classes:
            yield Mistake(
                kind("CR005"),
                f"each row of the targets has a single 1 among {classes}, and the loss "
                "binary_cross_entropy takes each output by itself",
            )
    elif loss.name in _AMOUNTS and loss.is_built_in and nature == "class" and classes > 2:
        yield Mistake(
            kind("CR010"), f"the loss is {loss.name}, and the targets are one of {classes} classes"
        )
    elif loss.targets.are_classes and loss.is_built_in and nature == "amounts":
        outside = loss.targets.search(y, loss.name) if not _is_index(subject) else None
        fractions = y.dtype.kind == "f" and bool((y != np.rint(y)).any())
        if outside is not None or (_is_index(subject) and fractions):
            yield Mistake(
                kind("CR011"),
                f"the loss is {loss.name}, and the targets are numbers from {y.min():.4g} to "
                f"{y.max():.4g}, {len(np.unique(y))} different ones",
            )


def _is_index(subject: Subject) -> bool:
    return subject.loss.takes_labels and subject.y.ndim < len(subject.model.output_shape)


def _classes(subject: Subject) -> int:
    y = subject.y
    return y.shape[-1] if y.ndim > 1 and y.shape[-1] > 1 else len(np.unique(y))


def _labels(subject: Subject) -> Iterator[Mistake]:
    y, loss, outputs = subject.y, subject.loss, subject.outputs
    if y.dtype.kind not in "biuf":
        return
    if _is_index(subject) and subject.nature in ("class", "binary") and outputs > 1:
        low, high = y.min(), y.max()
        if low < 0 or high >= outputs:
            shift = "subtract 1" if low == 1 and high == outputs else kind("CR012").remedy
            yield Mistake(
                kind("CR012"),
                f"the labels go from {low:g} to {high:g}, and {counted(outputs, 'output')} take 0 "
                f"to {outputs - 1}",
                shift,
            )
        elif outputs > 1.5 * (high + 1) and len(y) >= 10 * outputs:
            yield Mistake(
                kind("CR015"), f"there are {outputs} outputs, and the labels go to {high:g}"
            )
    if loss.name == "binary_cross_entropy" and subject.nature != "amounts":
        outside = np.unique(y[(y < 0) | (y > 1)])
        if len(outside):
            values = ", ".join(f"{each:g}" for each in np.unique(y)[:6])
            yield Mistake(kind("CR013"), f"the targets are {values}")


def _shapes(subject: Subject) -> Iterator[Mistake]:
    y, loss, output_shape = subject.y, subject.loss, subject.model.output_shape
    if y.dtype.kind not in "biuf":
        return
    outputs = (len(y), *(size or 0 for size in output_shape[1:]))
    is_column = outputs == (len(y), 1) and y.ndim == 1
    is_index = loss.takes_labels and y.shape == outputs[:-1]
    if loss.checks and y.shape != outputs and not (is_column or is_index):
        yield Mistake(
            kind("CR014"),
            f"the targets have shape {y.shape}, the outputs {outputs}",
            f"give the last layer {y.shape[-1]} units" if y.ndim == 2 == len(outputs) else "",
        )
        return
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        warn_of_broadcasting(y, loss, (), output_shape, "check")
    for each in caught:
        evidence, _, remedy = str(each.message).removeprefix("check: ").rpartition("; ")
        yield Mistake(kind("CR014"), evidence, remedy)
    yield from _metrics(subject, output_shape)


def _metrics(subject: Subject, output_shape: Any) -> Iterator[Mistake]:
    objective = subject.objective
    try:
        y = encode_targets(subject.y, objective.loss, len(output_shape), None)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            check_metric_targets(y, objective.loss, objective.metrics, output_shape, "check")
    except ShapeError:
        return
    except DataError as error:
        text = str(error).removeprefix("check: ")
        if "the metric" in text:
            yield Mistake(kind("CR016"), text.partition(";")[0])
