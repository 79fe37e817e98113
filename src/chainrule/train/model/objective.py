"""The training objective: loss, optimiser and metrics, with the final activation fused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from chainrule.nn.activations.activation import ACTIVATIONS
from chainrule.nn.layer import Layer
from chainrule.nn.losses.loss import Loss
from chainrule.optim.optimizer import Optimizer
from chainrule.train.metrics import Metric

__all__ = ["Objective"]


@dataclass(frozen=True)
class Objective:
    """Loss, optimiser and metrics of a network.

    Where the loss contains the activation of the last layer, `fused` is that layer: training
    computes its scores and leaves the activation to the loss, which is more exact.
    """

    loss: Loss
    optimizer: Optimizer
    metrics: tuple[Metric, ...]
    fused: Layer | None

    @property
    def roots(self) -> list[Any]:
        """What the train step reads apart from the layers, and users may have written."""
        return [self.loss, self.optimizer, *self.metrics]

    @property
    def means(self) -> list[Metric]:
        """The metrics that are means over samples, computed in the train step."""
        return [each for each in self.metrics if each.is_mean]

    @property
    def gathers(self) -> bool:
        """Whether some metrics need the outputs of all batches at once."""
        return not all(each.is_mean for each in self.metrics)

    def ranks(self, metric: Metric) -> bool:
        """Whether a metric depends on the order of scores alone, which a softmax preserves."""
        return self.loss.contains == "softmax" and metric.name.startswith(("accuracy", "top_"))

    def outputs(self, scores: Any) -> Any:
        """Return the predictions: the scores under the activation that the loss contains."""
        return ACTIVATIONS[self.loss.contains](scores) if self.loss.contains else scores
