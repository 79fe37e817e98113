"""Rows that are looked up: their position once for each row, their memory one turn ahead.

A batch gathered from all samples is the typical case. Its rows lie anywhere, so the processor
cannot guess them, and each would be waited for. But the rows of the next turn of the loop around
are known: while a row is read, the one that comes in its place is asked for.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from chainrule.compiler.backends.llvm import emit, ir
from chainrule.compiler.backends.llvm.nest.expression import ExpressionEmitter
from chainrule.compiler.loop_ir.expressions import axes_in, loads_of
from chainrule.compiler.loop_ir.loops import Affine, Axis, Expression, Load, Nest

__all__ = ["GatherPrefetch"]

Value = Any

LINE_BYTES = 64


class GatherPrefetch:
    """What a nest looks up once for each turn of the loops around its lane.

    Parameters
    ----------
    point : ExpressionEmitter
        Where to write.
    nest : Nest
        Whose statements.
    """

    def __init__(self, point: ExpressionEmitter, nest: Nest) -> None:
        self.point = point
        self.vector_axis = nest.vector_axis
        self.around = frozenset(nest.axes)
        self.found = list(_steady(nest))
        self.ahead: list[tuple[Value, int]] = []

    def begin(self) -> None:
        """Write, in front of the loop over the lane, the positions and where the next rows lie."""
        self.point.positions = {}
        self.ahead = []
        for load in self.found:
            self.point.look_up(load)
            turn = _turn(load)
            if turn is not None and self._is_row(load):
                self.ahead.append((self._next_row(load, turn), load.dtype.itemsize))

    def fetch(self) -> None:
        """Ask, in the loop over the lane, for what the next turn reads at this place."""
        builder = self.point.builder
        for start, size in self.ahead:
            assert self.vector_axis is not None
            place = self.point.scalar(
                Affine.of(self.vector_axis)
            )  # a plain 0 where one vector is all
            offset = builder.mul(place, emit.index(size))
            place = builder.gep(start, [offset], source_etype=ir.IntType(8))
            emit.prefetch(builder, place, 1)

    def _is_row(self, load: Load) -> bool:
        """Whether it reads a row along the lane, and where that starts is known before the lane."""
        assert self.vector_axis is not None
        axes = {axis for place in load.index for axis in axes_in(place)}
        if not all(axis in self.around or axis.is_loop_index for axis in axes):
            return False
        step = self.point.layout.stride(load.buffer, load.index, self.vector_axis)
        return step == 1 and self.vector_axis.extent * load.dtype.itemsize >= LINE_BYTES

    def _next_row(self, load: Load, turn: Axis) -> Value:
        """Write the address of the row of the next turn; of the last one again in the last turn."""
        assert self.vector_axis is not None
        point, builder = self.point, self.point.builder
        before = point.axes, point.known
        following = builder.add(point.axes[turn], emit.index(1))
        is_there = builder.icmp_signed("<", following, emit.index(turn.extent))
        following = builder.select(is_there, following, point.axes[turn])
        point.axes, point.known = {**point.axes, turn: following, self.vector_axis: 0}, {}
        offset: Value = emit.index(0)
        for place, stride in zip(load.index, point.layout.strides(load.buffer), strict=True):
            # Not checked: what is asked for is not read, so it may lie anywhere.
            found = point.scalar(place) if isinstance(place, Affine) else point.value(place)
            step = builder.mul(found, emit.index(stride * load.dtype.itemsize))
            offset = builder.add(offset, step)
        point.axes, point.known = before
        return builder.gep(point.base(load.buffer), [offset], source_etype=ir.IntType(8))


def _steady(nest: Nest) -> Iterator[Load]:
    """Find the loads of a nest whose looked-up positions are the same along the whole lane."""
    if (
        nest.vector_axis is None
        or nest.axes[-1:] != (nest.vector_axis,)
        or not nest.vector_axis.extent
    ):
        return
    around = set(nest.axes[:-1])
    written = {statement.target.root for statement in nest.statements}
    for statement in nest.statements:
        for load in loads_of(statement.value):
            places = list(_places(load))
            axes = {axis for place in places for axis in axes_in(place)}
            read = {inner.buffer.root for place in places for inner in loads_of(place)}
            is_steady = all(axis in around or axis.is_loop_index for axis in axes)
            if places and is_steady and not read & written:
                yield load


def _turn(load: Load) -> Axis | None:
    """The loop around with whose turns the row changes."""
    found = [axis for place in _places(load) for axis in axes_in(place) if axis.is_loop_index]
    return found[-1] if found else None


def _places(load: Load) -> Iterator[Expression]:
    return (place for place in load.index if not isinstance(place, Affine))
