"""What a contraction is to the generator: a nest of loops, and the part that each of them plays.

    out[...] = sum of left[...] * right[...]

Every axis is a loop with a step in each of the three arrays. The steps tell what it is:

==========  ==================  ==================================================
part        what it moves       in a convolution
==========  ==================  ==================================================
depth       not out             kernel rows, kernel columns, channels in
row         left and out        samples, places
column      right and out       channels out
batch       all three           groups
==========  ==================  ==================================================

A matrix product has one of each, a convolution three rows and three of depth. An operand that is
read through windows is nothing special: its loops of rows and of depth move through the same
memory.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

__all__ = ["KernelLoop", "KernelShape", "LoopBound", "LoopRoles", "arrange", "matrix_product"]


@dataclass(frozen=True)
class LoopBound:
    """Which turns k of a loop of depth count: ``0 <= row + spacing * k - before < length``.

    Parameters
    ----------
    row : int
        The loop of rows whose position it is: a loop is known by its step in the output.
    spacing : int
        At least 1.
    before, length : int
        As above.
    """

    row: int
    spacing: int
    before: int
    length: int


@dataclass(frozen=True)
class KernelLoop:
    """One axis of a contraction.

    Parameters
    ----------
    extent : int
        Its length, at least 1.
    left, right, out : int
        Steps of the three arrays along it, counted in elements; 0 where an array does not have it.
    limit : LoopBound or None
        Of a loop of depth, if for some rows not all of its turns count.
    """

    extent: int
    left: int = 0
    right: int = 0
    out: int = 0
    limit: LoopBound | None = None

    @property
    def swapped(self) -> KernelLoop:
        """The same loop of the contraction with its operands exchanged."""
        return replace(self, left=self.right, right=self.left)

    @property
    def part(self) -> str:
        """What it is: "depth", "row", "column" or "batch"."""
        if not self.out:
            return "depth"
        if bool(self.left) == bool(self.right):
            return "batch"
        return "row" if self.left else "column"

    def continues(self, inner: KernelLoop) -> bool:
        """Whether one loop can do what this one around another does."""
        if self.limit or inner.limit:
            return False
        steps = ((inner.left, self.left), (inner.right, self.right), (inner.out, self.out))
        return all(long == short * inner.extent for short, long in steps)


@dataclass(frozen=True)
class KernelShape:
    """The exact shape and layout of ``out = sum of left * right``.

    Parameters
    ----------
    dtype : {"float32", "float64"}
        Kind of all three arrays.
    loops : tuple of KernelLoop
        Its axes. Every number of the output is met once; it overlaps neither itself nor an operand.
    row_tile : int
        Rows of a tile, where its surroundings decide on them; 0 leaves them to the tiling.
    """

    dtype: str
    loops: tuple[KernelLoop, ...]
    row_tile: int = 0

    @property
    def flops(self) -> int:
        """Count multiplications and additions, one each."""
        return 2 * _turns(self.loops)


def matrix_product(
    dtype: str,
    rows: int,
    columns: int,
    depth: int,
    left_strides: tuple[int, int],
    right_strides: tuple[int, int],
    out_strides: tuple[int, int],
) -> KernelShape:
    """Return the contraction ``out[r, c] = sum_k left[r, k] * right[k, c]``."""
    return KernelShape(
        dtype,
        (
            KernelLoop(rows, left_strides[0], 0, out_strides[0]),
            KernelLoop(columns, 0, right_strides[1], out_strides[1]),
            KernelLoop(depth, left_strides[1], right_strides[0]),
        ),
    )


@dataclass(frozen=True)
class LoopRoles:
    """A contraction whose loops have their parts.

    Parameters
    ----------
    dtype : {"float32", "float64"}
        Kind of all three arrays.
    batch : tuple of KernelLoop
        Around everything.
    rows : tuple of KernelLoop
        From the outside; they do not move ``right``. One of them will be cut into tiles.
    column : KernelLoop
        What the vectors lie along. It may move ``left`` too, by 1: then ``left`` is read in vectors
        as well.
    depth : tuple of KernelLoop
        What is summed over, from the outside.
    swapped : bool
        Whether left and right are the contraction's right and left.
    row_tile : int
        As in `KernelShape`.
    """

    dtype: str
    batch: tuple[KernelLoop, ...]
    rows: tuple[KernelLoop, ...]
    column: KernelLoop
    depth: tuple[KernelLoop, ...]
    swapped: bool
    row_tile: int = 0

    @property
    def batch_size(self) -> int:
        """How many turns there are around everything."""
        return _turns(self.batch)

    @property
    def cuttable(self) -> tuple[int, ...]:
        """Numbers, from the inside, of rows that may be cut: a tile has one set of turns."""
        limited = {loop.limit.row for loop in self.depth if loop.limit}
        inside_out = enumerate(reversed(self.rows), 1)
        return tuple(number for number, loop in inside_out if loop.out not in limited)

    @property
    def depth_size(self) -> int:
        """How many products are summed."""
        return _turns(self.depth)


def arrange(contraction: KernelShape) -> LoopRoles:
    """Give every loop its part.

    The vectors lie along the loop with which the output is contiguous. Where that is a row, left
    and right are exchanged, which makes it a column.
    """
    loops = [loop for loop in contraction.loops if loop.extent != 1]
    column = max((loop for loop in loops if loop.out), key=_fitness, default=KernelLoop(1, 0, 1, 1))
    if column.part == "batch" and not column.left == column.right == 1:
        column = KernelLoop(1, 0, 1, 1)
    rows, columns = (
        _turns([loop for loop in loops if loop.part == part]) for part in ("row", "column")
    )
    swapped = column.part == "row" or (column.part == "batch" and columns > rows)
    if swapped:
        loops, column = [loop.swapped for loop in loops], column.swapped
    outer = sorted((loop for loop in loops if loop.out and loop != column), key=_farthest_out)
    rows = tuple(loop for loop in outer if loop.part == "row")
    limited = {loop.limit.row for loop in loops if loop.limit}
    if all(loop.out in limited for loop in rows):
        rows = (*rows, KernelLoop(1))  # there is always something to cut
    return LoopRoles(
        contraction.dtype,
        tuple(loop for loop in outer if loop.part != "row"),
        rows,
        column,
        _merged(sorted((loop for loop in loops if not loop.out), key=_farthest_apart)),
        swapped,
        contraction.row_tile,
    )


def _fitness(loop: KernelLoop) -> tuple[bool, bool, int]:
    """How well the vectors would lie along a loop."""
    if loop.part == "batch":
        return loop.out == loop.left == loop.right == 1, False, 0
    return loop.out == 1, loop.part == "column", loop.extent


def _farthest_out(loop: KernelLoop) -> int:
    return -abs(loop.out)


def _farthest_apart(loop: KernelLoop) -> int:
    return -abs(loop.left) - abs(loop.right)


def _merged(loops: Sequence[KernelLoop]) -> tuple[KernelLoop, ...]:
    """Make one loop of neighbours wherever that visits the same elements in the same order."""
    merged: list[KernelLoop] = []
    for loop in loops:
        if merged and merged[-1].continues(loop):
            loop = replace(loop, extent=loop.extent * merged.pop().extent)
        merged.append(loop)
    return tuple(merged)


def _turns(loops: Sequence[KernelLoop]) -> int:
    return math.prod(loop.extent for loop in loops)
