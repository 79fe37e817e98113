"""Forward mode on a scan: one loop that carries values and tangents.

The tangent of a carry is absent until a step makes one; which carries have tangents is found by
iterating the forward rule of the body to a fixed point.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from chainrule.autodiff.passes.forward import tangents
from chainrule.graph.graph import Graph
from chainrule.graph.node import Node, variable
from chainrule.ops.primitives.rules import zeros_of
from chainrule.ops.primitives.selection import get_results

__all__ = ["operand_tangents", "scan_jvp", "tangents_of_body"]


def scan_jvp(
    seeds: Sequence[Node | None],
    output: Node,
    *inputs: Node,
    body: Graph,
    shared: int,
    carries: int,
    length: int,
    reverse: bool,
) -> list[Node | None]:
    """Scan over (carry, tangent of the carry); the results are the tangents alone."""
    within, ends = tangents_of_body(body, [each is not None for each in seeds], shared, carries)
    edges = (0, shared, shared + carries, len(inputs))
    parts = [slice(*pair) for pair in pairwise(edges)]
    variables = [
        [*body.inputs[part], *[each for each in within[part] if each is not None]] for part in parts
    ]
    operands = [
        [*inputs[part], *operand_tangents(inputs[part], seeds[part], within[part])]
        for part in parts
    ]
    carried = [
        end if end is not None else zeros_of(node)
        for node, end, each in zip(body.outputs, ends, within[parts[1]], strict=False)
        if each is not None
    ]
    rows = [end for end in ends[carries:] if end is not None]
    outputs = (*body.outputs[:carries], *carried, *rows)
    assert output.primitive is not None
    results = get_results(
        output.primitive(
            *[each for part in operands for each in part],
            body=Graph(
                tuple(each for part in variables for each in part),
                outputs,
                f"tangent of {body.name}",
            ),
            shared=len(operands[0]), carries=len(operands[1]), length=length, reverse=reverse,
        )
    )  # fmt: skip
    found = iter(results[carries:])
    is_active = [each is not None for each in (*within[parts[1]], *ends[carries:])]
    return [next(found) if each else None for each in is_active]


def tangents_of_body(
    body: Graph, is_active: list[bool], shared: int, carries: int
) -> tuple[list[Node | None], list[Node | None]]:
    """The tangents of the inputs of the body, as variables, and of its outputs."""
    while True:
        within = [
            variable(node.array_type) if each else None
            for node, each in zip(body.inputs, is_active, strict=True)
        ]
        ends = tangents(body.outputs, body.inputs, within)
        new = [i for i in range(carries) if ends[i] is not None and not is_active[shared + i]]
        if not new:
            return within, ends
        for i in new:
            is_active[shared + i] = True


def operand_tangents(
    inputs: Sequence[Node], seeds: Sequence[Node | None], within: Sequence[Node | None]
) -> list[Node]:
    """The tangents of the operands whose inputs have tangents as variables."""
    return [
        zeros_of(node) if seed is None else seed
        for node, seed, each in zip(inputs, seeds, within, strict=True)
        if each is not None
    ]
