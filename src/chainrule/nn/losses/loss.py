"""Registry of losses, and the record of a loss: function, reduction, fused activation.

A loss is a function ``(y_true, y_pred) -> (batch,)`` in plain NumPy. A fused loss, such as softmax
cross-entropy, takes logits: it contains the activation of the output layer.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Literal

import numpy as np

from chainrule.arguments.aliases import ARRAY_ATTRIBUTES, FIT_ALIASES
from chainrule.arguments.checks import checked_choice, checked_function, checked_text
from chainrule.arguments.keywords import answers_foreign_names
from chainrule.arguments.lookup import look_up
from chainrule.arguments.signature import check_call
from chainrule.errors import ArgumentError, ShapeError
from chainrule.nn.losses import classification, regression
from chainrule.nn.losses.target_domain import (
    AMOUNTS,
    COUNTS,
    DIRECTIONS,
    DISTRIBUTIONS,
    PROBABILITIES,
    SIGNS,
    TargetDomain,
)
from chainrule.pickling import versioned_pickles

__all__ = ["LOSSES", "Loss", "resolve_loss"]

LossFunction = Callable[..., Any]
"""From targets and predictions to the loss of each sample."""


@versioned_pickles
@answers_foreign_names(FIT_ALIASES, "loss", ARRAY_ATTRIBUTES)
@dataclass(frozen=True)
class Loss:
    """A loss function with its reduction over the batch and its fused activation.

    Parameters
    ----------
    name : str
        Name in messages and summaries.
    per_sample : callable
        ``per_sample(y_true, y_pred)``, of shape (batch,). A custom function may return one number
        for all samples given: that of a batch in a step of training, whose mean over the steps is
        the ``loss`` of an epoch; that of all samples in evaluation and validation, which keep the
        predictions of all rows in memory for it.
    reduction : "mean" or "sum"
        Reduction over the batch.
    contains : str
        The activation fused into the loss for precision, "softmax" or "sigmoid"; empty for none. A
        fused loss takes logits.
    takes_labels : bool
        Whether `y_true` may be class indices of shape (batch, ...) for predictions of shape
        (batch, ..., classes).
    checks : bool
        Whether `check` compares shapes; False for a custom function, which defines its own.
    targets : TargetDomain
        The targets it is defined for; those outside are refused, or warned of.
    """

    name: str
    per_sample: LossFunction
    reduction: Literal["mean", "sum"] = "mean"
    contains: str = ""
    takes_labels: bool = False
    checks: bool = True
    targets: TargetDomain = AMOUNTS

    def __post_init__(self) -> None:
        checked_text("Loss", "name", self.name, "text, at least one character")
        checked_function("Loss", "per_sample", self.per_sample)
        checked_choice("Loss", "reduction", self.reduction, ("mean", "sum"))
        checked_choice("Loss", "contains", self.contains, ("", "softmax", "sigmoid"))

    def __repr__(self) -> str:
        return f"<loss {self.name}>"

    def __call__(self, y_true: Any, y_pred: Any) -> Any:
        """Return the loss of each sample; a custom function may assign to its arguments."""
        if not self.is_built_in:
            y_true, y_pred = np.copy(y_true), np.copy(y_pred)
        elif self.takes_labels and np.shape(y_pred) == np.shape(y_true)[:-1]:
            raise ArgumentError(
                f"{self.name}: y_true has shape {np.shape(y_true)} and y_pred {np.shape(y_pred)}; "
                "the order is (y_true, y_pred): exchange them"
            )
        return self.per_sample(y_true, y_pred)

    def check(self, y_true_shape: tuple[int, ...], y_pred_shape: tuple[int, ...]) -> None:
        """Check the shape of the targets against the predictions; nothing is broadcast.

        Parameters
        ----------
        y_true_shape, y_pred_shape : tuple of int
            Shapes of targets and predictions, (batch, ...).

        Raises
        ------
        ShapeError
            Unless they are equal, or the targets may be class indices and lack the last axis.
        """
        if not self.checks or y_true_shape == y_pred_shape:
            return
        if self.takes_labels and y_true_shape == y_pred_shape[:-1]:
            return
        raise ShapeError(_shape_message(self, y_true_shape, y_pred_shape))

    @property
    def is_built_in(self) -> bool:
        """Whether it is a function of this library, also with other arguments."""
        if LOSSES.get(self.name) is self:  # in less time than below
            return True
        function = self.per_sample
        inner = function.func if isinstance(function, partial) else function
        return type(self) is Loss and any(inner is each.per_sample for each in LOSSES.values())

    def of_probabilities(self) -> Loss:
        """Return the loss without its fused activation: it takes probabilities, not logits."""
        if not self.contains:
            return self
        return replace(self, per_sample=partial(self.per_sample, from_logits=False), contains="")


LOSSES: dict[str, Loss] = {
    "mse": Loss("mse", regression.mse),
    "sse": Loss("sse", regression.sse, reduction="sum"),
    "mae": Loss("mae", regression.mae),
    "huber": Loss("huber", regression.huber),
    "log_cosh": Loss("log_cosh", regression.log_cosh),
    "quantile": Loss("quantile", regression.quantile),
    "poisson": Loss("poisson", regression.poisson, targets=COUNTS),
    "cosine": Loss("cosine", regression.cosine, targets=DIRECTIONS),
    "cross_entropy": Loss(
        "cross_entropy",
        classification.cross_entropy,
        contains="softmax",
        takes_labels=True,
        targets=DISTRIBUTIONS,
    ),
    "binary_cross_entropy": Loss(
        "binary_cross_entropy",
        classification.binary_cross_entropy,
        contains="sigmoid",
        targets=PROBABILITIES,
    ),
    "hinge": Loss("hinge", classification.hinge, targets=SIGNS),
    "kl_divergence": Loss("kl_divergence", classification.kl_divergence, targets=DISTRIBUTIONS),
}


def resolve_loss(loss: str | Loss | LossFunction) -> Loss:
    """Return the record of a loss given by name, as a record or as a function.

    Examples
    --------
    >>> resolve_loss("mse").name, resolve_loss("cross_entropy").contains
    ('mse', 'softmax')
    >>> resolve_loss(partial(regression.huber, delta=2.0)).name
    'huber'
    """
    if isinstance(loss, Loss):
        return loss
    if callable(loss):
        return _of_function(loss)
    return look_up("loss", loss, LOSSES)


def _of_function(function: LossFunction) -> Loss:
    inner = function.func if isinstance(function, partial) else function
    name = getattr(inner, "__name__", "loss")
    public = LOSSES.get(getattr(inner, "loss_name", ""))
    if public is not None:  # one of chainrule.losses
        if not isinstance(function, partial):
            return public
        inner, function = public.per_sample, partial(public.per_sample, **function.keywords)
    check_call(f"compile: the loss {name}", function, ("y_true", "y_pred"))
    for record in LOSSES.values():
        if record.per_sample is inner:
            keywords = function.keywords if isinstance(function, partial) else {}
            contains = record.contains if keywords.get("from_logits", True) else ""
            return replace(record, per_sample=function, contains=contains)
    return Loss(name, function, checks=False)


def _shape_message(loss: Loss, true: tuple[int, ...], predicted: tuple[int, ...]) -> str:
    message = f"{loss.name}: the targets have shape {true}, the predictions {predicted}"
    if loss.takes_labels:
        return (
            f"{message}; pass class indices of shape {predicted[:-1]}, or probabilities (one-hot "
            f"rows) of shape {predicted}"
        )
    if true == (*predicted, 1) or predicted == (*true, 1):
        reshaped = f"np.asarray(y).reshape({', '.join(map(str, ('-1', *predicted[1:])))})"
        return f"{message}; they must be equal, as nothing is broadcast: pass {reshaped}"
    return (
        f"{message}; they must be equal, as nothing is broadcast: reshape the targets, or give the "
        "last layer as many units as there are targets"
    )
