"""The function for the data given: values of nodes, and differences that derivatives must equal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.graph.graph import Graph
from chainrule.graph.node import Node
from chainrule.graph.value_names import resolved
from chainrule.insight.explanation.certificate import DIFFERENCE
from chainrule.insight.explanation.derivation import Derivation
from chainrule.insight.explanation.differences import Differences
from chainrule.insight.explanation.node_values import NodeValues

__all__ = ["Instance"]


class Instance:
    """A derivation for the data given, of one for a batch of any size.

    Each value is computed once. A derivative is compared with differences of what comes between its
    variable and the next values whose derivatives are printed too, so that all comparisons together
    take about as long as one of the whole function.

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
        nodes = [*actual.named, *actual.derived]
        self._values = NodeValues(actual.graph.inputs, self.inputs, nodes)
        self._differences = Differences(actual, self.inputs)
        self._errors: dict[int, float] = {}

    def counterpart(self, node: Node) -> Node:
        """Return the node of the actual batch for one of the symbolic batch."""
        return self._counterparts.get(node.serial, node)

    def value(self, node: Node) -> Any:
        """Return the value of a node of the symbolic batch."""
        return self.values([node])[0]

    def values(self, nodes: Sequence[Node]) -> list[Any]:
        """Return the values of nodes of the symbolic batch."""
        return self._values.of([self.counterpart(resolved(each)) for each in nodes])

    def verify(self, by: Node, gradient: Node) -> None:
        """Say that the derivative by a node is printed, so that others may be proved from it."""
        self._differences.known[self._actual(by).serial] = self._actual(gradient)

    def difference(self, by: Node, gradient: Node) -> float:
        """Compare a derivative by a node with central differences.

        Its error is at least that of the derivatives that it is proved from; where those do not
        confirm it, it is compared with differences of the whole function.
        """
        by, gradient = self._actual(by), self._actual(gradient)
        if by.serial not in self._errors:
            error, proved_from = self._differences.local(by, gradient)
            for node, derivative in proved_from:
                error = max(error, self.difference(node, derivative))
            if not error <= DIFFERENCE:
                error = self._differences.whole(by, gradient)
            self._errors[by.serial] = error
        return self._errors[by.serial]

    def _actual(self, node: Node) -> Node:
        return self.counterpart(resolved(node))


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
