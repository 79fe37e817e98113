"""Fusion: statements that run over the same points become one nest.

Statements are placed one after the other. Each goes into the first nest in which it may stand: one
that runs over axes of the same lengths, behind everything it conflicts with, or beside it where
both touch what they share at the same point. Otherwise it starts a nest of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import cast

from chainrule.compiler.analysis.dependence import AccessSet, are_disjoint, same_iteration
from chainrule.compiler.loop_ir.access import Access, accesses
from chainrule.compiler.loop_ir.expressions import (
    axes_of,
    cost,
)
from chainrule.compiler.loop_ir.layout import Layout
from chainrule.compiler.loop_ir.loops import (
    Axis,
    Contraction,
    Item,
    Loop,
    Nest,
    Statement,
    Step,
)
from chainrule.compiler.loop_ir.rewrite import rename_axes
from chainrule.compiler.loop_passes.batch_fusion import fuse_over_batch
from chainrule.compiler.loop_passes.batch_parallel import mark_batch_parallel
from chainrule.compiler.loop_passes.register_promotion import promote_to_registers
from chainrule.compiler.loop_passes.vectorization import choose_loop_order

__all__ = ["fuse"]

EPILOGUE_COST = 40
"""What a kernel may compute while its sums are in registers."""
FAR_COST, NEAR_BYTES = 6, 2**19
"""What it may where the result does not fit the caches next to a core: what else there is to read
for it comes in better order without the kernel."""


def fuse(items: Sequence[Item], layout: Layout) -> tuple[Step, ...]:
    """Make nests of statements."""
    steps = _fused(items, layout)
    return fuse_over_batch(mark_batch_parallel(promote_to_registers(steps, layout)), layout)


@dataclass
class _Group:
    """A nest that still grows."""

    axes: tuple[Axis, ...]
    vector_axis: Axis | None
    contraction: Contraction | None = None
    statements: list[Statement] = field(default_factory=list[Statement])
    loop: Loop | None = None
    is_open: bool = True
    touched: list[Access] = field(default_factory=list[Access])
    accesses: AccessSet = field(default_factory=AccessSet)

    def add(self, item: Item) -> None:
        if isinstance(item, Statement):
            self.statements.append(item)
        self.touched += accesses(item)
        self.accesses.add(accesses(item))


def _fused(items: Sequence[Item], layout: Layout) -> tuple[Step, ...]:
    groups: list[_Group] = []
    for item in items:
        touched = AccessSet.of(accesses(item))
        first = 0
        for number, group in enumerate(groups):
            if group.accesses.conflicts_with(touched):
                first = number
        if not isinstance(item, Statement):
            groups.append(_own_group(item, layout))
            continue
        axes, vector_axis, is_open = choose_loop_order(item, layout)
        for group in groups[first:]:
            joined = _joined(item, axes, vector_axis, group) if is_open else None
            if joined is not None:
                group.add(joined)
                break
        else:
            groups.append(_Group(axes, vector_axis, is_open=is_open))
            groups[-1].add(item)
    return tuple(_step(group) for group in groups)


def _own_group(item: Contraction | Loop, layout: Layout) -> _Group:
    if isinstance(item, Loop):
        inside = cast(Sequence[Item], item.steps)
        inner = Loop(item.axis, item.backwards, _fused(inside, layout))
        group = _Group((), None, loop=inner, is_open=False)
    else:
        group = _Group(item.axes, None, item)
    group.add(item)
    return group


def _step(group: _Group) -> Step:
    if group.loop is not None:
        return group.loop
    return Nest(group.axes, group.vector_axis, tuple(group.statements), group.contraction)


def _joined(
    item: Statement, axes: tuple[Axis, ...], vector_axis: Axis | None, group: _Group
) -> Statement | None:
    """Return a statement in the axes of a group it may join; None where it may not."""
    if not group.is_open:
        return None
    if group.contraction is not None:
        axes = tuple(axes_of(item))
        if item.reduction or _epilogue_cost(item, group) > _most_epilogue(group.contraction):
            return None
    elif (vector_axis is None) != (group.vector_axis is None):
        return None
    if tuple(axis.extent for axis in axes) != tuple(axis.extent for axis in group.axes):
        return None
    lanes = vector_axis, group.vector_axis
    if lanes[0] and lanes[1] and axes.index(lanes[0]) != group.axes.index(lanes[1]):
        return None
    moved = rename_axes(item, _names(item, axes, group.axes))
    touched = list(accesses(moved))
    is_reading = False
    for buffer, index, is_write in touched:
        for other, place, was_written in group.touched:
            if buffer.root is other.root and (is_write or was_written):
                if buffer is other and are_disjoint(index, place):
                    continue
                is_reading = is_reading or was_written
                if group.axes and not same_iteration(buffer, index, other, place, group.axes):
                    return None
    return None if group.contraction is not None and not is_reading else moved


def _names(item: Statement, axes: Sequence[Axis], wanted: Sequence[Axis]) -> dict[Axis, Axis]:
    """Give axes of a statement the names of a nest's; its other axes may not have those too.

    In Σⱼ x[i, j] of a square array, j can be the name of the nest's axis over rows.
    """
    names = dict(zip(axes, wanted, strict=True))
    for axis in (*axes_of(item), *item.over):
        if axis not in names and axis in wanted:
            names[axis] = Axis(axis.extent, axis.name)
    return names


def _most_epilogue(contraction: Contraction) -> int:
    size = contraction.target.size * contraction.target.dtype.itemsize
    return EPILOGUE_COST if size <= NEAR_BYTES else FAR_COST


def _epilogue_cost(item: Statement, group: _Group) -> int:
    return sum(1 + cost(each.value) for each in (item, *group.statements))
