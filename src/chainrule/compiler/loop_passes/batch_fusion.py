"""Steps that each do a whole batch become a loop that does all of them for one row at a time.

What attention computes for the samples of a batch is larger than the caches next to a core, and
each step would send it to memory for the next one to fetch. But the samples never look at each
other until the weights' gradients are summed. So one of them goes through all the steps at once:
what they hand on stays near, threads take samples and need not wait, and what nobody reads later is
kept once for each thread instead of once for each sample. As in `apart`, it is a law on what is
touched, not on layers.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from chainrule.compiler.analysis.dependence import AccessSet
from chainrule.compiler.analysis.independence import RowOwnership, ownership_keys
from chainrule.compiler.loop_ir.access import Access, accesses
from chainrule.compiler.loop_ir.expressions import nests_of, stored_by_kernel
from chainrule.compiler.loop_ir.layout import Layout
from chainrule.compiler.loop_ir.loops import (
    Affine,
    Axis,
    Buffer,
    Contraction,
    Loop,
    Nest,
    Step,
)
from chainrule.compiler.loop_passes.partial_reduction import split_reduction, with_statement
from chainrule.compiler.loop_passes.privatization import privatize

__all__ = ["fuse_over_batch"]

FEWEST_ROWS = 8
"""Fewer cannot be shared out evenly."""
LARGEST_ROW = 2**20
"""Bytes that a step touches for one row, at most: what a cache of one core's own holds."""
WORTH_BYTES = 2**22
"""What only these steps need must be as many for all rows, or the caches hold it anyway."""
FEWEST_TILE = 16
"""Rows that a contraction must have for each row of the batch, to make use of what it loads."""


def fuse_over_batch(steps: Sequence[Step], layout: Layout) -> tuple[Step, ...]:
    """Gather steps into loops over the rows of a batch wherever that keeps much in the caches."""
    readers: dict[Buffer, set[int]] = {}
    for nest in nests_of(steps):
        for buffer, _, _ in accesses(nest):
            readers.setdefault(buffer.root, set()).add(id(nest))
    scratch = sum(b.size * b.dtype.itemsize for b in readers if b.kind == "arena")
    return _Gathering(layout, readers).steps(steps) if scratch >= WORTH_BYTES else tuple(steps)


@dataclass
class _Group:
    """Nests that may become one loop, with their rows; or one step by itself, without."""

    members: list[Step]
    rows: list[Axis]
    owners: RowOwnership = field(default_factory=RowOwnership)
    accesses: AccessSet = field(default_factory=AccessSet)

    def add(self, step: Step, touched: Sequence[Access]) -> None:
        self.members.append(step)
        self.accesses.add(touched)


@dataclass(frozen=True)
class _Gathering:
    """Finds the loops and makes them.

    `readers` are the nests that touch a buffer, anywhere in the program.
    """

    layout: Layout
    readers: Mapping[Buffer, set[int]]

    def steps(self, steps: Sequence[Step]) -> tuple[Step, ...]:
        """Gather in some steps, and in the loops among them whose rows are not kept apart yet."""
        inner = [
            replace(each, steps=self.steps(each.steps))
            if isinstance(each, Loop) and not each.batch_axes
            else each
            for each in steps
        ]
        extent = _batch(inner)
        if extent < FEWEST_ROWS:
            return tuple(inner)
        groups: list[_Group] = []
        for each in inner:
            self._place(each, extent, groups)
        for number, group in enumerate(groups):
            if self._is_worth_it(group):
                self._take_sums(group, groups[number + 1 :])
        return tuple(step for group in groups for step in self._made(group))

    def _take_sums(self, group: _Group, later: Sequence[_Group]) -> None:
        """Let a group of nests sum what it makes for each row, where a later nest sums for all."""
        for number, other in enumerate(later):
            nest = other.members[0]
            if other.rows or not isinstance(nest, Nest) or nest.contraction is not None:
                continue
            for total in nest.statements:
                parts = split_reduction(total, nest, group.rows[0].extent, self.layout)
                for part, row, rest in parts:
                    touched = list(accesses(part))
                    keys = [
                        (*access, ownership_keys(access, row, self.layout)) for access in touched
                    ]
                    is_own = any(b.root in group.accesses.writes for b, _, _ in touched)
                    accessed = AccessSet.of(touched)
                    between = any(g.accesses.conflicts_with(accessed) for g in later[:number])
                    if is_own and not between and group.owners.admit(keys):
                        group.rows.append(row)
                        group.add(part, touched)
                        nest = with_statement(nest, total, rest)
                        break
            if nest is not other.members[0]:
                other.members[0] = nest
                other.accesses.add(accesses(nest))

    def _place(self, step: Step, extent: int, groups: list[_Group]) -> None:
        """Put a step into the first group in which it may stand, or behind all of them."""
        touched = [a for a in accesses(step) if not _is_register(step, a[0])]
        accessed = AccessSet.of(touched)
        first = 0
        for number, group in enumerate(groups):
            if group.accesses.conflicts_with(accessed):
                first = number
        for row in _rows_of(step, extent):
            if not _is_near(step, row, touched):
                continue
            keys = [(*access, ownership_keys(access, row, self.layout)) for access in touched]
            for group in [*groups[first:], _Group([], [])]:
                if len(group.members) > len(group.rows) or not group.owners.admit(keys):
                    continue
                if not group.members:
                    groups.append(group)
                group.rows.append(row)
                group.add(step, touched)
                return
        groups.append(_Group([], []))
        groups[-1].add(step, touched)

    def _is_worth_it(self, group: _Group) -> bool:
        nests = [each for each in group.members if isinstance(each, Nest)]
        own = self._own(nests, group.rows) if group.rows else []
        return sum(each.size * each.dtype.itemsize for each in own) >= WORTH_BYTES

    def _made(self, group: _Group) -> tuple[Step, ...]:
        if not self._is_worth_it(group):
            return tuple(group.members)
        nests = [each for each in group.members if isinstance(each, Nest)]
        turn = Axis(group.rows[0].extent, "row", is_loop_index=True)
        local = {root: _local(root) for root in self._own(nests, group.rows)}
        for nest in nests:
            if nest.contraction and nest.contraction.target in nest.registers:
                sums = nest.contraction.target
                # A kernel hands its sums to what it fills at the same place.
                if stored_by_kernel(nest) in local:
                    local[sums] = replace(sums, shape=(1, *sums.shape[1:]))
        made = tuple(
            privatize(nest, row, turn, local) for nest, row in zip(nests, group.rows, strict=True)
        )
        return (Loop(turn, False, made, is_parallel=True),)

    def _own(self, nests: Sequence[Nest], rows: Sequence[Axis]) -> list[Buffer]:
        """The buffers that only these nests touch, each at its row of the first axis."""
        here = {id(nest) for nest in nests}
        found: dict[Buffer, bool] = {}
        for nest, row in zip(nests, rows, strict=True):
            for buffer, index, _ in accesses(nest):
                root, first = buffer.root, index[:1]
                is_own = (
                    root.kind == "arena"
                    and not _is_register(nest, buffer)
                    and root not in self.layout.by_columns
                    and root in self.readers
                    and self.readers[root] <= here
                    and first == (Affine.of(row),)
                    and buffer.shape[0] == row.extent
                )
                found[root] = found.get(root, True) and is_own
        return [root for root, is_own in found.items() if is_own]


def _batch(steps: Sequence[Step]) -> int:
    """The number of rows that most of what is written has; 0 where nothing is shared by rows."""
    total: dict[int, int] = {}
    for step in steps:
        if isinstance(step, Nest) and step.axes:
            for buffer, _, is_write in accesses(step):
                if is_write and buffer not in step.registers:
                    first = (step.axes if step.contraction is None else step.contraction.axes)[
                        0
                    ].extent
                    total[first] = total.get(first, 0) + buffer.size * buffer.dtype.itemsize
    return max(total, key=total.__getitem__, default=0)


def _rows_of(step: Step, extent: int) -> tuple[Axis, ...]:
    """The axes that may be a nest's rows."""
    if not isinstance(step, Nest):
        return ()
    axes = step.axes[:1] if step.contraction is None else step.contraction.axes
    return tuple(axis for axis in axes if axis.extent == extent and axis is not step.vector_axis)


def _is_near(step: Step, row: Axis, touched: Iterable[Access]) -> bool:
    """Whether a core has near what a nest touches for one row, and contractions use it often."""
    assert isinstance(step, Nest)
    sizes: dict[Buffer, int] = {}
    for buffer, index, _ in touched:
        is_own = any(isinstance(i, Affine) and i.coefficient(row) for i in index)
        size = buffer.size * buffer.dtype.itemsize // (row.extent if is_own else 1)
        # What is looked up is a few rows of what may be large.
        if all(isinstance(i, Affine) for i in index):
            sizes[buffer.root] = max(sizes.get(buffer.root, 0), size)
    if sum(sizes.values()) > LARGEST_ROW:
        return False
    return step.contraction is None or _has_tiles(step.contraction, row)


def _has_tiles(contraction: Contraction, row: Axis) -> bool:
    """Whether a contraction has enough rows to a row, or both operands are the row's own.

    Rows that a bound looks at are none to be cut into tiles.
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
    mine = contraction.left if has_row[0] else contraction.right
    own = {axis for i in mine.index if isinstance(i, Affine) for axis, _ in i.terms} - bounded
    return math.prod(a.extent for a in contraction.axes if a in own and a is not row) >= FEWEST_TILE


def _is_register(step: Step, buffer: Buffer) -> bool:
    return isinstance(step, Nest) and buffer.root in step.registers


def _local(root: Buffer) -> Buffer:
    return replace(root, kind="thread_local", shape=(1, *root.shape[1:]))
