"""Fusion over rows: maps and reductions of long rows become one parallel loop over the rows.

::

    for i<64 vector j:                           loop row<64 parallel:
      m[i] = max j<999: x[i, j]                    for vector j:
    for i<64 j<999 vector j:                         m[0] = max j<999: x[row, j]
      e[i, j] = subtract(x[i, j], m[i])      ->    for j<999 vector j:
    for i<64 vector j:                               e[0, j] = subtract(x[row, j], m[0])
      s[i] = max j<999: e[i, j]                    for vector j:
                                                     s[row] = max j<999: e[0, j]

Legal as in `batch_fusion`: each nest has an axis by which its row owns what it writes, and all
agree on that. A nest over the rows alone, in vectors, is computed row by row inside the loop; what
it sums over the rows stays behind it.

Pays where nests read what others wrote or read, and all rows together exceed the first-level
cache: softmax, its loss and derivative, normalisation. One row is still there for the next nest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from chainrule.compiler.loop_ir.access import Access, accesses
from chainrule.compiler.loop_ir.layout import Layout
from chainrule.compiler.loop_ir.loops import Affine, Axis, Buffer, Loop, Nest, Statement, Step
from chainrule.compiler.loop_passes.privatization import privatize
from chainrule.compiler.loop_passes.row_groups import (
    RowGroup,
    assign_to_group,
    fuse_inner_loops,
    is_register,
    memory_accesses,
    private_buffers,
    thread_local,
    users_of_buffers,
)

__all__ = ["fuse_over_rows"]

MIN_ROWS = 8
"""Rows, at least; fewer cannot be partitioned evenly."""
MIN_ROW_LENGTH = 256
"""Elements of a row, at least, so that loops over it are long."""
MAX_ROW_BYTES = 2**19
"""Of what a nest touches for one row, at most; the next nest finds it in a near cache."""
MIN_REUSED_BYTES = 2**17
"""Of what several nests touch, for all rows, at least: beyond a first-level cache."""


def fuse_over_rows(steps: Sequence[Step], layout: Layout) -> tuple[Step, ...]:
    """Fuse maps and reductions over rows, wherever enough of what they touch is reused."""
    return _RowFusion(layout, users_of_buffers(steps)).fuse(steps)


@dataclass(frozen=True)
class _RowFusion:
    """The pass over one program; `users` are the nests that touch a buffer, by identity."""

    layout: Layout
    users: dict[Buffer, set[int]]

    def fuse(self, steps: Sequence[Step]) -> tuple[Step, ...]:
        """Fuse some steps, and those of the loops among them that are not batch-parallel."""
        fused = fuse_inner_loops(steps, self.fuse)
        for extent in _row_counts(fused):
            fused = self._fuse_rows(fused, extent)
        return fused

    def _fuse_rows(self, steps: tuple[Step, ...], extent: int) -> tuple[Step, ...]:
        groups: list[RowGroup] = []
        for step in steps:
            parts = _parts(step, extent)
            for part in parts:
                self._follow(step, part)
                assign_to_group(part, _rows(part, extent), groups, self.layout)
        if not any(map(self._pays, groups)):
            return steps
        return tuple(step for group in groups for step in self._fused(group))

    def _follow(self, nest: Step, part: Step) -> None:
        """Count a part of a nest among the users of what it touches."""
        if part is nest or not isinstance(part, Nest):
            return
        for buffer, _, _ in accesses(part):
            self.users[buffer.root].discard(id(nest))
            self.users[buffer.root].add(id(part))

    def _pays(self, group: RowGroup) -> bool:
        """Whether several nests touch much of the same."""
        touching: dict[Buffer, int] = {}
        for nest, row in zip(group.nests, group.rows, strict=False):
            own = {
                buffer.root
                for buffer, index, _ in accesses(nest)
                if index[:1] == (Affine.of(row),)
                and buffer.size >= MIN_ROW_LENGTH * row.extent
                and not is_register(nest, buffer)
            }
            for root in own:
                touching[root] = touching.get(root, 0) + 1
        reused = [root for root, count in touching.items() if count > 1]
        return sum(each.size * each.dtype.itemsize for each in reused) >= MIN_REUSED_BYTES

    def _fused(self, group: RowGroup) -> tuple[Step, ...]:
        """Return the parallel loop of a group, or its steps as they are."""
        if not self._pays(group):
            return tuple(group.members)
        nests = group.nests
        iteration = Axis(group.rows[0].extent, "row", is_loop_index=True)
        private = {
            root: thread_local(root)
            for root in private_buffers(nests, group.rows, self.layout, self.users)
        }
        body = tuple(
            privatize(_without_vectors_of(nest, row), row, iteration, private)
            for nest, row in zip(nests, group.rows, strict=True)
        )
        return (Loop(iteration, False, body, is_parallel=True),)


def _row_counts(steps: Sequence[Step]) -> list[int]:
    """List the counts of long rows that several nests run over, the most common first."""
    counts: dict[int, int] = {}
    for step in steps:
        if not isinstance(step, Nest) or step.contraction is not None or not step.axes:
            continue
        row, vector = step.axes[0], step.vector_axis
        is_long = vector is not None and vector is not row and vector.extent >= MIN_ROW_LENGTH
        if is_long and row.extent >= MIN_ROWS:
            counts[row.extent] = counts.get(row.extent, 0) + 1
    return sorted((each for each in counts if counts[each] > 1), key=lambda n: (-counts[n], n))


def _rows(step: Step, extent: int) -> tuple[Axis, ...]:
    """Return the axis over the rows of a nest of maps and reductions, if it has one."""
    if not isinstance(step, Nest) or step.contraction is not None or not step.axes:
        return ()
    row = step.axes[0]
    is_row = row.extent == extent and (row is not step.vector_axis or step.axes == (row,))
    if not is_row or any(row in each.over for each in step.statements):
        return ()
    return (row,) if _row_bytes(memory_accesses(step), row) <= MAX_ROW_BYTES else ()


def _row_bytes(touched: Sequence[Access], row: Axis) -> int:
    """Return the bytes that a nest touches for one row, without those of gathered tables."""
    sizes: dict[Buffer, int] = {}
    for buffer, index, _ in touched:
        if all(isinstance(i, Affine) for i in index):
            is_row = any(isinstance(i, Affine) and i.coefficient(row) for i in index)
            size = buffer.size * buffer.dtype.itemsize // (row.extent if is_row else 1)
            sizes[buffer.root] = max(sizes.get(buffer.root, 0), size)
    return sum(sizes.values())


def _parts(step: Step, extent: int) -> Sequence[Step]:
    """Part a nest over the rows alone: what is computed for each, then what is summed over them."""
    if not isinstance(step, Nest) or len(step.axes) != 1 or step.axes[0] is not step.vector_axis:
        return [step]
    if step.contraction is not None or step.axes[0].extent != extent:
        return [step]
    maps = tuple(each for each in step.statements if not each.over and not each.is_scatter)
    rest = tuple(each for each in step.statements if each not in maps)
    sums = {each.target.root for each in rest}
    read = {buffer.root for each in maps for buffer, _, is_write in accesses(each) if not is_write}
    if not maps or not rest or read & sums:
        return [step]
    return [_part(step, maps, rest), _part(step, rest, maps)]


def _part(nest: Nest, statements: tuple[Statement, ...], others: tuple[Statement, ...]) -> Nest:
    """Return a nest of some statements; what others touch too is in memory."""
    shared = {buffer for each in others for buffer, _, _ in accesses(each)}
    return replace(nest, statements=statements, registers=nest.registers - shared)


def _without_vectors_of(nest: Nest, row: Axis) -> Nest:
    return replace(nest, vector_axis=None) if nest.vector_axis is row else nest
