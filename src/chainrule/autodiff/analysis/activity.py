"""Activity analysis: the nodes that derivatives flow through (Griewank & Walther 2008, 3.2)."""

from __future__ import annotations

from collections.abc import Sequence

from chainrule.graph.node import Node, ancestors

__all__ = ["active_nodes", "between"]


def active_nodes(nodes: Sequence[Node], sources: set[int]) -> list[Node]:
    """List the nodes on a path from a source to an output, in topological order."""
    active: list[Node] = []
    reached = set(sources)
    for node in nodes:
        if node.serial in sources or any(each.serial in reached for each in node.inputs):
            reached.add(node.serial)
            active.append(node)
    return active


def between(outputs: Sequence[Node], sources: set[int]) -> list[Node]:
    """List the ancestors of the outputs up to and including the sources, in topological order."""
    inner = ancestors(outputs, lambda node: node.serial in sources)
    frontier = {
        each.serial: each for node in inner for each in node.inputs if each.serial in sources
    }
    frontier |= {node.serial: node for node in outputs if node.serial in sources}
    return sorted([*inner, *frontier.values()], key=lambda node: node.serial)
