"""The forward pass of a network: its layers applied in sequence."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import dropwhile, pairwise, takewhile
from typing import Any

import numpy as np

from chainrule.data.stored_rows import ROWS_READ_IN_PARTS
from chainrule.errors import ArgumentError, ShapeError
from chainrule.locks import cached_property
from chainrule.nn import environment
from chainrule.nn.adaptation import defines_adapt
from chainrule.nn.environment import LayerEnvironment
from chainrule.nn.layer import Layer
from chainrule.nn.layers.activation_layers import Rescale
from chainrule.nn.layers.dropout import Dropout, GaussianNoise
from chainrule.nn.layers.embedding import Embedding
from chainrule.nn.layers.reshape import Flatten, Permute, Reshape
from chainrule.nn.layers.wrappers import TimeDistributed
from chainrule.nn.mask import apply_with_mask, differs, mask_values_of, single_mask_value
from chainrule.nn.outside_layers import refuse_outside
from chainrule.nn.parameter import Parameter
from chainrule.nn.random_stream import RandomStream
from chainrule.nn.shape_errors import check_output
from chainrule.nn.sublayers import with_sublayers

__all__ = ["LayerStack"]

_ARRANGING = (Flatten, Permute, Reshape)
"""Layers whose outputs are their inputs in another order or shape."""

_BLOCK = 1024
"""Rows of a sparse matrix that are an array at a time."""

_NUMBER_BY_NUMBER = (*_ARRANGING, Dropout, GaussianNoise, Rescale)
"""Layers each of whose outputs is computed from one number of the input."""


@dataclass(frozen=True)
class LayerStack:
    """Built layers, applied in sequence with computation in `dtype`.

    Random numbers, such as those of dropout, are a function of `seed`, epoch and step.
    """

    layers: tuple[Layer, ...]
    names: tuple[str, ...]
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
                    "compiled; set the shape of the array back"
                )
        return arrays

    @cached_property
    def _shapes(self) -> dict[str, tuple[int, ...]]:
        return {name: each.array.shape for name, each in self._named.items()}

    @cached_property
    def _named(self) -> dict[str, Parameter]:
        # Cached: searching the attributes of all layers takes longer than a step.
        named: dict[Parameter, str] = {}
        for layer, title in zip(self.layers, self.names, strict=True):
            for name, each in layer.parameters().items():
                named.setdefault(each, f"{title}.{name}")  # the first, if layers share it
        return {name: each for each, name in named.items()}

    def __call__(self, x: Any, random: RandomStream | None = None) -> Any:
        """Return the output of the last layer; with `random`, that of the training mode."""
        y, _ = self.with_mask(x, random)
        return y

    def with_mask(
        self,
        x: Any,
        random: RandomStream | None = None,
        scores: bool = False,
        training: bool | None = None,
    ) -> tuple[Any, Any]:
        """Return the output, or that before the last activation, and its mask of padded steps."""
        outputs = self.outputs(x, random, scores, training)
        return deque(((y, mask) for _, y, mask in outputs), maxlen=1).pop()

    def outputs(
        self,
        x: Any,
        random: RandomStream | None = None,
        scores: bool = False,
        training: bool | None = None,
    ) -> Iterator[tuple[Layer, Any, Any]]:
        """Yield each layer with its output and the mask of that, None without padding."""
        value, mask = self.mask_value, None
        is_data = None if value is None else differs(x, value, self.dtype)
        x = x if x.dtype == self.dtype else x.astype(self.dtype)
        for layer in self.layers:
            if is_data is not None and layer is self._first_to_combine:
                is_data, mask = None, self._steps_of(is_data)
            is_last = layer is self.layers[-1]
            x, mask = apply_with_mask(layer, x, mask, random, training, scores and is_last)
            check_output(layer, x)
            if is_data is not None and isinstance(layer, _ARRANGING):
                is_data = layer.forward(is_data)
            yield layer, x, mask

    @cached_property
    def mask_value(self) -> float | None:
        """The value of padding in the input, None without any."""
        first = dropwhile(lambda each: isinstance(each, _NUMBER_BY_NUMBER), self.layers)
        for before, layer in pairwise(first):
            inner = layer.layer if isinstance(layer, TimeDistributed) else None
            if inner is not None and mask_values_of([inner]):
                raise ArgumentError(
                    f"Network: {inner!r} in layer {layer.name!r} would compare what layer "
                    f"{before.name!r} computes with its mask_value, which it may equal by chance; "
                    "let nn.TimeDistributed come first, or leave mask_value out"
                )
        return single_mask_value(self.layers)

    @cached_property
    def may_mask(self) -> bool:
        """Whether some layer may give a mask."""
        return self.mask_value is not None or any(map(_gives_mask, self._all_layers))

    @cached_property
    def _first_to_combine(self) -> Layer:
        """The first layer whose outputs are not those of single numbers of the input."""
        return next(each for each in self.layers if not isinstance(each, _NUMBER_BY_NUMBER))

    def _steps_of(self, is_data: Any) -> Any:
        """Return the mask, (batch, steps): a step is real if it has data."""
        layer = self._first_to_combine
        if is_data.ndim > 2:
            return np.any(is_data, axis=tuple(range(2, is_data.ndim)))
        if is_data.ndim == 2 and isinstance(layer, Embedding):
            return is_data
        (owner, value), *_ = mask_values_of(self.layers)
        raise ArgumentError(
            f"Network: {owner!r} takes steps of the network's input that equal {value:g} for "
            f"padding, but the input of layer {layer.name!r} has no steps: its shape is "
            f"{('batch', *is_data.shape[1:])}. Leave mask_value out, or define compute_mask(self, "
            "x, mask) in a layer of your own, which returns True for real steps, (batch, steps)"
        )

    @property
    def layers_before_mask_value(self) -> list[Layer]:
        """The layers before the first that names the value of padding."""
        return list(takewhile(lambda each: not mask_values_of([each]), self.layers))

    def has_padding(self, x: Any) -> bool:
        """Whether some step of an input is padding, as far as that is known beforehand."""
        if isinstance(x, ROWS_READ_IN_PARTS):
            starts = range(0, len(x), _BLOCK)
            return any(self.has_padding(x[start : start + _BLOCK]) for start in starts)
        if self.mask_value is None:
            first = self.layers[0]
            is_lookup = isinstance(first, Embedding) and first.mask_zero
            return not is_lookup or bool(np.any(x == 0))
        is_data = differs(x, self.mask_value, self.dtype)
        for layer in takewhile(lambda each: each is not self._first_to_combine, self.layers):
            is_data = layer.forward(is_data) if isinstance(layer, _ARRANGING) else is_data
        return not np.all(self._steps_of(is_data))

    def penalty(self) -> Any:
        """Return the sum of the penalties of all layers."""
        return sum(layer.penalty() for layer in self.layers)

    @contextmanager
    def with_parameters(self, values: dict[str, Any], training: bool = False) -> Generator[None]:
        """Bind values to the parameters, by full name, while a function is traced.

        In `training`, trainable parameters that it uses besides are refused.
        """
        with environment.entered() as traced:
            traced.copy_containers(self._all_layers)
            traced.values |= {each: values[name] for name, each in self.parameters().items()}
            traced.unbound = [] if training else None
            yield
            if traced.unbound:
                refuse_outside(None, None, traced.unbound)

    def apply(self, x: Any, training: bool | None = None, is_constant: bool = False) -> Any:
        """Return the output; what layers set is kept when all have run.

        With `is_constant`, a training in progress may use the parameters without training them.
        """
        with environment.entered(keep=LayerEnvironment.keep_all) as traced:
            traced.copy_containers(self._all_layers)
            if is_constant:
                traced.unbound = None
            return self.with_mask(x, training=training)[0]

    def with_values(self, values: dict[str, Any], x: Any, random: RandomStream | None) -> Any:
        """Return the output under other values of the parameters; what layers set is not kept."""
        with environment.entered(keep=_drop) as traced:
            traced.copy_containers(self._all_layers)
            traced.values |= {each: values[name] for name, each in self.parameters().items()}
            traced.unbound = None
            return self.with_mask(x, random)[0]

    @property
    def bound(self) -> list[Any]:
        """The parameters and what holds them: their values are arguments of each program."""
        holders = [vars(layer)["_parameters"] for layer in self._all_layers]
        return [*self._named.values(), *holders]

    @cached_property
    def adapting(self) -> list[Layer]:
        """The layers that take statistics of the data, those within others included."""
        return list(filter(defines_adapt, self._all_layers))

    @cached_property
    def _all_layers(self) -> list[Layer]:
        return list(with_sublayers(self.layers))


def _drop(inner: LayerEnvironment, outer: LayerEnvironment | None) -> None:
    """Keep nothing of what a function of its arguments alone has set."""


def _gives_mask(layer: Layer) -> bool:
    """Whether a layer gives a mask that no value of the input names."""
    if isinstance(layer, Embedding):
        return layer.mask_zero
    kind = type(layer)
    if (stored := getattr(kind, "gives_mask", None)) is not None:  # a layer of a file
        return bool(stored.fget(layer))
    return kind.compute_mask is not Layer.compute_mask and not kind.__module__.startswith(
        "chainrule."
    )
