"""Walking through a graph and building another one."""

from __future__ import annotations

from collections.abc import Callable

from chainrule.graph.graph import Graph, check
from chainrule.graph.node import Node

__all__ = ["rebuilt", "rewrite"]

Visit = Callable[[Node, tuple[Node, ...]], Node]


def rewrite(graph: Graph, visit: Visit) -> Graph:
    """Build a graph anew, node by node."""
    became = {node.serial: node for node in graph.inputs}
    for node in graph.nodes:
        became[node.serial] = visit(node, tuple(became[each.serial] for each in node.inputs))
    outputs = tuple(became[node.serial] for node in graph.outputs)
    return check(Graph(graph.inputs, outputs, graph.name))


def rebuilt(node: Node, inputs: tuple[Node, ...]) -> Node:
    """Return the same operation on other inputs; the very node where they are not other."""
    if all(a is b for a, b in zip(inputs, node.inputs, strict=True)):
        return node
    made = Node(node.primitive, inputs, node.params, node.type, name=node.name)
    made.layer, made.origin = node.layer, node.origin
    return made
