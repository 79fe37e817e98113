"""Reductions: what starts them, adds to them, joins their lanes, and keeps partial results.

The order of additions is part of the program: one partial result for each lane, taken together in
blocks of turns, the lanes joined in pairs at the end. The number of lanes follows from the kinds of
number alone, never from the processor (LLVM splits vectors that are wider than its registers), so
the bits are the same anywhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.compiler.backends.llvm import emit, ir
from chainrule.compiler.backends.llvm.nest.expression import ExpressionEmitter
from chainrule.compiler.backends.llvm.nest.loop_nest import Traversal
from chainrule.compiler.backends.llvm.nest.operation import write
from chainrule.compiler.backends.llvm.registers import constant, is_vector, same_width
from chainrule.compiler.loop_ir.expressions import unrolled_axes
from chainrule.compiler.loop_ir.loops import Apply, Axis, Statement

__all__ = ["PartialSums", "across", "combined", "in_pairs", "neutral"]

Value = Any
_OPERATIONS = {"sum": "add", "dot": "add", "max": "maximum", "min": "minimum", "prefix_sum": "add"}


def neutral(statement: Statement, width: int) -> Value:
    """Write what changes nothing, in each of some lanes."""
    kind = statement.target.dtype
    is_empty = any(axis.extent == 0 for axis in statement.over)
    number = constant(_neutral(statement.reduction, kind, is_empty), kind)
    if width == 1:
        return number
    return ir.Splat(ir.VectorType(number.type, width), number.constant)


def _neutral(reduction: str, dtype: np.dtype[Any], is_empty: bool) -> Any:
    """What changes nothing; -0.0 for sums, as 0.0 - 0.0 would lose the sign of a sum of -0.0."""
    if reduction in ("sum", "dot", "prefix_sum"):
        return -0.0 if dtype.kind == "f" and not is_empty and reduction != "dot" else 0
    if dtype.kind == "f":
        return -np.inf if reduction == "max" else np.inf
    if dtype.kind == "b":
        return reduction == "min"
    limits = np.iinfo(dtype)
    return limits.min if reduction == "max" else limits.max


def combined(point: ExpressionEmitter, statement: Statement, total: Value | None) -> Value:
    """Write a partial result and the value at this point; the value alone where there is none."""
    value, kind, builder = statement.value, statement.target.dtype, point.builder
    if total is None:
        return point.value(value)
    if statement.reduction == "dot" and isinstance(value, Apply) and kind.kind == "f":
        done: dict[int, Value] = {}
        factors = [point.value(each, done) for each in value.operands]
        a, b, c = same_width(builder, [*factors, total])
        name = f"llvm.fma.{emit.mnemonic(c.type)}"
        return _masked(point, emit.call(builder, name, [a, b, c], c.type), c)
    found, total = same_width(builder, [point.value(value), total])
    return _masked(point, _joined(builder, statement, total, found), total)


def _joined(builder: Any, statement: Statement, one: Value, other: Value) -> Value:
    """Write two partial results as one."""
    kind = statement.target.dtype
    operation = _OPERATIONS[statement.reduction]
    return write(builder, operation, [one, other], [kind, kind], kind)


def _masked(point: ExpressionEmitter, result: Value, total: Value) -> Value:
    """Keep lanes outside of the array as they are: the lanes may be joined in the end."""
    if point.mask is None or not is_vector(result):
        return result
    return point.builder.select(point.mask, result, total)


def in_pairs(builder: Any, statement: Statement, totals: list[Value]) -> Value:
    """Join partial results, of which there is a power of two, in pairs."""
    while len(totals) > 1:
        pairs = zip(totals[::2], totals[1::2], strict=True)
        totals = [_joined(builder, statement, one, other) for one, other in pairs]
    return totals[0]


def across(builder: Any, statement: Statement, total: Value) -> Value:
    """Join the lanes in pairs."""
    count = total.type.count
    while count > 1:
        count //= 2
        undefined = ir.Constant(total.type, ir.Undefined)
        kind = ir.VectorType(ir.IntType(32), count)
        halves = [
            builder.shuffle_vector(
                total, undefined, ir.Constant(kind, list(range(first, first + count)))
            )
            for first in (0, count)
        ]
        total = _joined(builder, statement, *halves)
    return builder.extract_element(total, ir.Constant(ir.IntType(32), 0))


class PartialSums:
    """Partial results of a statement that reduces over the points of a nest.

    There are two for each point of the statement's own axes: of the current block, and of all
    before. Where those axes are written out, each has a place that LLVM makes a register.

    Parameters
    ----------
    traversal : Traversal
        The loops of the nest.
    statement : Statement
        What to reduce.
    """

    def __init__(self, traversal: Traversal, statement: Statement) -> None:
        self.traversal = traversal
        self.statement = statement
        nest, self.point = traversal.nest, traversal.point
        self.axes, self.over, self.is_unrolled, self.is_over_unrolled = unrolled_axes(
            statement, nest
        )
        self.start = neutral(
            statement, traversal.width if nest.vector_axis in statement.over else 1
        )
        self.places: dict[tuple[str, tuple[int, ...]], Value] = {}
        for which in ("block", "all"):
            self._each(lambda which=which: self._set(which, self.start))

    def add(self) -> None:
        """Write the addition of what this point of the nest gives."""

        def step() -> None:
            self._set("block", combined(self.point, self.statement, self._get("block")))

        self._each(lambda: self.traversal.each(self.over, self.is_over_unrolled, step))

    def finish_block(self) -> None:
        """Write the addition of the block's results to those of all before."""

        def step() -> None:
            both = self._get("all"), self._get("block")
            self._set("all", _joined(self.point.builder, self.statement, *both))
            self._set("block", self.start)

        self._each(step)

    def close(self) -> None:
        """Write the joining of the lanes, and store."""
        self.finish_block()

        def step() -> None:
            total = self._get("all")
            if is_vector(total):
                total = across(self.point.builder, self.statement, total)
            self.point.store(self.statement.target, self.statement.index, total)

        self._each(step)

    def _each(self, body: Any) -> None:
        self.traversal.each(self.axes, self.is_unrolled, body)

    def _get(self, which: str) -> Value:
        return self.point.builder.load(self._place(which), typ=self.start.type)

    def _set(self, which: str, value: Value) -> None:
        self.point.builder.store(value, self._place(which))

    def _place(self, which: str) -> Value:
        """The place of a partial result at this point of the statement's own axes."""
        builder, axes = self.point.builder, self.point.axes
        turn: Sequence[Any] = tuple(axes[axis] for axis in self.axes) if self.is_unrolled else ()
        if (which, turn) not in self.places:
            count = 1 if self.is_unrolled else _count(self.axes)
            room = self.point.slot(ir.ArrayType(self.start.type, count))
            self.places[(which, tuple(turn))] = room
        room = self.places[(which, tuple(turn))]
        if self.is_unrolled:
            return room
        offset: Value = emit.index(0)
        for axis in self.axes:
            scaled = builder.mul(offset, emit.index(axis.extent))
            offset = builder.add(scaled, axes[axis])
        return builder.gep(room, [offset], source_etype=self.start.type)


def _count(axes: Sequence[Axis]) -> int:
    return int(np.prod([axis.extent for axis in axes], dtype=np.int64))
