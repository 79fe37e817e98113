"""Code of a nest and its statements: elementwise, reduction, argmax, prefix sum, scatter."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from chainrule.compiler.backends.llvm import emit, ir
from chainrule.compiler.backends.llvm.nest.cascade import emit_reduction
from chainrule.compiler.backends.llvm.nest.expression import ExpressionEmitter
from chainrule.compiler.backends.llvm.nest.known_values import KnownValues
from chainrule.compiler.backends.llvm.nest.loop_nest import LoopNest, Schedule
from chainrule.compiler.backends.llvm.nest.operation import emit_operation
from chainrule.compiler.backends.llvm.nest.reduction import (
    PartialSums,
    accumulate,
    identity_element,
    reduce_lanes,
)
from chainrule.compiler.backends.llvm.registers import constant, splat_scalars
from chainrule.compiler.loop_ir.expressions import inner_loops
from chainrule.compiler.loop_ir.loops import Axis, Load, Nest, Statement

__all__ = ["emit_nest"]


def emit_nest(emitter: ExpressionEmitter, nest: Nest, schedule: Schedule) -> None:
    """Emit a nest, its outermost loop by a schedule."""
    emitter.registers, emitter.available = nest.registers, KnownValues()
    loop_nest = LoopNest(emitter, nest)
    statements = _StatementEmitter(loop_nest)
    partial_sums = {
        id(each): PartialSums(loop_nest, each)
        for each in nest.statements
        if any(axis in nest.axes for axis in each.over)
    }

    def body() -> None:
        for each in nest.statements:
            if id(each) in partial_sums:
                partial_sums[id(each)].add()
            else:
                statements.emit(each)

    def after_block(level: int) -> None:
        for each in partial_sums.values():
            each.finish_block(level)

    loop_nest.emit(nest.axes, schedule, body, after_block if partial_sums else None)
    emitter.available = KnownValues()
    for each in partial_sums.values():
        each.close()


class _StatementEmitter:
    """Emits statements that are complete at each point of their nest."""

    def __init__(self, loop_nest: LoopNest) -> None:
        self.loop_nest = loop_nest
        self.nest = loop_nest.nest
        self.emitter = loop_nest.emitter
        self.builder = loop_nest.emitter.builder

    def emit(self, statement: Statement) -> None:
        """Emit a statement."""
        axes, over, is_unrolled, is_over_unrolled = inner_loops(statement, self.nest)

        def for_each_point(body: Callable[[], object]) -> None:
            self.loop_nest.for_each_point(axes, is_unrolled, body)

        if statement.reduction == "prefix_sum":
            self._prefix_sum(statement, axes, over)
        elif statement.is_scatter:
            self._scatter(statement, axes, over)
        elif statement.reduction in ("argmax", "argmin"):
            for_each_point(lambda: self._arg_extremum(statement, over[0], is_over_unrolled))
        elif statement.reduction and is_over_unrolled:
            for_each_point(lambda: self._unrolled_reduction(statement, over))
        elif statement.reduction:
            for_each_point(lambda: self._reduction(statement, over))
        else:
            for_each_point(lambda: self._store(statement, self.emitter.value(statement.value)))

    def _store(self, statement: Statement, value: ir.Value) -> None:
        self.emitter.store(statement.target, statement.index, value)

    def _unrolled_reduction(self, statement: Statement, over: Sequence[Axis]) -> None:
        """Emit a reduction over a few elements, without a loop."""
        total: ir.Value | None = None

        def add() -> None:
            nonlocal total
            total = accumulate(self.emitter, statement, total)

        self.loop_nest.for_each_point(over, True, add)
        self._store(statement, identity_element(statement, 1) if total is None else total)

    def _reduction(self, statement: Statement, over: Sequence[Axis]) -> None:
        """Emit a reduction in loops; lanes along a reduced axis are combined after them."""
        total = emit_reduction(self.loop_nest, statement, over)
        if self.nest.vector_axis in over:
            total = reduce_lanes(self.builder, statement, total)
        self._store(statement, total)

    def _arg_extremum(self, statement: Statement, axis: Axis, is_unrolled: bool) -> None:
        """Emit the index of the first extremum; NaN precedes every number."""
        emitter = self.emitter
        before = emitter.available.copy()
        emitter.axes[axis] = 0
        best = emitter.value(statement.value)
        best_index: ir.Value = constant(0, np.dtype("int64"), best)
        if is_unrolled:
            for i in range(1, axis.extent):
                emitter.axes[axis] = i
                best, best_index = self._select_extremum(statement, best, best_index, emit.index(i))
        else:
            emitter.available = before.copy()  # what the loop makes available is not so after it
            best_index = self._arg_extremum_loop(statement, axis, best, best_index)
            emitter.available = before
        self._store(statement, best_index)

    def _arg_extremum_loop(
        self, statement: Statement, axis: Axis, best: ir.Value, best_index: ir.Value
    ) -> ir.Value:
        """Emit the loop over all elements but the first; return the index of the extremum."""
        builder, emitter = self.builder, self.emitter
        types = best.type, best_index.type
        slots = [emitter.stack_slot(type) for type in types]
        for value, slot in zip((best, best_index), slots, strict=True):
            builder.store(value, slot)
        stop = emit.index(axis.extent)
        with emit.counted_loop(builder, emit.index(1), stop, "best") as index:
            emitter.axes[axis] = index
            best, best_index = (
                builder.load(slot, typ=type) for slot, type in zip(slots, types, strict=True)
            )
            selected = self._select_extremum(statement, best, best_index, index)
            for slot, value in zip(slots, selected, strict=True):
                builder.store(value, slot)
        return builder.load(slots[1], typ=types[1])

    def _select_extremum(
        self, statement: Statement, best: ir.Value, best_index: ir.Value, index: ir.Value
    ) -> tuple[ir.Value, ir.Value]:
        """Select the extremum so far or the element at an index; the former if they are equal."""
        builder, dtype = self.builder, statement.value.dtype
        candidate, best = splat_scalars(builder, [self.emitter.value(statement.value), best])
        relation = "<" if statement.reduction == "argmax" else ">"
        if dtype.kind == "f":
            is_first_nan = builder.and_(
                builder.fcmp_unordered("uno", candidate, candidate),
                builder.fcmp_ordered("ord", best, best),
            )
            is_better = builder.or_(builder.fcmp_ordered(relation, best, candidate), is_first_nan)
        else:
            compare = builder.icmp_signed if dtype.kind == "i" else builder.icmp_unsigned
            is_better = compare(relation, best, candidate)
        index, best_index, _ = splat_scalars(builder, [index, best_index, candidate])
        return (
            builder.select(is_better, candidate, best),
            builder.select(is_better, index, best_index),
        )

    def _prefix_sum(self, statement: Statement, axes: Sequence[Axis], over: Sequence[Axis]) -> None:
        """Emit a cumulative sum (an inclusive scan)."""
        builder, emitter = self.builder, self.emitter
        with emitter.loops(axes):
            initial = identity_element(statement, 1)
            slot = emitter.stack_slot(initial.type)
            builder.store(initial, slot)
            with emitter.loops(over):
                total = builder.load(slot, typ=initial.type)
                total = accumulate(emitter, statement, total)
                builder.store(total, slot)
                self._store(statement, total)

    def _scatter(self, statement: Statement, axes: Sequence[Axis], over: Sequence[Axis]) -> None:
        """Emit stores of values at gathered indices, or their addition to the elements there."""
        dtype, vector_axis = statement.target.dtype, self.nest.vector_axis

        def step() -> None:
            self.emitter.available = KnownValues()
            value = self.emitter.value(statement.value)
            if statement.reduction == "scatter":
                self._store(statement, value)
                return
            old = self.emitter.load(Load(statement.target, statement.index))
            old, value = splat_scalars(self.builder, [old, value])
            total = emit_operation(self.builder, "add", [old, value], [dtype, dtype], dtype)
            self._store(statement, total)

        with self.emitter.loops([axis for axis in (*over, *axes) if axis is not vector_axis]):
            if vector_axis is None or vector_axis in self.nest.axes:
                step()
            else:
                self.loop_nest.whole_vector_loop(vector_axis, step)
