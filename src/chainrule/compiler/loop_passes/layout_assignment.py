"""Data-layout assignment: the order of the axes of each buffer in memory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from chainrule.compiler.loop_ir.access import accesses
from chainrule.compiler.loop_ir.expressions import loads_of
from chainrule.compiler.loop_ir.layout import FEW_COLUMNS, Layout, is_narrow
from chainrule.compiler.loop_ir.loops import (
    Buffer,
    Contraction,
    Item,
    Load,
    Loop,
    Statement,
)

__all__ = ["assign_layout"]


def assign_layout(items: Sequence[Item]) -> Layout:
    """Choose how the arena's buffers lie."""
    leader: dict[Buffer, Buffer] = {}
    fixed: set[Buffer] = set()

    def find(buffer: Buffer) -> Buffer:
        while leader.setdefault(buffer, buffer) is not buffer:
            buffer = leader[buffer]
        return buffer

    for item in _flat(items):
        for buffer, _, _ in accesses(item):
            find(buffer.root)
            if buffer.kind != "arena" or not is_narrow(buffer.shape):
                fixed.add(buffer.root)
        # A mere copy may change the order.
        is_copy = isinstance(item, Statement) and isinstance(item.value, Load)
        if isinstance(item, Statement) and not item.reduction and not is_copy:
            for load in loads_of(item.value):
                if load.buffer.shape == item.target.shape and load.index == item.index:
                    leader[find(load.buffer.root)] = find(item.target.root)
    frozen = {find(buffer) for buffer in fixed}
    free = {buffer for buffer in leader if find(buffer) not in frozen}
    # Vectors along a few columns would be nearly empty: such a contraction is always stored by
    # columns, also where its readers lie in rows.
    contractions = [item.target for item in _flat(items) if isinstance(item, Contraction)]
    few = {p for p in contractions if p.root not in fixed and p.shape[-1] < FEW_COLUMNS}
    return Layout(frozenset(free | few))


def _flat(items: Sequence[Item]) -> list[Item]:
    flat: list[Item] = []
    for item in items:
        flat += _flat(cast(Sequence[Item], item.steps)) if isinstance(item, Loop) else [item]
    return flat
