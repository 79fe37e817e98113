"""How a contraction is cut into tiles that fit in registers.

    out[row, column] = sum over depth of left[row, depth] * right[depth, column]

The output is covered by *panels* (a few vectors of columns) and *row tiles* (a few turns of one
loop of rows; the other rows are loops around). One row tile of one panel is computed at a time,
entirely in registers: per step of depth it loads the panel's vectors of ``right`` once, and each
row's number of ``left`` once, copied to all lanes.

Panels of one width form a *group*; a group's code is written once and looped over. So there are at
most four tile bodies: two groups, each with full row tiles and a shorter last one.
"""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from chainrule.compiler.backends.arrangement import Arrangement, Loop
from chainrule.compiler.backends.emit import ITEM_BYTES
from chainrule.compiler.backends.target import Target

__all__ = ["Group", "Tiling", "best_row_tile", "choose_tiling", "packs_left", "packs_right"]

SMALLEST_BYTES = 16
HALVED_BYTES = 64

# A panel whose lines lie at least this far apart, and that many of them, wears out the address
# cache of the processor; copying it pays once several row tiles read the copy.
FAR_BYTES = 1024
FAR_LINES = 256
WORTH_TILES = 4
# A panel of one line out of several, a part of the channels say, leaves most of the first cache
# empty, as lines that many bytes apart share its few places.
NARROW_BYTES = 64
APART_BYTES = 256
APART_LINES = 64
COPY_CYCLES = 3.0
"""Of a vector that is copied, from memory that is not near."""
THREADS = 2
"""For so many the work is balanced; more find larger products to share, or less balance."""


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
    shared : int
        Which range threads share: 0 for the batch, 1 for the row tiles, 2 for the panels.
    """

    width: int
    cut: Loop
    around: tuple[Loop, ...]
    row_tile: int
    row_tiles: int
    last_rows: int
    groups: tuple[Group, ...]
    shared: int

    @property
    def tiles(self) -> int:
        """Number of row tiles of all rows."""
        return self.row_tiles * math.prod(loop.extent for loop in self.around)

    @property
    def panels(self) -> int:
        """Number of panels."""
        return sum(group.panels for group in self.groups)


@lru_cache(maxsize=1024)
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
    _, shared, number, row_tile, count = min(
        _best_shape(arrangement, number, target) for number in range(1, len(arrangement.rows) + 1)
    )
    cut = arrangement.rows[-number]
    row_tiles = -(-cut.extent // row_tile)
    row_tile = -(-cut.extent // row_tiles)
    row_tiles = -(-cut.extent // row_tile)
    last_rows = cut.extent - (row_tiles - 1) * row_tile
    groups = _groups(arrangement.column.extent, count, width, target)
    around = tuple(loop for loop in arrangement.rows if loop is not cut)
    return Tiling(width, cut, around, row_tile, row_tiles, last_rows, groups, shared)


def best_row_tile(arrangements: Sequence[Arrangement], target: Target) -> int:
    """Choose the rows of a tile for several products whose rows are divided in the same way.

    Parameters
    ----------
    arrangements : sequence of Arrangement
        Their loops; each has one loop of rows, as long as that of the others.
    target : Target
        Number and size of the registers.

    Returns
    -------
    int
        The number with the least estimated time of all together.
    """
    rows = arrangements[0].rows[0].extent

    def cost(row_tile: int) -> float:
        shapes = [_best_shape(replace(a, row_tile=row_tile), 1, target) for a in arrangements]
        products = zip(arrangements, shapes, strict=True)
        total = sum(time * each.depth_size for each, ((time, _), *_) in products)
        return total * _stretch([1] * -(-rows // row_tile))

    tile = min(range(1, min(rows, 12) + 1), key=cost)
    return -(-rows // -(-rows // tile))


def _best_shape(
    arrangement: Arrangement, number: int, target: Target
) -> tuple[tuple[float, int], int, int, int, int]:
    """Return the least cost with one loop of rows cut: range to share, loop, rows, vectors."""
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
    arrangement: Arrangement, number: int, tile: tuple[int, int], target: Target
) -> tuple[tuple[float, int], int]:
    """Estimate cycles per step of depth for the whole output; ties go to the smaller code.

    Returns
    -------
    (cycles, size), shared : (float, int), int
        How long all cores together are held, and by the share of which range.
    """
    cut, width = arrangement.rows[-number].extent, target.width(arrangement.dtype)
    rows = math.prod(loop.extent for loop in arrangement.rows)
    columns, batch = arrangement.column.extent, arrangement.batch_size
    widths = _widths(-(-columns // width), tile[1])
    saved = 0.5 if _last_lanes(columns, width, target) < width else 0.0
    tiles, panels = rows // cut * -(-cut // tile[0]), len(widths)
    rows_each, vectors_each = -(-cut // -(-cut // tile[0])), (sum(widths) - saved) / panels
    # Two of each a cycle.
    multiplications, loads = rows_each * vectors_each / 2, (rows_each + vectors_each) / 2
    latency = 4.0  # of one accumulator's chain
    # The rest is fitted to measurements: loads are not quite hidden, and the loop itself costs.
    cycles = max(multiplications, loads, latency) + 0.3 * loads + 0.5
    products = batch * tiles * panels * cycles
    right = batch * COPY_CYCLES * sum(widths) * packs_right(arrangement, tiles)
    left = batch * COPY_CYCLES * rows / width * packs_left(arrangement, panels)
    ways = [
        ((products + right + left) * _even_stretch(batch), 0),
        # What one thread copies of the operand that is not shared, all copy.
        ((products + left) * _even_stretch(tiles) + THREADS * right, 1),
        ((products + right) * _stretch(widths) + THREADS * left, 2),
    ]
    time, shared = min((round(time, 2), way) for time, way in ways)
    return (time, tile[0] * tile[1]), shared


def packs_right(arrangement: Arrangement, tiles: int) -> bool:
    """Tell whether panels of ``right`` are copied before they are read.

    Parameters
    ----------
    arrangement : Arrangement
        Loops and their parts.
    tiles : int
        How many row tiles read a copy.

    Returns
    -------
    bool
        True if the columns are not contiguous, or if the copy saves time.
    """
    if arrangement.column.right != 1:
        return True
    size = ITEM_BYTES[arrangement.dtype]
    is_narrow = arrangement.column.extent * size <= NARROW_BYTES
    bytes_apart, lines = (APART_BYTES, APART_LINES) if is_narrow else (FAR_BYTES, FAR_LINES)
    far = any(abs(loop.right) * size >= bytes_apart for loop in arrangement.depth[-1:])
    return far and arrangement.depth_size >= lines and tiles >= WORTH_TILES


def packs_left(arrangement: Arrangement, panels: int) -> bool:
    """Tell whether ``left`` is copied before it is read.

    Parameters
    ----------
    arrangement : Arrangement
        Loops and their parts.
    panels : int
        How many panels read a copy.

    Returns
    -------
    bool
        True if the copy saves time.
    """
    # Rows or depth of several loops read windows, which copies would make many times as large.
    if len(arrangement.rows) != 1 or len(arrangement.depth) != 1 or arrangement.column.left:
        return False
    (depth,), (row,) = arrangement.depth, arrangement.rows
    far = abs(depth.left) * ITEM_BYTES[arrangement.dtype] >= 2 * FAR_BYTES
    return row.left == 1 and far and depth.extent >= 64 and panels >= WORTH_TILES


def _stretch(sizes: list[int]) -> float:
    """Return how much longer threads take than if parts of these sizes could be cut anywhere."""
    bounds = [len(sizes) * thread // THREADS for thread in range(THREADS + 1)]
    longest = max(sum(sizes[start:stop]) for start, stop in itertools.pairwise(bounds))
    return longest * THREADS / sum(sizes)


def _even_stretch(count: int) -> float:
    """Return the same for so many parts of one size."""
    return -(-count // THREADS) * THREADS / count


def _last_lanes(columns: int, width: int, target: Target) -> int:
    """Return how many lanes the last vector of a row needs.

    Where a register of 64 bytes is worked on in two halves, a vector of at most half takes half the
    time; where it is not, it takes no more.
    """
    left_over = columns - (-(-columns // width) - 1) * width
    least = width * SMALLEST_BYTES // target.vector_bytes
    narrow = next(lanes for lanes in (least, width // 2, width) if left_over <= lanes)
    return narrow if target.vector_bytes == HALVED_BYTES else width


def _widths(vectors: int, largest: int) -> list[int]:
    """Cut a row of vectors into panels whose widths differ by one vector at most."""
    panels = -(-vectors // largest)
    narrow, wide = divmod(vectors, panels)
    return [narrow + 1] * wide + [narrow] * (panels - wide)


def _groups(columns: int, largest: int, width: int, target: Target) -> tuple[Group, ...]:
    """Put neighbouring panels of one width together."""
    vectors, last_lanes = -(-columns // width), _last_lanes(columns, width, target)
    widths = _widths(vectors, largest)
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
