"""Dead-code elimination inside scans: results that are not read, and carries that feed only these.

::

    a, b, c = scan[...](...)                 a = scan[...](...)       # without the body of b and c
    return a                           ->    return a

Legal where no result that is read depends on a carry that is removed. Pays because the derivative
of a ``scan`` gives the gradients of all that its steps read, required or not (decision 0008).
"""

from __future__ import annotations

from collections.abc import Sequence

from chainrule.autodiff.scan_primitive import apply_scan, scan
from chainrule.graph.graph import Graph
from chainrule.graph.node import Node, ancestors
from chainrule.graph.rewrite import rebuilt, rewrite
from chainrule.ops.primitives.selection import get_result

__all__ = ["prune_scans"]


def prune_scans(graph: Graph) -> Graph:
    """Return a graph whose scans compute only the results that are read."""
    read: dict[int, set[int]] = {}
    for node in graph.equations:
        if node.primitive is get_result:
            read.setdefault(node.inputs[0].serial, set()).add(node.params["index"])
    pruned: dict[int, dict[int, Node]] = {}

    def visit(node: Node, inputs: tuple[Node, ...]) -> Node:
        if node.primitive is scan:
            live = _live_results(node, read.get(node.serial, set()))
            if len(live) < len(node.params["body"].outputs):
                pruned[node.serial] = _run(node, inputs, live)
                return node
        if node.primitive is get_result and node.inputs[0].serial in pruned:
            return pruned[node.inputs[0].serial][node.params["index"]]
        return rebuilt(node, inputs)

    smaller = rewrite(graph, visit)
    # The results of another scan that only this one read are dead now too.
    return prune_scans(smaller) if pruned else graph


def _live_results(node: Node, read: set[int]) -> list[int]:
    """The results that are read, and the carries on which these depend."""
    body: Graph = node.params["body"]
    shared, carries = node.params["shared"], node.params["carries"]
    carry_of = {each.serial: i for i, each in enumerate(body.inputs[shared : shared + carries])}
    live, count = set(read), -1
    while len(live) > count:
        count = len(live)
        reached = _reached_inputs([body.outputs[i] for i in live], body)
        live |= {i for serial, i in carry_of.items() if serial in reached}
    return sorted(live)


def _reached_inputs(outputs: Sequence[Node], body: Graph) -> set[int]:
    """Serial numbers of the body's inputs on which some of its outputs depend."""
    own = {each.serial for each in body.inputs}
    inner = ancestors(outputs, lambda each: each.serial in own)
    read = {each.serial for node in inner for each in node.inputs}
    return own & (read | {node.serial for node in outputs})


def _run(node: Node, inputs: Sequence[Node], live: Sequence[int]) -> dict[int, Node]:
    """Apply the scan that computes some of the results; return these by their old indices."""
    body: Graph = node.params["body"]
    shared, carries = node.params["shared"], node.params["carries"]
    edge = shared + carries
    outputs = tuple(body.outputs[i] for i in live)
    reached = _reached_inputs(outputs, body)
    used = [i for i, each in enumerate(body.inputs) if each.serial in reached]
    fixed = [i for i in used if i < shared]
    carry = [shared + i for i in live if i < carries]
    rows = [i for i in used if i >= edge]
    results = apply_scan(
        Graph(tuple(body.inputs[i] for i in (*fixed, *carry, *rows)), outputs, body.name),
        [inputs[i] for i in fixed], [inputs[i] for i in carry], [inputs[i] for i in rows],
        node.params["length"], node.params["reverse"],
    )  # fmt: skip
    return dict(zip(live, results, strict=True))
