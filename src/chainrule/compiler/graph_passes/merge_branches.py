"""Fusion of branches: two ``cond`` with the same test become one.

::

    a = cond[x -> a](test, x)                a, d_a = cond[x, d_x -> a, d_a](test, x, d_x)
    d_a = cond[x, d_x -> d_a](test, x, d_x)  ->

Legal where neither depends on the other one. Pays because the derivative of a ``cond`` is another
one, whose branches compute again what those of the first compute.
"""

from __future__ import annotations

from collections.abc import Sequence

from chainrule.autodiff.control_flow.cond_primitive import apply_cond, cond
from chainrule.compiler.graph_passes.node_results import depends_on, replace_results
from chainrule.graph.graph import Graph
from chainrule.graph.node import Node

__all__ = ["merge_branches"]


def merge_branches(graph: Graph) -> Graph:
    """Return a graph in which ``cond`` with the same test are one, where possible."""
    while True:
        nodes = [node for node in graph.equations if node.primitive is cond]
        merged = _first_merged(nodes)
        if merged is None:
            return graph
        graph = replace_results(graph, merged)


_Results = dict[tuple[int, int], Node]
"""The results of the merged ``cond``, by the serial of the old one and the index of its result."""


def _first_merged(nodes: Sequence[Node]) -> _Results | None:
    """Merge the first two that may be merged; give the results."""
    for number, first in enumerate(nodes):
        for other in nodes[number + 1 :]:
            if first.inputs[0] is other.inputs[0] and not depends_on(other, first):
                operands = _operands(first, other)
                if operands is not None:
                    return _merged(first, other, operands)
    return None


_Operand = tuple[Node, Node, Node]
"""An input of one branch, that of the other one, and what both stand for."""


def _operands(first: Node, other: Node) -> list[_Operand] | None:
    """The inputs of both, each once; None where an input of a branch would be two values."""
    found: dict[tuple[int, int, int], _Operand] = {}
    for node in (first, other):
        branches = (node.params["if_true"].inputs, node.params["if_false"].inputs)
        for operand in zip(*branches, node.inputs[1:], strict=True):
            a, b, value = operand
            found[a.serial, b.serial, value.serial] = operand
    for side in (0, 1):
        if len({key[side] for key in found}) < len(found):
            return None
    return list(found.values())


def _merged(first: Node, other: Node, operands: Sequence[_Operand]) -> _Results:
    pairs = {(a.serial, b.serial): (a, b) for node in (first, other) for a, b in _outputs(node)}
    if_true, if_false = (
        Graph(
            tuple(each[side] for each in operands),
            tuple(pair[side] for pair in pairs.values()),
            first.params[name].name,
        )
        for side, name in enumerate(("if_true", "if_false"))
    )
    results = apply_cond(first.inputs[0], if_true, if_false, [each[2] for each in operands])
    for each in results:
        each.layer = each.inputs[0].layer = first.layer
    numbers = {key: number for number, key in enumerate(pairs)}
    return {
        (node.serial, index): results[numbers[a.serial, b.serial]]
        for node in (first, other)
        for index, (a, b) in enumerate(_outputs(node))
    }


def _outputs(node: Node) -> list[tuple[Node, Node]]:
    branches = (node.params["if_true"].outputs, node.params["if_false"].outputs)
    return list(zip(*branches, strict=True))
