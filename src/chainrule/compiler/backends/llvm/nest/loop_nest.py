"""Loops of a nest: strip-mined by the vector width, with several accumulators for reductions."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence

from chainrule.compiler.backends.llvm import emit, ir
from chainrule.compiler.backends.llvm.nest.expression import ExpressionEmitter
from chainrule.compiler.backends.llvm.nest.prefetch import GatherPrefetch
from chainrule.compiler.loop_ir.expressions import loads_of
from chainrule.compiler.loop_ir.loops import Axis, Nest, Statement

__all__ = ["LoopNest", "Schedule", "lanes_of"]

Body = Callable[[], object]
Range = tuple[ir.Value, ir.Value]
Schedule = Callable[[int], Range]
"""From the trip count of a loop to the half-open range of iterations that a thread executes."""

VECTOR_BYTES = 64
MAX_LANES = 16
ACCUMULATORS = 4
"""Vector accumulators of a long reduction: the latency of an addition exceeds that of a load."""
BLOCK = 64
"""Iterations after which partial sums are added up: pairwise summation, for accuracy."""


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


class LoopNest:
    """Emits the loops of one nest; inside of each, the emitter's point has its index."""

    def __init__(self, emitter: ExpressionEmitter, nest: Nest) -> None:
        self.emitter = emitter
        self.nest = nest
        extent = nest.vector_axis.extent if nest.vector_axis is not None else 1
        self.width = lanes_of(nest.statements, extent) if nest.vector_axis is not None else 1
        self.prefetch = GatherPrefetch(emitter, nest)

    def emit(
        self,
        axes: Sequence[Axis],
        schedule: Schedule | None,
        body: Body,
        after_block: Body | None,
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
        if not is_vectorized:
            with emit.counted_loop(self.emitter.builder, *bounds, axis.name) as index:
                self.emitter.axes[axis] = index
                self.emitter.available = {}
                self.emit(inner, None, body, after_block)
        elif after_block is not None and count > 2 * BLOCK:
            self._blocked_loop(axis, count, body, after_block)
        else:
            self._row_loop(axis, bounds, body)

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

    def _blocked_loop(self, vector_axis: Axis, count: int, body: Body, after_block: Body) -> None:
        """Emit the vector loop in blocks."""
        builder = self.emitter.builder
        blocks = emit.index(-(-count // BLOCK))
        with emit.counted_loop(builder, emit.index(0), blocks, "block") as block:
            start = builder.mul(block, emit.index(BLOCK))
            stop = builder.add(start, emit.index(BLOCK))
            end = emit.index(count)
            stop = builder.select(builder.icmp_signed("<", stop, end), stop, end)
            self._vector_loop(vector_axis, (start, stop), body)
            self.emitter.available = {}
            after_block()

    def whole_vector_loop(self, vector_axis: Axis, body: Body) -> None:
        """Emit the loop over all vectors of an axis."""
        bounds = (emit.index(0), emit.index(self._vectors(vector_axis)))
        self._vector_loop(vector_axis, bounds, body)

    def _vector_loop(self, vector_axis: Axis, bounds: Range, body: Body) -> None:
        """Emit a strip-mined loop, of one vector an iteration; the ragged tail is masked."""
        builder, emitter, extent = self.emitter.builder, self.emitter, vector_axis.extent
        if extent <= self.width:
            emitter.axes[vector_axis] = 0
            with emitter.vectorized(vector_axis, self.width, self._tail_mask(extent)):
                body()
            return
        with emit.counted_loop(builder, *bounds, "vector") as iteration:
            first = builder.mul(iteration, emit.index(self.width))
            emitter.axes[vector_axis] = first
            mask = None
            if extent % self.width:
                remaining = builder.sub(emit.index(extent), first)
                mask = emit.first_lanes(builder, remaining, self.width)
            emitter.available = {}
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
        self, vector_axis: Axis, factor: int, body: Callable[[int], object]
    ) -> None:
        """Emit a vector loop unrolled by a factor, passing each copy's number; peel the rest."""
        if factor == 1:
            self.whole_vector_loop(vector_axis, lambda: body(0))
            return
        builder, emitter, width = self.emitter.builder, self.emitter, self.width
        count = vector_axis.extent // width // factor
        with emit.counted_loop(builder, emit.index(0), emit.index(count), "vector") as i:
            first = builder.mul(i, emit.index(factor * width))
            for copy in range(factor):
                emitter.axes[vector_axis] = builder.add(first, emit.index(copy * width))
                emitter.available = {}
                with emitter.vectorized(vector_axis, width, None):
                    body(copy)
        for copy, start in enumerate(range(count * factor * width, vector_axis.extent, width)):
            emitter.axes[vector_axis] = emit.index(start)
            emitter.available = {}
            mask = self._tail_mask(vector_axis.extent - start)
            with emitter.vectorized(vector_axis, width, mask):
                body(copy % factor)

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
