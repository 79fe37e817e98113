"""Who must run before whom; and new carries written straight over the old ones."""

from __future__ import annotations

from collections.abc import Iterator

from chainrule.compiler.loop_ir.expressions import loads_of
from chainrule.compiler.loop_ir.loops import (
    Affine,
    Buffer,
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
    """Find what an item touches."""
    if isinstance(item, Loop | Nest):
        for each in item.steps if isinstance(item, Loop) else item.statements:
            yield from accesses(each)
        if isinstance(item, Nest) and item.contraction:
            yield from accesses(item.contraction)
        return
    if isinstance(item, Contraction):
        yield item.left.buffer, item.left.index, False
        yield item.right.buffer, item.right.index, False
    else:
        for load in loads_of(item.value):
            yield load.buffer, load.index, False
        for each in item.index:
            for load in () if isinstance(each, Affine) else loads_of(each):
                yield load.buffer, load.index, False
        if item.reduction == "scatter_add":
            yield item.target, item.index, False
    yield item.target, item.index, True
