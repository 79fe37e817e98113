"""Gathers and scatter-adds: elements at indices that are loaded."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from chainrule.compiler.loop_ir.errors import CannotCompile
from chainrule.compiler.loop_ir.loops import (
    Affine,
    Apply,
    Expression,
    IndexValue,
    Literal,
    Load,
    Statement,
)
from chainrule.compiler.lowering.graph_lowering import Lowering, Rule
from chainrule.graph.node import Node

__all__ = ["RULES", "as_index"]

_INTEGER, _BOOL = np.dtype("int64"), np.dtype(bool)


def _gather(lowering: Lowering, node: Node, inputs: list[Expression]) -> Expression:
    source, *indices = node.inputs
    canonical = lowering.canonical(node.shape)
    count = len(indices[0].shape)
    gathered = [
        as_index(lowering, each, canonical[:count], source.shape[i])
        for i, each in enumerate(indices)
    ]
    value = lowering.materialized(source)
    source_index = lowering.canonical(source.shape)
    if not _is_suffix(source_index, source.shape, value):
        copy = lowering.scratch(source.shape, source.dtype, source)
        lowering.items.append(Statement(copy, source_index, value, layer=node.layer))
        value = Load(copy, source_index)
    prefix = value.index[: -len(source_index)]
    return Load(value.buffer, (*prefix, *gathered, *canonical[count:]))


def _is_suffix(index: Sequence[Affine], shape: tuple[int, ...], load: Load) -> bool:
    """Whether the last axes of a buffer are loaded at `index`, and no others depend on it."""
    rank = len(index)
    axes = {axis for each in index for axis, _ in each.terms}
    prefix = [each for each in load.index[:-rank] if isinstance(each, Affine)]
    return (
        load.index[-rank:] == tuple(index)
        and load.buffer.shape[-rank:] == shape
        and not any(axis in axes for each in prefix for axis, _ in each.terms)
    )


def as_index(
    lowering: Lowering, node: Node, index: Sequence[Affine], length: int
) -> Affine | Expression:
    """Return an element of an array of indices as an index: affine where it is in range."""
    value = lowering.reindexed(lowering.materialize_if_costly(node), node.shape, index)
    if isinstance(value, IndexValue):
        extent = 1 + value.index.constant + sum(c * (a.extent - 1) for a, c in value.index.terms)
        if extent <= length and all(c > 0 for _, c in value.index.terms):
            return value.index
    if isinstance(value, Literal) and 0 <= int(value.value) < length:
        return Affine(int(value.value))
    if value.dtype == np.uint64:
        raise CannotCompile("indices of type u64 are not compiled")
    return value if value.dtype == _INTEGER else Apply("cast", (value,), _INTEGER)


def _scatter_add(lowering: Lowering, node: Node, inputs: list[Expression]) -> Expression:
    updates, *indices = node.inputs
    one_hot = _one_hot(lowering, node, inputs)
    if one_hot is not None:
        return one_hot
    update_index = lowering.canonical(updates.shape)
    count = len(indices[0].shape)
    target, target_index = lowering.target(node)
    zero = Literal(np.zeros((), node.dtype)[()], node.dtype)
    lowering.items.append(Statement(target, target_index, zero, layer=node.layer))
    index = [
        as_index(lowering, each, update_index[:count], node.shape[i])
        for i, each in enumerate(indices)
    ]
    prefix = target_index[: len(target_index) - len(node.shape)]
    over = tuple(i.terms[0][0] for i in update_index[:count] if i.terms)
    full = (*prefix, *index, *update_index[count:])
    lowering.items.append(Statement(target, full, inputs[0], "scatter_add", over, node.layer))
    return Load(target, target_index)


def _one_hot(lowering: Lowering, node: Node, inputs: list[Expression]) -> Expression | None:
    """Lower a scatter of row i of the updates into row i of the result to a selection.

    Each element of the result gets at most one update, so ``out[i, j] = 0 + updates[i]`` where j is
    the index of row i, and 0 elsewhere. None where the scatter is of another form.
    """
    updates, first, *others = node.inputs
    update_index = lowering.canonical(updates.shape)
    canonical = lowering.canonical(node.shape)
    if len(first.shape) != 1 or len(others) != 1 or first.shape[0] != node.shape[0]:
        return None
    rows = inputs[1]
    if not isinstance(rows, IndexValue) or rows.index != lowering.canonical(first.shape)[0]:
        return None
    if not update_index[0].terms:
        return None
    gathered = as_index(lowering, others[0], [canonical[0]], node.shape[1])
    if isinstance(gathered, Affine):
        return None
    value = lowering.materialize_if_costly(updates)
    update = lowering.reindexed(value, updates.shape, [canonical[0], *canonical[2:]])
    length = Literal(np.int64(node.shape[1]), _INTEGER)
    is_negative = Apply("less", (gathered, Literal(np.int64(0), _INTEGER)), _BOOL)
    from_end = Apply("add", (gathered, length), _INTEGER)
    wrapped = Apply("select", (is_negative, from_end, gathered), _INTEGER)
    is_hit = Apply("equal", (wrapped, IndexValue(canonical[1], _INTEGER)), _BOOL)
    zero = Literal(np.zeros((), node.dtype)[()], node.dtype)
    total = Apply("add", (zero, update), node.dtype)
    return Apply("select", (is_hit, total, zero), node.dtype)


RULES: dict[str, Rule] = {"gather": _gather, "scatter_add": _scatter_add}
