"""Sorting: by ranks where an axis is short, by a radix sort of each vector where it is long."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from chainrule.compiler.loop_ir.loops import (
    Affine,
    Apply,
    Axis,
    Call,
    Expression,
    IndexValue,
    Literal,
    Load,
    Statement,
)
from chainrule.compiler.lowering.graph_lowering import Lowering, Rule, Target
from chainrule.compiler.lowering.routine_calls import Matrices, append_calls, contiguous
from chainrule.graph.node import Node

__all__ = ["RULES"]

MAX_RANKED = 64
"""Up to this length all pairs are compared, by vector instructions, which takes less time."""

_INTEGER, _BOOL, _PLACE = np.dtype("int64"), np.dtype(bool), np.dtype("int32")


def _argsort(lowering: Lowering, node: Node, inputs: list[Expression]) -> Expression:
    """The permutation that sorts along an axis."""
    axis = node.params["axis"]
    if not lowering.canonical(node.shape)[axis].terms:
        return Literal(np.int64(0), node.dtype)
    if node.shape[axis] <= MAX_RANKED:
        return _order_by_ranks(lowering, node, lowering.target(node))
    return _by_radix(lowering, node, inputs[0], "sort.order", 3)


def _sort(lowering: Lowering, node: Node, inputs: list[Expression]) -> Expression:
    """The values in order."""
    axis, canonical = node.params["axis"], lowering.canonical(node.shape)
    if not canonical[axis].terms:
        return inputs[0]
    if node.shape[axis] > MAX_RANKED:
        return _by_radix(lowering, node, inputs[0], "sort.values", 1)
    order = _order_by_ranks(
        lowering, node, (lowering.scratch(node.shape, _INTEGER, node), canonical)
    )
    value = contiguous(lowering, node.inputs[0])
    position = len(value.index) - len(canonical) + axis
    return Load(value.buffer, (*value.index[:position], order, *value.index[position + 1 :]))


def _by_radix(
    lowering: Lowering, node: Node, value: Expression, routine: str, spares: int
) -> Expression:
    """Call a routine for each vector along the axis; half-precision numbers are widened for it."""
    dtype = node.inputs[0].dtype
    if dtype == np.float16:
        dtype = np.dtype(np.float32)
        value = Apply("cast", (value,), dtype)
    x = _vectors(lowering, node, dtype)
    x.store(lowering, value, node)
    kinds = (dtype, _PLACE, _PLACE)[:spares]
    scratch = [_vectors(lowering, node, kind) for kind in kinds]
    result = _vectors(lowering, node, node.dtype if routine == "sort.order" else dtype)

    def calls(batch: Affine | None) -> list[Call]:
        written = [each.region(batch, is_read=False) for each in (*scratch, result)]
        arguments = (x.region(batch), *written)
        return [Call(f"{routine} {node.shape[node.params['axis']]} {dtype}", arguments)]

    append_calls(lowering, x.batch, calls)
    is_widened = routine == "sort.values" and dtype != node.dtype
    return Apply("cast", (result.load,), node.dtype) if is_widened else result.load


def _vectors(lowering: Lowering, node: Node, dtype: np.dtype[Any]) -> Matrices:
    """Reserve memory for the vectors along the axis, one after the other."""
    axis, canonical = node.params["axis"], lowering.canonical(node.shape)
    others = [i for i in range(len(node.shape)) if i != axis]
    batch = tuple(node.shape[i] for i in others)
    flat = Affine()
    for number, i in enumerate(others):
        flat += canonical[i].scaled(math.prod(batch[number + 1 :]))
    shape = (math.prod(batch), node.shape[axis]) if batch else (node.shape[axis],)
    index = (flat, canonical[axis]) if batch else (canonical[axis],)
    return Matrices(lowering.scratch(shape, dtype, node), index, 1, batch)


def _order_by_ranks(lowering: Lowering, node: Node, place: Target) -> Load:
    """Rank each element by the number of those sorted before it, and scatter indices to ranks."""
    axis, canonical = node.params["axis"], lowering.canonical(node.shape)
    one = lowering.materialized(node.inputs[0])
    compared = Axis(node.shape[axis], "compared")
    index = [Affine.of(compared) if i == axis else each for i, each in enumerate(canonical)]
    other = lowering.reindexed(one, node.shape, index)
    compared_index = IndexValue(Affine.of(compared), _INTEGER)
    is_earlier = Apply("less", (compared_index, IndexValue(canonical[axis], _INTEGER)), _BOOL)
    not_after = Apply("logical_not", (_is_less(one, other),), _BOOL)
    in_tie = Apply("logical_and", (not_after, is_earlier), _BOOL)
    is_before = Apply("logical_or", (_is_less(other, one), in_tie), _BOOL)
    count = Apply("cast", (is_before,), _INTEGER)
    rank = lowering.scratch(node.shape, _INTEGER, node)
    lowering.items.append(Statement(rank, canonical, count, "sum", (compared,), node.layer))
    target, target_index = place
    zero = Literal(np.int64(0), _INTEGER)
    lowering.items.append(Statement(target, target_index, zero, layer=node.layer))
    position = len(target_index) - len(canonical) + axis
    ranked = (
        *target_index[:position],
        Load(rank, canonical),
        *target_index[position + 1 :],
    )
    over = (canonical[axis].terms[0][0],)
    value = IndexValue(canonical[axis], _INTEGER)
    lowering.items.append(Statement(target, ranked, value, "scatter_add", over, node.layer))
    return Load(target, target_index)


def _is_less(one: Expression, other: Expression) -> Expression:
    """Whether one value is sorted before another; NaN is greatest."""
    is_less = Apply("less", (one, other), _BOOL)
    if one.dtype.kind != "f":
        return is_less
    is_number = Apply("equal", (one, one), _BOOL)
    is_nan = Apply("not_equal", (other, other), _BOOL)
    return Apply("logical_or", (is_less, Apply("logical_and", (is_number, is_nan), _BOOL)), _BOOL)


RULES: dict[str, Rule] = {"argsort": _argsort, "sort": _sort}
