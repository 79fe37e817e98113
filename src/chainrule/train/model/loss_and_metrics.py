"""How well a network does on one batch, in plain NumPy: loss, penalty and metrics."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.errors import ShapeError
from chainrule.nn.losses.loss import Loss
from chainrule.nn.random_stream import RandomStream
from chainrule.train.checks.loss_dependence import check_returned
from chainrule.train.metrics import Metric
from chainrule.train.model.layer_stack import LayerStack
from chainrule.train.model.objective import Objective

__all__ = ["measure"]


def measure(
    stack: LayerStack,
    objective: Objective,
    batch: dict[str, Any],
    random: RandomStream | None = None,
) -> list[Any]:
    """Compute loss, penalty and metrics of a batch; then its outputs, where a metric needs all."""
    with objective.scoring():
        scores = stack(batch["X"], random)
    y = _comparable(batch["y"], objective.loss, scores)
    objective.loss.check(y.shape, scores.shape)
    losses = objective.loss(y, scores)
    check_returned(objective.loss.name, losses)
    loss = _reduced(objective.loss, losses, batch["weight"], len(batch["X"]))
    outputs = objective.probabilities(scores)
    means = [
        np.mean(metric.function(y, scores if _minds_order_only(objective, metric) else outputs))
        for metric in objective.means
    ]
    return [loss, stack.penalty(), *means, *([outputs] if objective.gathers else [])]


def _minds_order_only(objective: Objective, metric: Metric) -> bool:
    """Whether a softmax, which keeps the order of its inputs, can be left out."""
    return objective.loss.contains == "softmax" and metric.name.startswith(("accuracy", "top_"))


def _comparable(y: Any, loss: Loss, scores: Any) -> Any:
    """Leave class numbers as they are and let everything else meet the scores as their kind."""
    names_classes = (loss.takes_labels and y.ndim < scores.ndim) or not loss.checks
    return y if names_classes and y.dtype.kind in "iub" else y.astype(scores.dtype)


def _reduced(loss: Loss, losses: Any, weight: Any, samples: int) -> Any:
    """Put the numbers of a batch together; the mean divides by their count, not by the weights."""
    if np.ndim(losses) == 0:
        if weight is not None:
            raise ShapeError(
                f"fit: the loss {loss.name} returns one number for the whole batch, so samples "
                "cannot be weighted; return one number for each sample, of shape (batch,)"
            )
        return losses
    if losses.shape[0] != samples:
        raise ShapeError(
            f"fit: the loss {loss.name} returns shape {losses.shape} for {samples} samples; it "
            "must return one number, or one for each sample"
        )
    if np.ndim(losses) > 1:
        losses = np.mean(losses, axis=tuple(range(1, np.ndim(losses))))
    if weight is not None:
        losses = losses * weight
    return np.sum(losses) if loss.reduction == "sum" else np.mean(losses)
