"""The memory plan: one block for all arena buffers, the same bytes for those of different times."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from chainrule.compiler.loop_ir.access import accesses
from chainrule.compiler.loop_ir.loops import Buffer, Loop, Step

__all__ = ["MemoryPlan", "plan_memory"]

ALIGNMENT = 64
"""Bytes of a cache line. Buffers are padded by one, so that whole vectors may be read."""


@dataclass(frozen=True)
class MemoryPlan:
    """The first byte of each buffer: within the arena, or within a thread's own block."""

    offsets: dict[Buffer, int]
    arena_size: int
    """Bytes of the arena."""
    thread_size: int = 0
    """Bytes that each thread needs for thread-local buffers."""


def plan_memory(steps: Sequence[Step]) -> MemoryPlan:
    """Give every arena buffer a place by its lifetime, largest first."""
    lives: dict[Buffer, list[int]] = {}
    _survey(steps, 0, lives, set())
    local = {buffer: life for buffer, life in lives.items() if buffer.kind == "thread_local"}
    offsets, size = _placed({b: life for b, life in lives.items() if b not in local})
    own_offsets, own = _placed(local)
    return MemoryPlan(offsets | own_offsets, size, own)


def _placed(lives: Mapping[Buffer, Sequence[int]]) -> tuple[dict[Buffer, int], int]:
    """Place some buffers in one block, largest first; return its size too."""
    placed: list[tuple[int, int, int, int]] = []
    offsets: dict[Buffer, int] = {}
    total = 0
    for buffer, (first, last) in sorted(lives.items(), key=lambda item: -item[0].size):
        size = buffer.size * buffer.dtype.itemsize + ALIGNMENT
        size = -(-size // ALIGNMENT) * ALIGNMENT
        rivals = sorted(
            (start, stop) for start, stop, born, died in placed if born <= last and first <= died
        )
        offset = 0
        for start, stop in rivals:
            if offset + size <= start:
                break
            offset = max(offset, stop)
        offsets[buffer] = offset
        placed.append((offset, offset + size, first, last))
        total = max(total, offset + size)
    return offsets, total


def _survey(
    steps: Sequence[Step], clock: int, lives: dict[Buffer, list[int]], outside: set[Buffer]
) -> int:
    """Note the first and last moment of each buffer; return the moment after these steps."""
    own = [_roots(step) for step in steps]
    for number, step in enumerate(steps):
        if isinstance(step, Loop):
            others = outside.union(*own[:number], *own[number + 1 :])
            end = _survey(step.steps, clock, lives, others)
            # What others see too must outlive every turn, not only the moments it is touched in;
            # and where threads run apart, one may be turns ahead, so no bytes change their owner.
            is_apart = step.is_parallel or bool(step.batch_axes)
            for buffer in own[number] if is_apart else own[number] & others:
                if buffer in lives and buffer.kind != "thread_local":
                    _extend(lives, buffer, clock, end)
            clock = end + 1
            continue
        # In the order of the program: with a set's order, which differs from run to run, a place
        # could differ from the one that code found on the disk was written for.
        for buffer in dict.fromkeys(buffer.root for buffer, _, _ in accesses(step)):
            if buffer.kind in ("arena", "thread_local") and buffer not in step.registers:
                _extend(lives, buffer, clock, clock)
        clock += 1
    return clock


def _roots(step: Step) -> set[Buffer]:
    return {buffer.root for buffer, _, _ in accesses(step)}


def _extend(lives: dict[Buffer, list[int]], buffer: Buffer, first: int, last: int) -> None:
    known = lives.setdefault(buffer, [first, last])
    known[:] = [min(known[0], first), max(known[1], last)]
