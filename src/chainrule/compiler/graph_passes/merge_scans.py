"""Loops over the same things become one loop.

The derivative of a ``scan`` runs the forward loop again to note down what it needs. It has the same
inputs and the same body inputs, only more outputs; so both are replaced by one loop that computes
everything either of them does.
"""

from __future__ import annotations

from typing import Any

from chainrule.autodiff.scan_primitive import apply_scan, scan
from chainrule.graph.graph import Graph
from chainrule.graph.node import Node
from chainrule.graph.rewrite import rebuilt, rewrite
from chainrule.ops.primitives.selection import get_result

__all__ = ["merge_loops"]


def merge_loops(graph: Graph) -> Graph:
    """Return a graph in which loops that differ in their outputs only have become one."""
    wanted = _collected(graph)
    merged: dict[Any, list[Node]] = {}

    def visit(node: Node, inputs: tuple[Node, ...]) -> Node:
        if node.primitive is scan and len(wanted[_key(node)][1]) > 1:
            if _key(node) not in merged:
                merged[_key(node)] = _run_merged(node, inputs, wanted[_key(node)][0])
            return node
        if node.primitive is get_result and _key(node.inputs[0]) in merged:
            place = _place(node, wanted[_key(node.inputs[0])][0])
            return merged[_key(node.inputs[0])][place]
        return rebuilt(node, inputs)

    return rewrite(graph, visit)


def _key(node: Node) -> Any:
    """What makes two loops one: their inputs, their bodies' inputs, their direction."""
    if node.primitive is not scan:
        return None
    body: Graph = node.params["body"]
    return (
        tuple(each.serial for each in node.inputs),
        tuple(each.serial for each in body.inputs),
        tuple(each.serial for each in body.outputs[: node.params["carries"]]),
        node.params["reverse"],
    )


def _collected(graph: Graph) -> dict[Any, tuple[list[Node], list[Node]]]:
    """For each group of loops, the outputs of all their bodies, carries first; and the loops."""
    groups: dict[Any, tuple[list[Node], list[Node]]] = {}
    for node in graph.equations:
        if node.primitive is scan:
            body, carries = node.params["body"], node.params["carries"]
            outputs, loops = groups.setdefault(_key(node), (list(body.outputs[:carries]), []))
            for row in body.outputs[carries:]:
                if all(row is not each for each in outputs[carries:]):
                    outputs.append(row)
            loops.append(node)
    return groups


def _run_merged(node: Node, inputs: tuple[Node, ...], outputs: list[Node]) -> list[Node]:
    body: Graph = node.params["body"]
    shared, carries = node.params["shared"], node.params["carries"]
    edge = shared + carries
    made = apply_scan(
        Graph(body.inputs, tuple(outputs), body.name),
        inputs[:shared], inputs[shared:edge], inputs[edge:],
        node.params["length"], node.params["reverse"],
    )  # fmt: skip
    for each in made:
        each.layer = each.inputs[0].layer = node.layer
    return made


def _place(taken: Node, outputs: list[Node]) -> int:
    """Where the merged loop has the result that ``element`` took from one of the loops."""
    producer, index = taken.inputs[0], taken.params["index"]
    carries = producer.params["carries"]
    if index < carries:
        return index
    wanted = producer.params["body"].outputs[index].serial
    return carries + [each.serial for each in outputs[carries:]].index(wanted)
