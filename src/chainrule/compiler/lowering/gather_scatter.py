"""Gathers and scatters: elements at positions that are looked up."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.compiler.loop_ir.loops import (
    Affine,
    Apply,
    CannotCompile,
    Expression,
    IndexValue,
    Literal,
    Load,
    Statement,
)
from chainrule.compiler.lowering.graph_lowering import Lowering, rule
from chainrule.graph.node import Node

__all__: list[str] = []


@rule("gather")
def _gather(lowering: Lowering, node: Node, inputs: list[Expression]) -> Expression:
    source, *positions = node.inputs
    canonical = lowering.canonical(node.shape)
    count = len(positions[0].shape)
    looked_up = [
        _as_index(lowering, each, each.shape, canonical[:count], source.shape[i])
        for i, each in enumerate(positions)
    ]
    value = lowering.stored(source)
    own = lowering.canonical(source.shape)
    if (
        value.index[len(value.index) - len(own) :] != own
        or value.buffer.shape[-len(own) :] != source.shape
    ):
        fresh = lowering.scratch(source.shape, source.dtype, source)
        lowering.items.append(Statement(fresh, own, value, layer=node.layer))
        value = Load(fresh, own)
    prefix = value.index[: len(value.index) - len(own)]
    rest = canonical[count:]
    return Load(value.buffer, (*prefix, *looked_up, *rest))


def _as_index(
    lowering: Lowering, node: Node, shape: tuple[int, ...], place: Any, length: int
) -> Affine | Expression:
    """Return positions as an index: affine ones as such, others to be looked up."""
    value = lowering.moved(lowering.settle(node), shape, place)
    if isinstance(value, IndexValue):
        extent = 1 + value.index.constant + sum(c * (a.extent - 1) for a, c in value.index.terms)
        if extent <= length and all(c > 0 for _, c in value.index.terms):
            return value.index
    if isinstance(value, Literal) and 0 <= int(value.value) < length:
        return Affine(int(value.value))
    if value.dtype == np.uint64:
        raise CannotCompile("positions of type u64 are not compiled")
    return value if value.dtype == np.int64 else Apply("cast", (value,), np.dtype("int64"))


@rule("scatter_add")
def _scatter_add(lowering: Lowering, node: Node, inputs: list[Expression]) -> Expression:
    updates, *positions = node.inputs
    chosen = _one_hot(lowering, node, inputs)
    if chosen is not None:
        return chosen
    own = lowering.canonical(updates.shape)
    count = len(positions[0].shape)
    target, place = lowering.target(node)
    zero = Literal(np.zeros((), node.dtype)[()], node.dtype)
    lowering.items.append(Statement(target, place, zero, layer=node.layer))
    index = [
        _as_index(lowering, each, each.shape, own[:count], node.shape[i])
        for i, each in enumerate(positions)
    ]
    prefix = place[: len(place) - len(node.shape)]
    over = tuple(p.terms[0][0] for p in own[:count] if p.terms)
    full = (*prefix, *index, *own[count:])
    lowering.items.append(Statement(target, full, inputs[0], "scatter_add", over, node.layer))
    return Load(target, place)


def _one_hot(lowering: Lowering, node: Node, inputs: list[Expression]) -> Expression | None:
    """Add at positions that differ from each other: row i of the updates goes into row i.

    Then each element of the result gets at most one update, and the sum is a choice.
    """
    updates, first, *others = node.inputs
    own = lowering.canonical(updates.shape)
    canonical = lowering.canonical(node.shape)
    if len(first.shape) != 1 or len(others) != 1 or first.shape[0] != node.shape[0]:
        return None
    if (
        not isinstance(inputs[1], IndexValue)
        or inputs[1].index != lowering.canonical(first.shape)[0]
    ):
        return None
    if not own[0].terms:
        return None
    position = _as_index(lowering, others[0], others[0].shape, [canonical[0]], node.shape[1])
    if isinstance(position, Affine):
        return None
    value = lowering.settle(updates)
    moved = lowering.moved(value, updates.shape, [canonical[0], *canonical[2:]])
    truth, whole = np.dtype(bool), np.dtype("int64")
    length, zero = Literal(np.int64(node.shape[1]), whole), Literal(np.int64(0), whole)
    is_negative = Apply("less", (position, zero), truth)
    wrapped = Apply(
        "select", (is_negative, Apply("add", (position, length), whole), position), whole
    )
    hits = Apply("equal", (wrapped, IndexValue(canonical[1], whole)), truth)
    nothing = Literal(np.zeros((), node.dtype)[()], node.dtype)
    return Apply("select", (hits, Apply("add", (nothing, moved), node.dtype), nothing), node.dtype)
