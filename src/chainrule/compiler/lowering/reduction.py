"""Reductions, running sums and sorting."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from chainrule.compiler.loop_ir.loops import (
    Affine,
    Apply,
    Axis,
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

LONGEST_SORT = 4096
"""Sorting compares every pair; beyond this NumPy's way is faster."""


@rule("reduce_to")
def _reduce_to(lowering: Lowering, node: Node, inputs: list[Expression]) -> Expression:
    source = node.inputs[0]
    added = len(source.shape) - len(node.shape)
    kept = [None if n == 1 else i + added for i, n in enumerate(node.shape)]
    return _reduce(lowering, node, inputs[0], "sum", kept)


@rule("reduce_max")
@rule("reduce_min")
def _extremum(lowering: Lowering, node: Node, inputs: list[Expression]) -> Expression:
    assert node.primitive is not None
    axes = node.params["axes"]
    kept = [i for i in range(len(node.inputs[0].shape)) if i not in axes]
    return _reduce(lowering, node, inputs[0], node.primitive.name[-3:], kept)


def _reduce(
    lowering: Lowering, node: Node, value: Expression, reduction: str, kept: Sequence[int | None]
) -> Expression:
    """Reduce along all axes but those `kept`: for each axis of the result, the source's."""
    source, canonical = node.inputs[0], lowering.canonical(node.shape)
    index = list(lowering.canonical(source.shape))
    gone = [place for i, place in enumerate(index) if i not in kept and place.terms]
    for place, i in zip(canonical, kept, strict=True):
        if i is not None:
            index[i] = place
    moved = lowering.moved(value, source.shape, index)
    if not gone:
        return moved
    target, place = lowering.target(node)
    over = tuple(each.terms[0][0] for each in gone)
    lowering.items.append(Statement(target, place, moved, reduction, over, node.layer))
    return Load(target, place)


@rule("argmax")
@rule("argmin")
def _position(lowering: Lowering, node: Node, inputs: list[Expression]) -> Expression:
    assert node.primitive is not None
    source, axis = node.inputs[0], node.params["axis"]
    along = lowering.canonical(source.shape)[axis]
    if not along.terms:
        return Literal(np.int64(0), node.dtype)
    index = list(lowering.canonical(node.shape))
    index.insert(axis, along)
    value = lowering.moved(inputs[0], source.shape, index)
    target, place = lowering.target(node)
    over = (along.terms[0][0],)
    name = node.primitive.name
    lowering.items.append(Statement(target, place, value, name, over, node.layer))
    return Load(target, place)


@rule("cumulative_sum")
def _cumulative_sum(lowering: Lowering, node: Node, inputs: list[Expression]) -> Expression:
    along = lowering.canonical(node.shape)[node.params["axis"]]
    if not along.terms:
        return inputs[0]
    target, place = lowering.target(node)
    over = (along.terms[0][0],)
    lowering.items.append(Statement(target, place, inputs[0], "prefix_sum", over, node.layer))
    return Load(target, place)


@rule("argsort")
def _argsort(lowering: Lowering, node: Node, inputs: list[Expression]) -> Expression:
    """Count for each element how many come before it: that is its place."""
    axis = node.params["axis"]
    canonical = lowering.canonical(node.shape)
    if not canonical[axis].terms:
        return Literal(np.int64(0), node.dtype)
    if node.shape[axis] > LONGEST_SORT:
        raise CannotCompile(f"an argsort of more than {LONGEST_SORT} elements is not compiled")
    one = lowering.stored(node.inputs[0])
    rival = Axis(node.shape[axis], "rival")
    index = [Affine.of(rival) if i == axis else place for i, place in enumerate(canonical)]
    other = lowering.moved(one, node.shape, index)
    whole, truth = np.dtype("int64"), np.dtype(bool)
    is_earlier = Apply(
        "less", (IndexValue(Affine.of(rival), whole), IndexValue(canonical[axis], whole)), truth
    )
    not_after = Apply("logical_not", (_comes_before(one, other),), truth)
    in_tie = Apply("logical_and", (not_after, is_earlier), truth)
    counts = Apply(
        "cast", (Apply("logical_or", (_comes_before(other, one), in_tie), truth),), whole
    )
    rank = lowering.scratch(node.shape, whole, node)
    lowering.items.append(Statement(rank, canonical, counts, "sum", (rival,), node.layer))
    target, place = lowering.target(node)
    lowering.items.append(Statement(target, place, Literal(np.int64(0), whole), layer=node.layer))
    position = len(place) - len(canonical) + axis
    where = (*place[:position], Load(rank, canonical), *place[position + 1 :])
    over = (canonical[axis].terms[0][0],)
    value = IndexValue(canonical[axis], whole)
    lowering.items.append(Statement(target, where, value, "scatter_add", over, node.layer))
    return Load(target, place)


def _comes_before(one: Expression, other: Expression) -> Expression:
    """Whether one value is sorted before another; NaN comes last."""
    truth = np.dtype(bool)
    is_less = Apply("less", (one, other), truth)
    if one.dtype.kind != "f":
        return is_less
    is_number = Apply("equal", (one, one), truth)
    is_nan = Apply("not_equal", (other, other), truth)
    return Apply("logical_or", (is_less, Apply("logical_and", (is_number, is_nan), truth)), truth)
