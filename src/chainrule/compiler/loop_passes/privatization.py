"""A nest for one row of a batch: its axis of rows becomes the turn of a loop around it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from chainrule.compiler.loop_ir.loops import (
    Affine,
    Apply,
    Axis,
    Buffer,
    Contraction,
    Expression,
    IndexValue,
    Load,
    Nest,
    Statement,
)

__all__ = ["privatize"]


def privatize(nest: Nest, row: Axis, turn: Axis, local: dict[Buffer, Buffer]) -> Nest:
    """Return a nest with one axis less."""
    narrowing = _Privatization({row: Affine.of(turn)}, local)
    axes = tuple(axis for axis in nest.axes if axis is not row)
    statements = tuple(map(narrowing.statement, nest.statements))
    contraction = None if nest.contraction is None else narrowing.product(nest.contraction)
    registers = frozenset(local.get(each, each) for each in nest.registers)
    return Nest(axes, nest.vector_axis, statements, contraction, registers)


class _Privatization:
    def __init__(self, meaning: Mapping[Axis, Affine], local: dict[Buffer, Buffer]) -> None:
        self.meaning = meaning
        self.local = local
        self.done: dict[int, Expression] = {}

    def statement(self, each: Statement) -> Statement:
        target, index = self._place(each.target, each.index)
        return replace(each, target=target, index=index, value=self._value(each.value))

    def product(self, each: Contraction) -> Contraction:
        target, index = self._place(each.target, each.index)
        left, right = self._load(each.left), self._load(each.right)
        plain = tuple(i for i in index if isinstance(i, Affine))
        return replace(each, target=target, index=plain, left=left, right=right)

    def _value(self, value: Expression) -> Expression:
        if id(value) not in self.done:
            self.done[id(value)] = self._rebuilt(value)
        return self.done[id(value)]

    def _rebuilt(self, value: Expression) -> Expression:
        match value:
            case Load():
                return self._load(value)
            case Apply(operation, operands, dtype):
                return Apply(operation, tuple(map(self._value, operands)), dtype)
            case IndexValue(index, dtype):
                return IndexValue(index.substitute(self.meaning), dtype)
            case _:
                return value

    def _load(self, load: Load) -> Load:
        return Load(*self._place(load.buffer, load.index))

    def _place(
        self, buffer: Buffer, index: tuple[Affine | Expression, ...]
    ) -> tuple[Buffer, tuple[Affine | Expression, ...]]:
        places = tuple(
            i.substitute(self.meaning) if isinstance(i, Affine) else self._value(i) for i in index
        )
        if buffer.root not in self.local:
            return buffer, places
        return self._own(buffer), (Affine(), *places[1:])

    def _own(self, buffer: Buffer) -> Buffer:
        if buffer not in self.local:
            root = self.local[buffer.root]
            self.local[buffer] = replace(buffer, shape=(1, *buffer.shape[1:]), base=root)
        return self.local[buffer]
