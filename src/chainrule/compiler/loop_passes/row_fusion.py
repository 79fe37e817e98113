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
from dataclasses import dataclass, field, replace

from chainrule.compiler.analysis.dependence import AccessSet
from chainrule.compiler.analysis.independence import RowOwnership, ownership_keys
from chainrule.compiler.loop_ir.access import Access, accesses
from chainrule.compiler.loop_ir.expressions import leaves_of
from chainrule.compiler.loop_ir.layout import Layout
from chainrule.compiler.loop_ir.loops import Affine, Axis, Buffer, Loop, Nest, Statement, Step
from chainrule.compiler.loop_passes.privatization import privatize

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
    users: dict[Buffer, set[int]] = {}
    for nest in leaves_of(steps):
        for buffer, _, _ in accesses(nest):
            users.setdefault(buffer.root, set()).add(id(nest))
    return _RowFusion(layout, users).fuse(steps)


@dataclass
class _Group:
    """Nests that may become one loop, each with its row axis; or a single step without one."""

    members: list[Step]
    rows: list[Axis]
    ownership: RowOwnership = field(default_factory=RowOwnership)
    accesses: AccessSet = field(default_factory=AccessSet)

    def add(self, step: Step, touched: Sequence[Access]) -> None:
        self.members.append(step)
        self.accesses.add(touched)

    @property
    def nests(self) -> list[Nest]:
        return [each for each in self.members if isinstance(each, Nest)]


@dataclass(frozen=True)
class _RowFusion:
    """The pass over one program; `users` are the nests that touch a buffer, by identity."""

    layout: Layout
    users: dict[Buffer, set[int]]

    def fuse(self, steps: Sequence[Step]) -> tuple[Step, ...]:
        """Fuse some steps, and those of the loops among them that are not batch-parallel."""
        fused = tuple(
            replace(each, steps=self.fuse(each.steps))
            if isinstance(each, Loop) and not (each.batch_axes or each.is_parallel)
            else each
            for each in steps
        )
        for extent in _row_counts(fused):
            fused = self._fuse_rows(fused, extent)
        return fused

    def _fuse_rows(self, steps: tuple[Step, ...], extent: int) -> tuple[Step, ...]:
        groups: list[_Group] = []
        for step in steps:
            parts = _parts(step, extent)
            for part in parts:
                self._follow(step, part)
                self._assign(part, extent, groups)
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

    def _assign(self, step: Step, extent: int, groups: list[_Group]) -> None:
        """Add a step to the first group in which it is legal, or begin a group with it."""
        touched = [a for a in accesses(step) if not _is_register(step, a[0])]
        accessed = AccessSet.of(touched)
        first = 0
        for number, group in enumerate(groups):
            if group.accesses.conflicts_with(accessed):
                first = number
        row = _row(step, extent)
        if row is not None and _row_bytes(touched, row) <= MAX_ROW_BYTES:
            keys = [(*access, ownership_keys(access, row, self.layout)) for access in touched]
            for group in [*groups[first:], _Group([], [])]:
                if len(group.members) > len(group.rows) or not group.ownership.admit(keys):
                    continue
                if not group.members:
                    groups.append(group)
                group.rows.append(row)
                group.add(step, touched)
                return
        groups.append(_Group([], []))
        groups[-1].add(step, touched)

    def _pays(self, group: _Group) -> bool:
        """Whether several nests touch much of the same."""
        touching: dict[Buffer, int] = {}
        for nest, row in zip(group.nests, group.rows, strict=False):
            own = {
                buffer.root
                for buffer, index, _ in accesses(nest)
                if index[:1] == (Affine.of(row),)
                and buffer.size >= MIN_ROW_LENGTH * row.extent
                and not _is_register(nest, buffer)
            }
            for root in own:
                touching[root] = touching.get(root, 0) + 1
        reused = [root for root, count in touching.items() if count > 1]
        return sum(each.size * each.dtype.itemsize for each in reused) >= MIN_REUSED_BYTES

    def _fused(self, group: _Group) -> tuple[Step, ...]:
        """Return the parallel loop of a group, or its steps as they are."""
        if not self._pays(group):
            return tuple(group.members)
        nests = group.nests
        iteration = Axis(group.rows[0].extent, "row", is_loop_index=True)
        private = {
            root: replace(root, kind="thread_local", shape=(1, *root.shape[1:]))
            for root in self._private(nests, group.rows)
        }
        body = tuple(
            privatize(_without_vectors_of(nest, row), row, iteration, private)
            for nest, row in zip(nests, group.rows, strict=True)
        )
        return (Loop(iteration, False, body, is_parallel=True),)

    def _private(self, nests: Sequence[Nest], rows: Sequence[Axis]) -> list[Buffer]:
        """Return the buffers that only these nests touch, each at its row of the first axis."""
        own = {id(nest) for nest in nests}
        is_private: dict[Buffer, bool] = {}
        for nest, row in zip(nests, rows, strict=True):
            for buffer, index, _ in accesses(nest):
                root = buffer.root
                is_row = (
                    root.kind == "arena"
                    and not _is_register(nest, buffer)
                    and root not in self.layout.column_major
                    and self.users[root] <= own
                    and index[:1] == (Affine.of(row),)
                    and buffer.shape[0] == row.extent
                )
                is_private[root] = is_private.get(root, True) and is_row
        return [root for root, is_row in is_private.items() if is_row]


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


def _row(step: Step, extent: int) -> Axis | None:
    """Return the axis over the rows of a nest of maps and reductions, if it has one."""
    if not isinstance(step, Nest) or step.contraction is not None or not step.axes:
        return None
    row = step.axes[0]
    is_row = row.extent == extent and (row is not step.vector_axis or step.axes == (row,))
    return row if is_row and not any(row in each.over for each in step.statements) else None


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


def _is_register(step: Step, buffer: Buffer) -> bool:
    return isinstance(step, Nest) and buffer.root in step.registers
