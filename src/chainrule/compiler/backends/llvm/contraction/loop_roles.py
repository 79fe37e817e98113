"""Roles of a contraction's loops: rows (M), columns (N), depth (K), batch.

A matrix product has one loop of each role but batch, a convolution three row loops and three depth
loops (see `KernelLoop`). A window operand needs no rule of its own: its row and depth loops step
through the same memory.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from chainrule.compiler.backends.llvm.contraction.kernel_shape import KernelLoop, KernelShape

__all__ = ["LoopRoles", "assign_roles"]

UNIT_COLUMN = KernelLoop(1, 0, 1, 1)


@dataclass(frozen=True)
class LoopRoles:
    """The loops of a contraction by role, each outermost first."""

    dtype: str
    batch: tuple[KernelLoop, ...]  # around all others
    rows: tuple[KernelLoop, ...]  # their stride in `right` is 0; one of them is tiled
    # The vectorized loop. Where its stride in `left` is 1 too, `left` is loaded as vectors as well.
    column: KernelLoop
    depth: tuple[KernelLoop, ...]  # summed over
    swapped: bool  # whether left and right are the contraction's right and left
    row_tile: int = 0  # as in `KernelShape`

    @property
    def batch_size(self) -> int:
        """Trip count of all batch loops together."""
        return _trip_count(self.batch)

    @property
    def tileable_rows(self) -> tuple[int, ...]:
        """Positions, from the innermost, of row loops that may be tiled.

        A bound on depth depends on the index of its row loop, so that one is not tiled: all rows
        of a register tile run the same iterations of depth.
        """
        bounded = {loop.bound.row_stride for loop in self.depth if loop.bound}
        inside_out = enumerate(reversed(self.rows), 1)
        return tuple(position for position, loop in inside_out if loop.out not in bounded)

    @property
    def depth_size(self) -> int:
        """Trip count of all depth loops together (K)."""
        return _trip_count(self.depth)


def assign_roles(shape: KernelShape) -> LoopRoles:
    """Assign every loop its role.

    The vectorized loop is one along which the output is contiguous. Where that is a row loop, left
    and right are swapped, which makes it a column.
    """
    loops = [loop for loop in shape.loops if loop.extent != 1]
    column = max((loop for loop in loops if loop.out), key=_vectorizability, default=UNIT_COLUMN)
    if column.role == "batch" and not column.left == column.right == 1:
        column = UNIT_COLUMN
    rows, columns = (
        _trip_count([loop for loop in loops if loop.role == role]) for role in ("row", "column")
    )
    swapped = column.role == "row" or (column.role == "batch" and columns > rows)
    if swapped:
        loops, column = [loop.swapped for loop in loops], column.swapped
    outer = sorted((loop for loop in loops if loop.out and loop != column), key=_by_output_stride)
    depth = sorted((loop for loop in loops if not loop.out), key=_by_operand_strides)
    return LoopRoles(
        shape.dtype,
        tuple(loop for loop in outer if loop.role != "row"),
        _with_tileable_row([loop for loop in outer if loop.role == "row"], loops),
        column,
        _collapsed(depth),
        swapped,
        shape.row_tile,
    )


def _with_tileable_row(
    rows: Sequence[KernelLoop], loops: Sequence[KernelLoop]
) -> tuple[KernelLoop, ...]:
    """Append a row loop of one iteration if none may be tiled, see `LoopRoles.tileable_rows`."""
    bounded = {loop.bound.row_stride for loop in loops if loop.bound}
    if all(loop.out in bounded for loop in rows):
        return (*rows, KernelLoop(1))
    return tuple(rows)


def _vectorizability(loop: KernelLoop) -> tuple[bool, bool, int]:
    """Sort key: the loop to vectorize is the largest."""
    if loop.role == "batch":
        return loop.out == loop.left == loop.right == 1, False, 0
    return loop.out == 1, loop.role == "column", loop.extent


def _by_output_stride(loop: KernelLoop) -> int:
    """Sort key: the largest stride outermost."""
    return -abs(loop.out)


def _by_operand_strides(loop: KernelLoop) -> int:
    """Sort key: the largest strides outermost."""
    return -abs(loop.left) - abs(loop.right)


def _collapsed(loops: Sequence[KernelLoop]) -> tuple[KernelLoop, ...]:
    """Collapse adjacent loops where the elements are visited in the same order."""
    collapsed: list[KernelLoop] = []
    for loop in loops:
        if collapsed and collapsed[-1].collapses_with(loop):
            loop = replace(loop, extent=loop.extent * collapsed.pop().extent)
        collapsed.append(loop)
    return tuple(collapsed)


def _trip_count(loops: Sequence[KernelLoop]) -> int:
    return math.prod(loop.extent for loop in loops)
