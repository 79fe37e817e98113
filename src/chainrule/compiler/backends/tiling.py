"""How a contraction is cut into tiles that fit in registers.

    out[r, c] = sum over k of left[r, k] * right[k, c]

The output is covered by *panels* (a few vectors of columns) and *row tiles* (a few rows). One row
tile of one panel is computed at a time, entirely in registers: per step of k it loads the panel's
vectors of ``right`` once, and each row's number of ``left`` once, copied to all lanes.

Panels of one width form a *group*; a group's code is written once and looped over. So there are at
most four tile bodies: two groups, each with full row tiles and a shorter last one.
"""

from dataclasses import dataclass

from chainrule.compiler.backends.target import Target

__all__ = ["Contraction", "Group", "Tiling", "choose_tiling"]


@dataclass(frozen=True)
class Contraction:
    """The exact shape and layout of ``out[b, r, c] = sum_k left[b, r, k] * right[b, k, c]``.

    Strides count elements. A stride of 0 repeats an operand. The output may not overlap itself.

    Parameters
    ----------
    dtype : {"float32", "float64"}
        Kind of all three arrays.
    rows, columns, depth : int
        Sizes of r, c and k, each at least 1.
    left_strides : (int, int)
        Strides of ``left`` along r and k.
    right_strides : (int, int)
        Strides of ``right`` along k and c.
    out_strides : (int, int)
        Strides of ``out`` along r and c.
    batch : int
        Size of b.
    batch_strides : (int, int, int)
        Strides of ``left``, ``right`` and ``out`` along b.
    """

    dtype: str
    rows: int
    columns: int
    depth: int
    left_strides: tuple[int, int]
    right_strides: tuple[int, int]
    out_strides: tuple[int, int]
    batch: int = 1
    batch_strides: tuple[int, int, int] = (0, 0, 0)

    @property
    def flops(self) -> int:
        """Count multiplications and additions, one each."""
        return 2 * self.batch * self.rows * self.columns * self.depth


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
    masked : bool
        Whether the last vector of the group's panels may reach beyond the last column.
    """

    first_panel: int
    panels: int
    first_column: int
    vectors: int
    masked: bool


@dataclass(frozen=True)
class Tiling:
    """A contraction's tiles, the units in which threads share the work.

    Parameters
    ----------
    width : int
        Lanes of a vector.
    row_tile : int
        Rows of each row tile but the last.
    row_tiles : int
        Number of row tiles.
    last_rows : int
        Rows of the last row tile, in [1, row_tile].
    groups : tuple of Group
        All panels, from left to right.
    """

    width: int
    row_tile: int
    row_tiles: int
    last_rows: int
    groups: tuple[Group, ...]

    @property
    def panels(self) -> int:
        """Number of panels."""
        return sum(group.panels for group in self.groups)


def choose_tiling(contraction: Contraction, target: Target) -> Tiling:
    """Choose the tile shape with the least estimated time.

    Parameters
    ----------
    contraction : Contraction
        Shape and kind.
    target : Target
        Number and size of the registers.

    Returns
    -------
    Tiling
        A function of its arguments only.
    """
    width = target.width(contraction.dtype)
    vectors = -(-contraction.columns // width)
    shapes = [
        (rows, count)
        for count in range(1, min(vectors, 16) + 1)
        for rows in range(1, min(contraction.rows, 16) + 1)
        # Accumulators, the panel's vectors, and one register for a row's number.
        if rows * count + count + 1 <= target.registers
    ]
    row_tile, count = min(shapes, key=lambda shape: _cost(contraction.rows, vectors, *shape))
    row_tiles = -(-contraction.rows // row_tile)
    row_tile = -(-contraction.rows // row_tiles)
    row_tiles = -(-contraction.rows // row_tile)
    ragged = contraction.columns % width != 0
    groups = _groups(vectors, count, width, ragged, target.cheap_masks)
    last_rows = contraction.rows - (row_tiles - 1) * row_tile
    return Tiling(width, row_tile, row_tiles, last_rows, groups)


def _cost(rows: int, vectors: int, row_tile: int, panel: int) -> tuple[float, int]:
    """Estimate cycles per step of k for the whole output; ties go to the smaller code."""
    tiles = -(-rows // row_tile)
    panels = -(-vectors // panel)
    rows_each, vectors_each = -(-rows // tiles), vectors / panels
    # Two of each a cycle.
    multiplications, loads = rows_each * vectors_each / 2, (rows_each + vectors_each) / 2
    latency = 4.0  # of one accumulator's chain
    # The rest is fitted to measurements: loads are not quite hidden, and the loop itself costs.
    cycles = max(multiplications, loads, latency) + 0.3 * loads + 0.5
    return round(tiles * panels * cycles, 2), int(row_tile * panel)


def _groups(
    vectors: int, largest: int, width: int, ragged: bool, cheap_masks: bool
) -> tuple[Group, ...]:
    """Cut a row of vectors into panels whose widths differ by one vector at most."""
    panels = -(-vectors // largest)
    narrow, wide_panels = divmod(vectors, panels)
    widths = [narrow + 1] * wide_panels + [narrow] * (panels - wide_panels)
    runs: list[tuple[int, int, bool]] = []
    for size in sorted(set(widths), reverse=True):
        count, is_last = widths.count(size), size == widths[-1]
        if ragged and is_last and not cheap_masks and count > 1:
            runs += [(count - 1, size, False), (1, size, True)]
        else:
            runs.append((count, size, ragged and is_last))
    groups: list[Group] = []
    panel = column = 0
    for count, size, masked in runs:
        groups.append(Group(panel, count, column, size, masked))
        panel, column = panel + count, column + count * size * width
    return tuple(groups)
