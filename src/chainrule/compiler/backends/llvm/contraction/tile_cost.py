"""Cost model of register tiles: estimated cycles, by which tile shapes are chosen.

Nothing is measured, so the choice depends on shapes and on the target alone.
"""

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from chainrule.compiler.backends.llvm.contraction.loop_roles import LoopRoles
from chainrule.compiler.backends.llvm.contraction.packing_policy import (
    should_pack_left,
    should_pack_right,
)
from chainrule.compiler.backends.llvm.target import Target

__all__ = [
    "TileChoice", "best_row_tile", "best_tile", "last_vector_lanes", "panel_widths", "tile_shapes",
]  # fmt: skip

MAX_ROW_TILE = 16
MAX_PANEL_VECTORS = 16
MAX_COMMON_ROW_TILE = 12

MIN_VECTOR_BYTES = 16
SPLIT_VECTOR_BYTES = 64
"""Size of vector registers for which vectors of half the size take half the time."""

PACK_CYCLES = 3.0
"""For each vector packed, from a distant cache."""
FMA_LATENCY = 4.0
THREADS = 2
"""Threads the load is balanced for; more threads get larger contractions, or less balance."""


class TileChoice(NamedTuple):
    """A tile shape and its cost; of candidates, the least in lexicographic order is chosen."""

    cycles: float  # per step of depth, for the whole output
    size: int  # vectors of the tile: of equal candidates, the one with less code
    shared_range: int  # as in `Tiling`
    row_loop: int  # position of the tiled loop in `rows`, counted from the innermost as 1
    row_tile: int  # m_r
    panel_vectors: int  # n_r, in vectors


def best_row_tile(contractions: Sequence[LoopRoles], target: Target) -> int:
    """Choose one row tile for several contractions whose rows are partitioned alike."""
    rows = contractions[0].rows[0].extent

    def cost(row_tile: int) -> float:
        tiles = [best_tile(replace(each, row_tile=row_tile), 1, target) for each in contractions]
        pairs = zip(contractions, tiles, strict=True)
        total = sum(tile.cycles * roles.depth_size for roles, tile in pairs)
        return total * _imbalance([1] * -(-rows // row_tile))

    row_tile = min(range(1, min(rows, MAX_COMMON_ROW_TILE) + 1), key=cost)
    return -(-rows // -(-rows // row_tile))


def best_tile(roles: LoopRoles, row_loop: int, target: Target) -> TileChoice:
    """Choose the tile shape for tiles of one row loop."""
    return min(tile_shapes(roles, row_loop, target))


def tile_shapes(roles: LoopRoles, row_loop: int, target: Target) -> Iterator[TileChoice]:
    """Iterate over the tile shapes whose accumulators and operands fit the registers."""
    vectors = -(-roles.column.extent // target.width(roles.dtype))
    largest = min(roles.rows[-row_loop].extent, MAX_ROW_TILE)
    row_tiles = [roles.row_tile] if roles.row_tile else range(1, largest + 1)
    for panel_vectors in range(1, min(vectors, MAX_PANEL_VECTORS) + 1):
        for row_tile in row_tiles:
            # Accumulators, the vectors of one row of the panel, and one broadcast element of left.
            if row_tile * panel_vectors + panel_vectors + 1 <= target.registers:
                yield _estimate(roles, row_loop, row_tile, panel_vectors, target)


def _estimate(
    roles: LoopRoles, row_loop: int, row_tile: int, panel_vectors: int, target: Target
) -> TileChoice:
    """Estimate the cycles of a tile shape."""
    tiled, width = roles.rows[-row_loop].extent, target.width(roles.dtype)
    rows = math.prod(loop.extent for loop in roles.rows)
    columns, batch = roles.column.extent, roles.batch_size
    widths = panel_widths(-(-columns // width), panel_vectors)
    saved = 0.5 if last_vector_lanes(columns, width, target) < width else 0.0
    tiles, panels = rows // tiled * -(-tiled // row_tile), len(widths)
    mean_rows, mean_vectors = -(-tiled // -(-tiled // row_tile)), (sum(widths) - saved) / panels
    # Two FMAs and two loads a cycle; the two constants are fitted to measurements, for loads that
    # are not quite hidden and for the loop.
    fmas, loads = mean_rows * mean_vectors / 2, (mean_rows + mean_vectors) / 2
    cycles = max(fmas, loads, FMA_LATENCY) + 0.3 * loads + 0.5
    compute = batch * tiles * panels * cycles
    pack_right = batch * PACK_CYCLES * sum(widths) * should_pack_right(roles, tiles)
    # A row tile is packed by vectors of its own, however few rows it has.
    left_vectors = tiles * -(-row_tile // width)
    pack_left = batch * PACK_CYCLES * left_vectors * should_pack_left(roles, panels)
    # The operand whose range is not shared is packed by each thread.
    totals = [
        (compute + pack_right + pack_left) * _even_imbalance(batch),
        (compute + pack_left) * _even_imbalance(tiles) + THREADS * pack_right,
        (compute + pack_right) * _imbalance(widths) + THREADS * pack_left,
    ]
    total, shared_range = min((round(total, 2), i) for i, total in enumerate(totals))
    size = row_tile * panel_vectors
    return TileChoice(total, size, shared_range, row_loop, row_tile, panel_vectors)


def _imbalance(sizes: list[int]) -> float:
    """Return the largest load of a thread over the mean load, for parts of these sizes."""
    bounds = [len(sizes) * thread // THREADS for thread in range(THREADS + 1)]
    longest = max(sum(sizes[start:stop]) for start, stop in itertools.pairwise(bounds))
    return longest * THREADS / sum(sizes)


def _even_imbalance(count: int) -> float:
    """Return the largest load over the mean load, for parts of equal size."""
    return -(-count // THREADS) * THREADS / count


def last_vector_lanes(columns: int, width: int, target: Target) -> int:
    """Return the lanes of the last vector of a row.

    Where a 64-byte operation is executed as two halves, a vector of at most half the size takes
    half the time; elsewhere a shorter vector gains nothing.
    """
    remainder = columns - (-(-columns // width) - 1) * width
    least = width * MIN_VECTOR_BYTES // target.vector_bytes
    lanes = next(lanes for lanes in (least, width // 2, width) if remainder <= lanes)
    return lanes if target.vector_bytes == SPLIT_VECTOR_BYTES else width


def panel_widths(vectors: int, largest: int) -> list[int]:
    """Partition a row of vectors into panels whose widths differ by one vector at most."""
    panels = -(-vectors // largest)
    narrow, remainder = divmod(vectors, panels)
    return [narrow + 1] * remainder + [narrow] * (panels - remainder)
