"""The layers of a network, one after the other."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.nn.layer import Layer
from chainrule.nn.parameter import Parameter, bound
from chainrule.nn.random_stream import RandomStream

if TYPE_CHECKING:
    pass

__all__ = ["LayerStack", "substituted"]


@dataclass(frozen=True)
class LayerStack:
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

    def __call__(self, x: Any, random: RandomStream | None = None) -> Any:
        """Compute the output of the last layer; with `random`, as while training."""
        x = x if x.dtype == self.dtype else x.astype(self.dtype)
        for layer in self.layers:
            x = layer(x, random=random)
        return x

    def penalty(self) -> Any:
        """Return the sum of the penalties of all layers."""
        return sum(layer.penalty() for layer in self.layers)


@contextmanager
def substituted(stack: LayerStack, given: dict[str, Any]) -> Generator[None]:
    """Let given values stand for the parameters, by full name, while a function is traced."""
    own = stack.parameters()
    with bound(list(own.values()), [given[name] for name in own]):
        yield
