"""Blocks of depth: how a long sum is partitioned, and where a kernel visits all tiles in a block.

The partition of a sum (`summation_blocks`) is part of its definition: it says in which order its
terms are added. The blocks in which a kernel runs (`DepthBlocking`) are not: a chain of additions
that is stored between two blocks, and loaded again, has the same bits.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from chainrule.compiler.backends.llvm.contraction.kernel_shape import KernelLoop
from chainrule.compiler.backends.llvm.contraction.loop_roles import LoopRoles
from chainrule.compiler.backends.llvm.emit import ITEM_BYTES

__all__ = ["BLOCKS", "DepthBlocking", "choose_depth_blocking", "summation_blocks"]

MAX_UNBLOCKED_DEPTH = 1000
"""Depth up to which a sum is one chain of additions."""
DEPTH_BLOCK = 256
"""Additions of a block: the rounding errors of more would show, to add up more tiles takes time."""
BLOCKS = 32
"""Blocks of a block of the next level."""

BLOCK_TERMS = 64
"""Of a block: a panel of two vectors takes an eighth of a first-level cache, beside the rows of
``left``, and the loads and stores of the partial sums take few of the cycles."""
MIN_PANEL_BYTES = 2**15
"""Of a panel of the whole depth: from here on tiles read it from a second-level cache."""
MAX_SUM_BYTES = 2**18
"""Of the partial sums: a quarter of a second-level cache, which they share with both operands."""
MIN_TILES = 4
"""Row tiles that read a panel."""


@dataclass(frozen=True)
class DepthBlocking:
    """All tiles are computed for a block of depth, before any is for the next.

    A block is `size` iterations of one loop, in one iteration of the loops around that.
    """

    position: int  # of the loop in `LoopRoles.depth`
    size: int


def summation_blocks(depth: Sequence[KernelLoop]) -> tuple[int, int]:
    """Return the iterations of the outermost loop in a block of a sum, and the levels of blocks."""
    trips = math.prod(loop.extent for loop in depth)
    if trips <= MAX_UNBLOCKED_DEPTH or depth[0].extent == 1:
        return 1, 0
    block = max(1, DEPTH_BLOCK * depth[0].extent // trips)
    levels = 1
    while block * BLOCKS**levels < depth[0].extent:
        levels += 1
    return block, levels


def choose_depth_blocking(
    roles: LoopRoles, row_tiles: int, sum_elements: int, panel_columns: int
) -> DepthBlocking | None:
    """Choose the blocks in which a kernel runs, or None if they would not pay.

    They pay where a panel of the whole depth exceeds the first-level cache, many tiles read it, and
    the partial sums of all tiles stay in the second.
    """
    if not roles.depth:
        return None
    item = ITEM_BYTES[roles.dtype]
    _, levels = summation_blocks(roles.depth)
    row_bytes = panel_columns * item
    # Rows of left that are contiguous along depth are prefetched by hardware.
    is_streamed = roles.depth[-1].left == 1 and not levels
    if (
        is_streamed
        or roles.column.left
        or roles.column.right != 1
        or roles.depth_size * row_bytes < MIN_PANEL_BYTES
        or sum_elements * item > MAX_SUM_BYTES
        or row_tiles < MIN_TILES
    ):
        return None
    inner, position = 1, len(roles.depth) - 1
    while position and inner * roles.depth[position].extent <= BLOCK_TERMS:
        inner *= roles.depth[position].extent
        position -= 1
    if any(loop.bound for loop in roles.depth[: max(position, 1)]):
        return None
    return DepthBlocking(position, max(1, BLOCK_TERMS // inner))
