"""Access sets: the buffers that parts of a program read and write, with their indices."""

from __future__ import annotations

from collections.abc import Iterator

from chainrule.compiler.loop_ir.expressions import loads_of
from chainrule.compiler.loop_ir.loops import (
    Affine,
    Buffer,
    Call,
    Contraction,
    Index,
    Item,
    Loop,
    Nest,
)

__all__ = ["Access", "accesses"]

Access = tuple[Buffer, Index, bool]
"""Buffer, index, and whether it is a write."""


def accesses(item: Item | Nest) -> Iterator[Access]:
    """Yield the reads of an item, and then its write; gathered indices are reads too.

    The condition of a loop is read first.
    """
    if isinstance(item, Loop) and item.condition is not None:
        yield item.condition.element.buffer, item.condition.element.index, False
    if isinstance(item, Loop | Nest):
        for part in item.steps if isinstance(item, Loop) else item.statements:
            yield from accesses(part)
        if isinstance(item, Nest) and item.contraction:
            yield from accesses(item.contraction)
        return
    if isinstance(item, Call):
        yield from ((each.buffer, each.index, False) for each in item.regions if each.is_read)
        yield from ((each.buffer, each.index, True) for each in item.regions if each.is_written)
        return
    if isinstance(item, Contraction):
        yield item.left.buffer, item.left.index, False
        yield item.right.buffer, item.right.index, False
    else:
        for load in loads_of(item.value):
            yield load.buffer, load.index, False
        for index in item.index:
            for load in () if isinstance(index, Affine) else loads_of(index):
                yield load.buffer, load.index, False
        if item.is_scatter:
            yield item.target, item.index, False
    yield item.target, item.index, True
