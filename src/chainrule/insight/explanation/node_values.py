"""Values of the nodes of a graph, each computed once, from those that are known already."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.blas_threads import one_blas_thread
from chainrule.graph.evaluate import evaluate
from chainrule.graph.graph import Graph
from chainrule.graph.node import Node, ancestors

__all__ = ["NodeValues"]


class NodeValues:
    """Values for some inputs; those asked for are kept.

    Parameters
    ----------
    inputs : sequence of Node
        The inputs of the graph.
    arrays : sequence of array
        Their values.
    nodes : sequence of Node
        What will be asked for, computed at once.
    """

    def __init__(
        self, inputs: Sequence[Node], arrays: Sequence[Any], nodes: Sequence[Node] = ()
    ) -> None:
        self._known: dict[int, tuple[Node, Any]] = {
            node.serial: (node, array) for node, array in zip(inputs, arrays, strict=True)
        }
        self.of(nodes)

    def of(self, nodes: Sequence[Node]) -> list[Any]:
        """Return the values of nodes, and keep them."""
        missing = [each for each in nodes if each.serial not in self._known]
        for node, value in zip(missing, self.passing(missing), strict=True):
            self._known[node.serial] = node, value
        return [self._known[each.serial][1] for each in nodes]

    @np.errstate(all="ignore")
    def passing(self, nodes: Sequence[Node]) -> list[Any]:
        """Return the values of nodes without keeping them."""
        inside = ancestors(nodes, lambda each: each.serial in self._known)
        operands = {each.serial for node in (*inside, *nodes) for each in (*node.inputs, node)}
        known = [self._known[serial] for serial in operands if serial in self._known]
        graph = Graph(tuple(node for node, _ in known), tuple(nodes))
        with one_blas_thread():  # the products are small
            return evaluate(graph, [value for _, value in known])
