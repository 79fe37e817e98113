"""Where buffers lie: in the program's arena, in memory of a thread's own, in NumPy's arrays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chainrule.compiler.backends.calling_convention import (
    ARENA,
    CONTEXT_BLOCK,
    CONTEXT_INDICES,
    CONTEXT_SCRATCH,
    OUT_OF_BOUNDS,
)
from chainrule.compiler.backends.llvm import emit, ir
from chainrule.compiler.loop_ir.loops import Buffer
from chainrule.compiler.loop_passes.memory_plan import MemoryPlan

__all__ = ["BufferAddresses", "flag", "slot"]

Value = Any

ARRAY_DATA = object.__basicsize__
"""Where an array object keeps the address of its data: first thing after what all objects have. It
is part of NumPy's binary interface (``PyArrayObject_fields``)."""


class BufferAddresses:
    """Writes the addresses of buffers, each once where the function starts.

    What kernels need of the program around is in its *context*, an array on the stack: the block,
    the thread's own memory, the turns of the loops around.

    Parameters
    ----------
    builder : ir.IRBuilder
        Stands in the function ``run``.
    block : Value
        Its first argument.
    thread : Value
        The number of the thread, 0 where there is one only.
    plan : MemoryPlan
        Where arena and local buffers lie.
    copies : int
        Bytes in which each thread copies operands, in front of its local buffers.
    numbers : dict
        From other buffers to their place in the block.
    depth : int
        Loops within each other, at most.
    """

    def __init__(
        self,
        builder: Any,
        block: Value,
        thread: Value,
        plan: MemoryPlan,
        copies: int,
        numbers: dict[Buffer, int],
        depth: int,
    ) -> None:
        self.builder = builder
        self.block = block
        self.plan = plan
        self.copies = copies
        self.numbers = numbers
        self.bases: dict[Buffer, Value] = {}
        self.context = self.stack(ir.ArrayType(emit.INDEX, CONTEXT_INDICES + depth))
        self.own = self._in_entry(lambda builder: self._own(builder, thread))
        for number, pointer in ((CONTEXT_BLOCK, block), (CONTEXT_SCRATCH, self.own)):
            builder.store(pointer, slot(builder, self.context, number))

    def stack(self, kind: ir.Type) -> Value:
        """Write the reservation of a place on the stack."""
        with self.builder.goto_entry_block():
            return self.builder.alloca(kind)

    def note_turn(self, depth: int, turn: Value) -> None:
        """Write the turn of a loop, the first of which has depth 1, into the context."""
        self.builder.store(turn, slot(self.builder, self.context, CONTEXT_INDICES - 1 + depth))

    def base(self, buffer: Buffer) -> Value:
        """Return the address of a buffer, for the function ``run``."""
        root = buffer.root
        if root not in self.bases:
            self.bases[root] = self._in_entry(
                lambda builder: self._address(builder, self.block, self.own, root)
            )
        return self.bases[root]

    def base_in_kernel(self, builder: Any, context: Value, root: Buffer) -> Value:
        """Write the address of a buffer from what a kernel is told of the program around."""
        places = [slot(builder, context, number) for number in (CONTEXT_BLOCK, CONTEXT_SCRATCH)]
        block, own = (builder.load(place, typ=emit.POINTER) for place in places)
        return self._address(builder, block, own, root)

    def _address(self, builder: Any, block: Value, own: Value, root: Buffer) -> Value:
        if root.kind == "thread_local":
            return _bytes_on(builder, own, emit.index(self.copies + self.plan.offsets[root]))
        if root.kind == "arena":
            arena = builder.load(slot(builder, block, ARENA), typ=emit.POINTER)
            return _bytes_on(builder, arena, emit.index(self.plan.offsets[root]))
        array = builder.load(slot(builder, block, self.numbers[root]), typ=emit.POINTER)
        data = _bytes_on(builder, array, emit.index(ARRAY_DATA))
        return builder.load(data, name=root.name, typ=emit.POINTER)

    def _own(self, builder: Any, thread: Value) -> Value:
        """The address of what a thread has of its own: behind the arena, one after the other."""
        arena = builder.load(slot(builder, self.block, ARENA), typ=emit.POINTER)
        first = builder.mul(thread, emit.index(self.copies + self.plan.thread_size))
        return _bytes_on(builder, arena, builder.add(emit.index(self.plan.arena_size), first))

    def _in_entry(self, write: Callable[[Any], Value]) -> Value:
        with self.builder.goto_entry_block():
            return write(self.builder)


def slot(builder: Any, block: Value, number: int) -> Value:
    """Write the address of one of the numbers of a block or context."""
    return builder.gep(block, [emit.index(number)], source_etype=emit.INDEX)


def flag(builder: Any, block: Value) -> Value:
    """Write the address of what tells that a position lies outside of its array."""
    return slot(builder, block, OUT_OF_BOUNDS)


def _bytes_on(builder: Any, start: Value, count: Value) -> Value:
    return builder.gep(start, [count], source_etype=ir.IntType(8))
