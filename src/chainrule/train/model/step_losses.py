"""Losses and metrics of outputs that have steps, (batch, steps, ...): padding does not count.

With the losses l of the steps, the mask m of real ones and the weights w, both 1 if not given::

    loss = Σ m w l / Σ m    over all steps of all samples of the batch
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from chainrule.errors import ShapeError, counted
from chainrule.nn.losses.loss import Loss
from chainrule.nn.mask import real_steps_only
from chainrule.train.checks.loss_dependence import check_returned
from chainrule.train.metrics import Metric
from chainrule.train.model.objective import Objective

__all__ = ["has_step_weights", "reduce_samples", "results_of_steps"]


def has_step_weights(weight: Any) -> bool:
    """Whether weights are those of steps, (batch, steps), rather than of samples."""
    return weight is not None and weight.ndim == 2


def results_of_steps(
    objective: Objective, y: Any, scores: Any, mask: Any, weight: Any
) -> tuple[list[Any], list[Any]]:
    """Return loss and mean metrics of a batch, and how many steps or samples each has counted."""
    loss, outputs = objective.loss, objective.outputs(scores)
    losses = _losses(loss, y, scores)
    check_returned(loss.name, losses)
    if np.shape(losses) == scores.shape[:2]:
        if mask is not None:  # once more: 0 · ∞ in the derivative of a padded step is NaN
            losses = _losses(loss, y, real_steps_only(scores, mask))
        if weight is not None:
            losses = losses * (weight if weight.ndim == 2 else weight[:, None])
        results = [_mean(losses, mask, loss.reduction == "sum")]
    else:
        if has_step_weights(weight):
            raise ShapeError(
                f"fit: the loss {loss.name} returns shape {np.shape(losses)}, so that steps cannot "
                f"be weighted; return one value for each step, of shape {scores.shape[:2]}"
            )
        results = [(reduce_samples(loss, losses, weight, len(scores)), len(scores))]
    for metric in objective.means:
        values = _values(metric, y, scores if objective.ranks(metric) else outputs)
        is_of_steps = values.shape == scores.shape[:2]
        results.append(_mean(values, mask if is_of_steps else None))
    means, counts = zip(*results, strict=True)
    return list(means), list(counts)


def reduce_samples(loss: Loss, losses: Any, weight: Any, samples: int) -> Any:
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
            f"fit: the loss {loss.name} returns shape {losses.shape} for "
            f"{counted(samples, 'sample')}; it must return one value, or one for each sample"
        )
    if np.ndim(losses) > 1:
        losses = np.mean(losses, axis=tuple(range(1, np.ndim(losses))))
    if weight is not None:
        losses = losses * weight
    return np.sum(losses) if loss.reduction == "sum" else np.mean(losses)


def _losses(loss: Loss, y: Any, scores: Any) -> Any:
    """Return the loss of each step, (batch, steps); what it returns if it has other axes.

    A loss of the library takes each step for a sample, as it relates none of them; a custom one,
    which may, is called with all.
    """
    if loss.is_built_in:
        return loss(_rows(y), _rows(scores)).reshape(scores.shape[:2])
    return _without_inner_axes(loss(y, scores), scores.shape[:2])


def _values(metric: Metric, y: Any, outputs: Any) -> Any:
    """Return the metric of each step, as `_losses`."""
    if metric.is_built_in and y.shape[:2] == outputs.shape[:2]:
        return metric.of_samples(_rows(y), _rows(outputs)).reshape(outputs.shape[:2])
    return _without_inner_axes(metric.of_samples(y, outputs), outputs.shape[:2])


def _mean(values: Any, mask: Any, is_sum: bool = False) -> tuple[Any, Any]:
    """Return the mean of values, or their sum, of real steps, and the number of these."""
    if mask is None:
        return np.sum(values) if is_sum else np.mean(values), math.prod(values.shape)
    total, count = np.sum(np.where(mask, values, 0)), np.sum(mask)
    return total if is_sum else total / np.maximum(count, 1).astype(values.dtype), count


def _rows(values: Any) -> Any:
    """Return the steps of all samples as rows."""
    batch, steps = values.shape[:2]
    return values.reshape((batch * steps, *values.shape[2:]))


def _without_inner_axes(values: Any, shape: tuple[int, ...]) -> Any:
    """Return the mean over the axes that follow (batch, steps), if there are these two."""
    if np.ndim(values) < 3 or values.shape[:2] != shape:
        return values
    return np.mean(values, axis=tuple(range(2, np.ndim(values))))
