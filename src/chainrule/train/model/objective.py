"""What is trained, and what for: the layers of a network in a row, and the aim of ``compile``."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from chainrule.nn.activations.activation import ACTIVATIONS, linear
from chainrule.nn.layer import Layer
from chainrule.nn.losses.loss import Loss
from chainrule.nn.parameter import Parameter
from chainrule.nn.random_stream import Stream
from chainrule.optim.optimizer import Optimizer
from chainrule.train.metrics import Metric

__all__ = ["Plan", "Stack"]


@dataclass(frozen=True)
class Stack:
    """The layers of a network, one after the other, and their parameters by full name.

    Parameters
    ----------
    layers : tuple of Layer
        Built layers.
    dtype : numpy.dtype
        Kind of number they compute with.
    seed : int
        Where their random numbers begin.
    """

    layers: tuple[Layer, ...]
    dtype: np.dtype[Any]
    seed: int

    def parameters(self, trainable: bool | None = None) -> dict[str, Parameter]:
        """Return the parameters by name: all, those that training descends on, or the others."""
        named = self._named
        if trainable is None:
            return named
        return {name: each for name, each in named.items() if each.trainable == trainable}

    @cached_property
    def _named(self) -> dict[str, Parameter]:
        """Found once: looking through the attributes of all layers takes longer than a step."""
        return {
            f"{layer.name}.{name}": each
            for layer in self.layers
            for name, each in layer.parameters().items()
        }

    def __call__(self, x: Any, random: Stream | None = None) -> Any:
        """Compute the output of the last layer; with `random`, as while training."""
        x = x if x.dtype == self.dtype else x.astype(self.dtype)
        for layer in self.layers:
            x = layer(x, random=random)
        return x

    def penalty(self) -> Any:
        """Return the sum of the penalties of all layers."""
        return sum(layer.penalty() for layer in self.layers)


@dataclass(frozen=True)
class Plan:
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
