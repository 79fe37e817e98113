"""Common-subexpression elimination of loops: one that another one contains is not run again.

::

    h = scan[x -> x, h](...)                 h, n = scan[x -> x, h, n](...)
    n = scan[x -> x, n](...)           ->

    a = while_loop[a -> a](...)              a, d_a = while_loop[a, d_a -> a, d_a](...)
    d_a = while_loop[a, d_a -> ...](...) ->

A loop contains another one if the inputs of the body that both have stand for the same values, its
carries include those of the other and are computed alike, and both end alike. Pays because the
derivative of a loop runs the forward loop again: to store the residuals that it needs (decision
0008), or with the tangents as further carries.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from chainrule.compiler.graph_passes.node_results import depends_on, replace_results
from chainrule.graph.graph import Graph
from chainrule.graph.node import Node
from chainrule.ops.primitives.selection import get_results

__all__ = ["merge_loops"]


def merge_loops(graph: Graph) -> Graph:
    """Return a graph without loops that others contain."""
    ranks: dict[int, int] = {}  # of merged loops, that of the first
    while True:
        loops = [
            _Loop.of(each) for each in graph.equations if _name(each) in ("scan", "while_loop")
        ]
        loops.sort(key=lambda loop: ranks.get(loop.node.serial, loop.node.serial))
        pair = _mergeable(loops)
        if pair is None:
            return graph
        first, other = pair
        merged = _merged(first, other)
        ranks[merged.serial] = ranks.get(first.node.serial, first.node.serial)
        graph = _without(graph, merged, [first.node, other.node])


def _name(node: Node) -> str:
    return "" if node.primitive is None else node.primitive.name


@dataclass(frozen=True)
class _Loop:
    """What of a loop is compared, by the serials of nodes."""

    node: Node
    end: tuple[Any, ...]  # how it ends, and its direction
    operands: dict[int, int]  # by an input of its body, what that stands for
    steps: dict[int, int]  # by a carry, its new value
    tested: dict[int, int]  # by an input of a while_loop's condition, the carry or shared value

    @staticmethod
    def of(node: Node) -> _Loop:
        params, body = node.params, node.params["body"]
        own = [each.serial for each in body.inputs]
        values = [each.serial for each in node.inputs]
        ends = [each.serial for each in body.outputs]
        if _name(node) == "scan":
            carry = own[params["shared"] : params["shared"] + params["carries"]]
            end = (params["length"], params["reverse"])
            steps = dict(zip(carry, ends, strict=False))
            return _Loop(node, end, dict(zip(own, values, strict=True)), steps, {})
        condition: Graph = params["condition"]
        first = params["condition_shared"]
        carry = own[params["body_shared"] :]
        end = (params["max_steps"], *(each.serial for each in condition.outputs))
        read = [each.serial for each in condition.inputs]
        reached = {n.serial for n in condition.outputs}
        reached |= {x.serial for each in condition.equations for x in each.inputs}
        tested = dict(zip(read, [*values[:first], *carry], strict=True))
        return _Loop(
            node,
            end,
            dict(zip(own, values[first:], strict=True)),
            dict(zip(carry, ends, strict=True)),
            {serial: value for serial, value in tested.items() if serial in reached},
        )

    def contains(self, other: _Loop) -> bool:
        """Whether this loop computes the carries of the other one."""
        return (
            self.node.primitive is other.node.primitive
            and self.end == other.end
            and self.operands.items() >= other.operands.items() != set[tuple[int, int]]()
            and self.steps.items() >= other.steps.items()
            and self.tested == other.tested
        )


def _mergeable(loops: Sequence[_Loop]) -> tuple[_Loop, _Loop] | None:
    """Find a loop and one that it contains and that it does not depend on, the first of all."""
    for number, first in enumerate(loops):
        for other in loops[number + 1 :]:
            for outer, inner in ((first, other), (other, first)):
                if outer.contains(inner) and not depends_on(outer.node, inner.node):
                    return outer, inner
    return None


def _merged(outer: _Loop, inner: _Loop) -> Node:
    """The loop that computes the results of both; a ``while_loop`` has carries alone."""
    node = outer.node
    if node.primitive is None or _name(node) == "while_loop":
        return node
    body, carries = node.params["body"], node.params["carries"]
    rows = {row.serial: row for row in body.outputs[carries:]}
    other: Graph = inner.node.params["body"]
    rows |= {row.serial: row for row in other.outputs[inner.node.params["carries"] :]}
    both = Graph(body.inputs, (*body.outputs[:carries], *rows.values()), body.name)
    merged: Node = node.primitive(*node.inputs, **{**node.params, "body": both})
    merged.layer = node.layer
    return merged


def _without(graph: Graph, merged: Node, loops: Sequence[Node]) -> Graph:
    """Take the results of some loops from a merged one."""
    results = get_results(merged)
    for each in results:
        each.layer = merged.layer
    return replace_results(
        graph,
        {
            (node.serial, index): results[_merged_index(node, index, merged)]
            for node in loops
            for index in range(len(node.params["body"].outputs))
        },
    )


def _merged_index(source: Node, index: int, merged: Node) -> int:
    """The index in the merged loop of a result of one of its sources."""
    body: Graph = source.params["body"]
    new: Graph = merged.params["body"]
    carries, edge = _carries(source), _carries(merged)
    if index < len(carries):
        return [each.serial for each in edge].index(carries[index].serial)
    rows = [each.serial for each in new.outputs[len(edge) :]]
    return len(edge) + rows.index(body.outputs[index].serial)


def _carries(node: Node) -> Sequence[Node]:
    """The inputs of a loop's body that are its carries."""
    body: Graph = node.params["body"]
    if _name(node) == "while_loop":
        return body.inputs[node.params["body_shared"] :]
    shared = node.params["shared"]
    return body.inputs[shared : shared + node.params["carries"]]
