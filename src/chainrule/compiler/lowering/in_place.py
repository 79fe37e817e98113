"""Loop carries that are updated in place, by copy coalescing.

A copy ``old = new`` at the end of an iteration is dropped where the statement that computes ``new``
can store it in ``old``, since it may run after all others that read ``old``.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import cast

from chainrule.compiler.analysis.dependence import AccessSet
from chainrule.compiler.loop_ir.access import accesses
from chainrule.compiler.loop_ir.loops import (
    Buffer,
    Call,
    Contraction,
    Item,
    Load,
    Loop,
    Statement,
    Step,
)
from chainrule.compiler.loop_ir.rewrite import Rewriter
from chainrule.compiler.lowering.graph_lowering import Aliases

__all__ = ["coalesce_copies"]


def coalesce_copies(
    items: Sequence[Item], copies: Sequence[Statement], aliases: Aliases
) -> list[Item]:
    """Return items and copies in an order in which as many copies as possible are coalesced."""
    order = _DependenceOrder([*items, *copies])
    renaming: dict[Buffer, Buffer] = {}
    for number, copy in enumerate(copies, len(items)):
        writer = _only_writer(order, copy, len(items))
        if writer is None or not _may_overwrite(items[writer], copy):
            continue
        value = copy.value
        assert isinstance(value, Load)
        readers = [i for i in order.touching[copy.target.root] if i not in (writer, number)]
        if value.buffer.root not in renaming and order.try_coalesce(number, writer, readers):
            renaming[value.buffer.root] = copy.target
    both = [*items, *copies]
    return [
        _rename_buffers(both[i], renaming, aliases)
        for i in order.sorted()
        if i not in order.coalesced
    ]


def _only_writer(order: _DependenceOrder, copy: Statement, items: int) -> int | None:
    """The only one of the first items that writes what `copy` reads, a whole buffer of its type."""
    value = copy.value
    if not isinstance(value, Load) or value.buffer.kind != "arena" or value.index != copy.index:
        return None
    if value.buffer.shape != copy.target.shape or value.buffer.dtype != copy.target.dtype:
        return None
    writers = [i for i in order.writing[value.buffer] if i < items]
    return writers[0] if len(writers) == 1 else None


def _may_overwrite(item: Item, copy: Statement) -> bool:
    """Whether an item may store in the copy's target: it reads no element but that it writes."""
    if not isinstance(item, Statement | Contraction) or len(item.index) != len(copy.target.shape):
        return False
    reads = [
        (b, i) for b, i, is_write in accesses(item) if not is_write and b.root is copy.target.root
    ]
    is_ordered = isinstance(item, Statement) and item.is_ordered
    if isinstance(item, Contraction) or is_ordered:
        return not reads
    return all(buffer is copy.target and index == item.index for buffer, index in reads)


class _DependenceOrder:
    """The dependence graph of some items: which must run before which others."""

    def __init__(self, items: Sequence[Item]) -> None:
        self.touching: defaultdict[Buffer, list[int]] = defaultdict(list)
        self.writing: defaultdict[Buffer, list[int]] = defaultdict(list)
        self.successors: list[set[int]] = [set() for _ in items]
        self.predecessors: list[set[int]] = [set() for _ in items]
        self.coalesced: set[int] = set()
        for late, item in enumerate(items):
            touched = AccessSet.of(accesses(item))
            # Bernstein's conditions: what it reads must be written before, what it writes touched.
            before = [self.writing[root] for root in touched.reads]
            before += [self.touching[root] for root in touched.writes]
            for early in {number for numbers in before for number in numbers}:
                self._connect(early, late)
            for root in touched.reads | touched.writes:
                self.touching[root].append(late)
            for root in touched.writes:
                self.writing[root].append(late)

    def _connect(self, early: int, late: int) -> None:
        self.successors[early].add(late)
        self.predecessors[late].add(early)

    def _disconnect(self, early: int, late: int) -> None:
        self.successors[early].discard(late)
        self.predecessors[late].discard(early)

    def try_coalesce(self, copy: int, writer: int, readers: Sequence[int]) -> bool:
        """Run a writer after some readers and drop a copy; change nothing if that makes a cycle."""
        if self._reaches(writer, set(readers), copy):
            return False
        for reader in readers:
            self._connect(reader, writer)
        for late in list(self.successors[copy]):
            self._disconnect(copy, late)
        for early in list(self.predecessors[copy]):
            self._disconnect(early, copy)
        self.coalesced.add(copy)
        return True

    def _reaches(self, start: int, ends: set[int], without: int) -> bool:
        """Whether a path leads from an item to some others, without another one."""
        pending, seen = [start], {start, without}
        while pending:
            following = self.successors[pending.pop()] - seen
            if not ends.isdisjoint(following):
                return True
            seen |= following
            pending += following
        return False

    def sorted(self) -> list[int]:
        """Sort topologically, as near to the given order as possible."""
        predecessors = [len(each) for each in self.predecessors]
        ready = [i for i, count in enumerate(predecessors) if count == 0]
        result: list[int] = []
        while ready:
            result.append(heapq.heappop(ready))
            for late in self.successors[result[-1]]:
                predecessors[late] -= 1
                if predecessors[late] == 0:
                    heapq.heappush(ready, late)
        return result


def _rename_buffers(item: Item, renaming: Mapping[Buffer, Buffer], aliases: Aliases) -> Item:
    """Replace buffers in an item, and their aliases by aliases of the replacements."""

    def renamed(buffer: Buffer) -> Buffer:
        if buffer in renaming:
            return renaming[buffer]
        if buffer.base is None or buffer.base not in renaming:
            return buffer
        root = renaming[buffer.base].root
        alias = replace(buffer, base=root, name=root.name, layer=root.layer)
        return aliases.setdefault((id(root), buffer.shape), alias)

    rewriter = Rewriter(lambda buffer, index: (renamed(buffer), index))
    return _rewritten(item, rewriter) if renaming else item


def _rewritten(item: Item, rewriter: Rewriter) -> Item:
    match item:
        case Loop():
            steps = tuple(_rewritten(step, rewriter) for step in cast(Sequence[Item], item.steps))
            condition = item.condition and rewriter.condition(item.condition)
            return replace(item, steps=cast(tuple[Step, ...], steps), condition=condition)
        case Call():
            return rewriter.call(item)
        case Contraction():
            return rewriter.contraction(item)
        case Statement():
            return rewriter.statement(item)
