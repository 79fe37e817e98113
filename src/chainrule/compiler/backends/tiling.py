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

from chainrule.compiler.backends.arrangement import Arrangement, Loop
from chainrule.compiler.backends.target import Target

__all__ = ["Group", "Tiling", "choose_tiling"]

SMALLEST_BYTES = 16
HALVED_BYTES = 64


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
    cut : Loop
        The loop of rows that is cut into row tiles.
    around : tuple of Loop
        The other loops of rows.
    row_tile : int
        Rows of each row tile but the last of a turn around.
    row_tiles : int
        Number of row tiles in a turn around.
    last_rows : int
        Rows of the last row tile, in [1, row_tile].
    groups : tuple of Group
        All panels, from left to right.
    """

    width: int
    cut: Loop
    around: tuple[Loop, ...]
    row_tile: int
    row_tiles: int
    last_rows: int
    groups: tuple[Group, ...]

    @property
    def tiles(self) -> int:
        """Number of row tiles of all rows."""
        return self.row_tiles * math.prod(loop.extent for loop in self.around)

    @property
    def panels(self) -> int:
        """Number of panels."""
        return sum(group.panels for group in self.groups)


def choose_tiling(arrangement: Arrangement, target: Target) -> Tiling:
    """Choose the loop to cut and the tile shape with the least estimated time.

    Parameters
    ----------
    arrangement : Arrangement
        Loops and their parts.
    target : Target
        Number and size of the registers.

    Returns
    -------
    Tiling
        A function of its arguments only.
    """
    width = target.width(arrangement.dtype)
    columns = arrangement.column.extent
    vectors = -(-columns // width)
    _, number, row_tile, count = min(
        _best_shape(arrangement, number, vectors, target)
        for number in range(1, len(arrangement.rows) + 1)
    )
    cut = arrangement.rows[-number]
    row_tiles = -(-cut.extent // row_tile)
    row_tile = -(-cut.extent // row_tiles)
    row_tiles = -(-cut.extent // row_tile)
    last_rows = cut.extent - (row_tiles - 1) * row_tile
    groups = _groups(columns, count, width, target)
    around = tuple(loop for loop in arrangement.rows if loop is not cut)
    return Tiling(width, cut, around, row_tile, row_tiles, last_rows, groups)


def _best_shape(
    arrangement: Arrangement, number: int, vectors: int, target: Target
) -> tuple[tuple[float, int], int, int, int]:
    """Return the least cost with one loop of rows cut, its number from the end, rows, vectors."""
    rows = arrangement.rows[-number].extent
    turns = math.prod(loop.extent for loop in arrangement.rows) // rows
    width = target.width(arrangement.dtype)
    last = _last_lanes(arrangement.column.extent, width, target)
    saved = 0.5 if last < width else 0.0
    return min(
        (_cost(turns, rows, vectors, saved, row_tile, count), number, row_tile, count)
        for count in range(1, min(vectors, 16) + 1)
        for row_tile in range(1, min(rows, 16) + 1)
        # Accumulators, the panel's vectors, and one register for a row's number.
        if row_tile * count + count + 1 <= target.registers
    )


def _cost(
    turns: int, rows: int, vectors: int, saved: float, row_tile: int, panel: int
) -> tuple[float, int]:
    """Estimate cycles per step of depth for the whole output; ties go to the smaller code."""
    tiles = -(-rows // row_tile)
    panels = -(-vectors // panel)
    rows_each, vectors_each = -(-rows // tiles), (vectors - saved) / panels
    # Two of each a cycle.
    multiplications, loads = rows_each * vectors_each / 2, (rows_each + vectors_each) / 2
    latency = 4.0  # of one accumulator's chain
    # The rest is fitted to measurements: loads are not quite hidden, and the loop itself costs.
    cycles = max(multiplications, loads, latency) + 0.3 * loads + 0.5
    return round(turns * tiles * panels * cycles, 2), int(row_tile * panel)


def _last_lanes(columns: int, width: int, target: Target) -> int:
    """Return how many lanes the last vector of a row needs.

    Where a register of 64 bytes is worked on in two halves, a vector of at most half takes half the
    time; where it is not, it takes no more.
    """
    left_over = columns - (-(-columns // width) - 1) * width
    least = width * SMALLEST_BYTES // target.vector_bytes
    narrow = next(lanes for lanes in (least, width // 2, width) if left_over <= lanes)
    return narrow if target.vector_bytes == HALVED_BYTES else width


def _groups(columns: int, largest: int, width: int, target: Target) -> tuple[Group, ...]:
    """Cut a row of vectors into panels whose widths differ by one vector at most."""
    vectors, last_lanes = -(-columns // width), _last_lanes(columns, width, target)
    panels = -(-vectors // largest)
    narrow, wide_panels = divmod(vectors, panels)
    widths = [narrow + 1] * wide_panels + [narrow] * (panels - wide_panels)
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
