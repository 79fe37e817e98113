"""Reductions: identity elements, accumulation, reduction trees, partial accumulators.

The order of additions is part of the program: one partial result per lane, added up in blocks of
iterations and blocks of these (`cascade`), the lanes combined by a tree at the end. The number of
lanes depends on dtypes alone, never on the target (LLVM splits vectors that are wider than its
registers), so the bits are the same on every processor.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from chainrule.compiler.backends.llvm import emit, ir
from chainrule.compiler.backends.llvm.nest.expression import ExpressionEmitter
from chainrule.compiler.backends.llvm.nest.loop_nest import LoopNest
from chainrule.compiler.backends.llvm.nest.operation import emit_operation
from chainrule.compiler.backends.llvm.registers import constant, is_vector, splat_scalars
from chainrule.compiler.loop_ir.expressions import inner_loops
from chainrule.compiler.loop_ir.loops import Apply, Axis, Statement

__all__ = [
    "PartialSums",
    "accumulate",
    "combine",
    "identity_element",
    "reduce_lanes",
    "reduction_tree",
]

_OPERATIONS = {"sum": "add", "dot": "add", "max": "maximum", "min": "minimum", "prefix_sum": "add"}


def identity_element(statement: Statement, width: int) -> ir.Constant:
    """Return the identity element of a statement's reduction, in each lane."""
    dtype = statement.target.dtype
    is_empty = any(axis.extent == 0 for axis in statement.over)
    scalar = constant(_identity(statement.reduction, dtype, is_empty), dtype)
    if width == 1:
        return scalar
    return ir.Splat(ir.VectorType(scalar.type, width), scalar.constant)


def _identity(reduction: str, dtype: np.dtype[Any], is_empty: bool) -> Any:
    """Return the identity element; -0.0 for sums, since 0.0 + -0.0 loses the sign of -0.0."""
    if reduction in ("sum", "dot", "prefix_sum"):
        return -0.0 if dtype.kind == "f" and not is_empty and reduction != "dot" else 0
    if dtype.kind == "f":
        return -np.inf if reduction == "max" else np.inf
    if dtype.kind == "b":
        return reduction == "min"
    limits = np.iinfo(dtype)
    return limits.min if reduction == "max" else limits.max


def accumulate(
    emitter: ExpressionEmitter, statement: Statement, total: ir.Value | None
) -> ir.Value:
    """Emit the reduction of a partial result, if there is one, and the value at this point."""
    value, builder = statement.value, emitter.builder
    if total is None:
        return emitter.value(value)
    is_float = statement.target.dtype.kind == "f"
    if statement.reduction == "dot" and isinstance(value, Apply) and is_float:
        memo: dict[int, ir.Value] = {}
        factors = [emitter.value(each, memo) for each in value.operands]
        a, b, c = splat_scalars(builder, [*factors, total])
        name = f"llvm.fma.{emit.mnemonic(c.type)}"
        return _select_valid(emitter, emit.call(builder, name, [a, b, c], c.type), c)
    term, total = splat_scalars(builder, [emitter.value(value), total])
    return _select_valid(emitter, combine(builder, statement, total, term), total)


def combine(
    builder: ir.IRBuilder, statement: Statement, one: ir.Value, other: ir.Value
) -> ir.Value:
    """Emit the reduction of two partial results."""
    dtype = statement.target.dtype
    operation = _OPERATIONS[statement.reduction]
    return emit_operation(builder, operation, [one, other], [dtype, dtype], dtype)


def _select_valid(emitter: ExpressionEmitter, result: ir.Value, total: ir.Value) -> ir.Value:
    """Leave the lanes outside of the mask unchanged, as all lanes are combined in the end."""
    if emitter.mask is None or not is_vector(result):
        return result
    return emitter.builder.select(emitter.mask, result, total)


def reduction_tree(builder: ir.IRBuilder, statement: Statement, totals: list[ir.Value]) -> ir.Value:
    """Combine partial results, a power of two of them, by a binary tree."""
    while len(totals) > 1:
        pairs = zip(totals[::2], totals[1::2], strict=True)
        totals = [combine(builder, statement, one, other) for one, other in pairs]
    return totals[0]


def reduce_lanes(builder: ir.IRBuilder, statement: Statement, total: ir.Value) -> ir.Value:
    """Combine the lanes of a vector by a binary tree."""
    lanes = ir.vector_of(total).count
    while lanes > 1:
        lanes //= 2
        undefined = ir.Constant(total.type, ir.Undefined)
        order = ir.VectorType(ir.IntType(32), lanes)
        low, high = (
            builder.shuffle_vector(
                total, undefined, ir.Constant(order, list(range(first, first + lanes)))
            )
            for first in (0, lanes)
        )
        total = combine(builder, statement, low, high)
    return builder.extract_element(total, ir.Constant(ir.IntType(32), 0))


class PartialSums:
    """Partial accumulators of a statement that reduces over axes of its nest.

    There are several for each point of the statement's own axes: of the current block, and of the
    blocks of each level. Where those axes are unrolled each has a stack slot, which LLVM promotes
    to a register.
    """

    def __init__(self, loop_nest: LoopNest, statement: Statement) -> None:
        self.loop_nest = loop_nest
        self.statement = statement
        nest, self.emitter = loop_nest.nest, loop_nest.emitter
        self.axes, self.over, self.is_unrolled, self.is_over_unrolled = inner_loops(statement, nest)
        self.initial = identity_element(
            statement, loop_nest.width if nest.vector_axis in statement.over else 1
        )
        self.slots: dict[tuple[int, tuple[int | ir.Value, ...]], ir.Value] = {}
        self.levels = loop_nest.sum_plan.levels
        for level in range(self.levels + 1):
            self._for_each(lambda level=level: self._set(level, self.initial))

    def add(self) -> None:
        """Accumulate the value at this point of the nest."""

        def step() -> None:
            self._set(0, accumulate(self.emitter, self.statement, self._get(0)))

        self._for_each(
            lambda: self.loop_nest.for_each_point(self.over, self.is_over_unrolled, step)
        )

    def finish_block(self, level: int) -> None:
        """Add the results of the level below to those of a level, and begin them anew."""

        def step() -> None:
            both = self._get(level), self._get(level - 1)
            self._set(level, combine(self.emitter.builder, self.statement, *both))
            self._set(level - 1, self.initial)

        self._for_each(step)

    def close(self) -> None:
        """Combine the lanes and store the results."""

        def step() -> None:
            total = self._get(self.levels)
            if is_vector(total):
                total = reduce_lanes(self.emitter.builder, self.statement, total)
            self.emitter.store(self.statement.target, self.statement.index, total)

        self._for_each(step)

    def _for_each(self, body: Callable[[], object]) -> None:
        self.loop_nest.for_each_point(self.axes, self.is_unrolled, body)

    def _get(self, level: int) -> ir.Value:
        return self.emitter.builder.load(self._slot(level), typ=self.initial.type)

    def _set(self, level: int, value: ir.Value) -> None:
        self.emitter.builder.store(value, self._slot(level))

    def _slot(self, level: int) -> ir.Value:
        """Return the address of a partial result at this point of the statement's own axes."""
        builder, point = self.emitter.builder, self.emitter.axes
        key = level, tuple(point[axis] for axis in self.axes) if self.is_unrolled else ()
        if key not in self.slots:
            count = 1 if self.is_unrolled else _size(self.axes)
            self.slots[key] = self.emitter.stack_slot(ir.ArrayType(self.initial.type, count))
        slot = self.slots[key]
        if self.is_unrolled:
            return slot
        offset: ir.Value = emit.index(0)
        for axis in self.axes:
            index = point[axis]
            assert isinstance(index, ir.Value)
            scaled = builder.mul(offset, emit.index(axis.extent))
            offset = builder.add(scaled, index)
        return builder.gep(slot, [offset], source_etype=self.initial.type)


def _size(axes: Sequence[Axis]) -> int:
    return math.prod(axis.extent for axis in axes)
