"""Reductions and prefix sums."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from chainrule.compiler.loop_ir.loops import (
    Expression,
    Literal,
    Load,
    Statement,
)
from chainrule.compiler.lowering.graph_lowering import Lowering, Rule
from chainrule.graph.node import Node

__all__ = ["RULES"]

_INTEGER, _BOOL = np.dtype("int64"), np.dtype(bool)


def _reduce_to(lowering: Lowering, node: Node, inputs: list[Expression]) -> Expression:
    source = node.inputs[0]
    added = len(source.shape) - len(node.shape)
    kept = [None if n == 1 else i + added for i, n in enumerate(node.shape)]
    return _reduce(lowering, node, inputs[0], "sum", kept)


def _extremum(lowering: Lowering, node: Node, inputs: list[Expression]) -> Expression:
    assert node.primitive is not None
    axes = node.params["axes"]
    kept = [i for i in range(len(node.inputs[0].shape)) if i not in axes]
    return _reduce(lowering, node, inputs[0], node.primitive.name[-3:], kept)


def _reduce(
    lowering: Lowering, node: Node, value: Expression, reduction: str, kept: Sequence[int | None]
) -> Expression:
    """Reduce along all axes but `kept`: the source's axis for each of the result's, if it has one.

    Without axes longer than 1 to reduce along, the value is only reindexed.
    """
    source, canonical = node.inputs[0], lowering.canonical(node.shape)
    index = list(lowering.canonical(source.shape))
    reduced = [each for i, each in enumerate(index) if i not in kept and each.terms]
    for new, i in zip(canonical, kept, strict=True):
        if i is not None:
            index[i] = new
    element = lowering.reindexed(value, source.shape, index)
    if not reduced:
        return element
    target, target_index = lowering.target(node)
    over = tuple(each.terms[0][0] for each in reduced)
    lowering.items.append(Statement(target, target_index, element, reduction, over, node.layer))
    return Load(target, target_index)


def _arg_extremum(lowering: Lowering, node: Node, inputs: list[Expression]) -> Expression:
    assert node.primitive is not None
    source, axis = node.inputs[0], node.params["axis"]
    along = lowering.canonical(source.shape)[axis]
    if not along.terms:
        return Literal(np.int64(0), node.dtype)
    index = list(lowering.canonical(node.shape))
    index.insert(axis, along)
    value = lowering.reindexed(inputs[0], source.shape, index)
    target, target_index = lowering.target(node)
    over = (along.terms[0][0],)
    reduction = node.primitive.name
    lowering.items.append(Statement(target, target_index, value, reduction, over, node.layer))
    return Load(target, target_index)


def _cumulative_sum(lowering: Lowering, node: Node, inputs: list[Expression]) -> Expression:
    along = lowering.canonical(node.shape)[node.params["axis"]]
    if not along.terms:
        return inputs[0]
    target, target_index = lowering.target(node)
    over = (along.terms[0][0],)
    lowering.items.append(
        Statement(target, target_index, inputs[0], "prefix_sum", over, node.layer)
    )
    return Load(target, target_index)


RULES: dict[str, Rule] = {
    "reduce_to": _reduce_to,
    "reduce_max": _extremum,
    "reduce_min": _extremum,
    "argmax": _arg_extremum,
    "argmin": _arg_extremum,
    "cumulative_sum": _cumulative_sum,
}
