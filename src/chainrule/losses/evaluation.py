"""Evaluation of a loss on arrays, checked as ``fit`` checks them, or on nodes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, TypeVar

import numpy as np
from numpy.typing import ArrayLike

from chainrule.arguments.aliases import SCORE_ALIASES
from chainrule.arguments.checks import checked_choice
from chainrule.arguments.keywords import answers_foreign_names
from chainrule.errors import ArgumentError, DataError, DTypeError, ShapeError, warn
from chainrule.graph.node import Node
from chainrule.nn.losses.loss import LOSSES
from chainrule.nn.losses.target_domain import is_distribution
from chainrule.train.metrics.outcome import as_array

__all__ = [
    "Reduction",
    "check_rows",
    "computed",
    "is_traced",
    "known_logits",
    "loss_function",
    "loss_of_amounts",
    "outputs",
    "reduced",
    "refuse_exchanged",
]

Reduction = Literal["mean", "sum", "none"] | None
Function = TypeVar("Function", bound=Callable[..., Any])


def loss_function(function: Function) -> Function:
    """Let ``net.compile(loss=...)`` take a function as the loss of its name."""
    answering = answers_foreign_names(SCORE_ALIASES)(function)
    vars(answering)["loss_name"] = function.__name__
    return answering


def loss_of_amounts(name: str, y_true: Any, y_pred: Any, reduction: Any, **options: float) -> Any:
    """Compute a loss of amounts, on arrays or nodes."""
    if is_traced(y_true, y_pred):
        return reduced(name, y_true, y_pred, reduction, **options)
    true, predicted = as_array(name, "y_true", y_true), outputs(name, y_pred)
    if name == "kl_divergence":
        check_rows(name, predicted, "")
    if name == "poisson" and predicted.size and predicted.min() < 0:
        raise DataError(f"poisson: y_pred holds {predicted.min():.4g}; a rate is 0 or more")
    return computed(name, true, predicted, reduction, **options)


def computed(name: str, true: Any, predicted: Any, reduction: Any, **options: Any) -> Any:
    """Compute a loss of arrays whose shapes and targets are checked as ``fit`` checks them."""
    if true.dtype.kind not in "biuf":
        raise DTypeError(f"{name}: y_true is text; give numbers")
    if true.ndim != predicted.ndim and true.size == predicted.size == len(predicted):
        true, predicted = true.reshape(-1), predicted.reshape(-1)
    record = LOSSES[name]
    if not predicted.size or not predicted.ndim:
        raise ShapeError(f"{name}: y_pred has shape {predicted.shape}; give one sample at least")
    record.check(true.shape, predicted.shape)
    true = true.astype(np.int64 if true.ndim < predicted.ndim else np.float64)
    outside = record.targets.search(true, name) if true.shape == predicted.shape else None
    if outside is not None:
        what = outside.one if outside.count == 1 else outside.many
        message = f"{name}: y_true has {outside.count} {what}; {outside.remedy}"
        if record.targets.is_certain:
            raise DataError(message)
        warn(message)
    result = reduced(name, true, predicted, reduction, **options)
    return result if np.ndim(result) else float(result)


def refuse_exchanged(name: str, true: Any, predicted: Any) -> None:
    """Raise for outputs of classes in the place of their labels."""
    if LOSSES[name].takes_labels and true.shape[:-1] == predicted.shape and true.dtype.kind == "f":
        raise ArgumentError(
            f"{name}: y_true has shape {true.shape} and y_pred {predicted.shape}; the order is "
            "(y_true, y_pred): exchange them"
        )


def reduced(name: str, y_true: Any, y_pred: Any, reduction: Any, **options: Any) -> Any:
    """Return the loss by its function in `nn`, on arrays or nodes."""
    if reduction is not None:
        checked_choice(name, "reduction", reduction, ("mean", "sum", "none"))
    record = LOSSES[name]
    losses = record.per_sample(y_true, y_pred, **options)
    how = record.reduction if reduction is None else reduction
    return losses if how == "none" else np.sum(losses) if how == "sum" else np.mean(losses)


def outputs(name: str, y_pred: ArrayLike) -> Any:
    """Return predictions as float64."""
    predicted = as_array(name, "y_pred", y_pred)
    if predicted.dtype.kind not in "biuf":
        raise DTypeError(f"{name}: y_pred is text; give the outputs of a network")
    return predicted.astype(np.float64)


def check_rows(name: str, predicted: Any, remedy: str) -> None:
    """Raise unless rows are probabilities."""
    if predicted.ndim < 2 or predicted.shape[-1] < 2:
        raise ShapeError(
            f"{name}: y_pred has shape {predicted.shape}; it needs a probability for each class, "
            "(n, classes); one of two classes has binary_cross_entropy"
        )
    wrong = ~is_distribution(predicted)
    if wrong.any():
        row = np.array2string(predicted[wrong][0], precision=4, threshold=4, separator=", ")
        raise DataError(
            f"{name}: y_pred has rows such as {row}, which are no probabilities{remedy}"
        )


def is_traced(*values: Any) -> bool:
    """Whether a value is that of a function that is traced."""
    return any(isinstance(each, Node) for each in values)


def known_logits(name: str, from_logits: bool | None) -> bool:
    """Return whether outputs are logits, which must be given where they are traced."""
    if from_logits is None:
        raise ArgumentError(
            f"{name}: in a function that is differentiated it cannot be seen whether y_pred are "
            "probabilities or logits; give from_logits=True or False"
        )
    return from_logits
