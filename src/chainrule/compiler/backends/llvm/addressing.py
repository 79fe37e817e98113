"""Base addresses of buffers: in the arena, in thread-local memory, in NumPy's arrays."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from chainrule.compiler.backends.calling_convention import (
    ARENA,
    CONTEXT_BLOCK,
    CONTEXT_INDICES,
    CONTEXT_SCRATCH,
    FAILURE,
)
from chainrule.compiler.backends.llvm import emit, ir
from chainrule.compiler.backends.llvm.registers import memory_type
from chainrule.compiler.loop_ir.loops import Buffer
from chainrule.compiler.loop_passes.memory_plan import MemoryPlan

__all__ = ["BufferAddresses", "bounds_flag", "operand_address", "word_address"]

ARRAY_DATA = object.__basicsize__
"""Offset of an array object's data pointer, its first field behind the object header. It is part
of NumPy's binary interface (``PyArrayObject_fields``)."""


class BufferAddresses:
    """Emits base addresses: those that nests in place access in the entry block of ``run``.

    `context` is the address of the kernel context, on the stack, and `thread_memory` that of the
    thread's scratch memory (see `backends.calling_convention`): first the bytes in which kernels
    pack operands, then the thread-local buffers.
    """

    def __init__(
        self,
        builder: ir.IRBuilder,
        block: ir.Value,  # address of the argument block
        thread: ir.Value,
        plan: MemoryPlan,
        packing_bytes: int,
        words: dict[Buffer, int],  # positions in the argument block
        depth: int,  # of nested loops
        in_registers: Collection[Buffer] = (),
    ) -> None:
        self.builder = builder
        self.block = block
        self.plan = plan
        self.packing_bytes = packing_bytes
        self.words = words
        self.bases: dict[Buffer, ir.Value] = {each: self._slot(each) for each in in_registers}
        self.argument_block: ir.Block | None = None
        self.arguments: dict[Buffer, ir.Value] = {}  # addresses that were emitted in that block
        self.context = self.stack_slot(ir.ArrayType(emit.INDEX, CONTEXT_INDICES + depth))
        self.arena = self._in_entry(
            lambda builder: builder.load(word_address(builder, block, ARENA), typ=emit.POINTER)
        )
        self.thread_memory = self._in_entry(lambda builder: self._thread_memory(builder, thread))
        for word, pointer in ((CONTEXT_BLOCK, block), (CONTEXT_SCRATCH, self.thread_memory)):
            builder.store(pointer, word_address(builder, self.context, word))
        self.operand_words: list[int] = []
        self.operand_table: ir.GlobalVariable | None = None

    def stack_slot(self, type: ir.Type) -> ir.Value:
        """Reserve a stack slot."""
        with self.builder.goto_entry_block():
            return self.builder.alloca(type)

    def store_loop_index(self, depth: int, index: ir.Value) -> None:
        """Store the index of an enclosing loop, outermost at depth 0, into the kernel context."""
        word = word_address(self.builder, self.context, CONTEXT_INDICES + depth)
        self.builder.store(index, word)

    def base(self, buffer: Buffer) -> ir.Value:
        """Return a buffer's address in the function ``run``."""
        root = buffer.root
        if root not in self.bases:
            self.bases[root] = self._in_entry(lambda builder: self._address(builder, root))
        return self.bases[root]

    def argument(self, buffer: Buffer) -> ir.Value:
        """Return a buffer's address for a call at this point, so that few are live at a time."""
        root = buffer.root
        if root in self.bases:
            return self.bases[root]
        if self.builder.block is not self.argument_block:
            self.argument_block, self.arguments = self.builder.block, {}
        if root not in self.arguments:
            self.arguments[root] = self._address(self.builder, root)
        return self.arguments[root]

    def operands(self, roots: Sequence[Buffer]) -> ir.Value:
        """Return the address of the words by which a function finds the memory of buffers."""
        if self.operand_table is None:
            empty = ir.ArrayType(emit.INDEX, 0)
            self.operand_table = ir.GlobalVariable(self.builder.module, empty, "operands")
            self.operand_table.linkage, self.operand_table.global_constant = "internal", True
        first = len(self.operand_words)
        self.operand_words += map(self._operand_word, roots)
        return word_address(self.builder, self.operand_table, first)

    def close(self) -> None:
        """Define the words of all operands, when the last call is emitted."""
        if self.operand_table is not None:
            array = ir.ArrayType(emit.INDEX, len(self.operand_words))
            self.operand_table.initializer = ir.Constant(array, self.operand_words)

    def _operand_word(self, root: Buffer) -> int:
        if root.kind == "thread_local":
            return self.packing_bytes + self.plan.offsets[root]
        return self.plan.offsets[root] if root.kind == "arena" else self.words[root]

    def _slot(self, buffer: Buffer) -> ir.Value:
        """Reserve stack slots for the elements of a buffer."""
        size = buffer.size * buffer.dtype.itemsize
        return self.stack_slot(ir.ArrayType(emit.INDEX, -(-size // 8)))

    def load_result(self, buffer: Buffer) -> None:
        """Load an output that is updated in registers."""
        self._copy(buffer, self._address(self.builder, buffer), self.bases[buffer])

    def store_result(self, buffer: Buffer) -> None:
        """Store an output that was in registers."""
        self._copy(buffer, self.bases[buffer], self._address(self.builder, buffer))

    def _copy(self, buffer: Buffer, old: ir.Value, new: ir.Value) -> None:
        for number in range(buffer.size):
            element, at = memory_type(buffer.dtype), [emit.index(number)]
            source, target = (
                self.builder.gep(each, at, source_etype=element) for each in (old, new)
            )
            align = buffer.dtype.itemsize
            value = self.builder.load(source, typ=element, align=align)
            self.builder.store(value, target, align=align)

    def _address(self, builder: ir.IRBuilder, root: Buffer) -> ir.Value:
        if root.kind == "thread_local":
            offset = self.packing_bytes + self.plan.offsets[root]
            return _byte_address(builder, self.thread_memory, emit.index(offset))
        if root.kind == "arena":
            return _byte_address(builder, self.arena, emit.index(self.plan.offsets[root]))
        array = builder.load(word_address(builder, self.block, self.words[root]), typ=emit.POINTER)
        data = _byte_address(builder, array, emit.index(ARRAY_DATA))
        return builder.load(data, name=root.name, typ=emit.POINTER)

    def _thread_memory(self, builder: ir.IRBuilder, thread: ir.Value) -> ir.Value:
        """Emit the address of this thread's memory: behind the arena, by thread number."""
        offset = builder.mul(thread, emit.index(self.packing_bytes + self.plan.thread_size))
        return _byte_address(
            builder, self.arena, builder.add(emit.index(self.plan.arena_size), offset)
        )

    def _in_entry(self, emit_address: Callable[[ir.IRBuilder], ir.Value]) -> ir.Value:
        with self.builder.goto_entry_block():
            return emit_address(self.builder)


def operand_address(
    builder: ir.IRBuilder, context: ir.Value, operands: ir.Value, number: int, root: Buffer
) -> ir.Value:
    """Emit, in a function that is given operands, the address of one of them.

    `root` may be that of any call: of equal structures, operands are in the same kind of memory.
    """

    def loaded(base: ir.Value, word: int) -> ir.Value:
        return builder.load(word_address(builder, base, word), typ=emit.POINTER)

    word = builder.load(word_address(builder, operands, number), typ=emit.INDEX)
    if root.kind == "thread_local":
        return _byte_address(builder, loaded(context, CONTEXT_SCRATCH), word)
    block = loaded(context, CONTEXT_BLOCK)
    if root.kind == "arena":
        return _byte_address(builder, loaded(block, ARENA), word)
    at = builder.gep(block, [word], source_etype=emit.INDEX)
    data = _byte_address(builder, builder.load(at, typ=emit.POINTER), emit.index(ARRAY_DATA))
    return builder.load(data, typ=emit.POINTER)


def word_address(builder: ir.IRBuilder, block: ir.Value, word: int) -> ir.Value:
    """Return the address of a word of an argument block or kernel context."""
    return builder.gep(block, [emit.index(word)], source_etype=emit.INDEX)


def bounds_flag(builder: ir.IRBuilder, block: ir.Value) -> ir.Value:
    """Return the address of the word whose first bit is the out-of-bounds flag."""
    return word_address(builder, block, FAILURE)


def _byte_address(builder: ir.IRBuilder, base: ir.Value, offset: ir.Value) -> ir.Value:
    return builder.gep(base, [offset], source_etype=ir.IntType(8))
