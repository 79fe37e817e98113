"""Cascade summation: loops in blocks, whose partial results are added up level by level.

::

    s = sum i<4096: x[i]   ->   for each block of 256:
                                  for each block of 16:
                                    for each i: s0 += x[i]
                                    s1 += s0, s0 = 0
                                  s2 += s1, s1 = 0

So the error of a sum of n terms grows with 16 log₁₆ n and not with n, at one more addition in 16.
The blocks depend on the lengths of axes alone, and so do the bits.

References
----------
Higham (1993), "The Accuracy of Floating Point Summation".
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from chainrule.compiler.backends.llvm import emit, ir
from chainrule.compiler.backends.llvm.nest.expression import ExpressionEmitter
from chainrule.compiler.backends.llvm.nest.loop_nest import LoopNest, PlannedLoop, Range, plan_sums
from chainrule.compiler.backends.llvm.nest.reduction import (
    accumulate,
    combine,
    identity_element,
    reduction_tree,
)
from chainrule.compiler.loop_ir.loops import Axis, Statement

__all__ = ["Cascade", "emit_reduction"]


class Cascade:
    """Partial results of a reduction by level: each is of a block of those of the level below.

    A level has several accumulators, whose results are combined by a tree at the end.
    """

    def __init__(
        self, emitter: ExpressionEmitter, statement: Statement, width: int, count: int, levels: int
    ) -> None:
        self.emitter = emitter
        self.statement = statement
        self.initial = identity_element(statement, width)
        self.slots = [
            [emitter.stack_slot(self.initial.type) for _ in range(count)] for _ in range(levels + 1)
        ]
        for slot in (each for level in self.slots for each in level):
            emitter.builder.store(self.initial, slot)

    def add(self, number: int = 0) -> None:
        """Accumulate the value at this point."""
        total = accumulate(self.emitter, self.statement, self._load(self.slots[0][number]))
        self.emitter.builder.store(total, self.slots[0][number])

    def finish_block(self, level: int) -> None:
        """Add the results of the level below to those of a level, and begin them anew."""
        builder = self.emitter.builder
        for slot, below in zip(self.slots[level], self.slots[level - 1], strict=True):
            total = combine(builder, self.statement, self._load(slot), self._load(below))
            builder.store(total, slot)
            builder.store(self.initial, below)

    def total(self) -> ir.Value:
        """Combine the results of the last level; those of all others are finished."""
        totals = [self._load(slot) for slot in self.slots[-1]]
        return reduction_tree(self.emitter.builder, self.statement, totals)

    def _load(self, slot: ir.Value) -> ir.Value:
        return self.emitter.builder.load(slot, typ=self.initial.type)


def emit_reduction(loop_nest: LoopNest, statement: Statement, over: Sequence[Axis]) -> ir.Value:
    """Emit a reduction in loops; return its result, a vector if lanes are along a reduced axis."""
    emitter, is_sum = loop_nest.emitter, statement.reduction in ("sum", "dot")
    vector_axis = next((axis for axis in over if axis is loop_nest.nest.vector_axis), None)
    count = 1 if vector_axis is None else loop_nest.accumulators(vector_axis)
    width = emitter.width if vector_axis is None else loop_nest.width
    trips = 1 if vector_axis is None else loop_nest.unrolled_trips(vector_axis)
    plan = plan_sums([axis for axis in over if axis is not vector_axis], max(trips, 1), is_sum)
    cascade = Cascade(emitter, statement, width, count, plan.levels)

    def innermost() -> None:
        if vector_axis is None:
            cascade.add()
            return
        loop_nest.unrolled_vector_loop(
            vector_axis, count, cascade.add, plan.lowest, cascade.finish_block
        )
        for level in range(plan.lowest):  # what the peeled iterations have added
            cascade.finish_block(level + 1)

    available = emitter.available.copy()
    _emit_loops(loop_nest, plan.loops, cascade, innermost)
    emitter.available = available
    return cascade.total()


def _emit_loops(
    loop_nest: LoopNest,
    loops: Sequence[PlannedLoop],
    cascade: Cascade,
    innermost: Callable[[], None],
) -> None:
    if not loops:
        innermost()
        return
    (axis, level, finishes_inner, levels), *inner = loops
    emitter = loop_nest.emitter

    def loop(bounds: Range) -> None:
        with emit.counted_loop(emitter.builder, *bounds, axis.name) as index:
            emitter.axes[axis] = index
            _emit_loops(loop_nest, inner, cascade, innermost)
            if finishes_inner:
                cascade.finish_block(level)
        del emitter.axes[axis]

    whole = emit.index(0), emit.index(axis.extent)
    loop_nest.blocked_loop(whole, levels, loop, lambda block: cascade.finish_block(level + block))
