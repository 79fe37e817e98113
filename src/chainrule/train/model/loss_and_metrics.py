"""Loss, penalty and metrics of one batch, in plain NumPy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.nn.losses.loss import Loss
from chainrule.nn.random_stream import RandomStream
from chainrule.train.checks.loss_dependence import check_returned
from chainrule.train.model.layer_stack import LayerStack
from chainrule.train.model.objective import Objective
from chainrule.train.model.step_losses import has_step_weights, reduce_samples, results_of_steps

__all__ = ["compute_loss_and_metrics", "results_of_scores"]


def compute_loss_and_metrics(
    stack: LayerStack,
    objective: Objective,
    batch: dict[str, Any],
    random: RandomStream | None = None,
) -> list[Any]:
    """Return loss, penalty and mean metrics, then the outputs if a metric gathers them.

    If padded steps are masked, follow the numbers of steps counted, (1 + mean metrics,), and the
    mask if a metric gathers outputs.
    """
    scores, mask = stack.with_mask(batch["X"], random, scores=objective.fused is not None)
    return results_of_scores(objective, batch, scores, mask, stack.penalty)


def results_of_scores(
    objective: Objective, batch: dict[str, Any], scores: Any, mask: Any, penalty: Callable[[], Any]
) -> list[Any]:
    """Return what `compute_loss_and_metrics` does, of scores that are computed."""
    weight = batch["weight"]
    y = _as_scores(batch["y"], objective.loss, scores)
    objective.loss.check(y.shape, scores.shape)
    if mask is not None or has_step_weights(weight):
        (loss, *means), counts = results_of_steps(objective, y, scores, mask, weight)
        outputs = objective.outputs(scores)
    else:
        losses = objective.loss(y, scores)
        check_returned(objective.loss.name, losses)
        loss = reduce_samples(objective.loss, losses, weight, len(scores))
        outputs = objective.outputs(scores)
        means = [
            np.mean(metric.of_samples(y, scores if objective.ranks(metric) else outputs))
            for metric in objective.means
        ]
        counts = []
    gathered = [outputs] if objective.gathers else []
    results = [loss, penalty(), *means, *gathered]
    if mask is None:
        return results
    counted = np.stack([1.0 * each for each in counts])
    return [*results, counted, *([mask] if gathered else [])]


def _as_scores(y: Any, loss: Loss, scores: Any) -> Any:
    """Convert targets to the dtype of the scores, except for class indices."""
    is_class_index = (loss.takes_labels and y.ndim < scores.ndim) or not loss.checks
    return y if is_class_index and y.dtype.kind in "iub" else y.astype(scores.dtype)
