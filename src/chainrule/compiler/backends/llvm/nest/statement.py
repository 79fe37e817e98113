"""A nest of loops as machine instructions: each kind of statement in turn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.compiler.backends.llvm import emit
from chainrule.compiler.backends.llvm.nest.expression import ExpressionEmitter
from chainrule.compiler.backends.llvm.nest.loop_nest import Share, Traversal
from chainrule.compiler.backends.llvm.nest.operation import write
from chainrule.compiler.backends.llvm.nest.reduction import (
    PartialSums,
    across,
    combined,
    in_pairs,
    neutral,
)
from chainrule.compiler.backends.llvm.registers import constant, same_width
from chainrule.compiler.loop_ir.expressions import unrolled_axes
from chainrule.compiler.loop_ir.loops import Axis, Load, Nest, Statement

__all__ = ["write_nest"]

Value = Any


def write_nest(point: ExpressionEmitter, nest: Nest, share: Share) -> None:
    """Write a nest."""
    point.registers, point.known = nest.registers, {}
    traversal = Traversal(point, nest)
    writer = _Writer(traversal)
    partials = {
        id(each): PartialSums(traversal, each)
        for each in nest.statements
        if any(axis in nest.axes for axis in each.over)
    }

    def body() -> None:
        for each in nest.statements:
            if id(each) in partials:
                partials[id(each)].add()
            else:
                writer.statement(each)

    def between() -> None:
        for each in partials.values():
            each.finish_block()

    traversal.nested(nest.axes, share, body, between if partials else None)
    point.known = {}
    for each in partials.values():
        each.close()


class _Writer:
    """Writes statements that are complete at each point of their nest."""

    def __init__(self, traversal: Traversal) -> None:
        self.traversal = traversal
        self.nest = traversal.nest
        self.point = traversal.point
        self.builder = traversal.point.builder

    def statement(self, statement: Statement) -> None:
        """Write a statement."""
        parallel, over, is_parallel, is_over = unrolled_axes(statement, self.nest)
        each = self.traversal.each
        if statement.reduction == "prefix_sum":
            self._running(statement, parallel, over)
        elif statement.reduction == "scatter_add":
            self._scatter(statement, parallel, over)
        elif statement.reduction in ("argmax", "argmin"):
            each(parallel, is_parallel, lambda: self._best(statement, over[0], is_over))
        elif statement.reduction and is_over:
            each(parallel, is_parallel, lambda: self._reduced_at_once(statement, over))
        elif statement.reduction:
            each(parallel, is_parallel, lambda: self._reduced(statement, over))
        else:
            each(parallel, is_parallel, lambda: self._stored(statement))

    def _stored(self, statement: Statement) -> None:
        value = self.point.value(statement.value)
        self.point.store(statement.target, statement.index, value)

    def _reduced_at_once(self, statement: Statement, over: Sequence[Axis]) -> None:
        """Write a reduction over a few elements, without a loop."""
        total: Value = None

        def add() -> None:
            nonlocal total
            total = combined(self.point, statement, total)

        self.traversal.each(over, True, add)
        total = neutral(statement, 1) if total is None else total
        self.point.store(statement.target, statement.index, total)

    def _reduced(self, statement: Statement, over: Sequence[Axis]) -> None:
        """Write a reduction in loops; lanes along a reduced axis are joined after them."""
        builder, point = self.builder, self.point
        vector_axis = next((axis for axis in over if axis is self.nest.vector_axis), None)
        chains = 1 if vector_axis is None else self.traversal.chains(vector_axis)
        start = neutral(statement, point.width if vector_axis is None else self.traversal.width)
        slots = [point.slot(start.type) for _ in range(chains)]
        for slot in slots:
            builder.store(start, slot)

        def step(chain: int = 0) -> None:
            total = combined(point, statement, builder.load(slots[chain], typ=start.type))
            builder.store(total, slots[chain])

        with point.loop([axis for axis in over if axis is not vector_axis]):
            if vector_axis is None:
                step()
            else:
                known = dict(point.known)
                self.traversal.in_chains(vector_axis, chains, step)
                point.known = known
        totals = [builder.load(slot, typ=start.type) for slot in slots]
        total = in_pairs(builder, statement, totals)
        total = total if vector_axis is None else across(builder, statement, total)
        point.store(statement.target, statement.index, total)

    def _best(self, statement: Statement, axis: Axis, is_unrolled: bool) -> None:
        """Write the position of the first largest or smallest value; NaN is more than anything."""
        builder, point = self.builder, self.point
        known = dict(point.known)
        point.axes[axis] = 0
        best = point.value(statement.value)
        place: Value = constant(0, np.dtype("int64"), best)
        if is_unrolled:
            for number in range(1, axis.extent):
                point.axes[axis] = number
                best, place = self._better(statement, best, place, emit.index(number))
            point.store(statement.target, statement.index, place)
            return
        point.known = dict(known)  # what the loop below adds to it is unknown after the loop
        kinds = best.type, place.type
        slots = [point.slot(kind) for kind in kinds]
        for value, slot in zip((best, place), slots, strict=True):
            builder.store(value, slot)
        stop = emit.index(axis.extent)
        with emit.counted_loop(builder, emit.index(1), stop, "best") as position:
            point.axes[axis] = position
            best, place = (
                builder.load(slot, typ=kind) for slot, kind in zip(slots, kinds, strict=True)
            )
            for slot, new in zip(
                slots, self._better(statement, best, place, position), strict=True
            ):
                builder.store(new, slot)
        point.known = known
        point.store(statement.target, statement.index, builder.load(slots[1], typ=kinds[1]))

    def _better(
        self, statement: Statement, best: Value, place: Value, position: Value
    ) -> tuple[Value, Value]:
        """The better of the best value so far and the one at a position; the first, if equal."""
        builder, kind = self.builder, statement.value.dtype
        found, best = same_width(builder, [self.point.value(statement.value), best])
        relation = "<" if statement.reduction == "argmax" else ">"
        if kind.kind == "f":
            is_first_nan = builder.and_(
                builder.fcmp_unordered("uno", found, found), builder.fcmp_ordered("ord", best, best)
            )
            better = builder.or_(builder.fcmp_ordered(relation, best, found), is_first_nan)
        else:
            compare = builder.icmp_signed if kind.kind == "i" else builder.icmp_unsigned
            better = compare(relation, best, found)
        position, place, _ = same_width(builder, [position, place, found])
        return builder.select(better, found, best), builder.select(better, position, place)

    def _running(
        self, statement: Statement, parallel: Sequence[Axis], over: Sequence[Axis]
    ) -> None:
        """Write the sums of the first elements, all of them."""
        builder, point = self.builder, self.point
        with point.loop(parallel):
            start = neutral(statement, 1)
            slot = point.slot(start.type)
            builder.store(start, slot)
            with point.loop(over):
                total = combined(point, statement, builder.load(slot, typ=start.type))
                builder.store(total, slot)
                point.store(statement.target, statement.index, total)

    def _scatter(
        self, statement: Statement, parallel: Sequence[Axis], over: Sequence[Axis]
    ) -> None:
        """Write the addition of values to elements at positions that are looked up."""
        kind, vector_axis = statement.target.dtype, self.nest.vector_axis

        def add() -> None:
            self.point.known = {}
            value = self.point.value(statement.value)
            old = self.point.load(Load(statement.target, statement.index))
            old, value = same_width(self.builder, [old, value])
            total = write(self.builder, "add", [old, value], [kind, kind], kind)
            self.point.store(statement.target, statement.index, total)

        with self.point.loop([axis for axis in (*over, *parallel) if axis is not vector_axis]):
            if vector_axis is None or vector_axis in self.nest.axes:
                add()
            else:
                turns = emit.index(-(-vector_axis.extent // self.traversal.width))
                self.traversal.vectors(vector_axis, (emit.index(0), turns), add)
