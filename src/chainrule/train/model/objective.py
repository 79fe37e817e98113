"""What is trained, and what for: the layers of a network in a row, and the aim of ``compile``."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from chainrule.nn.activations.activation import ACTIVATIONS, linear
from chainrule.nn.layer import Layer
from chainrule.nn.losses.loss import Loss
from chainrule.optim.optimizer import Optimizer
from chainrule.train.metrics import Metric

__all__ = ["Objective"]


@dataclass(frozen=True)
class Objective:
    """What a network is trained for and how: the result of ``compile``.

    Parameters
    ----------
    loss : Loss
        What is made small.
    optimizer : Optimizer
        How.
    metrics : tuple of Metric
        What is reported besides.
    fused : Layer or None
        The last layer, where the loss contains its activation: training then skips that activation,
        because the two together are more exact than one after the other.
    """

    loss: Loss
    optimizer: Optimizer
    metrics: tuple[Metric, ...]
    fused: Layer | None

    @property
    def means(self) -> list[Metric]:
        """The metrics that are means over samples: part of the step."""
        return [each for each in self.metrics if each.is_mean]

    @property
    def gathers(self) -> bool:
        """Whether there are other metrics, which need the outputs of all batches."""
        return not all(each.is_mean for each in self.metrics)

    @contextmanager
    def scoring(self) -> Generator[None]:
        """Let the network give what the loss takes: logits, where it contains the activation."""
        if self.fused is None:
            yield
            return
        activate = vars(self.fused)["activate"]
        try:
            vars(self.fused)["activate"] = linear
            yield
        finally:
            vars(self.fused)["activate"] = activate

    def probabilities(self, scores: Any) -> Any:
        """Turn what the loss takes into what people read."""
        return ACTIVATIONS[self.loss.contains](scores) if self.loss.contains else scores
