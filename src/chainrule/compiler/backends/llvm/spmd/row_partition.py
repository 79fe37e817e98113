"""Static partition of the batch rows of batch-parallel loops among threads."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from chainrule.compiler.backends.llvm.contraction.kernel_shape import kernel_shape
from chainrule.compiler.backends.llvm.contraction.loop_roles import LoopRoles, assign_roles
from chainrule.compiler.backends.llvm.contraction.tile_cost import best_row_tile
from chainrule.compiler.backends.llvm.nest.loop_nest import lanes_of
from chainrule.compiler.backends.llvm.target import Target
from chainrule.compiler.loop_ir.expressions import kernel_output, nests_of
from chainrule.compiler.loop_ir.layout import Layout
from chainrule.compiler.loop_ir.loops import Axis, Loop, Nest, Step

__all__ = ["RowPartition", "partition_rows"]


@dataclass(frozen=True)
class RowPartition:
    """The granularity at which the rows of a loop are divided among threads."""

    rows: int
    row_tile: int  # rows of a contraction's register tile; 1 without contractions
    unit: int  # rows that no boundary splits: a common multiple of the tile and of vector widths

    @property
    def units(self) -> int:
        """The number of units."""
        return -(-self.rows // self.unit)


def partition_rows(
    steps: Sequence[Step], layout: Layout, target: Target
) -> dict[Loop, RowPartition]:
    """Partition the batch-parallel loops, which threads execute without barriers."""
    partitions: dict[Loop, RowPartition] = {}
    for step in steps:
        if isinstance(step, Loop):
            partition = _partition(step, layout, target) if step.batch_axes else None
            if partition is None:
                partitions |= partition_rows(step.steps, layout, target)
            else:
                partitions[step] = partition
    return partitions


def _partition(step: Loop, layout: Layout, target: Target) -> RowPartition | None:
    """Partition one loop; None where a contraction is not tiled by rows, or into a single unit."""
    nests = list(nests_of(step.steps))
    contractions = [
        _roles_by_row(nest, axis, layout)
        for nest, axis in zip(nests, step.batch_axes, strict=True)
        if nest.contraction is not None
    ]
    tiled_by_rows = [each for each in contractions if each is not None]
    if len(tiled_by_rows) < len(contractions):
        return None
    rows = step.batch_axes[0].extent
    row_tile = best_row_tile(tiled_by_rows, target) if tiled_by_rows else 1
    widths = [
        lanes_of(nest.statements, rows)
        for nest, axis in zip(nests, step.batch_axes, strict=True)
        if axis is nest.vector_axis
    ]
    partition = RowPartition(rows, row_tile, math.lcm(row_tile, *widths))
    return partition if partition.units > 1 else None


def _roles_by_row(nest: Nest, axis: Axis, layout: Layout) -> LoopRoles | None:
    """Return the loop roles of a contraction whose only row loop is along an axis, else None."""
    assert nest.contraction is not None
    out = kernel_output(nest)
    assert out is not None
    shape = kernel_shape(nest.contraction, out, layout)
    roles = assign_roles(shape)
    loop = shape.loops[nest.contraction.axes.index(axis)]
    (row, *other_rows) = roles.rows
    is_only_row = not other_rows and roles.batch_size == 1
    return roles if is_only_row and row in (loop, loop.swapped) else None
