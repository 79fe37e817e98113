"""Gathers and scatter-adds: elements at indices that are loaded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from chainrule.compiler.loop_ir.errors import CannotCompile
from chainrule.compiler.loop_ir.loops import (
    Affine,
    Apply,
    Axis,
    Buffer,
    Expression,
    IndexValue,
    Literal,
    Load,
    Statement,
)
from chainrule.compiler.lowering.graph_lowering import Lowering, Rule
from chainrule.graph.node import Node

__all__ = ["RULES", "as_index"]

MIN_SOURCE_RATIO = 4
"""Elements of a source for each one gathered, from which on only those are computed."""

_INTEGER, _SHORT, _BOOL = np.dtype("int64"), np.dtype("int32"), np.dtype(bool)


def _gather(lowering: Lowering, node: Node, inputs: list[Expression]) -> Expression:
    source, *indices = node.inputs
    canonical = lowering.canonical(node.shape)
    count = len(indices[0].shape)
    gathered = [
        as_index(lowering, each, canonical[:count], source.shape[i])
        for i, each in enumerate(indices)
    ]
    source_index = lowering.canonical(source.shape)
    if node.size * MIN_SOURCE_RATIO <= source.size:
        expression = lowering.expressions[source.serial]
        full = dict(zip(source_index, (*gathered, *canonical[count:]), strict=True))
        element = _gathered_element(expression, full)
        if element is not None:
            return element
    value = lowering.materialized(source)
    if not _is_suffix(source_index, source.shape, value):
        copy = lowering.scratch(source.shape, source.dtype, source)
        lowering.items.append(Statement(copy, source_index, value, layer=node.layer))
        value = Load(copy, source_index)
    prefix = value.index[: -len(source_index)]
    return Load(value.buffer, (*prefix, *gathered, *canonical[count:]))


def _gathered_element(
    value: Expression, gathered: Mapping[Affine, Affine | Expression]
) -> Expression | None:
    """Return an expression at other indices, each for an axis or a constant; None if it cannot be.

    Every axis must index some buffer of its length, where its index is checked.
    """
    index_of = {key.terms[0][0]: new for key, new in gathered.items() if key.terms}
    checked: set[Axis] = set()

    def position(old: Affine | Expression, length: int) -> Affine | Expression:
        if not isinstance(old, Affine):
            return rebuilt(old)
        used = [axis for axis, _ in old.terms if axis in index_of]
        if not used:
            return old
        (axis,) = used if len(used) == 1 else (None,)
        if axis is None or old != Affine.of(axis) or axis.extent != length:
            raise _NotGatheredError
        checked.add(axis)
        return index_of[axis]

    def rebuilt(each: Expression) -> Expression:
        match each:
            case Literal():
                return each
            case Load(buffer, index):
                return Load(buffer, tuple(map(position, index, buffer.shape)))
            case Apply(operation, operands, dtype):
                return Apply(operation, tuple(map(rebuilt, operands)), dtype)
            case _:
                raise _NotGatheredError

    try:
        element = rebuilt(value)
    except _NotGatheredError:
        return None
    return element if checked == index_of.keys() else None


class _NotGatheredError(Exception):
    """An expression has no element at gathered indices."""


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
    the index of row i, and 0 elsewhere. The indices may have more axes, of length 1. None where the
    scatter is of another form.
    """
    updates, first, *others = node.inputs
    update_index = lowering.canonical(updates.shape)
    canonical = lowering.canonical(node.shape)
    if len(others) != 1 or first.shape != (node.shape[0], *[1] * (len(first.shape) - 1)):
        return None
    ones = [Affine()] * (len(first.shape) - 1)
    rows = inputs[1]
    if not isinstance(rows, IndexValue) or rows.index != lowering.canonical(first.shape)[0]:
        return None
    if not update_index[0].terms:
        return None
    gathered = as_index(lowering, others[0], [canonical[0], *ones], node.shape[1])
    if isinstance(gathered, Affine):
        return None
    value = lowering.materialize_if_costly(updates)
    update = lowering.reindexed(value, updates.shape, [canonical[0], *ones, *canonical[2:]])
    position = _positions(lowering, node, gathered, canonical[0])
    is_hit = Apply("equal", (position, IndexValue(canonical[1], _SHORT)), _BOOL)
    zero = Literal(np.zeros((), node.dtype)[()], node.dtype)
    total = Apply("add", (zero, update), node.dtype)
    return Apply("select", (is_hit, total, zero), node.dtype)


def _positions(lowering: Lowering, node: Node, index: Expression, row: Affine) -> Load:
    """Store the index of each row, checked and counted from the front.

    They have 32 bits, as a vector holds more of them.
    """
    length = node.shape[1]
    values = np.arange(length, dtype=_SHORT)
    table = Buffer("constant", _SHORT, (length,), "positions", node.layer, values)
    positions = Buffer("arena", _SHORT, (node.shape[0],), "position", node.layer)
    target = (row,) if row.terms else (Affine(),)
    lowering.items.append(Statement(positions, target, Load(table, (index,)), layer=node.layer))
    return Load(positions, target)


RULES: dict[str, Rule] = {"gather": _gather, "scatter_add": _scatter_add}
