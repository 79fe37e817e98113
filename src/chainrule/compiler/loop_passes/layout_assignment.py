"""Data-layout assignment: arena buffers of many short rows are stored column-major.

::

    arena h: f32[200,3] strides (3, 1)        ->   arena h: f32[200,3] strides (1, 200)
    h[i, j] = tanh(x[i, j])                        for i<200 vector i: h[i, j] = ...  for j<3

Legal for arena buffers that no alias shows in another shape and no call is given. Buffers that an
elementwise statement reads or writes at the same index get one layout (union-find); a mere copy may
change it. Pays because vectors along three columns would be nearly empty, and along 200 rows they
are full (decision 0011).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import cast

from chainrule.compiler.loop_ir.access import accesses
from chainrule.compiler.loop_ir.expressions import loads_of
from chainrule.compiler.loop_ir.layout import FEW_COLUMNS, Layout, is_narrow
from chainrule.compiler.loop_ir.loops import Buffer, Call, Contraction, Item, Load, Loop, Statement

__all__ = ["assign_layout"]


def assign_layout(items: Sequence[Item]) -> Layout:
    """Choose the arena buffers that are stored column-major."""
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
            if is_argument or buffer.kind != "arena" or not is_narrow(buffer.shape):
                row_major.add(buffer.root)
        is_copy = isinstance(item, Statement) and isinstance(item.value, Load)
        if isinstance(item, Statement) and not item.reduction and not is_copy:
            for load in loads_of(item.value):
                if load.buffer.shape == item.target.shape and load.index == item.index:
                    parent[find(load.buffer.root)] = find(item.target.root)
    constrained = {find(buffer) for buffer in row_major}
    free = {buffer for buffer in parent if find(buffer) not in constrained}
    # Contractions with few columns are column-major in any case, also where readers are row-major.
    targets = [item.target for item in _without_loops(items) if isinstance(item, Contraction)]
    few = {b for b in targets if b.root not in row_major and b.shape[-1] < FEW_COLUMNS}
    return Layout(frozenset(free | few))


def _without_loops(items: Sequence[Item]) -> Iterator[Item]:
    """Yield statements and contractions in order, those inside loops included."""
    for item in items:
        if isinstance(item, Loop):
            yield from _without_loops(cast(Sequence[Item], item.steps))
        else:
            yield item
