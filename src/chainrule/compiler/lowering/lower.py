"""Lowering: from a graph to statements, contractions and loops."""

from __future__ import annotations

from chainrule.compiler.loop_ir.loops import Buffer, Item, Load, Statement
from chainrule.compiler.lowering import (
    array_update,
    conditional,
    contraction,
    gather_scatter,
    linear_algebra,
    movement,
    philox,
    reduction,
    routine_calls,
    scan,
    sorting,
    windows,
)
from chainrule.compiler.lowering.graph_lowering import Lowering, Rule
from chainrule.compiler.lowering.output_buffers import assign_output_buffers
from chainrule.graph.graph import Graph

__all__ = ["RULES", "lower"]

RULES: dict[str, Rule] = (
    movement.RULES
    | windows.RULES
    | contraction.RULES
    | reduction.RULES
    | sorting.RULES
    | gather_scatter.RULES
    | array_update.RULES
    | scan.RULES
    | conditional.RULES
    | philox.RULES
    | linear_algebra.RULES
    | routine_calls.RULES
)
"""How each primitive is lowered, by its name; all others are elementwise or,
if they are no ufuncs, evaluated by NumPy."""


def lower(graph: Graph) -> tuple[list[Buffer], list[Buffer], list[Item]]:
    """Return the input buffers, the output buffers and the items of a graph."""
    inputs = [Buffer("input", node.dtype, node.shape, node.name) for node in graph.inputs]
    outputs = [Buffer("output", node.dtype, node.shape, "result") for node in graph.outputs]
    targets, aliases = assign_output_buffers(graph, outputs)
    lowering = Lowering(graph, RULES, targets, aliases=aliases)
    items = lowering.run([Load(each, lowering.canonical(each.shape)) for each in inputs])
    for node, buffer in zip(graph.outputs, outputs, strict=True):
        if targets[node.serial][0] is not buffer:
            value = lowering.expressions[node.serial]
            items.append(Statement(buffer, lowering.canonical(node.shape), value))
    return inputs, outputs, items
