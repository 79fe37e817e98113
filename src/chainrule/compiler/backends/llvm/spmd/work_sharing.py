"""Work sharing by a static cost model, and the placement of barriers.

A nest is shared among threads if it is long enough to pay for a barrier; the first thread alone
executes the others. The outermost loop is partitioned, so that each element is computed by one
thread in one way: the bits do not depend on the number of threads.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from weakref import WeakKeyDictionary

from chainrule.compiler.analysis.dependence import overlap_in_memory
from chainrule.compiler.backends.llvm.nest.loop_nest import lanes_of
from chainrule.compiler.loop_ir.access import accesses
from chainrule.compiler.loop_ir.expressions import axes_of, cost
from chainrule.compiler.loop_ir.loops import Axis, Buffer, Call, Contraction, Loop, Nest, Step
from chainrule.compiler.loop_passes.memory_plan import MemoryPlan

__all__ = ["BarrierPlacement", "estimated_cycles", "is_multithreaded", "is_shared"]

MIN_SHARED_CYCLES = 4000
"""Cycles from which on a nest is shared; a barrier costs some hundreds."""
MIN_THREADED_CYCLES = 20000
"""Cycles of shared work from which on a program is multithreaded."""
FLOPS_PER_CYCLE = 32
CALL_CYCLES, CALL_FLOPS_PER_CYCLE = 1000, 4
"""What a call of a routine takes; those of LAPACK are slow on small matrices."""


def is_multithreaded(steps: Sequence[Step], partitioned: Collection[Loop]) -> bool:
    """Whether a program has enough work for several threads."""
    return sum(_shared_cycles(step, partitioned) for step in steps) >= MIN_THREADED_CYCLES


def _shared_cycles(step: Step, partitioned: Collection[Loop]) -> float:
    if not is_shared(step, partitioned):
        return 0
    if step in partitioned or not isinstance(step, Loop) or step.is_parallel:
        return estimated_cycles(step)
    return sum(_shared_cycles(each, partitioned) for each in step.steps)


def is_shared(step: Step, partitioned: Collection[Loop]) -> bool:
    """Whether threads share a nest; for a sequential loop, whether they share any in it."""
    if isinstance(step, Loop) and step not in partitioned and not step.is_parallel:
        return any(is_shared(each, partitioned) for each in step.steps)
    if isinstance(step, Call) or estimated_cycles(step) < MIN_SHARED_CYCLES:
        return False
    if isinstance(step, Loop) or step.contraction is not None:
        return True
    crosses = any(axis in step.axes for each in step.statements for axis in each.over)
    return bool(step.axes) and not crosses and _trip_count(step) > 1


def _trip_count(nest: Nest) -> int:
    """The iterations of the outermost loop, in vectors where that is the vector axis."""
    first = nest.axes[0]
    if first is not nest.vector_axis:
        return first.extent
    return -(-first.extent // lanes_of(nest.statements, first.extent))


def estimated_cycles(step: Step) -> float:
    """Estimate the cycles of a step on one core; of a loop with a condition, for one iteration."""
    if isinstance(step, Loop):
        trip_count = step.axis.extent if step.condition is None else 1
        return trip_count * sum(map(estimated_cycles, step.steps))
    if isinstance(step, Call):
        return CALL_CYCLES + step.flops / CALL_FLOPS_PER_CYCLE
    if (known := _known_cycles.get(step)) is None:
        known = _known_cycles[step] = _nest_cycles(step)
    return known


_known_cycles: WeakKeyDictionary[Nest, float] = WeakKeyDictionary()


def _nest_cycles(nest: Nest) -> float:
    total = 0.0
    if nest.contraction is not None:
        total += _contraction_flops(nest.contraction) / FLOPS_PER_CYCLE
    for each in nest.statements:
        axes: list[Axis] = [*dict.fromkeys([*nest.axes, *axes_of(each), *each.over])]
        points = math.prod(axis.extent for axis in axes)
        lanes = 8 if nest.vector_axis is not None or nest.contraction is not None else 1
        total += points * (2 + cost(each.value)) / lanes
    return total


def _contraction_flops(contraction: Contraction) -> float:
    axes = (*contraction.axes, *contraction.depth)
    return 2.0 * math.prod(axis.extent for axis in axes)


class BarrierPlacement:
    """The accesses since the last barrier, and their dependences with the next step."""

    def __init__(self, plan: MemoryPlan) -> None:
        self.plan = plan
        # For each buffer, its accesses: (is a write, by all threads).
        self.pending: dict[Buffer, set[tuple[bool, bool]]] = {}

    def needs_barrier(self, step: Step, shared: bool) -> bool:
        """Whether a step depends on an access that another thread may still be executing.

        Steps of the first thread alone need no barrier between them.
        """
        buffers = {(buffer.root, is_write) for buffer, _, is_write in accesses(step)}
        in_arena = [each for each in self.pending if each in self.plan.offsets]
        return any(
            (is_write or was_write) and (shared or was_shared)
            for buffer, is_write in buffers
            for other in (in_arena if buffer in self.plan.offsets else [buffer])
            if other in self.pending and overlap_in_memory(buffer, other, self.plan.offsets)
            for was_write, was_shared in self.pending[other]
        )

    def record(self, step: Step, shared: bool) -> None:
        """Record the accesses of a step, by all threads or by the first alone."""
        registers = step.registers if isinstance(step, Nest) else frozenset[Buffer]()
        for buffer, _, is_write in accesses(step):
            if buffer.root not in registers and buffer.root.kind != "thread_local":
                self.pending.setdefault(buffer.root, set()).add((is_write, shared))

    def record_test(self, loop: Loop) -> None:
        """Record that all threads test the condition of a loop, if it has one."""
        if loop.condition is not None:
            root = loop.condition.element.buffer.root
            self.pending.setdefault(root, set()).add((False, True))

    def record_store(self, buffer: Buffer) -> None:
        """Record a store by the first thread alone."""
        self.pending.setdefault(buffer.root, set()).add((True, False))

    def is_pending(self, buffer: Buffer) -> bool:
        """Whether threads have accessed a buffer since the last barrier."""
        return buffer.root in self.pending

    def clear(self) -> None:
        """Forget all accesses, at a barrier."""
        self.pending.clear()
