"""Derivatives and batching of ``cond``: a ``cond`` of the derivatives of its branches.

Only the branch chosen takes part in a derivative, as in the value. Of a value that is read in one
branch only, the cotangent is absent in the other one, and so masked (`masked`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from chainrule.autodiff.control_flow.body_batching import (
    any_entry,
    batched_body,
    choose,
    first_entry,
    inlined,
    is_total,
    valid_operand,
)
from chainrule.autodiff.passes.forward import tangents
from chainrule.graph.array_type import ArrayType
from chainrule.graph.graph import Graph
from chainrule.graph.node import Node, constant, variable
from chainrule.ops.primitives.elementwise import logical_not
from chainrule.ops.primitives.rules import with_axis, zeros_of

__all__ = ["cond_batch", "cond_jvp"]

Apply = Callable[[Any, Graph, Graph, Sequence[Any]], list[Any]]
"""Applies the primitive: to test, branches and shared values."""


def cond_jvp(
    apply: Apply,
    seeds: Sequence[Node | None],
    output: Node,
    *inputs: Node,
    if_true: Graph,
    if_false: Graph,
) -> list[Node | None]:
    """Push the tangents through the branch that is chosen."""
    given = [each for each in seeds[1:] if each is not None]
    own = [None if each is None else variable(each.array_type) for each in seeds[1:]]
    added = [each for each in own if each is not None]
    branches = (if_true, if_false)
    found = [tangents(each.outputs, each.inputs, own) for each in branches]
    is_active = [any(each is not None for each in pair) for pair in zip(*found, strict=True)]
    if not any(is_active):
        return [None] * len(is_active)
    graphs = [
        Graph(
            (*branch.inputs, *added),
            tuple(
                zeros_of(node) if end is None else end
                for node, end, wanted in zip(branch.outputs, ends, is_active, strict=True)
                if wanted
            ),
            f"tangent of {branch.name}",
        )
        for branch, ends in zip(branches, found, strict=True)
    ]
    results = iter(apply(inputs[0], graphs[0], graphs[1], [*inputs[1:], *given]))
    return [next(results) if each else None for each in is_active]


def cond_batch(
    apply: Apply,
    size: int,
    is_batched: Sequence[bool],
    *inputs: Node,
    if_true: Graph,
    if_false: Graph,
) -> tuple[list[Node], list[bool]]:
    """Batch the branches; where entries choose different ones, each is for those that choose it."""
    test, *shared = inputs
    if not is_batched[0]:
        bodies = [batched_body(each, is_batched[1:], size) for each in (if_true, if_false)]
        pairs = list(zip(*(ends for _, ends in bodies), strict=True))
        are_batched = [any(has_axis for _, has_axis in pair) for pair in pairs]
        graphs = [
            Graph(
                tuple(own),
                tuple(
                    with_axis(node, has_axis, size) if wanted else node
                    for (node, has_axis), wanted in zip(ends, are_batched, strict=True)
                ),
                f"batch of {branch.name}",
            )
            for (own, ends), branch in zip(bodies, (if_true, if_false), strict=True)
        ]
        return apply(test, graphs[0], graphs[1], shared), are_batched
    if not size:
        return [_zeros(node, size) for node in if_true.outputs], [True] * len(if_true.outputs)
    first = _results_of(apply, if_true, test, shared, is_batched[1:], size)
    second = _results_of(apply, if_false, logical_not(test), shared, is_batched[1:], size)
    return [choose(test, a, b) for a, b in zip(first, second, strict=True)], [True] * len(first)


def _zeros(node: Node, size: int) -> Node:
    """Zeros in the type of a batched node."""
    return constant(np.zeros((size, *node.shape), node.dtype))


def _results_of(
    apply: Apply,
    branch: Graph,
    mask: Node,
    shared: Sequence[Node],
    is_batched: Sequence[bool],
    size: int,
) -> list[Node]:
    """The results of a branch for the entries in `mask`, with a batch axis; any for the others."""
    own, ends = batched_body(branch, is_batched, size)
    outputs = [with_axis(node, has_axis, size) for node, has_axis in ends]
    graph = Graph(tuple(own), tuple(outputs), f"batch of {branch.name}")
    if is_total(branch):
        return inlined(graph, shared)
    chosen, first = variable(mask.array_type), variable(ArrayType(np.dtype(np.int64), ()))
    valid = [
        valid_operand(chosen, first, node) if has_axis else node
        for node, has_axis in zip(own, is_batched, strict=True)
    ]
    inner = tuple(inlined(graph, valid))
    zeros = tuple(_zeros(node, size) for node in branch.outputs)
    inputs = (chosen, first, *own)
    return apply(
        any_entry(mask),
        Graph(inputs, inner, graph.name),
        Graph(inputs, zeros, "none"),
        [mask, first_entry(mask), *shared],
    )
