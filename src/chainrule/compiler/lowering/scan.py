"""A ``scan`` becomes a sequential loop whose carries are updated in place.

An iteration reads row t of each sequence, and stores row t of each stacked result; `loop_body` says
how the carries are updated.
"""

from __future__ import annotations

from chainrule.compiler.loop_ir.loops import Affine, Axis, Expression, Load, Loop
from chainrule.compiler.loop_ir.rewrite import substitute
from chainrule.compiler.lowering.graph_lowering import Lowering, Rule
from chainrule.compiler.lowering.loop_body import (
    as_steps,
    first_carries,
    loop_invariants,
    lower_body,
    result_targets,
)
from chainrule.graph.graph import Graph
from chainrule.graph.node import Node

__all__ = ["RULES"]


def _scan(lowering: Lowering, node: Node, inputs: list[Expression]) -> list[Load]:
    body: Graph = node.params["body"]
    shared, carries, length = (node.params[name] for name in ("shared", "carries", "length"))
    sequences = shared + carries
    results = result_targets(lowering, node)
    starts = slice(shared, sequences)
    lowering.items += first_carries(node, results, node.inputs[starts], inputs[starts])
    if length:
        step = Axis(length, "t", is_loop_index=True)
        body_inputs = [
            *loop_invariants(lowering, node.inputs[:shared], body, length),
            *(Load(buffer, index) for buffer, index in results[:carries]),
            *(_row(lowering, each, step) for each in node.inputs[sequences:]),
        ]
        items = lower_body(lowering, body, body_inputs, results, carries, step)
        steps = as_steps(items, node.layer)
        lowering.items.append(Loop(step, node.params["reverse"], steps))
    return [Load(buffer, index) for buffer, index in results]


def _row(lowering: Lowering, node: Node, step: Axis) -> Expression:
    """The row of a sequence that an iteration reads: its first index is the loop's."""
    value = lowering.materialized(node)
    first, *rest = lowering.canonical(node.shape)
    row = lowering.canonical(node.shape[1:])
    substitution = {old.terms[0][0]: new for old, new in zip(rest, row, strict=True) if old.terms}
    if first.terms:
        substitution[first.terms[0][0]] = Affine.of(step)
    return substitute(value, substitution)


RULES: dict[str, Rule] = {"scan": _scan}
