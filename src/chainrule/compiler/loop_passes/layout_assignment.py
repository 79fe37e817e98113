"""Data-layout assignment: arena buffers of many short rows are stored column-major.

::

    arena h: f32[200,3] strides (3, 1)        ->   arena h: f32[200,3] strides (1, 200)
    h[i, j] = tanh(x[i, j])                        for i<200 vector i: h[i, j] = ...  for j<3

Legal for arena buffers that no alias shows in another shape and no call is given. Buffers that an
elementwise statement reads or writes at the same index get one layout (union-find); a mere copy may
change it, and so may what computes an operand whose rows are read for all points of another axis,
as in an outer product for each row. Pays because vectors along three columns would be nearly empty,
and along 200 rows they are full (decision 0011).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import cast

from chainrule.compiler.loop_ir.access import accesses
from chainrule.compiler.loop_ir.expressions import axes_of, loads_of
from chainrule.compiler.loop_ir.layout import FEW_COLUMNS, SHORT, Layout, is_narrow
from chainrule.compiler.loop_ir.loops import (
    Affine,
    Buffer,
    Call,
    Contraction,
    Item,
    Load,
    Loop,
    Statement,
)

__all__ = ["assign_layout"]


def assign_layout(items: Sequence[Item]) -> Layout:
    """Choose the arena buffers that are stored column-major."""
    reused = _reused_rows(items)
    parent: dict[Buffer, Buffer] = {}
    row_major: set[Buffer] = set()

    def find(buffer: Buffer) -> Buffer:
        while parent.setdefault(buffer, buffer) is not buffer:
            buffer = parent[buffer]
        return buffer

    for item in _without_loops(items):
        for buffer, _, _ in accesses(item):
            find(buffer.root)
            is_argument = isinstance(item, Call)
            is_row_major = is_argument or buffer.kind != "arena" or buffer.root in reused
            if is_row_major or not is_narrow(buffer.shape):
                row_major.add(buffer.root)
        is_copy = isinstance(item, Statement) and isinstance(item.value, Load)
        changes_layout = isinstance(item, Statement) and item.target.root in reused
        if isinstance(item, Statement) and not (item.reduction or is_copy or changes_layout):
            for load in loads_of(item.value):
                if load.buffer.shape == item.target.shape and load.index == item.index:
                    parent[find(load.buffer.root)] = find(item.target.root)
    constrained = {find(buffer) for buffer in row_major}
    free = {buffer for buffer in parent if find(buffer) not in constrained}
    # Contractions with few columns are column-major in any case, also where readers are row-major.
    targets = [item.target for item in _without_loops(items) if isinstance(item, Contraction)]
    few = {b for b in targets if b.root not in row_major and b.shape[-1] < FEW_COLUMNS}
    return Layout(frozenset(free | few))


def _reused_rows(items: Sequence[Item]) -> set[Buffer]:
    """Narrow results of elementwise statements, read by row for all points of a long axis alone."""
    reused: set[Buffer] = set()
    others: set[Buffer] = set()
    for item in _without_loops(items):
        if not isinstance(item, Statement):
            others |= {buffer.root for buffer, _, _ in accesses(item)}
            continue
        others |= {item.target.root} if item.reduction else set()
        for load in loads_of(item.value):
            (reused if _is_reused(item, load) else others).add(load.buffer.root)
    return reused - others


def _is_reused(statement: Statement, load: Load) -> bool:
    """Whether an elementwise statement has a long axis that a load does not depend on."""
    if not is_narrow(load.buffer.shape):
        return False
    read = {axis for index in load.index if isinstance(index, Affine) for axis, _ in index.terms}
    return (
        not statement.reduction
        and not statement.is_scatter
        and load.is_affine
        and any(axis.extent >= SHORT and axis not in read for axis in axes_of(statement))
    )


def _without_loops(items: Sequence[Item]) -> Iterator[Item]:
    """Yield statements and contractions in order, those inside loops included."""
    for item in items:
        if isinstance(item, Loop):
            yield from _without_loops(cast(Sequence[Item], item.steps))
        else:
            yield item
