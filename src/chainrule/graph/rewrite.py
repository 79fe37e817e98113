"""Rewrite a graph: visit its nodes in topological order and build a new one."""

from __future__ import annotations

from collections.abc import Callable

from chainrule.graph.graph import Graph, check
from chainrule.graph.node import Node

__all__ = ["rebuilt", "rewrite"]

Visit = Callable[[Node, tuple[Node, ...]], Node]


def rewrite(graph: Graph, visit: Visit) -> Graph:
    """Replace each node by what `visit` returns for it and its rewritten inputs."""
    rewritten = {node.serial: node for node in graph.inputs}
    for node in graph.nodes:
        rewritten[node.serial] = visit(node, tuple(rewritten[each.serial] for each in node.inputs))
    outputs = tuple(rewritten[node.serial] for node in graph.outputs)
    return check(Graph(graph.inputs, outputs, graph.name))


def rebuilt(node: Node, inputs: tuple[Node, ...]) -> Node:
    """Return the same operation on other inputs; `node` itself where the inputs are unchanged."""
    if all(a is b for a, b in zip(inputs, node.inputs, strict=True)):
        return node
    copy = Node(node.primitive, inputs, node.params, node.type, name=node.name)
    copy.layer, copy.origin = node.layer, node.origin
    return copy
