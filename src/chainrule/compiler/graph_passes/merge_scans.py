"""Common-subexpression elimination of scans: equal loops with different outputs become one.

::

    h = scan[x -> x, h](...)                 h, n = scan[x -> x, h, n](...)
    n = scan[x -> x, n](...)           ->

Legal where inputs, the body's inputs, its carries and the direction are the same. Pays because the
derivative of a ``scan`` runs the forward loop again, to store the residuals that it needs
(decision 0008).
"""

from __future__ import annotations

from typing import Any

from chainrule.autodiff.scan_primitive import apply_scan, scan
from chainrule.graph.graph import Graph
from chainrule.graph.node import Node
from chainrule.graph.rewrite import rebuilt, rewrite
from chainrule.ops.primitives.selection import get_result

__all__ = ["merge_scans"]


def merge_scans(graph: Graph) -> Graph:
    """Return a graph in which scans that differ in their outputs only are one."""
    groups = _equal_scans(graph)
    merged: dict[Any, list[Node]] = {}

    def visit(node: Node, inputs: tuple[Node, ...]) -> Node:
        if node.primitive is scan and len(groups[_key(node)][1]) > 1:
            if _key(node) not in merged:
                merged[_key(node)] = _run_merged(node, inputs, groups[_key(node)][0])
            return node
        if node.primitive is get_result and _key(node.inputs[0]) in merged:
            index = _merged_index(node, groups[_key(node.inputs[0])][0])
            return merged[_key(node.inputs[0])][index]
        return rebuilt(node, inputs)

    return rewrite(graph, visit)


def _key(node: Node) -> Any:
    """The key of equal scans: inputs, inputs and carries of the body, direction."""
    if node.primitive is not scan:
        return None
    body: Graph = node.params["body"]
    return (
        tuple(each.serial for each in node.inputs),
        tuple(each.serial for each in body.inputs),
        tuple(each.serial for each in body.outputs[: node.params["carries"]]),
        node.params["reverse"],
    )


def _equal_scans(graph: Graph) -> dict[Any, tuple[list[Node], list[Node]]]:
    """For each key, the outputs of all bodies, carries first, and the scans."""
    groups: dict[Any, tuple[list[Node], list[Node]]] = {}
    for node in graph.equations:
        if node.primitive is scan:
            body, carries = node.params["body"], node.params["carries"]
            outputs, scans = groups.setdefault(_key(node), (list(body.outputs[:carries]), []))
            for row in body.outputs[carries:]:
                if all(row is not each for each in outputs[carries:]):
                    outputs.append(row)
            scans.append(node)
    return groups


def _run_merged(node: Node, inputs: tuple[Node, ...], outputs: list[Node]) -> list[Node]:
    body: Graph = node.params["body"]
    shared, carries = node.params["shared"], node.params["carries"]
    edge = shared + carries
    results = apply_scan(
        Graph(body.inputs, tuple(outputs), body.name),
        inputs[:shared], inputs[shared:edge], inputs[edge:],
        node.params["length"], node.params["reverse"],
    )  # fmt: skip
    for each in results:
        each.layer = each.inputs[0].layer = node.layer
    return results


def _merged_index(result: Node, outputs: list[Node]) -> int:
    """The index in the merged scan of the result that a ``get_result`` takes from its own."""
    source, index = result.inputs[0], result.params["index"]
    carries = source.params["carries"]
    if index < carries:
        return index
    serial = source.params["body"].outputs[index].serial
    return carries + [each.serial for each in outputs[carries:]].index(serial)
