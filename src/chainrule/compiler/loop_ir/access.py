"""Who must run before whom; and new carries written straight over the old ones."""

from __future__ import annotations

from collections.abc import Iterator

from chainrule.compiler.loop_ir.expressions import loads_of
from chainrule.compiler.loop_ir.loops import (
    Affine,
    Buffer,
    Expression,
    Nest,
    Product,
    Repeat,
    Statement,
)

__all__ = ["Item", "accesses"]

Item = Statement | Product | Repeat | Nest
Access = tuple[Buffer, tuple[Affine | Expression, ...], bool]


def accesses(item: Item) -> Iterator[Access]:
    """Find what an item touches.

    Yields
    ------
    tuple of (Buffer, tuple, bool)
        The buffer, the index, and whether it is written.
    """
    if isinstance(item, Repeat | Nest):
        for each in item.steps if isinstance(item, Repeat) else item.statements:
            yield from accesses(each)
        if isinstance(item, Nest) and item.product:
            yield from accesses(item.product)
        return
    if isinstance(item, Product):
        yield item.left.buffer, item.left.index, False
        yield item.right.buffer, item.right.index, False
    else:
        for load in loads_of(item.value):
            yield load.buffer, load.index, False
        for each in item.index:
            for load in () if isinstance(each, Affine) else loads_of(each):
                yield load.buffer, load.index, False
        if item.reduction == "scatter":
            yield item.target, item.index, False
    yield item.target, item.index, True
