"""Loops: over the axes of a nest, the lane in whole vectors, and over a statement's own axes."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

from chainrule.compiler.backends.llvm import emit, ir
from chainrule.compiler.backends.llvm.nest.expression import ExpressionEmitter
from chainrule.compiler.backends.llvm.nest.prefetch import GatherPrefetch
from chainrule.compiler.loop_ir.expressions import loads_of
from chainrule.compiler.loop_ir.loops import Axis, Nest, Statement

__all__ = ["Share", "Traversal", "lanes_of"]

Value = Any
Body = Callable[[], object]
Share = Callable[[int], tuple[Value, Value]]
"""From a number of turns to the first and the one past the last that a thread does."""

VECTOR_BYTES = 64
LONGEST = 16
CHAINS = 4
"""Partial results of a long reduction along a lane: an addition takes longer than the next load."""
BLOCK = 64
"""Turns after which partial results are added up, so that long sums lose little."""


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


class Traversal:
    """Writes the loops of one nest.

    Parameters
    ----------
    point : ExpressionEmitter
        Where; what its axes stand for is set inside of each loop.
    nest : Nest
        Whose axes.
    """

    def __init__(self, point: ExpressionEmitter, nest: Nest) -> None:
        self.point = point
        self.nest = nest
        extent = nest.vector_axis.extent if nest.vector_axis is not None else 1
        self.width = lanes_of(nest.statements, extent) if nest.vector_axis is not None else 1
        self.lookups = GatherPrefetch(point, nest)

    def nested(
        self, axes: Sequence[Axis], share: Share | None, body: Body, between: Body | None
    ) -> None:
        """Write the loops over the axes of the nest; `between` runs after each block of turns."""
        if not axes:
            body()
            return
        axis, *rest = axes
        is_lane = axis is self.nest.vector_axis
        turns = -(-axis.extent // self.width) if is_lane else axis.extent
        limits = share(turns) if share is not None else (emit.index(0), emit.index(turns))
        if not is_lane:
            with emit.counted_loop(self.point.builder, *limits, axis.name) as position:
                self.point.axes[axis] = position
                self.point.known = {}
                self.nested(rest, None, body, between)
        elif between is not None and turns > 2 * BLOCK:
            self.in_blocks(axis, turns, body, between)
        else:
            self._along_rows(axis, limits, body)

    def _along_rows(self, vector_axis: Axis, limits: tuple[Value, Value], body: Body) -> None:
        """Write the loop over the lane; rows that are looked up are looked up before it."""

        def both() -> None:
            self.lookups.fetch()
            body()

        self.lookups.begin()
        self.vectors(vector_axis, limits, both)
        self.point.positions = {}

    def in_blocks(self, vector_axis: Axis, turns: int, body: Body, between: Body) -> None:
        """Write the loop over a long lane block by block."""
        builder = self.point.builder
        blocks = emit.index(-(-turns // BLOCK))
        with emit.counted_loop(builder, emit.index(0), blocks, "block") as block:
            start = builder.mul(block, emit.index(BLOCK))
            stop = builder.add(start, emit.index(BLOCK))
            end = emit.index(turns)
            stop = builder.select(builder.icmp_signed("<", stop, end), stop, end)
            self.vectors(vector_axis, (start, stop), body)
            self.point.known = {}
            between()

    def vectors(self, vector_axis: Axis, limits: tuple[Value, Value], body: Body) -> None:
        """Write a loop that takes a vector of the lane in each turn; the last may be ragged."""
        builder, width, extent, point = (
            self.point.builder,
            self.width,
            vector_axis.extent,
            self.point,
        )
        if extent <= width:
            point.axes[vector_axis] = 0
            bits = ir.VectorType(ir.IntType(1), width)
            mask: Value = ir.Constant(bits, [int(number < extent) for number in range(width)])
            with point.along(vector_axis, width, mask if extent < width else None):
                body()
            return
        with emit.counted_loop(builder, *limits, "vector_axis") as turn:
            point.axes[vector_axis] = builder.mul(turn, emit.index(width))
            mask = None
            if extent % width:
                left = builder.sub(emit.index(extent), point.axes[vector_axis])
                mask = emit.first_lanes(builder, left, width)
            point.known = {}
            with point.along(vector_axis, width, mask):
                body()

    def chains(self, vector_axis: Axis) -> int:
        """Return how many partial results a reduction along a lane keeps, turn by turn."""
        return CHAINS if vector_axis.extent >= 2 * CHAINS * self.width else 1

    def in_chains(self, vector_axis: Axis, chains: int, body: Callable[[int], object]) -> None:
        """Write a loop over the vectors of a lane; what is left of a few turns is written out."""
        if chains == 1:
            turns = emit.index(-(-vector_axis.extent // self.width))
            self.vectors(vector_axis, (emit.index(0), turns), lambda: body(0))
            return
        builder, point, width = self.point.builder, self.point, self.width
        groups = vector_axis.extent // width // chains
        with emit.counted_loop(builder, emit.index(0), emit.index(groups), "vector_axis") as group:
            first = builder.mul(group, emit.index(chains * width))
            for chain in range(chains):
                point.axes[vector_axis] = builder.add(first, emit.index(chain * width))
                point.known = {}
                with point.along(vector_axis, width, None):
                    body(chain)
        for chain, start in enumerate(range(groups * chains * width, vector_axis.extent, width)):
            point.axes[vector_axis] = emit.index(start)
            point.known = {}
            left = vector_axis.extent - start
            bits = ir.VectorType(ir.IntType(1), width)
            mask = ir.Constant(bits, [int(number < left) for number in range(width)])
            with point.along(vector_axis, width, mask if left < width else None):
                body(chain % chains)

    def each(self, axes: Sequence[Axis], is_unrolled: bool, body: Body) -> None:
        """Do something for each point of a statement's own axes, written out or in loops."""
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
