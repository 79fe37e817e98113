"""``net.diagram``: the flow graph of a network and of the gradient of its loss."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from chainrule.errors import ArgumentError, DataError
from chainrule.graph.array_type import ArrayType
from chainrule.graph.graph import Graph
from chainrule.insight.explanation.derivation import derive
from chainrule.insight.explanation.traced_network import TracedNetwork, as_rows, trace_network
from chainrule.insight.flow.diagram import FORMATS, Diagram, values_of
from chainrule.insight.flow.flow_graph import flow_graph, folded
from chainrule.insight.notation.batch import TRACED_BATCH
from chainrule.train.files.paths import checked_format
from chainrule.train.inputs.data_adapter import prepare_samples
from chainrule.train.network import Network, model_of

__all__ = ["diagram_of_network"]


def diagram_of_network(
    net: Network, X: Any = None, y: Any = None, fold: bool = True, path: Any = None
) -> Diagram:
    """Return the diagram of the loss of a compiled network and of its gradient, and write it."""
    if path is not None:
        checked_format("diagram", path, FORMATS)
    model = model_of(net)
    objective = model.objective("diagram")
    stack = model.stack
    if X is None and not net.params:
        raise ArgumentError(
            "diagram: the network is not built yet; call net(X) first, or net.diagram(X=X, y=y)"
        )
    if X is not None and y is None:
        raise DataError(
            "diagram: y is missing; the loss compares outputs with targets: net.diagram(X=X, y=y)"
        )
    if X is None:
        data: list[Any] = [_of_any_size(each, stack.dtype) for each in _shapes(net)]
    else:
        samples, _ = prepare_samples(model, objective, X, y, None, "diagram")
        inputs, targets = samples.take(slice(None))[:2]
        data = [inputs.astype(stack.dtype), as_rows(targets, objective, model.output_shape)]
        data[1] = data[1].astype(stack.dtype)
    traced = trace_network(stack, objective, data)
    graph = _with_gradient(traced)
    last = traced.graph.outputs[0].serial
    forward = {each.serial for each in traced.graph.nodes}
    values = None if X is None else values_of(graph, [*stack.arrays(), *data])
    flow = flow_graph(graph, values, lambda node: node.serial not in forward and node.serial > last)
    if fold:
        flow = folded(flow, {layer.name or "": type(layer).__name__ for layer in net.layers})
    diagram = Diagram(replace(flow, name="network and gradient"))
    if path is not None:
        diagram.save(path)
    return diagram


def _with_gradient(traced: TracedNetwork) -> Graph:
    parameters = traced.inputs[: len(traced.parameters)]
    gradients = derive(traced.graph, (), parameters).gradients
    for name, node in zip(traced.parameters, gradients, strict=True):
        if node is not None and node.role is None:
            node.role = f"d_{name}"
    outputs = traced.loss, *(each for each in gradients if each is not None)
    return Graph(traced.inputs, outputs, "loss")


def _shapes(net: Network) -> tuple[Any, Any]:
    model = model_of(net)
    return model.input_shape, model.output_shape


def _of_any_size(shape: Any, dtype: np.dtype[Any]) -> ArrayType:
    return ArrayType(dtype, (TRACED_BATCH, *(8 if each is None else each for each in shape[1:])))
