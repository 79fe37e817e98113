"""Structure of a nest: what remains of it where buffers, axes and loops are numbers.

Two nests of one structure are the same computation on other memory, as those of equal layers:
code generated for one is right for the other, given the addresses of its buffers and the indices
of the loops around it. Two buffers have one number in both nests or in neither, so an alias of a
nest is one of the other too.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np

from chainrule.compiler.loop_ir.layout import Layout
from chainrule.compiler.loop_ir.loops import (
    Affine,
    Apply,
    Axis,
    Buffer,
    Contraction,
    Expression,
    Index,
    IndexValue,
    Literal,
    Load,
    Nest,
    Statement,
)

__all__ = ["NestStructure", "nest_structure"]


@dataclass(frozen=True)
class NestStructure:
    """A nest's structure, and what its numbers stand for in this nest."""

    key: tuple[Hashable, ...]
    roots: tuple[Buffer, ...]  # the memory it accesses, registers included
    loops: tuple[Axis, ...]  # the axes of enclosing loops that occur in it


def nest_structure(nest: Nest, layout: Layout, enclosing: Sequence[Axis] = ()) -> NestStructure:
    """Return the structure of a nest; the loops in `enclosing` count by their depth."""
    walk = _Walk(nest, layout)
    walk.axes |= {axis: (depth,) for depth, axis in enumerate(enclosing)}
    walk.nest()
    return NestStructure(tuple(walk.tokens), tuple(walk.roots), tuple(walk.loops))


class _Walk:
    """Writes a nest in prefix notation: each name by its number, in order of first occurrence."""

    def __init__(self, nest: Nest, layout: Layout) -> None:
        self.item, self.layout = nest, layout
        self.tokens: list[Hashable] = []
        self.buffers: dict[Buffer, int] = {}
        self.roots: dict[Buffer, int] = {}
        self.axes: dict[Axis, Hashable] = {}
        self.loops: dict[Axis, None] = {}
        self.expressions: dict[int, int] = {}

    def nest(self) -> None:
        nest = self.item
        self.tokens.append(len(nest.axes))
        for axis in nest.axes:
            self.axis(axis)
        if nest.vector_axis is not None:
            self.axis(nest.vector_axis)
        if nest.contraction is not None:
            self.contraction(nest.contraction)
        for each in nest.statements:
            self.statement(each)

    def statement(self, item: Statement) -> None:
        self.tokens += ["=", item.reduction, len(item.over)]
        self.access(item.target, item.index)
        for axis in item.over:
            self.axis(axis)
        self.expression(item.value)

    def contraction(self, item: Contraction) -> None:
        self.tokens += ["contract", len(item.depth), len(item.bounds)]
        self.access(item.target, item.index)
        for load in (item.left, item.right):
            self.access(load.buffer, load.index)
        for axis in item.depth:
            self.axis(axis)
        for bound in item.bounds:
            self.affine(bound.index)
            self.tokens.append(bound.length)

    def expression(self, value: Expression) -> None:
        """Write an expression; one that occurred before, as the same object, by its number."""
        known = self.expressions.get(id(value))
        if known is not None:
            self.tokens.append(("again", known))
            return
        self.expressions[id(value)] = len(self.expressions)
        match value:
            case Literal(number, dtype):
                self.tokens.append((dtype.char, np.asarray(number, dtype).tobytes()))
            case IndexValue(index, dtype):
                self.tokens.append(("index", dtype.char))
                self.affine(index)
            case Load(buffer, index):
                self.access(buffer, index)
            case Apply(operation, operands, dtype):
                self.tokens.append((operation, len(operands), dtype.char))
                for each in operands:
                    self.expression(each)

    def access(self, buffer: Buffer, index: Index) -> None:
        self.buffer(buffer)
        for each in index:
            if isinstance(each, Affine):
                self.affine(each)
            else:
                self.tokens.append("gather")
                self.expression(each)

    def affine(self, index: Affine) -> None:
        self.tokens += [index.constant, len(index.terms)]
        for axis, coefficient in index.terms:
            self.tokens.append(coefficient)
            self.axis(axis)

    def axis(self, axis: Axis) -> None:
        number = self.axes.get(axis)
        if number is None:
            self.tokens.append((len(self.axes), axis.extent, axis.is_loop_index))
            self.axes[axis] = len(self.axes)
        else:
            self.tokens.append(number)
        if axis.is_loop_index:
            self.loops[axis] = None

    def buffer(self, buffer: Buffer) -> None:
        number = self.buffers.get(buffer)
        if number is not None:
            self.tokens.append(number)
            return
        self.buffers[buffer] = len(self.buffers)
        root = self.roots.setdefault(buffer.root, len(self.roots))
        in_register = buffer in self.item.registers
        is_column_major = buffer in self.layout.column_major
        kind = buffer.root.kind if buffer.root.kind in ("arena", "thread_local") else "array"
        self.tokens.append(
            (root, kind, buffer.dtype.char, buffer.shape, in_register, is_column_major)
        )
