"""The loss of a network as a graph, with the outputs of its layers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from chainrule.graph.array_type import ArrayType
from chainrule.graph.graph import Graph
from chainrule.graph.node import Node
from chainrule.graph.source_location import as_user_code
from chainrule.graph.trace import trace_call
from chainrule.graph.value_names import resolved
from chainrule.insight.explanation.blocks import Block, find_blocks
from chainrule.nn import layers
from chainrule.nn.activations.activation import ACTIVATIONS
from chainrule.nn.layer import Layer
from chainrule.train.model.layer_stack import LayerStack
from chainrule.train.model.loss_and_metrics import results_of_scores
from chainrule.train.model.objective import Objective

_LAYERS = str(Path(layers.__file__).parent)

__all__ = ["TracedNetwork", "as_rows", "trace_network"]


@dataclass(frozen=True)
class TracedNetwork:
    """The loss of a network as a graph, with the values that equations are written for."""

    graph: Graph
    layers: tuple[Layer, ...]
    parameters: tuple[str, ...]

    @property
    def loss(self) -> Node:
        """The loss of the batch, penalties included."""
        return resolved(self.graph.outputs[0])

    @property
    def prediction(self) -> Node:
        """The output, under the activation that the loss contains."""
        return resolved(self.graph.outputs[1])

    @property
    def batch_size(self) -> int:
        """The number of samples that it was traced for."""
        return self.inputs[len(self.parameters)].shape[0]

    @property
    def inputs(self) -> tuple[Node, ...]:
        """The parameters, X and y."""
        return self.graph.inputs

    def blocks(self) -> list[Block]:
        """Return the layers in groups that one equation describes."""
        x = self.inputs[len(self.parameters)]
        return find_blocks(zip(self.layers, self.graph.outputs[2:], strict=True), x)


def as_rows(y: Any, objective: Objective, output_shape: Any) -> Any:
    """Return class indices as one-hot rows, which the equations of textbooks are written for."""
    if not objective.loss.takes_labels or y.ndim == len(output_shape):
        return y
    return np.eye(output_shape[-1])[y]


def trace_network(
    stack: LayerStack,
    objective: Objective,
    data: Sequence[Any],
    random: Any = None,
) -> TracedNetwork:
    """Trace the loss of a compiled network, penalties included.

    `data` are X, y and perhaps the weights of samples, or their types; with `random`, the pass is
    that of a step of training.
    """
    names = tuple(stack.parameters())
    types = {
        name: ArrayType(stack.dtype, each.array.shape) for name, each in stack.parameters().items()
    }
    layers: list[Layer] = []

    def loss_and_outputs(params: dict[str, Any], X: Any, y: Any, weight: Any = None) -> list[Any]:
        outputs: list[Any] = []
        mask: Any = None
        with stack.with_parameters(params):
            scored = objective.fused is not None
            for layer, output, steps in stack.outputs(X, random, scores=scored):
                layers.append(layer)
                outputs.append(output)
                mask = steps
            batch = {"y": y, "weight": weight}
            plain = replace(objective, metrics=())
            loss, penalty, *_ = results_of_scores(plain, batch, outputs[-1], mask, stack.penalty)
        prediction = ACTIVATIONS[objective.loss.contains or "linear"](outputs[-1])
        return [loss + penalty, prediction, *outputs]

    with as_user_code(_LAYERS):  # whose variables name the values of their loops
        graph = trace_call(loss_and_outputs, (types, *data)).graph
    return TracedNetwork(graph, tuple(layers), names)
