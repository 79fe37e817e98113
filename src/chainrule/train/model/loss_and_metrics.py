"""Loss, penalty and metrics of one batch, in plain NumPy."""

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

__all__ = ["compute_loss_and_metrics"]


def compute_loss_and_metrics(
    stack: LayerStack,
    objective: Objective,
    batch: dict[str, Any],
    random: RandomStream | None = None,
) -> list[Any]:
    """Return loss, penalty and mean metrics, then the outputs if a metric gathers them."""
    scores, _ = stack.with_mask(batch["X"], random, scores=objective.fused is not None)
    y = _as_scores(batch["y"], objective.loss, scores)
    objective.loss.check(y.shape, scores.shape)
    losses = objective.loss(y, scores)
    check_returned(objective.loss.name, losses)
    loss = _reduced(objective.loss, losses, batch["weight"], len(batch["X"]))
    outputs = objective.outputs(scores)
    means = [
        np.mean(metric.function(y, scores if _is_rank_metric(objective, metric) else outputs))
        for metric in objective.means
    ]
    return [loss, stack.penalty(), *means, *([outputs] if objective.gathers else [])]


def _is_rank_metric(objective: Objective, metric: Metric) -> bool:
    """Whether a metric depends on the order of scores alone, which a softmax preserves."""
    return objective.loss.contains == "softmax" and metric.name.startswith(("accuracy", "top_"))


def _as_scores(y: Any, loss: Loss, scores: Any) -> Any:
    """Convert targets to the dtype of the scores, except for class indices."""
    is_class_index = (loss.takes_labels and y.ndim < scores.ndim) or not loss.checks
    return y if is_class_index and y.dtype.kind in "iub" else y.astype(scores.dtype)


def _reduced(loss: Loss, losses: Any, weight: Any, samples: int) -> Any:
    """Reduce the losses of a batch; the mean divides by their count, not the sum of weights."""
    if np.ndim(losses) == 0:
        if weight is not None:
            raise ShapeError(
                f"fit: the loss {loss.name} returns one value for the whole batch, so samples "
                "cannot be weighted; return one value for each sample, of shape (batch,)"
            )
        return losses
    if losses.shape[0] != samples:
        raise ShapeError(
            f"fit: the loss {loss.name} returns shape {losses.shape} for {samples} samples; it "
            "must return one value, or one for each sample"
        )
    if np.ndim(losses) > 1:
        losses = np.mean(losses, axis=tuple(range(1, np.ndim(losses))))
    if weight is not None:
        losses = losses * weight
    return np.sum(losses) if loss.reduction == "sum" else np.mean(losses)
