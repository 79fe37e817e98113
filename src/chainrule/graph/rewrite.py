"""Rewrite a graph: visit its nodes in topological order and build a new one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from chainrule.graph.graph import Graph, check
from chainrule.graph.node import Node, ancestors, next_serial

__all__ = ["Visit", "rebuilt", "rewrite"]

Visit = Callable[[Node, tuple[Node, ...]], Node]
"""Returns what replaces a node, given its rewritten inputs."""


def rewrite(graph: Graph, visit: Visit) -> Graph:
    """Replace each node by what `visit` returns for it and its rewritten inputs."""
    rewritten = {node.serial: node for node in graph.inputs}
    for node in graph.nodes:
        start = next_serial()
        result = visit(node, tuple(rewritten[each.serial] for each in node.inputs))
        if result is not node:
            _inherit(result, node, start)
        rewritten[node.serial] = result
    outputs = tuple(rewritten[node.serial] for node in graph.outputs)
    return check(replace(graph, outputs=outputs))


def rebuilt(node: Node, inputs: tuple[Node, ...]) -> Node:
    """Return the same operation on other inputs; `node` itself where the inputs are unchanged."""
    if all(a is b for a, b in zip(inputs, node.inputs, strict=True)):
        return node
    copy = Node(node.primitive, inputs, node.params, node.type, name=node.name)
    copy.layer = node.layer
    return copy


def _inherit(result: Node, node: Node, start: int) -> None:
    """Attribute what replaces a node, the nodes created since `start`, to the source of it."""
    if result.serial > start:
        for each in ancestors([result], lambda each: each.serial < start):
            each.origin = node.origin
    if result.role is None and (result.serial > start or result.primitive is node.primitive):
        result.role = node.role
