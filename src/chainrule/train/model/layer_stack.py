"""The forward pass of a network: its layers applied in sequence."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from chainrule.errors import ShapeError
from chainrule.nn import environment
from chainrule.nn.environment import LayerEnvironment
from chainrule.nn.layer import Layer
from chainrule.nn.parameter import Parameter
from chainrule.nn.random_stream import RandomStream
from chainrule.nn.sublayers import with_sublayers

__all__ = ["LayerStack"]


@dataclass(frozen=True)
class LayerStack:
    """Built layers, applied in sequence with computation in `dtype`.

    Random numbers, such as those of dropout, are a function of `seed`, epoch and step.
    """

    layers: tuple[Layer, ...]
    dtype: np.dtype[Any]
    seed: int

    def parameters(self, trainable: bool | None = None) -> dict[str, Parameter]:
        """Return the parameters by name: all, the trainable ones, or the others."""
        named = self._named
        if trainable is None:
            return named
        return {name: each for name, each in named.items() if each.trainable == trainable}

    def arrays(self) -> list[Any]:
        """Return the arrays of all parameters; refuse one whose shape a layer has changed."""
        arrays = [each.array for each in self._named.values()]
        for (name, shape), array in zip(self._shapes.items(), arrays, strict=True):
            if array.shape != shape:
                raise ShapeError(
                    f"{name} has shape {array.shape}, but had {shape} when the network was "
                    "compiled; assign an array of that shape to its value again"
                )
        return arrays

    @cached_property
    def _shapes(self) -> dict[str, tuple[int, ...]]:
        return {name: each.array.shape for name, each in self._named.items()}

    @cached_property
    def _named(self) -> dict[str, Parameter]:
        # Cached: searching the attributes of all layers takes longer than a step.
        named: dict[Parameter, str] = {}
        for layer in self.layers:
            for name, each in layer.parameters().items():
                named.setdefault(each, f"{layer.name}.{name}")  # the first, if layers share it
        return {name: each for each, name in named.items()}

    def __call__(self, x: Any, random: RandomStream | None = None) -> Any:
        """Return the output of the last layer; with `random`, that of the training mode."""
        return self._through(self.layers, x, random)

    def scores(self, x: Any, random: RandomStream | None = None) -> Any:
        """Return the output of the last layer before its activation."""
        *layers, last = self.layers
        return last.scores(self._through(layers, x, random), random)

    def _through(
        self,
        layers: Sequence[Layer],
        x: Any,
        random: RandomStream | None,
        training: bool | None = None,
    ) -> Any:
        x = x if x.dtype == self.dtype else x.astype(self.dtype)
        for layer in layers:
            x = layer(x, random=random, training=training)
        return x

    def penalty(self) -> Any:
        """Return the sum of the penalties of all layers."""
        return sum(layer.penalty() for layer in self.layers)

    @contextmanager
    def with_parameters(self, values: dict[str, Any]) -> Generator[None]:
        """Bind values to the parameters, by full name, while a function is traced."""
        with environment.entered() as traced:
            traced.copy_containers(self._all_layers)
            traced.values |= {each: values[name] for name, each in self.parameters().items()}
            yield

    def apply(self, x: Any, training: bool | None = None) -> Any:
        """Return the output; what layers set is kept when all have run."""
        with environment.entered(keep=LayerEnvironment.keep_all) as traced:
            traced.copy_containers(self._all_layers)
            return self._through(self.layers, x, None, training)

    @property
    def bound(self) -> list[Any]:
        """The parameters and what holds them: their values are arguments of each program."""
        holders = [vars(layer)["_parameters"] for layer in self._all_layers]
        return [*self._named.values(), *holders]

    @cached_property
    def _all_layers(self) -> list[Layer]:
        return list(with_sublayers(self.layers))
