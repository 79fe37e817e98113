"""What passes over nodes with several results share: replacement of results, and dependence."""

from __future__ import annotations

from collections.abc import Mapping

from chainrule.graph.graph import Graph
from chainrule.graph.node import Node, ancestors
from chainrule.graph.rewrite import rebuilt, rewrite
from chainrule.ops.primitives.selection import get_result

__all__ = ["depends_on", "replace_results"]


def replace_results(graph: Graph, results: Mapping[tuple[int, int], Node]) -> Graph:
    """Replace results of nodes, which are given by the serial of the node and their index."""
    serials = {serial for serial, _ in results}

    def visit(node: Node, inputs: tuple[Node, ...]) -> Node:
        if node.primitive is get_result and node.inputs[0].serial in serials:
            return results[node.inputs[0].serial, node.params["index"]]
        return node if node.serial in serials else rebuilt(node, inputs)

    return rewrite(graph, visit)


def depends_on(node: Node, other: Node) -> bool:
    """Whether `other` is an ancestor of a node; ancestors have lower serials."""
    return any(each is other for each in ancestors(node.inputs, lambda x: x.serial < other.serial))
