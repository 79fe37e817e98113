"""From a graph to loops, by the rules that `lowering` describes and these modules register."""

from __future__ import annotations

from chainrule.compiler.loop_ir.loops import Buffer, Item, Load, Statement
from chainrule.compiler.lowering import (
    contraction,
    gather_scatter,
    movement,
    philox,
    reduction,
    scan,
    windows,
)
from chainrule.compiler.lowering.graph_lowering import Lowering
from chainrule.compiler.lowering.output_buffers import result_places
from chainrule.graph.graph import Graph

__all__ = ["lower"]

_RULES = (
    movement,
    contraction,
    windows,
    scan,
    gather_scatter,
    philox,
    reduction,
)
"""Imported for the rules they register."""


def lower(graph: Graph) -> tuple[list[Buffer], list[Buffer], list[Item]]:
    """Lower a graph."""
    inputs = [Buffer("input", node.dtype, node.shape, node.name) for node in graph.inputs]
    outputs = [Buffer("output", node.dtype, node.shape, "result") for node in graph.outputs]
    places, aliases = result_places(graph, outputs)
    lowering = Lowering(graph, places, aliases=aliases)
    lowering.run([Load(each, lowering.canonical(each.shape)) for each in inputs])
    for node, buffer in zip(graph.outputs, outputs, strict=True):
        if places[node.serial][0] is not buffer:
            copied = Statement(
                buffer, lowering.canonical(node.shape), lowering.meaning[node.serial]
            )
            lowering.items.append(copied)
    return inputs, outputs, lowering.items
