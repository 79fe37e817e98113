"""Reverse mode on ``cond``: a ``cond`` of the branches' derivatives, which run the branch again.

Of a value that is read in one branch only, the cotangent is absent where the other one is chosen,
and so masked (`masked`).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from chainrule.autodiff.control_flow.cond_rules import Apply
from chainrule.autodiff.control_flow.scan_step import joined, parts_of, seed_of
from chainrule.autodiff.passes.masked import Cotangent, Masked, selected
from chainrule.autodiff.passes.reverse import masked_cotangents, zeros_like
from chainrule.graph.graph import Graph
from chainrule.graph.node import Node, constant

__all__ = ["cond_masked_vjp", "cond_vjp"]


def cond_vjp(
    apply: Apply,
    ct: Sequence[Cotangent | None],
    output: Node,
    *inputs: Node,
    if_true: Graph,
    if_false: Graph,
) -> list[Node | None]:
    """Pull cotangents back through the branch that is chosen."""
    branches = {"if_true": if_true, "if_false": if_false}
    found = cond_masked_vjp(apply, ct, output, *inputs, kept=(), **branches)
    return [None if each is None else selected(each) for each in found]


def cond_masked_vjp(
    apply: Apply,
    ct: Sequence[Cotangent | None],
    output: Node,
    *inputs: Node,
    kept: Sequence[int],
    if_true: Graph,
    if_false: Graph,
) -> list[Cotangent | None]:
    """Pull cotangents back; those of the inputs in `kept` stay masked."""
    seeds = [
        None if each is None else seed_of(node, isinstance(each, Masked))
        for node, each in zip(if_true.outputs, ct, strict=True)
    ]
    branches = (if_true, if_false)
    pulled = [_pulled(branch, seeds, kept) for branch in branches]
    are_masked = [number + 1 in kept for number in range(len(inputs) - 1)]
    is_active = [any(each is not None for each in pair) for pair in zip(*pulled, strict=True)]
    if not any(is_active):
        return [None] * len(inputs)
    variables = [part for each in seeds if each is not None for part in parts_of(each)]
    graphs = [
        Graph(
            (*branch.inputs, *variables),
            tuple(
                part
                for node, each, is_masked, wanted in zip(
                    branch.inputs, found, are_masked, is_active, strict=True
                )
                if wanted
                for part in _parts(each, node, is_masked)
            ),
            f"derivative of {branch.name}",
        )
        for branch, found in zip(branches, pulled, strict=True)
    ]
    given = [part for each in ct if each is not None for part in parts_of(each)]
    results = iter(apply(inputs[0], graphs[0], graphs[1], [*inputs[1:], *given]))
    return [
        None,
        *(
            joined([next(results) for _ in range(1 + is_masked)]) if wanted else None
            for is_masked, wanted in zip(are_masked, is_active, strict=True)
        ),
    ]


def _pulled(
    branch: Graph, seeds: Sequence[Cotangent | None], kept: Sequence[int]
) -> list[Cotangent | None]:
    """The cotangents of the inputs of a branch."""
    reals = [node for node in branch.inputs if node.array_type.is_float]
    wanted = [branch.inputs[number - 1] for number in kept if number]
    found = masked_cotangents(branch.outputs, seeds, reals, wanted)
    by_serial = {node.serial: each for node, each in zip(reals, found, strict=True)}
    return [by_serial.get(node.serial) for node in branch.inputs]


def _parts(cotangent: Cotangent | None, node: Node, is_masked: bool) -> list[Node]:
    """The value of a cotangent and, if wanted, where it is present."""
    value = zeros_like(node) if cotangent is None else selected(cotangent)
    if not is_masked:
        return [value]
    if isinstance(cotangent, Masked):
        return [value, cotangent.mask]
    return [value, constant(np.full(node.shape, cotangent is not None))]
