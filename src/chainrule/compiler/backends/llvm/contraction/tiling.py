"""Register tiling of a contraction: row tiles (m_r) times panels of columns (n_r).

    out[row, column] = sum over depth of left[row, depth] * right[depth, column]

The output is partitioned into *panels* of a few vectors of columns and *row tiles* of a few
iterations of one row loop; the other row loops run around it. The micro-kernel computes one
register tile, a row tile of a panel: in each iteration of depth it loads the panel's vectors of
``right`` once, and broadcasts each row's element of ``left`` once.

Panels of one width form a *group*, whose code is emitted once, inside a loop over its panels. So a
kernel has at most four micro-kernels: two groups, each with full row tiles and a remainder.
"""

import math
from dataclasses import dataclass, replace
from functools import lru_cache

from chainrule.compiler.backends.llvm.contraction.depth_blocking import (
    DepthBlocking,
    choose_depth_blocking,
)
from chainrule.compiler.backends.llvm.contraction.kernel_shape import KernelLoop
from chainrule.compiler.backends.llvm.contraction.loop_roles import LoopRoles
from chainrule.compiler.backends.llvm.contraction.packing_policy import should_pack_left
from chainrule.compiler.backends.llvm.contraction.tile_cost import (
    TileChoice,
    best_tile,
    last_vector_lanes,
    panel_widths,
)
from chainrule.compiler.backends.llvm.emit import ITEM_BYTES
from chainrule.compiler.backends.llvm.target import Target

__all__ = ["PanelGroup", "Tiling", "choose_tiling", "tiles_per_block", "tiling_of"]

BLOCK_BYTES, MAX_BLOCK_BYTES = 2**17, 3 * 2**17
"""Of a block of rows: a quarter of a second-level cache of 512 kB, and three quarters of it."""
MIN_BLOCK_ROWS = 48
"""Rows for which it pays to read all panels from a distant cache."""
MIN_PANELS = 4
"""Panels from which on a block is read often enough."""
MAX_PACKED_BYTES = 2**23
"""Of all panels of ``right``, which are packed at once."""
PREFETCHED_ROW_BYTES, PREFETCHED_BYTES = 2**11, 2**22
"""Rows of more bytes are prefetched from a third-level cache, which has this many for ``left``."""


@dataclass(frozen=True)
class PanelGroup:
    """Adjacent panels that share their code."""

    first_panel: int
    panels: int
    first_column: int
    vectors: int  # in each panel
    last_lanes: int  # lanes of the last vector of each panel
    is_masked: bool  # whether that vector may extend beyond the last column

    def lanes(self, width: int) -> list[int]:
        """List the lanes of a panel's vectors, all but the last of which are full."""
        return [width] * (self.vectors - 1) + [self.last_lanes]


@dataclass(frozen=True)
class Tiling:
    """The register tiles of a contraction, the units of work sharing."""

    width: int  # lanes of a vector
    rows: tuple[KernelLoop, ...]  # outermost first
    tiled_loop: int  # position in `rows` of the loop that is tiled
    row_tile: int  # rows of every row tile but the last
    row_tiles: int  # trip count of the tiled loop
    last_rows: int  # rows of the last row tile, in [1, row_tile]
    groups: tuple[PanelGroup, ...]  # left to right
    shared_range: int  # which range threads share: 0 batch, 1 row tiles, 2 panels
    depth_blocking: DepthBlocking | None

    @property
    def tiled_row(self) -> KernelLoop:
        """The row loop that is tiled."""
        return self.rows[self.tiled_loop]

    @property
    def trip_counts(self) -> tuple[int, ...]:
        """Trip counts of the row loops, in tiles for the one that is tiled."""
        counts = [loop.extent for loop in self.rows]
        counts[self.tiled_loop] = self.row_tiles
        return tuple(counts)

    @property
    def tiles(self) -> int:
        """Number of row tiles over all row loops."""
        return math.prod(self.trip_counts)

    @property
    def tile_vectors(self) -> int:
        """Number of vectors of the largest register tile."""
        return self.row_tile * max(group.vectors for group in self.groups)

    @property
    def tile_elements(self) -> int:
        """Number of elements of all register tiles, each as large as the largest."""
        return self.tiles * self.panels * self.tile_vectors * self.width

    @property
    def panels(self) -> int:
        """Number of panels."""
        return sum(group.panels for group in self.groups)


def tiles_per_block(roles: LoopRoles, tiling: Tiling) -> int:
    """Return how many row tiles are computed for all panels, while their rows stay in cache.

    All of them where blocks would not pay, or where the packed panels would take much memory.
    """
    row_bytes = roles.depth_size * ITEM_BYTES[roles.dtype]
    left_bytes = tiling.tiles * tiling.row_tile * row_bytes
    rows = max(MIN_BLOCK_ROWS, BLOCK_BYTES // max(row_bytes, 1))
    is_near = left_bytes <= MAX_BLOCK_BYTES
    is_prefetched = row_bytes > PREFETCHED_ROW_BYTES and left_bytes <= PREFETCHED_BYTES
    is_large = rows * row_bytes > MAX_BLOCK_BYTES
    is_large = is_large or roles.column.extent * row_bytes > MAX_PACKED_BYTES
    if tiling.depth_blocking or roles.column.left or tiling.panels < MIN_PANELS:
        return tiling.tiles
    if is_near or is_prefetched or is_large:
        return tiling.tiles
    return min(tiling.tiles, -(-rows // tiling.row_tile))


@lru_cache(maxsize=1024)
def choose_tiling(roles: LoopRoles, target: Target) -> Tiling:
    """Choose the row loop and the tile shape of least estimated cost."""
    choice = min(best_tile(roles, row_loop, target) for row_loop in roles.tileable_rows)
    return tiling_of(roles, choice, target)


def tiling_of(roles: LoopRoles, choice: TileChoice, target: Target) -> Tiling:
    """Return the tiling of a tile shape, with row tiles as even as possible."""
    tiled_row = roles.rows[-choice.row_loop]
    row_tiles = -(-tiled_row.extent // choice.row_tile)
    row_tile = -(-tiled_row.extent // row_tiles)
    row_tiles = -(-tiled_row.extent // row_tile)
    width = target.width(roles.dtype)
    groups = _panel_groups(roles.column.extent, choice.panel_vectors, width, target)
    tiling = Tiling(
        width,
        roles.rows,
        len(roles.rows) - choice.row_loop,
        row_tile,
        row_tiles,
        tiled_row.extent - (row_tiles - 1) * row_tile,
        groups,
        choice.shared_range,
        None,
    )
    if should_pack_left(roles, tiling.panels):
        return tiling
    columns = max(group.vectors for group in groups) * width
    blocking = choose_depth_blocking(roles, tiling.tiles, tiling.tile_elements, columns)
    return replace(tiling, depth_blocking=blocking)


def _panel_groups(columns: int, largest: int, width: int, target: Target) -> tuple[PanelGroup, ...]:
    """Group adjacent panels of one width; peel the last panel where its last vector is ragged."""
    vectors, last_lanes = -(-columns // width), last_vector_lanes(columns, width, target)
    widths = panel_widths(vectors, largest)
    is_masked = columns != (vectors - 1) * width + last_lanes
    is_peeled = last_lanes < width or (is_masked and not target.cheap_masks)
    runs: list[tuple[int, int, int, bool]] = []
    for size in sorted(set(widths), reverse=True):
        count, is_last = widths.count(size), size == widths[-1]
        if is_last and is_peeled and count > 1:
            runs.append((count - 1, size, width, False))
            count = 1
        runs.append((count, size, last_lanes if is_last else width, is_last and is_masked))
    groups: list[PanelGroup] = []
    panel = column = 0
    for count, size, lanes, has_mask in runs:
        groups.append(PanelGroup(panel, count, column, size, lanes, has_mask))
        panel, column = panel + count, column + count * size * width
    return tuple(groups)
