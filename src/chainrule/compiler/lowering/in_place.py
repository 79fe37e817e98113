"""Loop carries that are updated in place, by copy coalescing.

A copy ``old = new`` at the end of an iteration is dropped where the statement that computes ``new``
can store it in ``old``, since it may run after all others that read ``old``.
"""

from __future__ import annotations

import heapq
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
        writer = _only_writer(items, copy)
        if writer is None or not _may_overwrite(items[writer], copy):
            continue
        value = copy.value
        assert isinstance(value, Load)
        readers = [
            i
            for i, touched in enumerate(order.accesses)
            if copy.target.root in touched.reads | touched.writes and i not in (writer, number)
        ]
        if value.buffer.root not in renaming and order.try_coalesce(number, writer, readers):
            renaming[value.buffer.root] = copy.target
    both = [*items, *copies]
    return [
        _rename_buffers(both[i], renaming, aliases)
        for i in order.sorted()
        if i not in order.coalesced
    ]


def _only_writer(items: Sequence[Item], copy: Statement) -> int | None:
    """The only item that writes what `copy` reads, if that is a whole buffer of the same type."""
    value = copy.value
    if not isinstance(value, Load) or value.buffer.kind != "arena" or value.index != copy.index:
        return None
    if value.buffer.shape != copy.target.shape or value.buffer.dtype != copy.target.dtype:
        return None
    writers = [
        i
        for i, item in enumerate(items)
        if any(is_write and buffer.root is value.buffer for buffer, _, is_write in accesses(item))
    ]
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
        self.accesses = [AccessSet.of(accesses(item)) for item in items]
        self.successors: list[set[int]] = [set() for _ in items]
        self.coalesced: set[int] = set()
        for late in range(len(items)):
            for early in range(late):
                if self.accesses[early].conflicts_with(self.accesses[late]):
                    self.successors[early].add(late)

    def try_coalesce(self, copy: int, writer: int, readers: Sequence[int]) -> bool:
        """Run a writer after some readers and drop a copy; change nothing if that makes a cycle."""
        added = [reader for reader in readers if writer not in self.successors[reader]]
        for reader in added:
            self.successors[reader].add(writer)
        after = self.successors[copy]
        before = [others for others in self.successors if copy in others]
        self.successors[copy] = set()
        for others in before:
            others.discard(copy)
        if len(self.sorted()) == len(self.successors):
            self.coalesced.add(copy)
            return True
        for reader in added:
            self.successors[reader].discard(writer)
        self.successors[copy] = after
        for others in before:
            others.add(copy)
        return False

    def sorted(self) -> list[int]:
        """Sort topologically, as near to the given order as possible; a cycle is left out."""
        predecessors = [0] * len(self.successors)
        for others in self.successors:
            for late in others:
                predecessors[late] += 1
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
