"""A nest of loops as machine instructions: its loops, its statements, its reductions.

Reductions run in an order that is part of the program: one partial result for each lane, joined in
pairs at the end. The number of lanes follows from the kinds of number alone, never from the
processor (LLVM splits vectors that are wider than its registers), so the bits are the same anywhere.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import llvmlite.ir as ir
import numpy as np

from chainrule.compiler.backends import emit
from chainrule.compiler.backends.element import Point
from chainrule.compiler.backends.operation import constant, is_vector, same_width, splat, write
from chainrule.compiler.loops import (
    Apply,
    Axis,
    CannotCompile,
    Nest,
    Statement,
    loads_of,
    unrolled_axes,
)

__all__ = ["lanes_of", "write_nest"]

Value = Any
VECTOR_BYTES = 64
LONGEST = 16


def lanes_of(statements: Sequence[Statement], extent: int) -> int:
    """Return the number of lanes for some statements along an axis: a power of two."""
    kinds = {s.target.dtype for s in statements}
    kinds |= {load.dtype for s in statements for load in loads_of(s.value)}
    floats = [kind.itemsize for kind in kinds if kind.kind == "f"]
    size = max(floats) if floats else max(kind.itemsize for kind in kinds)
    width = min(VECTOR_BYTES // size, LONGEST)
    while width >= 2 * extent and width > 2:
        width //= 2
    return width


def write_nest(point: Point, nest: Nest, share: Callable[[int], tuple[Value, Value]]) -> None:
    """Write a nest.

    Parameters
    ----------
    point : Point
        Where; all axes around the nest are set.
    nest : Nest
        What; without a product.
    share : callable
        From a number of turns of the outermost loop to the first and the one past the last that
        this thread does.
    """
    point.registers, point.known = nest.registers, {}
    writer = _Writer(point, nest)
    sums = {id(s): writer.open_sums(s) for s in nest.statements if writer.crossing(s)}

    def body() -> None:
        for statement in nest.statements:
            if id(statement) in sums:
                writer.add_to_sums(statement, sums[id(statement)])
            else:
                writer.statement(statement)

    writer.loops(nest.axes, share, body)
    point.known = {}
    for statement in nest.statements:
        if id(statement) in sums:
            writer.close_sums(statement, sums[id(statement)])


class _Writer:
    """Writes one nest."""

    def __init__(self, point: Point, nest: Nest) -> None:
        self.point = point
        self.nest = nest
        self.builder = point.builder
        extent = nest.lane.extent if nest.lane is not None else 1
        self.width = lanes_of(nest.statements, extent) if nest.lane is not None else 1

    def crossing(self, statement: Statement) -> bool:
        """Whether a statement reduces over the points of the nest."""
        return any(axis in self.nest.axes for axis in statement.over)

    # Loops.

    def loops(
        self, axes: Sequence[Axis], share: Callable[[int], tuple[Value, Value]] | None, body: Any
    ) -> None:
        """Write the loops over the axes of the nest, the lane in whole vectors."""
        if not axes:
            body()
            return
        axis, *rest = axes
        is_lane = axis is self.nest.lane
        turns = -(-axis.extent // self.width) if is_lane else axis.extent
        if share is not None:
            start, stop = share(turns)
        else:
            start, stop = emit.index(0), emit.index(turns)
        if is_lane:
            self.lane_loop(axis, start, stop, lambda: self.loops(rest, None, body))
            return
        with emit.counted_loop(self.builder, start, stop, axis.name) as position:
            self.point.axes[axis] = position
            self.point.known = {}
            self.loops(rest, None, body)

    def lane_loop(self, axis: Axis, start: Value, stop: Value, body: Callable[[], None]) -> None:
        """Write a loop that takes a vector of an axis in each turn; the last may be ragged."""
        builder, width, extent = self.builder, self.width, axis.extent
        if extent <= width:
            self.point.axes[axis] = 0
            bits = ir.VectorType(ir.IntType(1), width)
            mask = ir.Constant(bits, [int(lane < extent) for lane in range(width)])
            with self.point.along(axis, width, mask if extent < width else None):
                body()
            return
        with emit.counted_loop(builder, start, stop, "lane") as turn:
            base = builder.mul(turn, emit.index(width))
            self.point.axes[axis] = base
            mask = None
            if extent % width:
                left = builder.sub(emit.index(extent), base)
                mask = emit.first_lanes(builder, left, width)
            self.point.known = {}
            with self.point.along(axis, width, mask):
                body()

    def each(self, axes: Sequence[Axis], is_unrolled: bool, body: Callable[[], None]) -> None:
        """Do something for each point of some axes, written out or in loops."""
        point = self.point
        if not axes:
            body()
        elif is_unrolled:
            for numbers in itertools.product(*(range(axis.extent) for axis in axes)):
                point.axes.update(zip(axes, numbers, strict=True))
                body()
        else:
            with point.loop(axes):
                body()

    # Statements.

    def statement(self, statement: Statement) -> None:
        """Write a statement that is complete at each point of the nest."""
        parallel, over, is_parallel, is_over = unrolled_axes(statement, self.nest)
        special = {"running": self._running, "scatter": self._scatter}
        if statement.reduction in special:
            special[statement.reduction](statement, parallel, over)
        elif statement.reduction in ("argmax", "argmin"):
            self.each(parallel, is_parallel, lambda: self._best(statement, over, is_over))
        elif statement.reduction:
            self.each(parallel, is_parallel, lambda: self._reduced(statement, over, is_over))
        else:
            self.each(parallel, is_parallel, lambda: self._stored(statement))

    def _stored(self, statement: Statement) -> None:
        value = self.point.value(statement.value)
        self.point.store(statement.target, statement.index, value)

    def _reduced(self, statement: Statement, over: Sequence[Axis], is_unrolled: bool) -> None:
        if is_unrolled:
            results: list[Value] = []

            def add() -> None:
                results[:] = [self._combined(statement, results[0] if results else None)]

            self.each(over, True, add)
            total = results[0] if results else self._neutral(statement, None)
            self.point.store(statement.target, statement.index, total)
            return
        lane = self.nest.lane if self.nest.lane in over else None
        slot = self._slot(statement, lane)
        outer = [axis for axis in over if axis is not lane]

        def step() -> None:
            total = self.builder.load(slot, typ=slot.allocated_type)
            self.builder.store(self._combined(statement, total), slot)

        with self.point.loop(outer):
            if lane is None:
                step()
            else:
                stop = -(-lane.extent // self.width)
                before = dict(self.point.known)
                self.lane_loop(lane, emit.index(0), emit.index(stop), step)
                self.point.known = before
        total = self.builder.load(slot, typ=slot.allocated_type)
        if lane is not None:
            total = self._across(statement, total)
        self.point.store(statement.target, statement.index, total)

    # Reductions.

    def _slot(self, statement: Statement, lane: Axis | None) -> Value:
        """Make a place for a partial result, holding what changes nothing."""
        neutral = self._neutral(statement, lane)
        slot = self.point.slot(neutral.type)
        self.builder.store(neutral, slot)
        return slot

    def _neutral(self, statement: Statement, lane: Axis | None) -> Value:
        width = self.width if lane is not None else self.point.width
        moves = lane is not None or self._moves_with_lane(statement)
        kind = statement.target.dtype
        is_empty = any(axis.extent == 0 for axis in statement.over)
        number = constant(_neutral(statement.reduction, kind, is_empty), kind)
        return splat(self.builder, number, width) if moves and width > 1 else number

    def _moves_with_lane(self, statement: Statement) -> bool:
        lane = self.point.lane
        if lane is None:
            return False
        return any(self.point.layout.stride(statement.target, statement.index, a) != 0
                   for a in (lane,))  # fmt: skip

    def _combined(self, statement: Statement, total: Value | None) -> Value:
        """Write a partial result and one more value."""
        value, kind = statement.value, statement.target.dtype
        builder, point = self.builder, self.point
        if total is not None and statement.reduction == "dot" and isinstance(value, Apply):
            if kind.kind == "f":
                done: dict[int, Value] = {}
                factors = [point.value(each, done) for each in value.operands]
                a, b, c = same_width(builder, [*factors, total])
                name = f"llvm.fma.{emit.mnemonic(c.type)}"
                result = emit.call(builder, name, [a, b, c], c.type)
                return self._masked(result, c)
        found = point.value(value)
        if total is None:
            return found
        found, total = same_width(builder, [found, total])
        operation = _OPERATIONS[statement.reduction]
        result = write(builder, operation, [total, found], [kind, kind], kind)
        return self._masked(result, total)

    def _masked(self, result: Value, total: Value) -> Value:
        """Keep lanes outside of the array as they are, where lanes are reduced in the end."""
        if self.point.mask is None or not is_vector(result):
            return result
        return self.builder.select(self.point.mask, result, total)

    def _across(self, statement: Statement, total: Value) -> Value:
        """Join the lanes in pairs."""
        builder, kind = self.builder, statement.target.dtype
        operation = _OPERATIONS[statement.reduction]
        count = total.type.count
        while count > 1:
            count //= 2
            undefined = ir.Constant(total.type, ir.Undefined)
            halves = [
                builder.shuffle_vector(total, undefined, ir.Constant(
                    ir.VectorType(ir.IntType(32), count), list(range(first, first + count))
                ))
                for first in (0, count)
            ]  # fmt: skip
            total = write(builder, operation, halves, [kind, kind], kind)
        return builder.extract_element(total, ir.Constant(ir.IntType(32), 0))

    # Reductions over the points of the nest.

    def open_sums(self, statement: Statement) -> Value:
        """Make room for partial results, one for each point of the statement's own axes."""
        parallel, _, is_unrolled, _ = unrolled_axes(statement, self.nest)
        neutral = self._neutral(statement, self.nest.lane)
        if is_unrolled:
            slots: dict[tuple[int, ...], Value] = {}

            def open_one() -> None:
                slot = slots[self._turn(parallel)] = self.point.slot(neutral.type)
                self.builder.store(neutral, slot)

            self.each(parallel, True, open_one)
            return slots
        turns = int(np.prod([axis.extent for axis in parallel], dtype=np.int64))
        room = self.point.slot(ir.ArrayType(neutral.type, turns))
        self.each(
            parallel,
            False,
            lambda: self.builder.store(neutral, self._place(room, parallel)) and None,
        )
        return room

    def _turn(self, axes: Sequence[Axis]) -> tuple[int, ...]:
        return tuple(self.point.axes[axis] for axis in axes)

    def _place(self, room: Value, axes: Sequence[Axis]) -> Value:
        """Address in a row of partial results."""
        offset: Value = emit.index(0)
        for axis in axes:
            scaled = self.builder.mul(offset, emit.index(axis.extent))
            offset = self.builder.add(scaled, self.point.axes[axis])
        element = room.allocated_type.element
        return self.builder.gep(room, [offset], source_etype=element)

    def add_to_sums(self, statement: Statement, sums: Value) -> None:
        """Add what one point of the nest gives."""
        parallel, over, is_parallel, is_over = unrolled_axes(statement, self.nest)

        def add_all() -> None:
            is_many = not isinstance(sums, dict)
            slot = self._place(sums, parallel) if is_many else sums[self._turn(parallel)]
            kind = sums.allocated_type.element if is_many else slot.allocated_type

            def add() -> None:
                total = self.builder.load(slot, typ=kind)
                self.builder.store(self._combined(statement, total), slot)

            self.each(over, is_over, add)

        self.each(parallel, is_parallel, add_all)

    def close_sums(self, statement: Statement, sums: Value) -> None:
        """Join the lanes and store."""
        parallel, _, is_parallel, _ = unrolled_axes(statement, self.nest)

        def close() -> None:
            if isinstance(sums, dict):
                slot = sums[self._turn(parallel)]
                total = self.builder.load(slot, typ=slot.allocated_type)
            else:
                place = self._place(sums, parallel)
                total = self.builder.load(place, typ=sums.allocated_type.element)
            if is_vector(total):
                total = self._across(statement, total)
            self.point.store(statement.target, statement.index, total)

        self.each(parallel, is_parallel, close)

    # The rest.

    def _best(self, statement: Statement, over: Sequence[Axis], is_unrolled: bool) -> None:
        """Write the position of the first largest or smallest value; NaN is more than anything."""
        builder, point = self.builder, self.point
        (axis,) = over
        known = dict(point.known)
        point.axes[axis] = 0
        best = point.value(statement.value)
        place = constant(0, np.dtype("int64"), best)
        if is_unrolled:
            for number in range(1, axis.extent):
                point.axes[axis] = number
                best, place = self._better(statement, best, place, emit.index(number))
            point.store(statement.target, statement.index, place)
            return
        point.known = known
        slots = [point.slot(each.type) for each in (best, place)]
        builder.store(best, slots[0])
        builder.store(place, slots[1])
        with emit.counted_loop(builder, emit.index(1), emit.index(axis.extent), "best") as position:
            point.axes[axis] = position
            olds = [builder.load(slot, typ=slot.allocated_type) for slot in slots]
            for slot, new in zip(slots, self._better(statement, *olds, position), strict=True):
                builder.store(new, slot)
        point.known = known
        place = builder.load(slots[1], typ=slots[1].allocated_type)
        point.store(statement.target, statement.index, place)

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
        with self.point.loop(parallel):
            slot = self._slot(statement, None)
            with self.point.loop(over):
                total = self.builder.load(slot, typ=slot.allocated_type)
                total = self._combined(statement, total)
                self.builder.store(total, slot)
                self.point.store(statement.target, statement.index, total)

    def _scatter(
        self, statement: Statement, parallel: Sequence[Axis], over: Sequence[Axis]
    ) -> None:
        """Write the sum of values onto elements at positions that are looked up."""
        from chainrule.compiler.loops import Load

        kind = statement.target.dtype
        with self.point.loop([*over, *parallel]):
            self.point.known = {}
            value = self.point.value(statement.value)
            old = self.point.value(Load(statement.target, statement.index))
            total = write(self.builder, "add", [old, value], [kind, kind], kind)
            self.point.store(statement.target, statement.index, total)


_OPERATIONS = {"sum": "add", "dot": "add", "max": "maximum", "min": "minimum", "running": "add"}


def _neutral(reduction: str, dtype: np.dtype[Any], is_empty: bool) -> Any:
    """What changes nothing; -0.0 for sums, as 0.0 - 0.0 would lose the sign of a sum of -0.0."""
    if reduction in ("sum", "dot", "running"):
        return -0.0 if dtype.kind == "f" and not is_empty and reduction != "dot" else 0
    if dtype.kind == "f":
        return -np.inf if reduction == "max" else np.inf
    if dtype.kind == "b":
        return reduction == "min"
    limits = np.iinfo(dtype)
    return limits.min if reduction == "max" else limits.max
