"""Signals while a loop runs that may take long: the first thread lets Python call its handlers.

Python handles signals between its own instructions, so a loop without end would never be
interrupted (Ctrl-C). Such a loop subtracts the cycles of each iteration, as estimated, from a
budget. Where that is used up, some 50 times a second, the first thread takes the interpreter's lock
and calls ``PyErr_CheckSignals``. What a handler raises is stored in the argument block, the loop
ends, and `runtime.signals` raises it.
"""

from __future__ import annotations

import ctypes
import sys
from functools import cache

from chainrule.compiler.backends.calling_convention import FAILURE, HANDLER_ERROR, INTERRUPTED
from chainrule.compiler.backends.llvm import emit, ir
from chainrule.compiler.backends.llvm.addressing import word_address
from chainrule.compiler.backends.llvm.spmd.work_sharing import estimated_cycles
from chainrule.compiler.loop_ir.loops import Loop

__all__ = ["SignalPoll", "emit_poll", "may_take_long"]

LONG_CYCLES = 2**33
"""Some seconds: a loop that certainly ends before does not poll."""
BUDGET = 2**26
"""Cycles between polls, of which each takes about a microsecond."""
NAME = "chainrule.poll"
STATUS = ir.IntType(32)


def may_take_long(loop: Loop) -> bool:
    """Whether a loop polls: it ends by a condition, perhaps after a long time."""
    if loop.condition is None or not _can_poll():
        return False
    return loop.axis.extent * _cycles(loop) >= LONG_CYCLES


def _cycles(loop: Loop) -> int:
    return 1 + int(sum(map(estimated_cycles, loop.steps)))


@cache
def _can_poll() -> bool:
    """Whether native code finds Python's functions by their names."""
    if sys.platform == "win32":
        return False
    return hasattr(ctypes.CDLL(None), "PyErr_CheckSignals")


class SignalPoll:
    """Emits polls; the budget is in a stack slot, which LLVM promotes to a register.

    `thread` is the number of this thread, None in a program for one thread.
    """

    def __init__(
        self, builder: ir.IRBuilder, block: ir.Value, slot: ir.Value, thread: ir.Value | None
    ) -> None:
        self.builder = builder
        self.block = block
        self.slot = slot
        self.thread = thread
        builder.store(emit.index(BUDGET), slot)

    def emit(self, loop: Loop) -> None:
        """Emit the poll at the end of an iteration."""
        builder = self.builder
        left = builder.sub(builder.load(self.slot, typ=emit.INDEX), emit.index(_cycles(loop)))
        builder.store(left, self.slot)
        is_due = builder.icmp_signed("<", left, emit.index(0))
        with builder.if_then(is_due):
            builder.store(emit.index(BUDGET), self.slot)
            if self.thread is None:
                builder.call(_poll_function(builder.module), [self.block])
            else:
                is_first = builder.icmp_unsigned("==", self.thread, emit.index(0))
                with builder.if_then(is_first):
                    builder.call(_poll_function(builder.module), [self.block])


def emit_poll(builder: ir.IRBuilder, block: ir.Value) -> None:
    """Emit a poll; in all threads but the first one Python does nothing in it."""
    if _can_poll():
        builder.call(_poll_function(builder.module), [block])


def _poll_function(module: ir.Module) -> ir.Function:
    """Return the module's function ``void (ptr block)``, emitted on first use."""
    if NAME in module.functions:
        return module.functions[NAME]
    function = ir.Function(module, ir.FunctionType(ir.VoidType(), [emit.POINTER]), NAME)
    function.linkage = "internal"
    function.attributes.add("noinline")
    builder = ir.IRBuilder(function.append_basic_block("entry"))
    (block,) = function.args
    state = emit.call(builder, "PyGILState_Ensure", [], STATUS)
    status = emit.call(builder, "PyErr_CheckSignals", [], STATUS)
    has_raised = builder.icmp_unsigned("!=", status, ir.Constant(STATUS, 0))
    with builder.if_then(has_raised):
        words = [word_address(builder, block, HANDLER_ERROR + i) for i in range(3)]
        emit.call(builder, "PyErr_Fetch", words, ir.VoidType())
        flag = word_address(builder, block, FAILURE)
        failure = builder.load(flag, typ=emit.INDEX)
        builder.store(builder.or_(failure, emit.index(INTERRUPTED)), flag)
    emit.call(builder, "PyGILState_Release", [state], ir.VoidType())
    builder.ret_void()
    return function
