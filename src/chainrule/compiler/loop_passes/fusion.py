"""Loop fusion: statements with the same iteration space become one nest.

::

    y[i] = exp(x[i])  for i<64                   for i<64 vector i:
    s[] = sum i<64: y[i]                   ->      y[i] = exp(x[i])
    z[i] = multiply(y[i], b[i])  for i<64          s[] = sum i: y[i]
                                                   z[i] = multiply(y[i], b[i])

Greedy, in program order: a statement joins the first nest that runs over axes of the same lengths
and does not precede a nest on which the statement depends; else it begins a nest. Legal if every
dependence between the two stays within one iteration, or their elements are disjoint. Elementwise
statements that read a contraction's target become its epilogue.

Pays: one pass over memory, and what is handed on can stay in registers (decision 0011). An epilogue
runs while the sums are in registers; a long one loses where the result exceeds the caches, as its
other operands are then read in the kernel's order (0017). Updates in place of what exceeds the
caches join it all or not at all, and other nests where they share an array with one (0097).
"""

from __future__ import annotations

import bisect
import heapq
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import cast

from chainrule.compiler.analysis.dependence import AccessTable, are_disjoint, same_iteration
from chainrule.compiler.loop_ir.access import Access, accesses
from chainrule.compiler.loop_ir.expressions import axes_of, cost
from chainrule.compiler.loop_ir.layout import Layout
from chainrule.compiler.loop_ir.loops import (
    Axis,
    Buffer,
    Call,
    Contraction,
    Item,
    Loop,
    Nest,
    Statement,
    Step,
)
from chainrule.compiler.loop_ir.rewrite import rename_axes
from chainrule.compiler.loop_passes.vectorization import are_unrolled, choose_loop_order

__all__ = ["fuse"]

EPILOGUE_COST = 40
"""Cost of an epilogue, at most."""
LARGE_EPILOGUE_COST, CACHE_BYTES = 6, 2**19
"""The same where the contraction's result is larger than the caches of a core."""


def fuse(items: Sequence[Item], layout: Layout) -> tuple[Step, ...]:
    """Distribute statements over nests."""
    groups, is_unrolled = _Groups(_stored_sums(items)), are_unrolled(items)
    for item in items:
        touched = list(accesses(item))
        if not isinstance(item, Statement):
            groups.add(item, touched, _closed_group(item, layout))
            continue
        axes, vector_axis, is_open = choose_loop_order(item, layout, is_unrolled)
        for group in groups.candidates(touched, item, axes, vector_axis) if is_open else ():
            fused = _fused(item, axes, vector_axis, group)
            if fused is not None:
                groups.add(fused, list(accesses(fused)), group)
                break
        else:
            groups.add(item, touched, _Group(axes, vector_axis, is_open=is_open))
    return tuple(group.step() for group in groups.groups)


def _stored_sums(items: Sequence[Item]) -> set[Buffer]:
    """Return the results beyond the caches that are stored: an epilogue of all readers is long."""
    large = {each.target: 0 for each in items if isinstance(each, Contraction) and _is_large(each)}
    for item in items if large else ():
        if isinstance(item, Statement):
            for buffer in {buffer for buffer, _, is_write in accesses(item) if not is_write}:
                if buffer in large:
                    large[buffer] += 1 + cost(item.value)
    return {buffer for buffer, total in large.items() if total > LARGE_EPILOGUE_COST}


@dataclass
class _Group:
    """A nest under construction, a loop or a call; if open, statements may join it."""

    axes: tuple[Axis, ...]
    vector_axis: Axis | None
    contraction: Contraction | None = None
    statements: list[Statement] = field(default_factory=list[Statement])
    closed: Loop | Call | None = None
    is_open: bool = True
    accesses: AccessTable = field(default_factory=AccessTable)
    number: int = -1

    def key(self) -> _Key:
        return _key(self.axes, self.vector_axis, self.contraction is not None)

    def step(self) -> Step:
        if self.closed is not None:
            return self.closed
        return Nest(self.axes, self.vector_axis, tuple(self.statements), self.contraction)


_Key = tuple[tuple[int, ...], int | None, bool]
"""The lengths of a nest's axes, the number of the vector axis, and whether it has a contraction."""


def _key(axes: Sequence[Axis], vector_axis: Axis | None, is_contraction: bool) -> _Key:
    vector = None if vector_axis is None else list(axes).index(vector_axis)
    return tuple(axis.extent for axis in axes), vector, is_contraction


class _Groups:
    """The groups in order, by the axes of their nests, and the last that touches each buffer."""

    def __init__(self, stored_sums: Collection[Buffer]) -> None:
        self.stored_sums = stored_sums
        self.groups: list[_Group] = []
        self.by_key: defaultdict[_Key, list[int]] = defaultdict(list)
        self.last_read: dict[Buffer, int] = {}
        self.last_write: dict[Buffer, int] = {}

    def add(self, item: Item, touched: Sequence[Access], group: _Group) -> None:
        """Add an item to a group, which may be a new one."""
        if group.number < 0:
            group.number = len(self.groups)
            self.groups.append(group)
            if group.is_open:
                self.by_key[group.key()].append(group.number)
        if isinstance(item, Statement):
            group.statements.append(item)
        for access in touched:
            group.accesses.add(access)
            last = self.last_write if access[2] else self.last_read
            root = access[0].root
            last[root] = max(last.get(root, 0), group.number)

    def candidates(
        self,
        touched: Sequence[Access],
        item: Statement,
        axes: Sequence[Axis],
        vector_axis: Axis | None,
    ) -> Iterator[_Group]:
        """Yield the open groups of fitting axes that precede no group which the item depends on."""
        first = 0
        for buffer, _, is_write in touched:
            first = max(first, self.last_write.get(buffer.root, 0))
            first = max(first, self.last_read.get(buffer.root, 0) if is_write else 0)
        if self._is_update_of_stored_sums(touched, item):
            yield from self._sharing(touched, first, _key(axes, vector_axis, False))
            return
        keys = [_key(axes, vector_axis, False)]
        keys += [] if item.reduction else [_key(axes_of(item), None, True)]
        fitting = (self.by_key[key] for key in keys)
        later = (numbers[bisect.bisect_left(numbers, first) :] for numbers in fitting)
        yield from (self.groups[number] for number in heapq.merge(*later))

    def _is_update_of_stored_sums(self, touched: Sequence[Access], item: Statement) -> bool:
        """Whether a statement updates in place a large array, by sums that are stored."""
        read = {buffer for buffer, _, is_write in touched if not is_write}
        return item.target in read and not read.isdisjoint(self.stored_sums)

    def _sharing(self, touched: Sequence[Access], first: int, key: _Key) -> Iterator[_Group]:
        """Yield the groups, from a number on, that touch a large array that a statement touches."""
        size = max(buffer.size for buffer, _, _ in touched)
        own = {buffer.root for buffer, _, _ in touched if buffer.size == size}
        for number in self.by_key[key]:
            if number >= first and not own.isdisjoint(self.groups[number].accesses.tables):
                yield self.groups[number]


def _closed_group(item: Item, layout: Layout) -> _Group:
    """The group of a contraction, which only an epilogue may join, of a loop or of a call."""
    if isinstance(item, Call):
        return _Group((), None, closed=item, is_open=False)
    if isinstance(item, Loop):
        body = fuse(cast(Sequence[Item], item.steps), layout)
        return _Group((), None, closed=replace(item, steps=body), is_open=False)
    assert isinstance(item, Contraction)
    return _Group(item.axes, None, item)


def _fused(
    item: Statement, axes: tuple[Axis, ...], vector_axis: Axis | None, group: _Group
) -> Statement | None:
    """Return a statement over the axes of a group, or None if it may not join it."""
    if group.contraction is not None:
        axes = tuple(axes_of(item))
        if _epilogue_cost(item, group) > _epilogue_limit(group.contraction):
            return None
    renamed = rename_axes(item, _axis_names(item, axes, group.axes))
    return renamed if _is_legal(renamed, group) else None


def _is_legal(item: Statement, group: _Group) -> bool:
    """Whether no dependence is carried between iterations; an epilogue reads the contraction."""
    if not group.axes and group.contraction is None:
        return True
    is_consumer = False
    for buffer, index, is_write in accesses(item):
        for other, other_index, was_written in group.accesses.overlapping(buffer, index):
            if is_write or was_written:
                if buffer is other and are_disjoint(index, other_index):
                    continue
                is_consumer = is_consumer or was_written
                if group.axes and not same_iteration(buffer, index, other, other_index, group.axes):
                    return False
    return is_consumer or group.contraction is None


def _axis_names(
    item: Statement, axes: Sequence[Axis], nest_axes: Sequence[Axis]
) -> dict[Axis, Axis]:
    """Map axes of a statement to those of a nest, and away from them any other axis of it.

    In Σⱼ x[i, j] of a square array, j can be the name of the nest's axis over rows.
    """
    names = dict(zip(axes, nest_axes, strict=True))
    for axis in (*axes_of(item), *item.over):
        if axis not in names and axis in nest_axes:
            names[axis] = Axis(axis.extent, axis.name)
    return names


def _epilogue_limit(contraction: Contraction) -> int:
    return LARGE_EPILOGUE_COST if _is_large(contraction) else EPILOGUE_COST


def _is_large(contraction: Contraction) -> bool:
    return contraction.target.size * contraction.target.dtype.itemsize > CACHE_BYTES


def _epilogue_cost(item: Statement, group: _Group) -> int:
    return sum(1 + cost(each.value) for each in (item, *group.statements))
