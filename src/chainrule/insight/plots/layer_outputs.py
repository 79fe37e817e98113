"""What each layer of a network computes of some samples."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.arguments.checks import bad_argument
from chainrule.errors import ArgumentError
from chainrule.train.inputs.data_adapter import prepare_inputs
from chainrule.train.model.model import Model
from chainrule.train.model.summary import activation_name
from chainrule.train.network import Network, model_of

__all__ = ["LayerOutput", "built_model", "changed_outputs", "layer_outputs"]

Array = NDArray[Any]


@dataclass(frozen=True)
class LayerOutput:
    """The output of a layer for some samples."""

    name: str
    activation: str
    values: Array  # (samples, ...)

    @property
    def title(self) -> str:
        """The name of the layer, and its activation if it has one."""
        return f"{self.name} ({self.activation})" if self.activation else self.name


def built_model(function: str, net: Any) -> Model:
    """Return the model of a network, which must be built."""
    if not isinstance(net, Network):
        raise bad_argument(function, "net", net, "a network")
    model = model_of(net)
    if not model.output_shapes:
        raise ArgumentError(f"{function}: the network is not built yet; call fit or net(X) first")
    return model


def layer_outputs(function: str, net: Any, X: Any, samples: int) -> tuple[Array, list[LayerOutput]]:
    """Return inputs as the first layer takes them, and the outputs of all layers in evaluation.

    Of more samples than `samples`, as many at equal distances are taken. Layers keep nothing.
    """
    model = built_model(function, net)
    inputs = prepare_inputs(model, X, function)
    if len(inputs) > samples:
        inputs = inputs[np.linspace(0, len(inputs) - 1, samples).astype(int)]
    stack = model.stack

    def compute() -> list[Array]:
        arrays = {name: each.array for name, each in stack.parameters().items()}
        with stack.with_parameters(arrays), np.errstate(all="ignore"):
            return [np.array(output) for _, output, _ in stack.outputs(inputs)]

    outputs = model.parameter_lock.read(compute)
    named = zip(model.names, model.layers, outputs, strict=True)
    return np.asarray(inputs), [
        LayerOutput(name, _activation(layer), output) for name, layer, output in named
    ]


def changed_outputs(inputs: Array, outputs: list[LayerOutput]) -> list[LayerOutput]:
    """Return the outputs of layers that do more than arrange the values of their input."""
    changed = list[LayerOutput]()
    before = inputs
    for each in outputs:
        is_arranged = each.values.size == before.size and np.array_equal(
            each.values.ravel(), before.ravel().astype(each.values.dtype)
        )
        changed += [] if is_arranged else [each]
        before = each.values
    return changed


def _activation(layer: Any) -> str:
    name = activation_name(layer.activation)
    return "" if name == "linear" else name
