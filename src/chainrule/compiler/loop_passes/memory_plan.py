"""Buffer allocation: arena buffers share one block of memory by their live ranges.

::

    0: a = exp(x)          a  live 0..1          a  at byte 0
    1: b = a @ w           b  live 1..2    ->    b  at byte 4160
    2: c = b @ v           c  live 2..3          c  at byte 0

Two buffers interfere if their live ranges overlap; only then must their bytes be disjoint. Buffers
are placed largest first, each at the lowest offset that is free during its live range (first fit).
A buffer that is live across a loop's boundary lives through all iterations, and so does any that a
parallel or batch-parallel loop touches: its threads are not in step. Nothing is allocated at run
time. Offsets depend on the program only, never on the order of a set: cached object code relies on
them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from chainrule.compiler.loop_ir.access import accesses
from chainrule.compiler.loop_ir.loops import Buffer, Call, Loop, Step

__all__ = ["MemoryPlan", "plan_memory"]

ALIGNMENT = 64
"""Bytes of a cache line. Buffers are padded by one, so that whole vectors may be read."""

LiveRange = tuple[int, int]
"""The first and the last step that touches a buffer."""


@dataclass(frozen=True)
class MemoryPlan:
    """The first byte of each buffer: within the arena, or within a thread's own block."""

    offsets: dict[Buffer, int]
    arena_size: int
    """Bytes of the arena."""
    thread_size: int = 0
    """Bytes that each thread needs for thread-local buffers."""


def plan_memory(steps: Sequence[Step]) -> MemoryPlan:
    """Allocate all arena and thread-local buffers of a program."""
    live_ranges: dict[Buffer, LiveRange] = {}
    _analyze_liveness(steps, 0, live_ranges, set())
    local = {each: live for each, live in live_ranges.items() if each.kind == "thread_local"}
    offsets, arena_size = _allocate({b: live for b, live in live_ranges.items() if b not in local})
    local_offsets, thread_size = _allocate(local)
    return MemoryPlan(offsets | local_offsets, arena_size, thread_size)


def _allocate(live_ranges: Mapping[Buffer, LiveRange]) -> tuple[dict[Buffer, int], int]:
    """Allocate buffers in one block by first fit, largest first; return its size too."""
    allocated: list[tuple[int, int, LiveRange]] = []
    offsets: dict[Buffer, int] = {}
    total = 0
    for buffer, live_range in sorted(live_ranges.items(), key=lambda item: -item[0].size):
        size = buffer.size * buffer.dtype.itemsize + ALIGNMENT
        size = -(-size // ALIGNMENT) * ALIGNMENT
        interfering = sorted(
            (start, stop) for start, stop, other in allocated if _interfere(other, live_range)
        )
        offset = 0
        for start, stop in interfering:
            if offset + size <= start:
                break
            offset = max(offset, stop)
        offsets[buffer] = offset
        allocated.append((offset, offset + size, live_range))
        total = max(total, offset + size)
    return offsets, total


def _interfere(one: LiveRange, other: LiveRange) -> bool:
    return one[0] <= other[1] and other[0] <= one[1]


def _analyze_liveness(
    steps: Sequence[Step],
    time: int,
    live_ranges: dict[Buffer, LiveRange],
    outside: set[Buffer],
) -> int:
    """Extend the live ranges by some steps that begin at a time; return the time after them.

    `outside` are the buffers that steps outside of the loop around touch.
    """
    touched = [_roots(step) for step in steps]
    for number, step in enumerate(steps):
        if isinstance(step, Loop):
            others = outside.union(*touched[:number], *touched[number + 1 :])
            end = _analyze_liveness(step.steps, time, live_ranges, others)
            # What is live outside too is live in all iterations. Where threads are not in step, one
            # may be iterations ahead of another, so no bytes are reused within the loop.
            is_unsynchronized = step.is_parallel or bool(step.batch_axes)
            for buffer in touched[number] if is_unsynchronized else touched[number] & others:
                if buffer in live_ranges and buffer.kind != "thread_local":
                    _extend(live_ranges, buffer, time, end)
            time = end + 1
            continue
        # In program order: the order of a set differs between runs, and so would the offsets.
        for buffer in dict.fromkeys(buffer.root for buffer, _, _ in accesses(step)):
            is_memory = isinstance(step, Call) or buffer not in step.registers
            if buffer.kind in ("arena", "thread_local") and is_memory:
                _extend(live_ranges, buffer, time, time)
        time += 1
    return time


def _roots(step: Step) -> set[Buffer]:
    return {buffer.root for buffer, _, _ in accesses(step)}


def _extend(live_ranges: dict[Buffer, LiveRange], buffer: Buffer, first: int, last: int) -> None:
    start, stop = live_ranges.get(buffer, (first, last))
    live_ranges[buffer] = min(start, first), max(stop, last)
