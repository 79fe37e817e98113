"""The derived gradient of a network's output layer, as readable formulas."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.autodiff.derivative import grad
from chainrule.compiler.graph_passes.simplify import simplify
from chainrule.errors import ArgumentError
from chainrule.graph.array_type import ArrayType
from chainrule.graph.graph import Graph
from chainrule.graph.node import Node
from chainrule.graph.printing import formula
from chainrule.graph.trace import trace
from chainrule.nn.activations.activation import linear
from chainrule.nn.layers.dense import Dense
from chainrule.nn.losses.loss import Loss

__all__ = ["Derivation", "derive_output_layer"]


@dataclass(frozen=True)
class Derivation:
    """A derived gradient: its formulas and its graph."""

    # (name, formula) in topological order; the prefix d marks the gradient of the loss.
    formulas: tuple[tuple[str, str], ...]
    # Computes the gradients of weight and bias.
    graph: Graph


def derive_output_layer(layer: Dense, loss: Loss, batch: int) -> Derivation:
    """Derive the gradient of a network's last layer.

    Examples
    --------
    >>> from chainrule.nn.losses.loss import LOSSES
    >>> layer = Dense(2)
    >>> outputs = layer(np.ones((1, 3), "float32"))
    >>> for name, text in derive_output_layer(layer, LOSSES["cross_entropy"], batch=8).formulas:
    ...     print(name, "=", text)
    scores = (x weight) + bias
    powers = exp(scores - (max scores))
    dscores = (-0.125 · y) + (((Σ -(-0.125 · y)) / (Σ powers)) · powers)
    dbias = Σ dscores
    dweight = xᵀ dscores
    """
    if layer.input_shape is None or layer.bias is None:
        raise ArgumentError(f"derive_output_layer: {layer} must be built and have a bias")
    features, units = layer.weight.shape
    shapes = (features, units), (units,), (batch, features), (batch, units)
    types = [ArrayType(layer.weight.dtype, shape) for shape in shapes]
    graph = simplify(trace(grad(_loss_of(layer, loss), argnums=(0, 1)))(*types))
    graph = Graph(graph.inputs, graph.outputs, layer.name or layer.kind)
    return Derivation(_formulas(graph), graph)


def _loss_of(layer: Dense, loss: Loss) -> Callable[..., Any]:
    # A fused loss takes logits, as in training.
    activate = linear if loss.contains else layer.activate

    def mean_loss(weight: Any, bias: Any, x: Any, y: Any) -> Any:
        scores = x @ weight + bias
        scores.name = "scores"
        return np.mean(loss(y, activate(scores)))

    return mean_loss


def _formulas(graph: Graph) -> tuple[tuple[str, str], ...]:
    """Name the main nodes, and write each in terms of the named ones before it."""
    x = graph.inputs[2]
    dweight, dbias = graph.outputs
    (dscores,) = [each for each in dweight.inputs if each is not x]
    dscores.name, dweight.name, dbias.name = "dscores", "dweight", "dbias"
    for node in graph.equations:
        if node.primitive is not None and node.primitive.name == "exp":
            node.name = "powers"
    named = [node for node in graph.equations if node.name]
    return tuple((node.name, _written(node, named)) for node in named)


def _written(node: Node, named: list[Node]) -> str:
    return formula(node, stop=[each for each in named if each is not node], depth=40)
