"""Loops lose what nobody reads: results, and carries that only feed themselves.

The derivative of a ``scan`` gives the slopes of all that its steps read, wanted or not.
"""

from __future__ import annotations

from collections.abc import Sequence

from chainrule.autodiff.scan_primitive import apply_scan, scan
from chainrule.graph.graph import Graph
from chainrule.graph.node import Node, ancestors
from chainrule.graph.rewrite import rebuilt, rewrite
from chainrule.ops.primitives.selection import get_result

__all__ = ["prune_loops"]


def prune_loops(graph: Graph) -> Graph:
    """Return a graph whose loops compute only what is read of them."""
    read: dict[int, set[int]] = {}
    for node in graph.equations:
        if node.primitive is get_result:
            read.setdefault(node.inputs[0].serial, set()).add(node.params["index"])
    pruned: dict[int, dict[int, Node]] = {}

    def visit(node: Node, inputs: tuple[Node, ...]) -> Node:
        if node.primitive is scan:
            kept = _kept(node, read.get(node.serial, set()))
            if len(kept) < len(node.params["body"].outputs):
                pruned[node.serial] = _run(node, inputs, kept)
                return node
        if node.primitive is get_result and node.inputs[0].serial in pruned:
            return pruned[node.inputs[0].serial][node.params["index"]]
        return rebuilt(node, inputs)

    simpler = rewrite(graph, visit)
    # What a loop no longer reads another one need not note down.
    return prune_loops(simpler) if pruned else graph


def _kept(node: Node, read: set[int]) -> list[int]:
    """The results that are read, and the carries that these depend on."""
    body: Graph = node.params["body"]
    shared, carries = node.params["shared"], node.params["carries"]
    place = {each.serial: i for i, each in enumerate(body.inputs[shared : shared + carries])}
    kept, count = set(read), -1
    while len(kept) > count:
        count = len(kept)
        reached = _reached([body.outputs[i] for i in kept], body)
        kept |= {i for serial, i in place.items() if serial in reached}
    return sorted(kept)


def _reached(outputs: Sequence[Node], body: Graph) -> set[int]:
    """Serial numbers of the body's inputs that some of its outputs depend on."""
    given = {each.serial for each in body.inputs}
    inner = ancestors(outputs, lambda each: each.serial in given)
    edge = {each.serial for node in inner for each in node.inputs}
    return given & (edge | {node.serial for node in outputs})


def _run(node: Node, inputs: Sequence[Node], kept: Sequence[int]) -> dict[int, Node]:
    """Run the loop for some of its results; give them by their old places."""
    body: Graph = node.params["body"]
    shared, carries = node.params["shared"], node.params["carries"]
    edge = shared + carries
    outputs = tuple(body.outputs[i] for i in kept)
    reached = _reached(outputs, body)
    own = [i for i, each in enumerate(body.inputs) if each.serial in reached]
    fixed = [i for i in own if i < shared]
    carry = [shared + i for i in kept if i < carries]
    rows = [i for i in own if i >= edge]
    results = apply_scan(
        Graph(tuple(body.inputs[i] for i in (*fixed, *carry, *rows)), outputs, body.name),
        [inputs[i] for i in fixed], [inputs[i] for i in carry], [inputs[i] for i in rows],
        node.params["length"], node.params["reverse"],
    )  # fmt: skip
    return dict(zip(kept, results, strict=True))
