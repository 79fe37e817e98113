"""How long tiles of a shape would take: the estimate that chooses them.

Nothing is measured, so the choice is a function of shapes and of the processor alone.
"""

import itertools
import math
from collections.abc import Sequence
from dataclasses import replace

from chainrule.compiler.backends.llvm.contraction.loop_roles import LoopRoles
from chainrule.compiler.backends.llvm.contraction.packing_policy import packs_left, packs_right
from chainrule.compiler.backends.llvm.target import Target

__all__ = ["best_row_tile", "best_shape", "lanes_at_end", "widths_of"]

SMALLEST_BYTES = 16
HALVED_BYTES = 64

COPY_CYCLES = 3.0
"""Of a vector that is copied, from memory that is not near."""
THREADS = 2
"""For so many the work is balanced; more find larger contractions to share, or less balance."""


def best_row_tile(arrangements: Sequence[LoopRoles], target: Target) -> int:
    """Choose the rows of a tile for several contractions whose rows are divided in the same way."""
    rows = arrangements[0].rows[0].extent

    def cost(row_tile: int) -> float:
        shapes = [best_shape(replace(a, row_tile=row_tile), 1, target) for a in arrangements]
        contractions = zip(arrangements, shapes, strict=True)
        total = sum(time * each.depth_size for each, ((time, _), *_) in contractions)
        return total * _stretch([1] * -(-rows // row_tile))

    tile = min(range(1, min(rows, 12) + 1), key=cost)
    return -(-rows // -(-rows // tile))


def best_shape(
    arrangement: LoopRoles, number: int, target: Target
) -> tuple[tuple[float, int], int, int, int, int]:
    """Choose the shape of tiles that are cut from one loop of rows."""
    vectors = -(-arrangement.column.extent // target.width(arrangement.dtype))
    return min(
        (*_cost(arrangement, number, (row_tile, count), target), number, row_tile, count)
        for count in range(1, min(vectors, 16) + 1)
        for row_tile in (
            [arrangement.row_tile]
            if arrangement.row_tile
            else range(1, min(arrangement.rows[-number].extent, 16) + 1)
        )
        # Accumulators, the panel's vectors, and one register for a row's number.
        if row_tile * count + count + 1 <= target.registers
    )


def _cost(
    arrangement: LoopRoles, number: int, tile: tuple[int, int], target: Target
) -> tuple[tuple[float, int], int]:
    """Estimate cycles per step of depth for the whole output; ties go to the smaller code."""
    cut, width = arrangement.rows[-number].extent, target.width(arrangement.dtype)
    rows = math.prod(loop.extent for loop in arrangement.rows)
    columns, batch = arrangement.column.extent, arrangement.batch_size
    widths = widths_of(-(-columns // width), tile[1])
    saved = 0.5 if lanes_at_end(columns, width, target) < width else 0.0
    tiles, panels = rows // cut * -(-cut // tile[0]), len(widths)
    rows_each, vectors_each = -(-cut // -(-cut // tile[0])), (sum(widths) - saved) / panels
    # Two of each a cycle.
    multiplications, loads = rows_each * vectors_each / 2, (rows_each + vectors_each) / 2
    latency = 4.0  # of one accumulator's chain
    # The rest is fitted to measurements: loads are not quite hidden, and the loop itself costs.
    cycles = max(multiplications, loads, latency) + 0.3 * loads + 0.5
    contractions = batch * tiles * panels * cycles
    right = batch * COPY_CYCLES * sum(widths) * packs_right(arrangement, tiles)
    left = batch * COPY_CYCLES * rows / width * packs_left(arrangement, panels)
    ways = [
        ((contractions + right + left) * _even_stretch(batch), 0),
        # What one thread copies of the operand that is not shared, all copy.
        ((contractions + left) * _even_stretch(tiles) + THREADS * right, 1),
        ((contractions + right) * _stretch(widths) + THREADS * left, 2),
    ]
    time, shared = min((round(time, 2), way) for time, way in ways)
    return (time, tile[0] * tile[1]), shared


def _stretch(sizes: list[int]) -> float:
    """Return how much longer threads take than if parts of these sizes could be cut anywhere."""
    bounds = [len(sizes) * thread // THREADS for thread in range(THREADS + 1)]
    longest = max(sum(sizes[start:stop]) for start, stop in itertools.pairwise(bounds))
    return longest * THREADS / sum(sizes)


def _even_stretch(count: int) -> float:
    """Return the same for so many parts of one size."""
    return -(-count // THREADS) * THREADS / count


def lanes_at_end(columns: int, width: int, target: Target) -> int:
    """Return how many lanes the last vector of a row needs.

    Where a register of 64 bytes is worked on in two halves, a vector of at most half takes half the
    time; where it is not, it takes no more.
    """
    left_over = columns - (-(-columns // width) - 1) * width
    least = width * SMALLEST_BYTES // target.vector_bytes
    narrow = next(lanes for lanes in (least, width // 2, width) if left_over <= lanes)
    return narrow if target.vector_bytes == HALVED_BYTES else width


def widths_of(vectors: int, largest: int) -> list[int]:
    """Cut a row of vectors into panels whose widths differ by one vector at most."""
    panels = -(-vectors // largest)
    narrow, wide = divmod(vectors, panels)
    return [narrow + 1] * wide + [narrow] * (panels - wide)
