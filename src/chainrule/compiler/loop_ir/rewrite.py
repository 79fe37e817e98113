"""Rewriting of the loop language: maps over buffers, indices and axes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from chainrule.compiler.loop_ir.loops import (
    Affine,
    Apply,
    Argument,
    Axis,
    Buffer,
    Call,
    Condition,
    Contraction,
    Expression,
    Index,
    IndexValue,
    IterationBound,
    Literal,
    Load,
    Region,
    Statement,
)

__all__ = ["Rewriter", "map_expression", "rename_axes", "substitute"]

AccessMap = Callable[[Buffer, Index], tuple[Buffer, Index]]
IndexMap = Callable[[Affine], Affine]


def _same_access(buffer: Buffer, index: Index) -> tuple[Buffer, Index]:
    return buffer, index


def _same_index(index: Affine) -> Affine:
    return index


class Rewriter:
    """A map over expressions, statements and contractions.

    `access` maps the buffer and index of each load and target first, then `index` maps each affine
    index. A subexpression is rewritten once, so what was shared stays shared.
    """

    def __init__(self, access: AccessMap = _same_access, index: IndexMap = _same_index) -> None:
        self._map_access = access
        self._map_index = index
        self._rewritten: dict[int, Expression] = {}

    def expression(self, value: Expression) -> Expression:
        """Rewrite an expression."""
        if id(value) not in self._rewritten:
            self._rewritten[id(value)] = self._rebuild(value)
        return self._rewritten[id(value)]

    def _rebuild(self, value: Expression) -> Expression:
        match value:
            case Literal():
                return value
            case IndexValue(index, dtype):
                return IndexValue(self._map_index(index), dtype)
            case Load(buffer, index):
                return Load(*self.access(buffer, index))
            case Apply(operation, operands, dtype):
                return Apply(operation, tuple(map(self.expression, operands)), dtype)

    def access(self, buffer: Buffer, index: Index) -> tuple[Buffer, Index]:
        """Rewrite the buffer and index of a load or of a target."""
        buffer, index = self._map_access(buffer, index)
        return buffer, tuple(
            self._map_index(i) if isinstance(i, Affine) else self.expression(i) for i in index
        )

    def statement(self, item: Statement) -> Statement:
        """Rewrite target and value of a statement; the axes it reduces over are not mapped."""
        target, index = self.access(item.target, item.index)
        return replace(item, target=target, index=index, value=self.expression(item.value))

    def condition(self, item: Condition) -> Condition:
        """Rewrite the element that a loop tests."""
        return replace(item, element=Load(*self.access(item.element.buffer, item.element.index)))

    def contraction(self, item: Contraction) -> Contraction:
        """Rewrite target, operands and bounds of a contraction; its depth is not mapped."""
        target, index = self.access(item.target, item.index)
        return replace(
            item,
            target=target,
            index=tuple(i for i in index if isinstance(i, Affine)),
            left=Load(*self.access(item.left.buffer, item.left.index)),
            right=Load(*self.access(item.right.buffer, item.right.index)),
            bounds=tuple(IterationBound(self._map_index(b.index), b.length) for b in item.bounds),
        )

    def call(self, item: Call) -> Call:
        """Rewrite the regions of a call."""
        return replace(item, arguments=tuple(map(self._argument, item.arguments)))

    def _argument(self, argument: Argument) -> Argument:
        if not isinstance(argument, Region):
            return argument
        buffer, index = self.access(argument.buffer, argument.index)
        affine = tuple(i for i in index if isinstance(i, Affine))
        return replace(argument, buffer=buffer, index=affine)


def map_expression(
    value: Expression, access: AccessMap = _same_access, index: IndexMap = _same_index
) -> Expression:
    """Rewrite one expression; see `Rewriter`."""
    return Rewriter(access, index).expression(value)


def substitute(value: Expression, substitution: Mapping[Axis, Affine]) -> Expression:
    """Replace axes of an expression by affine indices."""
    return map_expression(value, index=lambda index: index.substitute(substitution))


def rename_axes(item: Statement, names: Mapping[Axis, Axis]) -> Statement:
    """Return a statement over other axes of the same lengths."""
    substitution = {old: Affine.of(new) for old, new in names.items() if old is not new}
    if not substitution:
        return item
    rewriter = Rewriter(index=lambda index: index.substitute(substitution))
    return replace(
        rewriter.statement(item), over=tuple(names.get(axis, axis) for axis in item.over)
    )
