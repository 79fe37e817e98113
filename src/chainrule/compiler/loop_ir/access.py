"""Access sets: the buffers that parts of a program read and write, with their indices."""

from __future__ import annotations

from collections.abc import Iterator
from weakref import WeakKeyDictionary

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
    Statement,
)

__all__ = ["Access", "accesses"]

Access = tuple[Buffer, Index, bool]
"""Buffer, index, and whether it is a write."""

_known: WeakKeyDictionary[Statement | Nest, tuple[Access, ...]] = WeakKeyDictionary()
"""Accesses of statements and nests: every pass asks for them, and the verifier after each pass."""


def accesses(item: Item | Nest) -> Iterator[Access]:
    """Yield the reads of an item, and then its write; gathered indices are reads too.

    The condition of a loop is read first.
    """
    if isinstance(item, Loop) and item.condition is not None:
        yield item.condition.element.buffer, item.condition.element.index, False
    if isinstance(item, Loop):
        for part in item.steps:
            yield from accesses(part)
        return
    if isinstance(item, Call):
        yield from ((each.buffer, each.index, False) for each in item.regions if each.is_read)
        yield from ((each.buffer, each.index, True) for each in item.regions if each.is_written)
        return
    if isinstance(item, Contraction):
        yield item.left.buffer, item.left.index, False
        yield item.right.buffer, item.right.index, False
        yield item.target, item.index, True
        return
    if (known := _known.get(item)) is None:
        is_nest = isinstance(item, Nest)
        known = tuple(_nest_accesses(item) if is_nest else _statement_accesses(item))
        _known[item] = known
    yield from known


def _nest_accesses(nest: Nest) -> Iterator[Access]:
    for statement in nest.statements:
        yield from accesses(statement)
    if nest.contraction:
        yield from accesses(nest.contraction)


def _statement_accesses(statement: Statement) -> Iterator[Access]:
    for load in loads_of(statement.value):
        yield load.buffer, load.index, False
    for index in statement.index:
        for load in () if isinstance(index, Affine) else loads_of(index):
            yield load.buffer, load.index, False
    if statement.is_scatter:
        yield statement.target, statement.index, False
    yield statement.target, statement.index, True
