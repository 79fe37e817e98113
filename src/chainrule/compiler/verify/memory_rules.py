"""Verify buffer allocation by abstract execution: no live buffer is overwritten."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from chainrule.compiler.loop_ir.access import accesses
from chainrule.compiler.loop_ir.loops import Buffer, Call, Item, Loop, Nest, Step
from chainrule.compiler.loop_ir.printer import format_diagnostic
from chainrule.compiler.loop_passes.memory_plan import ALIGNMENT, MemoryPlan
from chainrule.errors import GraphError

__all__ = ["verify_memory_plan"]


def verify_memory_plan(steps: Sequence[Step], plan: MemoryPlan) -> None:
    """Verify that every buffer still holds its values when they are read.

    Nests are executed abstractly, in order and two iterations of each loop: a write makes a buffer
    valid and clobbers every other valid one that shares bytes with it. A loop reads its condition
    before each iteration, and after the last.
    """
    clobbered: dict[Buffer, Buffer] = {}
    valid: set[Buffer] = set()
    neighbours: dict[Buffer, list[Buffer]] = {}
    for nest in _executed(steps):
        reads, writes = _tested(nest) if isinstance(nest, Loop) else _touched(nest)
        for buffer in {*reads, *writes}:
            _check_offset(nest, buffer, plan)
        for buffer in reads:
            if buffer in clobbered:
                raise _error(nest, "{} is read after {} overwrote it", buffer, clobbered[buffer])
        for buffer in writes:
            clobbered.pop(buffer, None)
            valid.add(buffer)
            if buffer not in neighbours:
                neighbours[buffer] = _overlapping(plan, buffer, plan.offsets)
            for other in (each for each in neighbours[buffer] if each in valid):
                if other in reads or other in writes:
                    raise _error(nest, "{} and {} share bytes in one nest", buffer, other)
                clobbered[other] = buffer
                valid.discard(other)


def _executed(steps: Sequence[Step]) -> Iterator[Step]:
    """Yield nests in the order of execution; two iterations of a loop show what any two would.

    A loop is yielded where it tests its condition.
    """
    for step in steps:
        if not isinstance(step, Loop):
            yield step
            continue
        yield step
        for _ in range(min(step.axis.extent, 2)):
            yield from _executed(step.steps)
            yield step


def _tested(loop: Loop) -> tuple[set[Buffer], set[Buffer]]:
    """The buffers that a loop reads and writes between iterations."""
    root = None if loop.condition is None else loop.condition.element.buffer.root
    return set() if root is None or root.kind != "arena" else {root}, set()


def _touched(nest: Nest | Call) -> tuple[set[Buffer], set[Buffer]]:
    """The buffers whose previous values a nest reads, and those that it writes."""
    reads: set[Buffer] = set()
    writes: set[Buffer] = set()
    registers = nest.registers if isinstance(nest, Nest) else frozenset[Buffer]()
    for item in _parts(nest):
        for buffer, _, is_write in accesses(item):
            root = buffer.root
            if root.kind not in ("arena", "thread_local") or root in registers:
                continue
            if is_write:
                writes.add(root)
            elif root not in writes:
                reads.add(root)
    return reads, writes


def _parts(step: Nest | Call) -> Sequence[Item]:
    if isinstance(step, Call):
        return [step]
    return [*([step.contraction] if step.contraction else []), *step.statements]


def _check_offset(nest: Step, buffer: Buffer, plan: MemoryPlan) -> None:
    if buffer not in plan.offsets:
        raise _error(nest, "{} is not allocated", buffer)
    first, end = _bytes(plan, buffer)
    size = plan.thread_size if buffer.kind == "thread_local" else plan.arena_size
    if first < 0 or first % ALIGNMENT or end > size:
        raise _error(nest, "{} occupies bytes {} to {} of {}", buffer, first, end, size)


def _bytes(plan: MemoryPlan, buffer: Buffer) -> tuple[int, int]:
    first = plan.offsets[buffer]
    return first, first + buffer.size * buffer.dtype.itemsize


def _overlapping(plan: MemoryPlan, buffer: Buffer, others: Collection[Buffer]) -> list[Buffer]:
    """The other buffers of the same memory that share bytes with a buffer."""
    first, end = _bytes(plan, buffer)
    candidates = (each for each in others if each is not buffer and each.kind == buffer.kind)
    spans = ((each, _bytes(plan, each)) for each in candidates)
    return [each for each, (start, stop) in spans if first < stop and start < end]


def _error(nest: Step, rule: str, *parts: object) -> GraphError:
    return GraphError(f"invalid memory plan: {format_diagnostic(nest, rule, *parts)}")
