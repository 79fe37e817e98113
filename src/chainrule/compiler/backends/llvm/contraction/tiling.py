"""How a contraction is cut into tiles that fit in registers.

    out[row, column] = sum over depth of left[row, depth] * right[depth, column]

The output is covered by *panels* (a few vectors of columns) and *row tiles* (a few turns of one
loop of rows; the other rows are loops around). One row tile of one panel is computed at a time,
entirely in registers: per step of depth it loads the panel's vectors of ``right`` once, and each
row's number of ``left`` once, copied to all lanes.

Panels of one width form a *group*; a group's code is written once and looped over. So there are at
most four tile bodies: two groups, each with full row tiles and a shorter last one.
"""

import math
from dataclasses import dataclass
from functools import lru_cache

from chainrule.compiler.backends.llvm.contraction.loop_roles import KernelLoop, LoopRoles
from chainrule.compiler.backends.llvm.contraction.tile_cost import (
    best_shape,
    lanes_at_end,
    widths_of,
)
from chainrule.compiler.backends.llvm.target import Target

__all__ = ["Group", "Tiling", "choose_tiling"]


@dataclass(frozen=True)
class Group:
    """Neighbouring panels that share their code.

    Parameters
    ----------
    first_panel : int
        Number of the first panel.
    panels : int
        How many panels.
    first_column : int
        The first panel's first column.
    vectors : int
        Vectors in each panel.
    last_lanes : int
        Lanes of the last vector of each panel.
    masked : bool
        Whether that vector may reach beyond the last column.
    """

    first_panel: int
    panels: int
    first_column: int
    vectors: int
    last_lanes: int
    masked: bool

    def lanes(self, width: int) -> list[int]:
        """List the lanes of a panel's vectors, all but the last of which are full."""
        return [width] * (self.vectors - 1) + [self.last_lanes]


@dataclass(frozen=True)
class Tiling:
    """A contraction's tiles, the units in which threads share the work.

    Parameters
    ----------
    width : int
        Lanes of a vector.
    rows : tuple of KernelLoop
        The loops of rows, from the outside.
    number : int
        Which of them is cut into row tiles.
    row_tile : int
        Rows of each row tile but the last of a turn around.
    row_tiles : int
        Number of row tiles in a turn around.
    last_rows : int
        Rows of the last row tile, in [1, row_tile].
    groups : tuple of Group
        All panels, from left to right.
    shared : int
        Which range threads share: 0 for the batch, 1 for the row tiles, 2 for the panels.
    """

    width: int
    rows: tuple[KernelLoop, ...]
    number: int
    row_tile: int
    row_tiles: int
    last_rows: int
    groups: tuple[Group, ...]
    shared: int

    @property
    def cut(self) -> KernelLoop:
        """The loop of rows that is cut into row tiles; the others are loops around."""
        return self.rows[self.number]

    @property
    def turns(self) -> tuple[int, ...]:
        """How many turns each loop of rows takes: one a tile, where it is cut."""
        counts = [loop.extent for loop in self.rows]
        counts[self.number] = self.row_tiles
        return tuple(counts)

    @property
    def tiles(self) -> int:
        """Number of row tiles of all rows."""
        return math.prod(self.turns)

    @property
    def panels(self) -> int:
        """Number of panels."""
        return sum(group.panels for group in self.groups)


@lru_cache(maxsize=1024)
def choose_tiling(arrangement: LoopRoles, target: Target) -> Tiling:
    """Choose the loop to cut and the tile shape with the least estimated time."""
    width = target.width(arrangement.dtype)
    _, shared, number, row_tile, count = min(
        best_shape(arrangement, number, target) for number in arrangement.cuttable
    )
    cut = arrangement.rows[-number]
    row_tiles = -(-cut.extent // row_tile)
    row_tile = -(-cut.extent // row_tiles)
    row_tiles = -(-cut.extent // row_tile)
    last_rows = cut.extent - (row_tiles - 1) * row_tile
    groups = _groups(arrangement.column.extent, count, width, target)
    place = len(arrangement.rows) - number
    return Tiling(width, arrangement.rows, place, row_tile, row_tiles, last_rows, groups, shared)


def _groups(columns: int, largest: int, width: int, target: Target) -> tuple[Group, ...]:
    """Put neighbouring panels of one width together."""
    vectors, last_lanes = -(-columns // width), lanes_at_end(columns, width, target)
    widths = widths_of(vectors, largest)
    masked = columns != (vectors - 1) * width + last_lanes
    is_apart = last_lanes < width or (masked and not target.cheap_masks)
    runs: list[tuple[int, int, int, bool]] = []
    for size in sorted(set(widths), reverse=True):
        count, is_last = widths.count(size), size == widths[-1]
        if is_last and is_apart and count > 1:
            runs.append((count - 1, size, width, False))
            count = 1
        runs.append((count, size, last_lanes if is_last else width, is_last and masked))
    groups: list[Group] = []
    panel = column = 0
    for count, size, lanes, is_masked in runs:
        groups.append(Group(panel, count, column, size, lanes, is_masked))
        panel, column = panel + count, column + count * size * width
    return tuple(groups)
