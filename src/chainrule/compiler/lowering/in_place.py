"""Loop carries that are updated in place, by copy coalescing."""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import cast

from chainrule.compiler.analysis.dependence import AccessSet
from chainrule.compiler.loop_ir.access import accesses
from chainrule.compiler.loop_ir.loops import (
    Buffer,
    Contraction,
    Item,
    Load,
    Loop,
    Statement,
    Step,
)
from chainrule.compiler.loop_ir.rewrite import Rewriter

__all__ = ["in_place", "rename_buffers"]


def in_place(
    items: Sequence[Item],
    copies: Sequence[Statement],
    aliases: dict[tuple[int, tuple[int, ...]], Buffer],
) -> list[Item]:
    """Save copies of new carries by writing them over the old ones where an order allows it."""
    order = _Order([*items, *copies])
    became: dict[Buffer, Buffer] = {}
    for number, copy in enumerate(copies, len(items)):
        writer = _only_writer(items, copy)
        if writer is None or not _may_overwrite(items[writer], copy):
            continue
        value = copy.value
        assert isinstance(value, Load)
        readers = [
            i
            for i, touched in enumerate(order.accesses)
            if copy.target.root in touched.reads and i not in (writer, number)
        ]
        if value.buffer.root not in became and order.try_after(writer, readers, number):
            became[value.buffer.root] = copy.target
    kept = [i for i in order.sorted() if i not in order.dropped]
    everything = [*items, *copies]
    return [rename_buffers(everything[i], became, aliases) for i in kept]


def _only_writer(items: Sequence[Item], copy: Statement) -> int | None:
    """The one statement that computes what `copy` stores, if the copy is of a whole buffer."""
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
    """Whether a statement may store over what it reads: only where it reads the very element."""
    if not isinstance(item, Statement | Contraction) or len(item.index) != len(copy.target.shape):
        return False
    own = [
        (b, i) for b, i, is_write in accesses(item) if not is_write and b.root is copy.target.root
    ]
    if isinstance(item, Contraction) or item.reduction in (
        "argmax",
        "argmin",
        "prefix_sum",
        "scatter_add",
    ):
        return not own
    return all(buffer is copy.target and index == item.index for buffer, index in own)


class _Order:
    """Which of some items must run before which others."""

    def __init__(self, items: Sequence[Item]) -> None:
        self.accesses = [AccessSet.of(accesses(item)) for item in items]
        self.after: list[set[int]] = [set() for _ in items]
        self.dropped: set[int] = set()
        for late in range(len(items)):
            for early in range(late):
                if self.accesses[early].conflicts_with(self.accesses[late]):
                    self.after[early].add(late)

    def try_after(self, item: int, others: Sequence[int], dropped: int) -> bool:
        """Let an item run after others and drop one; change nothing where that cannot be."""
        added = [other for other in others if item not in self.after[other]]
        for other in added:
            self.after[other].add(item)
        held = self.after[dropped], [early for early in self.after if dropped in early]
        self.after[dropped] = set()
        for early in held[1]:
            early.discard(dropped)
        if len(self.sorted()) == len(self.after):
            self.dropped.add(dropped)
            return True
        for other in added:
            self.after[other].discard(item)
        self.after[dropped] = held[0]
        for early in held[1]:
            early.add(dropped)
        return False

    def sorted(self) -> list[int]:
        """List the items in an order that may run, the given one where it may; short if none."""
        waiting = [0] * len(self.after)
        for each in self.after:
            for late in each:
                waiting[late] += 1
        ready = [i for i, count in enumerate(waiting) if count == 0]
        result: list[int] = []
        while ready:
            result.append(heapq.heappop(ready))
            for late in self.after[result[-1]]:
                waiting[late] -= 1
                if waiting[late] == 0:
                    heapq.heappush(ready, late)
        return result


def rename_buffers(
    item: Item,
    renaming: Mapping[Buffer, Buffer],
    aliases: dict[tuple[int, tuple[int, ...]], Buffer],
) -> Item:
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
            return replace(item, steps=cast(tuple[Step, ...], steps))
        case Contraction():
            return rewriter.contraction(item)
        case Statement():
            return rewriter.statement(item)
