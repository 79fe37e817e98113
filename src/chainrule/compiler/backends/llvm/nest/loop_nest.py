"""Loops of a nest: strip-mined by the vector width, with several accumulators for reductions."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

from chainrule.compiler.backends.llvm import emit, ir
from chainrule.compiler.backends.llvm.nest.expression import ExpressionEmitter
from chainrule.compiler.backends.llvm.nest.known_values import KnownValues
from chainrule.compiler.backends.llvm.nest.prefetch import GatherPrefetch
from chainrule.compiler.loop_ir.expressions import loads_of
from chainrule.compiler.loop_ir.loops import Axis, Nest, Statement

__all__ = ["LoopNest", "PlannedLoop", "Range", "Schedule", "SumPlan", "lanes_of", "plan_sums"]

Body = Callable[[], object]
AfterBlock = Callable[[int], object]
"""What runs after each block of a level."""
Range = tuple[ir.Value, ir.Value]
Schedule = Callable[[int], Range]
"""From the trip count of a loop to the half-open range of iterations that a thread executes."""

VECTOR_BYTES = 64
MAX_LANES = 16
ACCUMULATORS = 4
"""Vector accumulators of a long reduction: the latency of an addition exceeds that of a load."""
BLOCK = 16
"""Partial sums that are added up one after the other: pairwise summation, for accuracy.

The error of a sum of n terms grows with 16 log₁₆ n and not with n (Higham 1993).
"""
MIN_PEELED = 16
"""Whole vectors from which on a ragged one is peeled: masked stores take many cycles on AVX2."""
MAX_VECTORS, MAX_CHAIN = 128, 1024
"""Vectors of a row, and terms in all, that are added up one after the other, without blocks."""


def lanes_of(statements: Sequence[Statement], extent: int) -> int:
    """Return the lanes for some statements along an axis: a power of two."""
    dtypes = {s.target.dtype for s in statements}
    dtypes |= {load.dtype for s in statements for load in loads_of(s.value)}
    floats = [dtype.itemsize for dtype in dtypes if dtype.kind == "f"]
    size = max(floats) if floats else max(dtype.itemsize for dtype in dtypes)
    width = min(VECTOR_BYTES // size, MAX_LANES)
    while width >= 2 * extent and width > 2:
        width //= 2
    return width


class PlannedLoop(NamedTuple):
    """A loop over a reduced axis, whose iterations add to the results of a level."""

    axis: Axis
    level: int
    finishes_inner: bool  # whether each iteration adds a result of the level below
    block_levels: int


class SumPlan(NamedTuple):
    """The loops of a reduction, outermost first, around `lowest` levels of blocks of vectors."""

    loops: list[PlannedLoop]
    lowest: int
    levels: int


def plan_sums(axes: Sequence[Axis], vectors: int, is_sum: bool) -> SumPlan:
    """Plan the loops around a number of vectors that are added up; a short sum has no blocks."""
    terms = vectors * math.prod(axis.extent for axis in axes)
    is_long = is_sum and (vectors > MAX_VECTORS or terms > MAX_CHAIN)
    limit = 2 * BLOCK if is_long else terms
    lowest = level = _block_levels(vectors, limit)
    chain = -(-vectors // BLOCK**level)
    loops: list[PlannedLoop] = []
    for axis in reversed(axes):
        if chain * axis.extent <= limit:
            loops.insert(0, PlannedLoop(axis, level, False, 0))
            chain *= axis.extent
            continue
        blocks, finishes_inner = _block_levels(axis.extent, limit), chain > 1
        level += finishes_inner
        loops.insert(0, PlannedLoop(axis, level, finishes_inner, blocks))
        level += blocks
        chain = -(-axis.extent // BLOCK**blocks)
    return SumPlan(loops, lowest, level)


def _block_levels(count: int, limit: int) -> int:
    """Return the levels of blocks for a number of iterations; 0 for at most `limit`."""
    levels = 0
    while count > limit and BLOCK ** (levels + 1) < count:
        levels += 1
    return levels


class LoopNest:
    """Emits the loops of one nest; inside of each, the emitter's point has its index."""

    def __init__(self, emitter: ExpressionEmitter, nest: Nest) -> None:
        self.emitter = emitter
        self.nest = nest
        extent = nest.vector_axis.extent if nest.vector_axis is not None else 1
        self.width = lanes_of(nest.statements, extent) if nest.vector_axis is not None else 1
        self.prefetch = GatherPrefetch(emitter, nest)
        vectors = 1 if nest.vector_axis is None else self._vectors(nest.vector_axis)
        outer = [axis for axis in nest.axes if axis is not nest.vector_axis]
        self.sum_plan = plan_sums(outer, vectors, True)
        self.planned = {each.axis: each for each in self.sum_plan.loops}

    def emit(
        self,
        axes: Sequence[Axis],
        schedule: Schedule | None,
        body: Body,
        after_block: AfterBlock | None,
    ) -> None:
        """Emit the loops over the axes of the nest, the outermost by a schedule.

        `after_block` runs after each block of iterations along a long vector axis.
        """
        if not axes:
            body()
            return
        axis, *inner = axes
        is_vectorized = axis is self.nest.vector_axis
        count = self._vectors(axis) if is_vectorized else axis.extent
        bounds = schedule(count) if schedule is not None else (emit.index(0), emit.index(count))
        if not is_vectorized and after_block is not None:
            self._planned_loop(axis, inner, bounds, body, after_block)
        elif not is_vectorized:
            self._loop(axis, inner, bounds, body, None)
        elif after_block is not None and self.sum_plan.lowest:
            whole = emit.index(0), emit.index(count)

            def vector_loop(bounds: Range) -> None:
                self._vector_loop(axis, bounds, body)
                self.emitter.available = KnownValues()

            self.blocked_loop(whole, self.sum_plan.lowest, vector_loop, after_block)
        else:
            self._row_loop(axis, bounds, body)

    def _planned_loop(
        self, axis: Axis, inner: Sequence[Axis], bounds: Range, body: Body, after_block: AfterBlock
    ) -> None:
        """Emit the loop over an outer axis of sums, in blocks if it is long."""
        _, level, finishes_inner, levels = self.planned[axis]

        def loop(bounds: Range) -> None:
            self._loop(axis, inner, bounds, body, after_block, level if finishes_inner else None)

        self.blocked_loop(bounds, levels, loop, lambda block: after_block(level + block))

    def _loop(
        self,
        axis: Axis,
        inner: Sequence[Axis],
        bounds: Range,
        body: Body,
        after_block: AfterBlock | None,
        finished: int | None = None,
    ) -> None:
        """Emit the loop over an outer axis; each iteration finishes the sums below a level."""
        with emit.counted_loop(self.emitter.builder, *bounds, axis.name) as index:
            self.emitter.axes[axis] = index
            self.emitter.available = KnownValues()
            self.emit(inner, None, body, after_block)
            if after_block is not None and finished is not None:
                self.emitter.available = KnownValues()
                after_block(finished)

    def _vectors(self, axis: Axis) -> int:
        return -(-axis.extent // self.width)

    def _row_loop(self, vector_axis: Axis, bounds: Range, body: Body) -> None:
        """Emit the vector loop; invariant gather indices before it, prefetches inside."""

        def prefetching_body() -> None:
            self.prefetch.emit()
            body()

        self.prefetch.hoist()
        self._vector_loop(vector_axis, bounds, prefetching_body)
        self.emitter.hoisted_indices = {}

    def blocked_loop(
        self,
        bounds: Range,
        levels: int,
        loop: Callable[[Range], object],
        after_block: AfterBlock,
    ) -> None:
        """Emit a loop in blocks, these in blocks of blocks, and so on.

        ``after_block(level)`` runs after each block of `BLOCK` to the power of the level.
        """
        if not levels:
            loop(bounds)
            return
        builder, size = self.emitter.builder, emit.index(BLOCK**levels)
        start, stop = bounds
        length = builder.add(builder.sub(stop, start), emit.index(BLOCK**levels - 1))
        blocks = builder.udiv(length, size)
        with emit.counted_loop(builder, emit.index(0), blocks, "block") as block:
            first = builder.add(start, builder.mul(block, size))
            last = emit.minimum(builder, builder.add(first, size), stop)
            self.blocked_loop((first, last), levels - 1, loop, after_block)
            after_block(levels)

    def whole_vector_loop(self, vector_axis: Axis, body: Body) -> None:
        """Emit the loop over all vectors of an axis."""
        bounds = (emit.index(0), emit.index(self._vectors(vector_axis)))
        self._vector_loop(vector_axis, bounds, body)

    def _vector_loop(self, vector_axis: Axis, bounds: Range, body: Body) -> None:
        """Emit a strip-mined loop, of one vector an iteration; the ragged one is masked."""
        builder, emitter, extent = self.emitter.builder, self.emitter, vector_axis.extent
        if extent <= self.width:
            emitter.axes[vector_axis] = 0
            with emitter.vectorized(vector_axis, self.width, self._tail_mask(extent)):
                body()
            return
        start, stop = bounds
        whole, tail = emit.index(extent // self.width), extent % self.width
        is_peeled = tail and extent // self.width >= MIN_PEELED
        end = emit.minimum(builder, stop, whole) if is_peeled else stop
        with emit.counted_loop(builder, start, end, "vector") as iteration:
            first = builder.mul(iteration, emit.index(self.width))
            mask = None
            if tail and not is_peeled:
                remaining = builder.sub(emit.index(extent), first)
                mask = emit.first_lanes(builder, remaining, self.width)
            self._vector(vector_axis, first, mask, body)
        if is_peeled:
            with builder.if_then(builder.icmp_signed(">", stop, whole)):
                self._vector(vector_axis, emit.index(extent - tail), self._tail_mask(tail), body)
            emitter.available = KnownValues()

    def _vector(
        self, vector_axis: Axis, first: ir.Value, mask: ir.Value | None, body: Body
    ) -> None:
        """Emit the body for the vector that begins at an index."""
        emitter = self.emitter
        emitter.axes[vector_axis] = first
        emitter.available = KnownValues()
        with emitter.vectorized(vector_axis, self.width, mask):
            body()

    def _tail_mask(self, remaining: int) -> ir.Value | None:
        """Return the mask of the first lanes, None if all of them remain."""
        if remaining >= self.width:
            return None
        bits = ir.VectorType(ir.IntType(1), self.width)
        return ir.Constant(bits, [int(lane < remaining) for lane in range(self.width)])

    def accumulators(self, vector_axis: Axis) -> int:
        """Return the number of vector accumulators of a reduction along an axis."""
        return ACCUMULATORS if vector_axis.extent >= 2 * ACCUMULATORS * self.width else 1

    def unrolled_vector_loop(
        self,
        vector_axis: Axis,
        factor: int,
        body: Callable[[int], object],
        levels: int,
        after_block: AfterBlock,
    ) -> None:
        """Emit a vector loop unrolled by a factor, passing each copy's number; peel the rest.

        The loop is in blocks of some levels, without what is peeled.
        """
        builder, emitter, width = self.emitter.builder, self.emitter, self.width
        count = self.unrolled_trips(vector_axis)
        if factor == 1:  # of a short axis
            self.whole_vector_loop(vector_axis, lambda: body(0))
            return

        def unrolled_loop(bounds: Range) -> None:
            with emit.counted_loop(builder, *bounds, "vector") as i:
                first = builder.mul(i, emit.index(factor * width))
                for copy in range(factor):
                    emitter.axes[vector_axis] = builder.add(first, emit.index(copy * width))
                    emitter.available = KnownValues()
                    with emitter.vectorized(vector_axis, width, None):
                        body(copy)

        whole = emit.index(0), emit.index(count)
        self.blocked_loop(whole, levels, unrolled_loop, after_block)
        for copy, start in enumerate(range(count * factor * width, vector_axis.extent, width)):
            emitter.axes[vector_axis] = emit.index(start)
            emitter.available = KnownValues()
            mask = self._tail_mask(vector_axis.extent - start)
            with emitter.vectorized(vector_axis, width, mask):
                body(copy % factor)

    def unrolled_trips(self, vector_axis: Axis) -> int:
        """Return the iterations of a vector loop that is unrolled, without those peeled."""
        return vector_axis.extent // self.width // self.accumulators(vector_axis)

    def for_each_point(self, axes: Sequence[Axis], is_unrolled: bool, body: Body) -> None:
        """Emit the body for each point of a statement's own axes, unrolled or in loops."""
        emitter = self.emitter
        if not axes:
            body()
        elif is_unrolled:
            for indices in itertools.product(*(range(axis.extent) for axis in axes)):
                emitter.axes.update(zip(axes, indices, strict=True))
                body()
        else:
            with emitter.loops(axes):
                body()
