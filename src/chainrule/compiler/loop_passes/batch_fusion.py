"""Fusion over the batch: nests over all rows of a batch become one parallel loop over its rows.

::

    for i<32 j<128: a[i, j] = ...              loop row<32 parallel:
    for i<32 j<128: b[i, j] = f(a[i, j])  ->     for j<128: a[0, j] = ...          # thread-local
    for i<32 j<128: c[i, j] = g(b[i, j])         for j<128: b[0, j] = f(a[0, j])
                                                 for j<128: c[row, j] = g(b[0, j])

Legal if each nest has an axis by which its row owns what it writes, and all nests agree on that
(`RowOwnership`). What mixes rows precedes or follows the loop; a sum over the batch is split into
row sums within the loop and a sum behind it (`partial_reduction`).

Pays where the intermediate results of all rows exceed the caches, as in attention: the working set
of one row fits a core's cache, buffers of one row are private to a thread (`privatization`), and
threads need no barrier within the loop (decision 0020).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from chainrule.compiler.analysis.dependence import AccessSet
from chainrule.compiler.analysis.independence import KeyedAccess, ownership_keys
from chainrule.compiler.loop_ir.access import Access, accesses
from chainrule.compiler.loop_ir.expressions import kernel_output
from chainrule.compiler.loop_ir.layout import Layout
from chainrule.compiler.loop_ir.loops import Affine, Axis, Buffer, Contraction, Loop, Nest, Step
from chainrule.compiler.loop_passes.partial_reduction import replace_statement, split_reduction
from chainrule.compiler.loop_passes.privatization import privatize
from chainrule.compiler.loop_passes.row_groups import (
    RowGroup,
    assign_to_group,
    fuse_inner_loops,
    memory_accesses,
    private_buffers,
    thread_local,
    users_of_buffers,
)

__all__ = ["fuse_over_batch"]

MIN_BATCH = 8
"""Rows, at least; fewer cannot be partitioned evenly."""
MAX_WORKING_SET = 2**20
"""Bytes that a nest touches for one row, at most: the size of a core's own cache."""
MIN_PRIVATE_BYTES = 2**22
"""Bytes of what becomes private, for all rows, at least; the caches hold less anyway."""
MIN_TILE_ROWS = 16
"""Rows of a contraction for each row of the batch, at least, so that register tiles are full."""


def fuse_over_batch(steps: Sequence[Step], layout: Layout) -> tuple[Step, ...]:
    """Fuse nests over batch rows wherever enough of their buffers become private."""
    users = users_of_buffers(steps)
    arena = sum(b.size * b.dtype.itemsize for b in users if b.kind == "arena")
    return _BatchFusion(layout, users).fuse(steps) if arena >= MIN_PRIVATE_BYTES else tuple(steps)


@dataclass(frozen=True)
class _BatchFusion:
    """The pass over one program; `users` are the nests that touch a buffer, by identity."""

    layout: Layout
    users: Mapping[Buffer, set[int]]

    def fuse(self, steps: Sequence[Step]) -> tuple[Step, ...]:
        """Fuse some steps, and those of the loops among them that are not batch-parallel."""
        inner = fuse_inner_loops(steps, self.fuse)
        extent = _batch_size(inner)
        if extent < MIN_BATCH:
            return inner
        groups: list[RowGroup] = []
        for each in inner:
            assign_to_group(each, _row_candidates(each, extent), groups, self.layout)
        for number, group in enumerate(groups):
            if self._pays(group):
                self._split_reductions(group, groups[number + 1 :])
        return tuple(step for group in groups for step in self._fused(group))

    def _split_reductions(self, group: RowGroup, later: Sequence[RowGroup]) -> None:
        """Move row sums of what a group computes into it, from sums over the batch behind it."""
        for number, other in enumerate(later):
            nest = other.members[0]
            if other.rows or not isinstance(nest, Nest) or nest.contraction is not None:
                continue
            for total in nest.statements:
                splits = split_reduction(total, nest, group.rows[0].extent, self.layout)
                for first, row, second in splits:
                    touched = list(accesses(first))
                    accessed = AccessSet.of(touched)
                    is_consumer = any(b.root in group.accesses.writes for b, _, _ in touched)
                    is_blocked = any(g.accesses.conflicts_with(accessed) for g in later[:number])
                    keys = self._keyed(touched, row)
                    if is_consumer and not is_blocked and group.ownership.admit(keys):
                        group.rows.append(row)
                        group.add(first, touched)
                        nest = replace_statement(nest, total, second)
                        break
            if nest is not other.members[0]:
                other.members[0] = nest
                other.accesses.add(accesses(nest))

    def _keyed(self, touched: Sequence[Access], row: Axis) -> list[KeyedAccess]:
        return [(*access, ownership_keys(access, row, self.layout)) for access in touched]

    def _pays(self, group: RowGroup) -> bool:
        private = self._private(group) if group.rows else []
        return sum(each.size * each.dtype.itemsize for each in private) >= MIN_PRIVATE_BYTES

    def _fused(self, group: RowGroup) -> tuple[Step, ...]:
        """Return the parallel loop of a group, or its steps as they are."""
        if not self._pays(group):
            return tuple(group.members)
        nests = group.nests
        iteration = Axis(group.rows[0].extent, "row", is_loop_index=True)
        private = {root: thread_local(root) for root in self._private(group)}
        for nest in nests:
            if nest.contraction and nest.contraction.target in nest.registers:
                sums = nest.contraction.target
                # The kernel stores the epilogue's target at the index of the sums.
                if kernel_output(nest) in private:
                    private[sums] = replace(sums, shape=(1, *sums.shape[1:]))
        body = tuple(
            privatize(nest, row, iteration, private)
            for nest, row in zip(nests, group.rows, strict=True)
        )
        return (Loop(iteration, False, body, is_parallel=True),)

    def _private(self, group: RowGroup) -> list[Buffer]:
        return private_buffers(group.nests, group.rows, self.layout, self.users)


def _batch_size(steps: Sequence[Step]) -> int:
    """The extent of the outermost axis by which most bytes are written; 0 if there is no nest."""
    written: dict[int, int] = {}
    for step in steps:
        if isinstance(step, Nest) and step.axes:
            axes = step.axes if step.contraction is None else step.contraction.axes
            for buffer, _, is_write in accesses(step):
                if is_write and buffer not in step.registers:
                    size = buffer.size * buffer.dtype.itemsize
                    written[axes[0].extent] = written.get(axes[0].extent, 0) + size
    return max(written, key=written.__getitem__, default=0)


def _row_candidates(step: Step, extent: int) -> tuple[Axis, ...]:
    """The axes that may be a nest's batch axis."""
    if not isinstance(step, Nest):
        return ()
    axes = step.axes[:1] if step.contraction is None else step.contraction.axes
    touched = memory_accesses(step)
    return tuple(
        axis
        for axis in axes
        if axis.extent == extent
        and axis is not step.vector_axis
        and _fits_cache(step, axis, touched)
    )


def _fits_cache(step: Nest, row: Axis, touched: Iterable[Access]) -> bool:
    """Whether a row's working set fits a core's cache, and contractions reuse what they load."""
    sizes: dict[Buffer, int] = {}
    for buffer, index, _ in touched:
        is_row = any(isinstance(i, Affine) and i.coefficient(row) for i in index)
        size = buffer.size * buffer.dtype.itemsize // (row.extent if is_row else 1)
        # A gather touches a few rows of a table that may be large.
        if all(isinstance(i, Affine) for i in index):
            sizes[buffer.root] = max(sizes.get(buffer.root, 0), size)
    if sum(sizes.values()) > MAX_WORKING_SET:
        return False
    return step.contraction is None or _has_full_tiles(step.contraction, row)


def _has_full_tiles(contraction: Contraction, row: Axis) -> bool:
    """Whether a row of the batch has enough rows for tiles, or both operands are its own.

    Axes that a bound depends on cannot be tiled.
    """
    bounded = {axis for bound in contraction.bounds for axis, _ in bound.index.terms}
    if row in bounded:
        return False
    has_row = [
        any(isinstance(i, Affine) and i.coefficient(row) for i in each.index)
        for each in (contraction.left, contraction.right)
    ]
    if all(has_row):
        return True
    if not any(has_row):
        return False
    operand = contraction.left if has_row[0] else contraction.right
    tiled = {axis for i in operand.index if isinstance(i, Affine) for axis, _ in i.terms} - bounded
    rows = (axis.extent for axis in contraction.axes if axis in tiled and axis is not row)
    return math.prod(rows) >= MIN_TILE_ROWS
