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

_known: WeakKeyDictionary[Statement | Nest | Loop, tuple[Access, ...]] = WeakKeyDictionary()
"""Accesses of items, which do not change: every pass asks for them, and so does the verifier."""


def accesses(item: Item | Nest) -> Iterator[Access]:
    """Yield the reads of an item, and then its write; gathered indices are reads too.

    The condition of a loop is read first.
    """
    if isinstance(item, Call | Contraction):
        yield from _of_call(item) if isinstance(item, Call) else _of_contraction(item)
        return
    if (known := _known.get(item)) is None:
        if isinstance(item, Statement):
            found = _of_statement(item)
        else:
            found = _of_nest(item) if isinstance(item, Nest) else _of_loop(item)
        known = _known[item] = tuple(found)
    yield from known


def _of_loop(loop: Loop) -> Iterator[Access]:
    if loop.condition is not None:
        yield loop.condition.element.buffer, loop.condition.element.index, False
    for part in loop.steps:
        yield from accesses(part)


def _of_nest(nest: Nest) -> Iterator[Access]:
    for statement in nest.statements:
        yield from accesses(statement)
    if nest.contraction:
        yield from accesses(nest.contraction)


def _of_call(call: Call) -> Iterator[Access]:
    yield from ((each.buffer, each.index, False) for each in call.regions if each.is_read)
    yield from ((each.buffer, each.index, True) for each in call.regions if each.is_written)


def _of_contraction(contraction: Contraction) -> Iterator[Access]:
    yield contraction.left.buffer, contraction.left.index, False
    yield contraction.right.buffer, contraction.right.index, False
    yield contraction.target, contraction.index, True


def _of_statement(statement: Statement) -> Iterator[Access]:
    for load in loads_of(statement.value):
        yield load.buffer, load.index, False
    for index in statement.index:
        for load in () if isinstance(index, Affine) else loads_of(index):
            yield load.buffer, load.index, False
    if statement.is_scatter:
        yield statement.target, statement.index, False
    yield statement.target, statement.index, True
