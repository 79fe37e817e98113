"""Calls of external routines, by their addresses in the argument block.

Machine code does not contain the addresses, so that it can be cached: the routines may be
elsewhere, and of another version, in the next process.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from chainrule.compiler.backends.calling_convention import FAILED_ROUTINE
from chainrule.compiler.backends.llvm import emit, ir
from chainrule.compiler.backends.llvm.addressing import BufferAddresses, word_address
from chainrule.compiler.backends.llvm.nest.expression import ExpressionEmitter
from chainrule.compiler.backends.llvm.radix_sort import sort_function
from chainrule.compiler.backends.llvm.registers import constant, memory_type
from chainrule.compiler.backends.llvm.small_systems import small_function
from chainrule.compiler.backends.llvm.spmd.signal_poll import emit_poll
from chainrule.compiler.loop_ir.layout import Layout
from chainrule.compiler.loop_ir.loops import Affine, Argument, Call, Region

__all__ = ["RoutineTable"]

_INT32, _CHARACTER = ir.IntType(32), ir.IntType(8)


class RoutineTable:
    """The routines of a program, and the messages of their failures, in the order of their words.

    `first_word` is the position of the first routine's address in the argument block.
    """

    def __init__(self, calls: Iterable[Call], layout: Layout, first_word: int) -> None:
        self.layout = layout
        self.first_word = first_word
        external = (call for call in calls if not call.is_generated)
        self.routines = tuple(dict.fromkeys((call.routine, call.failure) for call in external))

    def emit_call(self, emitter: ExpressionEmitter, addresses: BufferAddresses, call: Call) -> None:
        """Emit a call, and after it the report of its failure."""
        if call.is_generated:
            pointers = [self._pointer(emitter, addresses, each) for each in call.arguments]
            generate = sort_function if call.routine.startswith("sort.") else small_function
            function = generate(emitter.builder.module, call.routine)
            emitter.builder.call(function, pointers)
            return
        if not call.is_callback:
            self._emit_call(emitter, addresses, call)
            return
        # What a signal handler raises as a callback begins would be lost, and the run goes on.
        emit_poll(emitter.builder, addresses.block)
        failure = emitter.builder.load(emitter.flag, typ=emit.INDEX)
        with emitter.builder.if_then(emitter.builder.icmp_unsigned("==", failure, emit.index(0))):
            self._emit_call(emitter, addresses, call)

    def _emit_call(
        self, emitter: ExpressionEmitter, addresses: BufferAddresses, call: Call
    ) -> None:
        builder = emitter.builder
        pointers = [self._pointer(emitter, addresses, each) for each in call.arguments]
        number = self.routines.index((call.routine, call.failure))
        signature = ir.FunctionType(ir.VoidType(), [emit.POINTER] * len(pointers))
        word = word_address(builder, addresses.block, self.first_word + number)
        builder.call(builder.load(word, typ=signature.as_pointer()), pointers)
        if call.failure:
            info = builder.load(pointers[call.arguments.index(None)], typ=_INT32)
            _emit_report(builder, emitter.flag, info, number)

    def _pointer(
        self, emitter: ExpressionEmitter, addresses: BufferAddresses, argument: Argument
    ) -> ir.Value:
        """Return the address of an argument: of an element, or of a constant on the stack."""
        builder = emitter.builder
        if isinstance(argument, Region):
            return self._element(emitter, addresses, argument)
        match argument:
            case None:
                value = ir.Constant(_INT32, 1)  # failed, unless the routine says otherwise
            case str():
                value = ir.Constant(_CHARACTER, ord(argument))
            case int():
                value = ir.Constant(_INT32, argument)
            case _:
                value = constant(argument, np.asarray(argument).dtype)
        slot = addresses.stack_slot(value.type)
        builder.store(value, slot)
        return slot

    def _element(
        self, emitter: ExpressionEmitter, addresses: BufferAddresses, region: Region
    ) -> ir.Value:
        flat = Affine()
        for index, stride in zip(region.index, self.layout.strides(region.buffer), strict=True):
            flat += index.scaled(stride)
        terms = tuple(term for term in flat.terms if term[0].is_loop_index)
        offset = emitter.scalar_index(Affine(flat.constant, terms))
        base = addresses.base(region.buffer)
        return emitter.builder.gep(base, [offset], source_etype=memory_type(region.buffer.dtype))


def _emit_report(builder: ir.IRBuilder, flag: ir.Value, info: ir.Value, number: int) -> None:
    """Emit the report of the first routine of a program that failed: its number in the flag."""
    failed = builder.icmp_unsigned("!=", info, ir.Constant(_INT32, 0))
    with builder.if_then(failed):
        flags = builder.load(flag, typ=emit.INDEX)
        is_first = builder.icmp_unsigned("<", flags, emit.index(FAILED_ROUTINE))
        report = builder.or_(flags, emit.index((number + 1) * FAILED_ROUTINE))
        builder.store(builder.select(is_first, report, flags), flag)
