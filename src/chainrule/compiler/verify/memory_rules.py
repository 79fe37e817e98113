"""The memory plan, checked by running it in thought: nobody finds his numbers overwritten."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from chainrule.compiler.loop_ir.access import accesses
from chainrule.compiler.loop_ir.loops import Buffer, Loop, Nest, Step
from chainrule.compiler.loop_ir.printer import explain_fault
from chainrule.compiler.loop_passes.memory_plan import ALIGNMENT, MemoryPlan
from chainrule.errors import GraphError

__all__ = ["verify_memory_plan"]


def verify_memory_plan(steps: Sequence[Step], plan: MemoryPlan) -> None:
    """Check that every buffer still holds its numbers when they are read.

    The steps are followed in the order they run in, two turns of each loop, and for every buffer it
    is noted who has written over it.
    """
    lost: dict[Buffer, Buffer] = {}
    sound: set[Buffer] = set()
    for nest in _course(steps):
        reads, writes = _touched(nest)
        for buffer in {*reads, *writes}:
            _check_place(nest, buffer, plan)
        for buffer in reads:
            if buffer in lost:
                raise _broken(nest, "{} is read after {} was stored over it", buffer, lost[buffer])
        for buffer in writes:
            lost.pop(buffer, None)
            sound.add(buffer)
            for other in [each for each in sound if _overlap(plan, buffer, each)]:
                if other in reads or other in writes:
                    raise _broken(nest, "{} and {} share bytes in one nest", buffer, other)
                lost[other] = buffer
                sound.discard(other)


def _course(steps: Sequence[Step]) -> Iterator[Nest]:
    """The nests in the order they run in; two turns of a loop show what any two would."""
    for step in steps:
        if isinstance(step, Nest):
            yield step
        else:
            yield from _turns(step)


def _turns(step: Loop) -> Iterator[Nest]:
    for _ in range(min(step.axis.extent, 2)):
        yield from _course(step.steps)


def _touched(nest: Nest) -> tuple[set[Buffer], set[Buffer]]:
    """The arena buffers whose old numbers a nest reads, and those that it writes."""
    reads: set[Buffer] = set()
    writes: set[Buffer] = set()
    for item in (*([nest.contraction] if nest.contraction else []), *nest.statements):
        for buffer, _, is_write in accesses(item):
            root = buffer.root
            if root.kind not in ("arena", "thread_local") or root in nest.registers:
                continue
            if is_write:
                writes.add(root)
            elif root not in writes:
                reads.add(root)
    return reads, writes


def _check_place(nest: Nest, buffer: Buffer, plan: MemoryPlan) -> None:
    if buffer not in plan.offsets:
        raise _broken(nest, "{} has no place in the arena", buffer)
    first, end = _bytes(plan, buffer)
    size = plan.thread_size if buffer.kind == "thread_local" else plan.arena_size
    if first < 0 or first % ALIGNMENT or end > size:
        raise _broken(nest, "{} lies at bytes {} to {} of {}", buffer, first, end, size)


def _bytes(plan: MemoryPlan, buffer: Buffer) -> tuple[int, int]:
    first = plan.offsets[buffer]
    return first, first + buffer.size * buffer.dtype.itemsize


def _overlap(plan: MemoryPlan, one: Buffer, other: Buffer) -> bool:
    (first, end), (start, stop) = _bytes(plan, one), _bytes(plan, other)
    return one is not other and one.kind == other.kind and first < stop and start < end


def _broken(nest: Nest, rule: str, *parts: object) -> GraphError:
    told = explain_fault(nest, rule, *parts)
    return GraphError(f"invalid memory plan: {told}")
