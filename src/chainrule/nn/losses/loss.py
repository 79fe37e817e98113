"""The losses: how wrong a prediction is, one number for each sample.

A loss is a function ``(y_true, y_pred) -> (batch,)`` in plain NumPy. Its record adds what the
network must know besides: how the numbers of a batch are put together, and which activation it
contains already.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Literal

from chainrule.arguments.lookup import look_up
from chainrule.errors import ShapeError
from chainrule.nn.losses import classification, regression

__all__ = ["LOSSES", "Loss", "resolve_loss"]

LossFunction = Callable[..., Any]
"""From targets and predictions to a loss for each sample."""


@dataclass(frozen=True)
class Loss:
    """A loss and what the network must know of it.

    Parameters
    ----------
    name : str
        As it is shown.
    per_sample : callable
        ``per_sample(y_true, y_pred)``, of shape (batch,); a function of the user's may give a
        single number instead.
    reduction : "mean" or "sum"
        How the numbers of a batch become one.
    contains : str
        The activation that the loss applies itself, because the two together are more exact than
        one after the other: "softmax" or "sigmoid"; empty for none. Such a loss takes logits.
    takes_labels : bool
        Whether `y_true` may be class numbers of shape (batch, ...) for predictions of shape
        (batch, ..., classes).
    checks : bool
        Whether shapes are checked; False for a function of the user's, which may mean anything.
    """

    name: str
    per_sample: LossFunction
    reduction: Literal["mean", "sum"] = "mean"
    contains: str = ""
    takes_labels: bool = False
    checks: bool = True

    def __call__(self, y_true: Any, y_pred: Any) -> Any:
        """Return the loss of each sample."""
        return self.per_sample(y_true, y_pred)

    def check(self, y_true_shape: tuple[int, ...], y_pred_shape: tuple[int, ...]) -> None:
        """Refuse targets that do not have the shape of the predictions; nothing is stretched.

        Raises
        ------
        ShapeError
            With both shapes and the mend.
        """
        if not self.checks or y_true_shape == y_pred_shape:
            return
        if self.takes_labels and y_true_shape == y_pred_shape[:-1]:
            return
        raise ShapeError(_misfit(self, y_true_shape, y_pred_shape))

    def of_probabilities(self) -> Loss:
        """Return the same loss for a network that ends in probabilities, not in logits."""
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
    "poisson": Loss("poisson", regression.poisson),
    "cosine": Loss("cosine", regression.cosine),
    "cross_entropy": Loss(
        "cross_entropy", classification.cross_entropy, contains="softmax", takes_labels=True
    ),
    "binary_cross_entropy": Loss(
        "binary_cross_entropy", classification.binary_cross_entropy, contains="sigmoid"
    ),
    "hinge": Loss("hinge", classification.hinge),
    "kl_divergence": Loss("kl_divergence", classification.kl_divergence),
}


def resolve_loss(loss: str | Loss | LossFunction) -> Loss:
    """Return the record that a name, a record or a function stands for.

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
    for record in LOSSES.values():
        if record.per_sample is inner:
            given = function.keywords if isinstance(function, partial) else {}
            contains = record.contains if given.get("from_logits", True) else ""
            return replace(record, per_sample=function, contains=contains)
    return Loss(getattr(inner, "__name__", "loss"), function, checks=False)


def _misfit(loss: Loss, true: tuple[int, ...], predicted: tuple[int, ...]) -> str:
    told = f"{loss.name}: the targets have shape {true}, the predictions {predicted}"
    if loss.takes_labels:
        return (
            f"{told}; give class numbers of shape {predicted[:-1]}, or one row of probabilities "
            f"a sample, of shape {predicted}"
        )
    if true == (*predicted, 1) or predicted == (*true, 1):
        mend = f"y.reshape({', '.join(map(str, ('-1', *predicted[1:])))})"
        return f"{told}; they must be equal, as nothing is stretched: pass {mend}"
    return (
        f"{told}; they must be equal, as nothing is stretched: reshape the targets, or give the "
        "last layer as many units as there are targets"
    )
