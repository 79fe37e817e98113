"""Updates of arrays: stores in place where the old array is dead, else a copy and then the store.

A store is in place if the old array is all of a buffer that this program may write. Expressions
that read this buffer and are used later are stored elsewhere first, if that is less work than a
copy of the array.
"""

from __future__ import annotations

import math
from typing import Any, cast

from chainrule.compiler.analysis.dependence import are_disjoint
from chainrule.compiler.loop_ir.expressions import loads_of
from chainrule.compiler.loop_ir.loops import Affine, Buffer, Expression, Index, Load, Statement
from chainrule.compiler.lowering.gather_scatter import as_index
from chainrule.compiler.lowering.graph_lowering import Lowering, Rule
from chainrule.compiler.lowering.liveness import Reader, reads
from chainrule.compiler.lowering.loop_body import initial_index
from chainrule.compiler.lowering.movement import sliced_index
from chainrule.graph.node import Node

__all__ = ["RULES", "may_overwrite"]


def _update_slice(lowering: Lowering, node: Node, inputs: list[Expression]) -> Expression:
    update = node.inputs[1]
    target, index = _written(lowering, node)
    if update.size:
        prefix = index[: len(index) - len(node.shape)]
        interior = sliced_index(node.params["slices"], lowering.canonical(update.shape))
        stored = (*prefix, *interior)
        value = lowering.expressions[update.serial]
        if not all(
            load.index == stored or (load.is_affine and are_disjoint(load.index, stored))
            for load in loads_of(value)
            if load.buffer.root is target.root
        ):
            value = lowering.store_in_scratch(update.array_type, value)
        lowering.items.append(Statement(target, stored, value, layer=node.layer))
    return Load(target, index)


def _scatter(lowering: Lowering, node: Node, inputs: list[Expression]) -> Expression:
    update, *indices = node.inputs[1:]
    target, index = _written(lowering, node)
    if not update.size:
        return Load(target, index)
    for each in node.inputs[1:]:
        if reads(lowering.expressions[each.serial], target):
            _store_elsewhere(lowering, (each, 0))
    count = len(indices[0].shape)
    canonical = lowering.canonical(update.shape)
    gathered = [
        as_index(lowering, each, canonical[:count], node.shape[i]) for i, each in enumerate(indices)
    ]
    prefix = index[: len(index) - len(node.shape)]
    stored: Index = (*prefix, *gathered, *canonical[count:])
    over = tuple(i.terms[0][0] for i in canonical[:count] if i.terms)
    value = lowering.expressions[update.serial]
    lowering.items.append(Statement(target, stored, value, "scatter", over, node.layer))
    return Load(target, index)


def _written(lowering: Lowering, node: Node) -> tuple[Buffer, Index]:
    """Return where the elements of the old array are, to be overwritten: in place, or in a copy."""
    old = node.inputs[0]
    value = lowering.expressions[old.serial]
    if isinstance(value, Load) and _is_updated_in_place(lowering, node, value):
        return value.buffer, value.index
    target, index = lowering.target(node)
    stored = initial_index(old, index)
    lowering.items.append(Statement(target, stored, value, layer=node.layer))
    return target, index


def _is_updated_in_place(lowering: Lowering, node: Node, value: Load) -> bool:
    """Whether to overwrite the buffer of a node's old array; if so, store its live readers."""
    required = lowering.targets.get(node.serial)
    prefix = value.index[: len(value.index) - len(node.shape)]
    if required is not None and required != (value.buffer, prefix):
        return False
    return may_overwrite(lowering, node, value, node.shape, required is not None)


def may_overwrite(
    lowering: Lowering,
    node: Node,
    value: Load,
    shape: tuple[int, ...],
    is_required: bool = False,
) -> bool:
    """Whether a node may overwrite the array that it reads; if so, store what is read of it later.

    It may if the array is all of a buffer that this program writes. Unless it is required, what is
    stored elsewhere must be less than a copy of the array.
    """
    buffer, liveness = value.buffer, lowering.liveness
    is_ours = buffer.root.kind in ("arena", "output") and buffer.root not in liveness.read_only
    if not is_ours or not _is_whole(value, shape, lowering.canonical(shape)):
        return False
    readers = liveness.live_readers(buffer, node, lowering.expressions)
    if not is_required and sum(map(_size, readers)) >= math.prod(shape):
        return False
    for each in readers:
        _store_elsewhere(lowering, each)
    return True


def _is_whole(value: Load, shape: tuple[int, ...], canonical: tuple[Affine, ...]) -> bool:
    """Whether an array is all of a buffer, or of a row of it, as of the results of a scan."""
    count = len(value.index) - len(shape)
    rows = cast(tuple[Affine, ...], value.index[:count])
    return (
        value.is_affine
        and value.index[count:] == canonical
        and value.buffer.shape[count:] == shape
        and all(axis.is_loop_index for each in rows for axis, _ in each.terms)
    )


def _size(reader: Reader) -> int:
    node, number = reader
    return node.type[number].size if isinstance(node.type, tuple) else node.size


def _store_elsewhere(lowering: Lowering, reader: Reader) -> None:
    """Store the expression of a result in a new buffer."""
    node, number = reader
    value: Any = lowering.expressions[node.serial]
    if not isinstance(node.type, tuple):
        lowering.set_expression(node, lowering.store_in_scratch(node.array_type, value))
        return
    values = list(value)
    values[number] = lowering.store_in_scratch(node.type[number], values[number])
    lowering.set_expression(node, values)


RULES: dict[str, Rule] = {"update_slice": _update_slice, "scatter": _scatter}
