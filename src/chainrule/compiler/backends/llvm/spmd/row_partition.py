"""How threads divide the rows of a loop whose rows never look at each other."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from chainrule.compiler.backends.llvm.contraction.epilogue import shape_of
from chainrule.compiler.backends.llvm.contraction.loop_roles import Arrangement, arrange
from chainrule.compiler.backends.llvm.contraction.tile_cost import best_row_tile
from chainrule.compiler.backends.llvm.nest.loop_nest import lanes_of
from chainrule.compiler.backends.llvm.target import Target
from chainrule.compiler.loop_ir.expressions import nests_of, stored_by_kernel
from chainrule.compiler.loop_ir.layout import Layout
from chainrule.compiler.loop_ir.loops import Axis, Nest, Repeat, Step

__all__ = ["Division", "divisions"]


@dataclass(frozen=True)
class Division:
    """The units in which rows are given to threads.

    Parameters
    ----------
    rows : int
        How many rows there are.
    tile : int
        Rows of the tiles of products; 1 where there are none.
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


def divisions(steps: Sequence[Step], layout: Layout, target: Target) -> dict[Repeat, Division]:
    """Find the loops that threads run through without waiting.

    Parameters
    ----------
    steps : sequence of Step
        The program.
    layout : Layout
        The strides of its buffers.
    target : Target
        The processor.

    Returns
    -------
    dict
        How the rows of each such loop are divided.
    """
    found: dict[Repeat, Division] = {}
    for step in steps:
        if isinstance(step, Repeat):
            made = _division(step, layout, target) if step.rows else None
            found |= divisions(step.steps, layout, target) if made is None else {step: made}
    return found


def _division(step: Repeat, layout: Layout, target: Target) -> Division | None:
    nests = list(nests_of(step.steps))
    products = [
        _by_rows(nest, axis, layout)
        for nest, axis in zip(nests, step.rows, strict=True)
        if nest.product is not None
    ]
    known = [each for each in products if each is not None]
    if len(known) < len(products):
        return None
    rows = step.rows[0].extent
    tile = best_row_tile(known, target) if known else 1
    vectors = [
        lanes_of(nest.statements, rows)
        for nest, axis in zip(nests, step.rows, strict=True)
        if axis is nest.lane
    ]
    made = Division(rows, tile, math.lcm(tile, *vectors))
    return made if made.units > 1 else None


def _by_rows(nest: Nest, axis: Axis, layout: Layout) -> Arrangement | None:
    """The loops of a product whose tiles run along an axis; None where they do not."""
    assert nest.product is not None
    out = stored_by_kernel(nest)
    assert out is not None
    shape = shape_of(nest.product, out, layout)
    arrangement = arrange(shape)
    own = shape.loops[nest.product.axes.index(axis)]
    (row, *others) = arrangement.rows
    alone = not others and arrangement.batch_size == 1
    return arrangement if alone and row in (own, own.exchanged) else None
