"""Which nests all threads share, and where they wait for one another.

A nest is shared where it is long enough to pay for the waiting; the first thread alone runs the
others. Threads share a nest by its outermost loop, so every element is computed by one thread in
one way: the bits do not depend on how many threads there are.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from chainrule.compiler.backends.llvm.nest.loop_nest import lanes_of
from chainrule.compiler.loop_ir.access import accesses
from chainrule.compiler.loop_ir.expressions import axes_of, cost
from chainrule.compiler.loop_ir.loops import Axis, Buffer, Contraction, Loop, Nest, Step
from chainrule.compiler.loop_passes.memory_plan import Plan

__all__ = ["BarrierPlacement", "is_shared", "shares_anything"]

WORTH_SHARING = 4000
"""Cycles of a nest from which on it is shared; a barrier costs some hundreds."""
WORTH_THREADS = 20000
"""Cycles of shared work from which on a program uses more than one thread."""
FLOPS_A_CYCLE = 32


def shares_anything(steps: Sequence[Step], apart: Collection[Loop]) -> bool:
    """Whether a program has enough work for more than one thread."""
    return sum(_shared_cycles(step, apart) for step in steps) >= WORTH_THREADS


def _shared_cycles(step: Step, apart: Collection[Loop]) -> float:
    if not is_shared(step, apart):
        return 0
    if step in apart or isinstance(step, Nest) or step.is_parallel:
        return _cycles(step)
    return sum(_shared_cycles(each, apart) for each in step.steps)


def is_shared(step: Step, apart: Collection[Loop]) -> bool:
    """Whether the threads share a nest; for a loop, whether they share anything in it."""
    if isinstance(step, Loop) and step not in apart and not step.is_parallel:
        return any(is_shared(each, apart) for each in step.steps)
    if _cycles(step) < WORTH_SHARING:
        return False
    if isinstance(step, Loop) or step.contraction is not None:
        return True
    crosses = any(axis in step.axes for each in step.statements for axis in each.over)
    return bool(step.axes) and not crosses and _turns(step) > 1


def _turns(nest: Nest) -> int:
    """Turns of the outermost loop."""
    first = nest.axes[0]
    if first is not nest.vector_axis:
        return first.extent
    return -(-first.extent // lanes_of(nest.statements, first.extent))


def _cycles(step: Step) -> float:
    """Estimate the time of a step on one core."""
    if isinstance(step, Loop):
        return step.axis.extent * sum(map(_cycles, step.steps))
    nest, total = step, 0.0
    if nest.contraction is not None:
        total += _contraction_flops(nest.contraction) / FLOPS_A_CYCLE
    for each in nest.statements:
        axes: list[Axis] = [*dict.fromkeys([*nest.axes, *axes_of(each), *each.over])]
        points = int(np.prod([axis.extent for axis in axes], dtype=np.int64))
        lanes = 8 if nest.vector_axis is not None or nest.contraction is not None else 1
        total += points * (2 + cost(each.value)) / lanes
    return total


def _contraction_flops(contraction: Contraction) -> float:
    axes = (*contraction.axes, *contraction.depth)
    return 2.0 * float(np.prod([axis.extent for axis in axes], dtype=np.int64))


class BarrierPlacement:
    """What threads have touched since they last waited for one another.

    Parameters
    ----------
    plan : Plan
        Where arena buffers lie: two that share bytes are in each other's way.
    """

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.touched: dict[Buffer, set[tuple[bool, bool]]] = {}

    def must_wait(self, step: Step, shared: bool) -> bool:
        """Whether a step touches what another thread may be working on.

        Steps that the first thread runs alone follow one another without waiting.
        """
        touched = {(buffer.root, is_write) for buffer, _, is_write in accesses(step)}
        return any(
            (is_write or was_written) and (shared or was_shared) and self._meet(buffer, other)
            for buffer, is_write in touched
            for other, notes in self.touched.items()
            for was_written, was_shared in notes
        )

    def _meet(self, one: Buffer, other: Buffer) -> bool:
        if one is other:
            return True
        if one not in self.plan.offsets or other not in self.plan.offsets:
            return False
        starts = [self.plan.offsets[buffer] for buffer in (one, other)]
        sizes = [buffer.size * buffer.dtype.itemsize for buffer in (one, other)]
        return starts[0] < starts[1] + sizes[1] and starts[1] < starts[0] + sizes[0]

    def note(self, step: Step, shared: bool) -> None:
        """Remember what a step touches, and whether all threads do."""
        registers = step.registers if isinstance(step, Nest) else frozenset[Buffer]()
        for buffer, _, is_write in accesses(step):
            if buffer.root not in registers and buffer.root.kind != "thread_local":
                self.touched.setdefault(buffer.root, set()).add((is_write, shared))

    def clear(self) -> None:
        """Forget everything: the threads have just waited."""
        self.touched.clear()
