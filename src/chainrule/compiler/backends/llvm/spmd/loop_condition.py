"""Conditions of loops: their test, on which all threads agree, and early exits.

No thread may store a condition before all have tested it, nor test it before it is stored:
`codegen` places barriers so. After a failure, or an error in a signal handler, what a loop computes
might never end it: then the first thread stores the condition that ends it.
"""

from __future__ import annotations

from chainrule.compiler.backends.llvm import emit, ir
from chainrule.compiler.backends.llvm.nest.expression import ExpressionEmitter, Point
from chainrule.compiler.backends.llvm.nest.known_values import KnownValues
from chainrule.compiler.backends.llvm.registers import constant
from chainrule.compiler.backends.llvm.spmd.signal_poll import SignalPoll, may_take_long
from chainrule.compiler.loop_ir.access import accesses
from chainrule.compiler.loop_ir.expressions import leaves_of
from chainrule.compiler.loop_ir.loops import Affine, Call, Condition, Loop

__all__ = ["ConditionEmitter", "may_exit"]


def may_exit(loop: Loop) -> bool:
    """Whether a loop ends early after a failure or a signal."""
    is_repeated = loop.condition is not None and loop.axis.extent > 1
    return is_repeated and (may_take_long(loop) or _may_fail(loop))


def _may_fail(loop: Loop) -> bool:
    """Whether a loop checks indices that it computes, or calls a routine that may fail."""
    is_affine = all(isinstance(i, Affine) for _, index, _ in accesses(loop) for i in index)
    leaves = leaves_of(loop.steps)
    return not is_affine or any(isinstance(each, Call) and each.failure for each in leaves)


class ConditionEmitter:
    """Emits tests of conditions and early exits.

    `thread` is the number of this thread, None in a program for one thread.
    """

    def __init__(
        self, emitter: ExpressionEmitter, block: ir.Value, thread: ir.Value | None
    ) -> None:
        self.emitter = emitter
        self.builder = emitter.builder
        self.block = block
        self.thread = thread
        self._poll: SignalPoll | None = None

    def continues(self, condition: Condition, indices: Point) -> ir.Value:
        """Emit the test of a condition at the indices of the loops around."""
        element = self._between_nests(indices).load(condition.element)
        return self.builder.not_(element) if condition.is_until else element

    def exit_after_failure(self, loop: Loop, indices: Point) -> None:
        """Emit the end of an iteration: after a failure, the first thread ends the loop."""
        builder, condition = self.builder, loop.condition
        assert condition is not None
        if may_take_long(loop):
            self._signal_poll().emit(loop)
        failure = builder.load(self.emitter.flag, typ=emit.INDEX)
        ends = builder.icmp_unsigned("!=", failure, emit.index(0))
        if self.thread is not None:
            ends = builder.and_(ends, builder.icmp_unsigned("==", self.thread, emit.index(0)))
        with builder.if_then(ends):
            element = condition.element
            value = constant(int(condition.is_until), element.dtype)
            self._between_nests(indices).store(element.buffer, element.index, value)

    def _between_nests(self, indices: Point) -> ExpressionEmitter:
        """The emitter where no value is available in a register."""
        self.emitter.axes, self.emitter.registers = dict(indices), frozenset()
        self.emitter.available = KnownValues()
        return self.emitter

    def _signal_poll(self) -> SignalPoll:
        if self._poll is None:
            slot = self.emitter.stack_slot(emit.INDEX)
            with self.builder.goto_entry_block():
                self._poll = SignalPoll(self.builder, self.block, slot, self.thread)
        return self._poll
