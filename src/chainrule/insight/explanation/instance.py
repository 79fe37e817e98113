"""The function for the data given: values of nodes, and differences that derivatives must equal."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.graph.evaluate import evaluate
from chainrule.graph.graph import Graph
from chainrule.graph.node import Node
from chainrule.graph.value_names import resolved
from chainrule.insight.explanation.certificate import difference_error
from chainrule.insight.explanation.derivation import Derivation

__all__ = ["Instance"]


class Instance:
    """A derivation for the data given, of one for a batch of any size.

    Parameters
    ----------
    symbolic, actual : Derivation
        The function for a batch of any size, and for that of the data; they correspond node by
        node.
    inputs : sequence of array
        The inputs of the graph: parameters and batch.
    """

    def __init__(self, symbolic: Derivation, actual: Derivation, inputs: Sequence[Any]) -> None:
        self.actual = actual
        self.inputs = list(inputs)
        self.batch_size = len(self.inputs[-1]) if np.ndim(self.inputs[-1]) else 1
        self._counterparts = _counterparts(symbolic, actual)
        self._random = np.random.default_rng(0)
        self._nearby = [self._moved(each) for each in self.inputs]

    def counterpart(self, node: Node) -> Node:
        """Return the node of the actual batch for one of the symbolic batch."""
        return self._counterparts.get(node.serial, node)

    @np.errstate(all="ignore")
    def value(self, node: Node) -> Any:
        """Return the value of a node of the symbolic batch."""
        return self.actual.values([self.counterpart(resolved(node))], self.inputs)[0]

    @np.errstate(all="ignore")
    def difference(self, by: Node, gradient: Node) -> float:
        """Compare a derivative by a node of the actual batch with central differences."""
        error = self._difference_at(self._nearby, by, gradient)
        # A function such as x ** n is NaN near an integer n.
        return error if math.isfinite(error) else self._difference_at(self.inputs, by, gradient)

    def _difference_at(self, inputs: list[Any], by: Node, gradient: Node) -> float:
        """Compare a derivative by a node with central differences of the loss.

        At a point nearby: at that of the data, such as an empty pixel under a bias of 0, a function
        may have a kink.
        """
        graph = self.actual.graph
        others = [each for each in graph.inputs if each is not by]
        values = {each.serial: x for each, x in zip(graph.inputs, inputs, strict=True)}
        (point,) = self.actual.values([by], inputs)
        if by.primitive is not None:
            point = self._moved(point)
        rest = [values[each.serial] for each in others]
        loss = Graph((by, *others), (resolved(graph.outputs[0]),))
        (exact,) = evaluate(Graph((by, *others), (self.counterpart(gradient),)), [point, *rest])
        return difference_error(lambda x: evaluate(loss, [x, *rest])[0], point, exact, self._random)

    @np.errstate(all="ignore")
    def _moved(self, array: Any) -> Any:
        if np.asarray(array).dtype.kind != "f":
            return array
        mean = float(np.mean(np.abs(array))) if np.size(array) else 0.0
        scale = 1e-3 * mean if mean else 1e-2
        return array + scale * self._random.standard_normal(np.shape(array))


def _counterparts(symbolic: Derivation, actual: Derivation) -> dict[int, Node]:
    """Return the node of the actual batch for each node of the symbolic one."""
    found: dict[int, Node] = {}
    pending = list(zip(_all_nodes(symbolic), _all_nodes(actual), strict=True))
    while pending:
        one, other = pending.pop()
        found[one.serial] = other
        for name, body in one.params.items():
            if isinstance(body, Graph):
                twin = other.params[name]
                pairs = zip((*body.inputs, *body.nodes), (*twin.inputs, *twin.nodes), strict=True)
                pending += pairs
    return found


def _all_nodes(derivation: Derivation) -> list[Node]:
    graph = derivation.graph
    return [*graph.inputs, *Graph(graph.inputs, (*graph.outputs, *derivation.derived)).nodes]
