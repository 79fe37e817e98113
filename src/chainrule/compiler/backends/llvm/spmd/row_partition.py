"""How threads divide the rows of a loop whose rows never look at each other."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from chainrule.compiler.backends.llvm.contraction.epilogue import shape_of
from chainrule.compiler.backends.llvm.contraction.loop_roles import LoopRoles, arrange
from chainrule.compiler.backends.llvm.contraction.tile_cost import best_row_tile
from chainrule.compiler.backends.llvm.nest.loop_nest import lanes_of
from chainrule.compiler.backends.llvm.target import Target
from chainrule.compiler.loop_ir.expressions import nests_of, stored_by_kernel
from chainrule.compiler.loop_ir.layout import Layout
from chainrule.compiler.loop_ir.loops import Axis, Loop, Nest, Step

__all__ = ["RowPartition", "divisions"]


@dataclass(frozen=True)
class RowPartition:
    """The units in which rows are given to threads.

    Parameters
    ----------
    rows : int
        How many rows there are.
    tile : int
        Rows of the tiles of contractions; 1 where there are none.
    unit : int
        Rows of a unit, which cuts no tile and no vector.
    """

    rows: int
    tile: int
    unit: int

    @property
    def units(self) -> int:
        """Number of units."""
        return -(-self.rows // self.unit)


def divisions(steps: Sequence[Step], layout: Layout, target: Target) -> dict[Loop, RowPartition]:
    """Find the loops that threads run through without waiting."""
    found: dict[Loop, RowPartition] = {}
    for step in steps:
        if isinstance(step, Loop):
            made = _division(step, layout, target) if step.batch_axes else None
            found |= divisions(step.steps, layout, target) if made is None else {step: made}
    return found


def _division(step: Loop, layout: Layout, target: Target) -> RowPartition | None:
    nests = list(nests_of(step.steps))
    contractions = [
        _by_rows(nest, axis, layout)
        for nest, axis in zip(nests, step.batch_axes, strict=True)
        if nest.contraction is not None
    ]
    known = [each for each in contractions if each is not None]
    if len(known) < len(contractions):
        return None
    rows = step.batch_axes[0].extent
    tile = best_row_tile(known, target) if known else 1
    vectors = [
        lanes_of(nest.statements, rows)
        for nest, axis in zip(nests, step.batch_axes, strict=True)
        if axis is nest.vector_axis
    ]
    made = RowPartition(rows, tile, math.lcm(tile, *vectors))
    return made if made.units > 1 else None


def _by_rows(nest: Nest, axis: Axis, layout: Layout) -> LoopRoles | None:
    """The loops of a contraction whose tiles run along an axis; None where they do not."""
    assert nest.contraction is not None
    out = stored_by_kernel(nest)
    assert out is not None
    shape = shape_of(nest.contraction, out, layout)
    arrangement = arrange(shape)
    own = shape.loops[nest.contraction.axes.index(axis)]
    (row, *others) = arrangement.rows
    alone = not others and arrangement.batch_size == 1
    return arrangement if alone and row in (own, own.swapped) else None
