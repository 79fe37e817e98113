"""The LLVM backend: a program of loops as one module with one function, ``run``.

Its arguments are described in `backends.calling_convention`.

Statements become loops (`nest`), contractions become kernels (`contraction`), whose
epilogue is emitted by the same `nest.expression` as any other point of a nest.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chainrule.compiler.backends.calling_convention import (
    END_ITERATION,
    FIRST_ARRAY,
    FIRST_ITERATION,
)
from chainrule.compiler.backends.llvm import emit, ir
from chainrule.compiler.backends.llvm.addressing import BufferAddresses, flag, slot
from chainrule.compiler.backends.llvm.cycle_counter import CycleCounter
from chainrule.compiler.backends.llvm.kernel_calls import KernelTable
from chainrule.compiler.backends.llvm.nest.expression import ExpressionEmitter
from chainrule.compiler.backends.llvm.nest.loop_nest import Share, lanes_of
from chainrule.compiler.backends.llvm.nest.statement import write_nest
from chainrule.compiler.backends.llvm.spmd.barrier import barrier_function
from chainrule.compiler.backends.llvm.spmd.row_partition import RowPartition, partition_rows
from chainrule.compiler.backends.llvm.spmd.work_sharing import (
    BarrierPlacement,
    is_shared,
    uses_threads,
)
from chainrule.compiler.backends.llvm.spmd.worker_code import program_type
from chainrule.compiler.backends.llvm.target import Target
from chainrule.compiler.loop_ir.access import accesses
from chainrule.compiler.loop_ir.expressions import nests_of
from chainrule.compiler.loop_ir.layout import Layout
from chainrule.compiler.loop_ir.loops import Axis, Buffer, Loop, Nest, Program, Step
from chainrule.compiler.loop_passes.memory_plan import MemoryPlan

__all__ = ["Module", "write_module"]

Value = Any


@dataclass(frozen=True)
class Module:
    """A program in LLVM's words.

    Parameters
    ----------
    write : callable
        Gives the module, in LLVM's assembly language; with notes for people above each nest, if it
        is given some.
    constants : tuple of Buffer
        Whose values ``block`` ends with.
    arena, scratch : int
        Bytes of memory it needs: all threads together, and each besides.
    is_shared : bool
        Whether it has work for more than one thread.
    clocks : int
        How many numbers of ticks ``block`` ends with, behind the constants.
    """

    write: Callable[..., str]
    constants: tuple[Buffer, ...]
    arena: int
    scratch: int
    is_shared: bool
    clocks: int


def write_module(
    program: Program, layout: Layout, plan: MemoryPlan, target: Target, is_timed: bool = False
) -> Module:
    """Write a program."""
    writer = _Writer(program, layout, plan, target, is_timed)
    clocks = len(writer.nests) + 1 if is_timed else 0
    return Module(
        writer.write, writer.constants, plan.arena_size, writer.scratch, writer.is_shared, clocks
    )


class _Writer:
    """Writes one module."""

    def __init__(
        self, program: Program, layout: Layout, plan: MemoryPlan, target: Target, is_timed: bool
    ) -> None:
        self.program = program
        self.layout = layout
        self.plan = plan
        self.target = target
        self.module = ir.Module(program.name)
        self.turns: dict[Axis, Value] = {}
        self.apart = partition_rows(program.steps, layout, target)
        self.division: RowPartition | None = None
        self.kernels = KernelTable(program.steps, layout, target, self.apart)
        self.scratch = self.kernels.scratch + plan.thread_size
        self.is_shared = uses_threads(program.steps, self.apart)
        roots = dict.fromkeys(b.root for s in program.steps for b, _, _ in accesses(s))
        self.constants = tuple(root for root in roots if root.kind == "constant")
        outside = (*program.inputs, *program.outputs, *self.constants)
        self.numbers = {buffer: FIRST_ARRAY + i for i, buffer in enumerate(outside)}
        self.nests = list(nests_of(program.steps))
        self.is_timed = is_timed
        self.watch: CycleCounter | None = None

    def write(self, notes: Mapping[Nest, Sequence[str]] | None = None) -> str:
        """Write the function and everything it calls; above each nest its notes for people."""
        self.notes = notes or {}
        self.module.triple = self.target.triple
        function = ir.Function(self.module, program_type(), "run")
        entry = function.append_basic_block("entry")
        self.block, self.thread, self.threads, self.barrier = function.args
        self.builder = ir.IRBuilder(entry)
        start = function.append_basic_block("start")
        self.builder.branch(start)
        self.builder.position_at_end(start)
        self.grounds = BufferAddresses(
            self.builder,
            self.block,
            self.thread if self.is_shared else emit.index(0),
            self.plan,
            self.kernels.scratch,
            self.numbers,
            self._depth(self.program.steps),
        )
        with self.builder.goto_entry_block():
            is_outside = flag(self.builder, self.block)
        self.point = ExpressionEmitter(self.builder, self.grounds.base, self.layout, {}, is_outside)
        self.waiting = BarrierPlacement(self.plan)
        if self.is_timed:
            self.watch = self._stopwatch()
        self._steps(self.program.steps)
        self.builder.ret_void()
        return str(self.module)

    def _stopwatch(self) -> CycleCounter:
        def place(part: int) -> Value:
            return slot(self.builder, self.block, FIRST_ARRAY + len(self.numbers) + part)

        thread = self.thread if self.is_shared else None
        return CycleCounter(
            self.builder, place, self.grounds.stack(emit.INDEX), self.target.triple, thread
        )

    def _depth(self, steps: tuple[Step, ...]) -> int:
        inner = [1 + self._depth(step.steps) for step in steps if isinstance(step, Loop)]
        return max(inner, default=0)

    def _steps(self, steps: tuple[Step, ...]) -> None:
        for step in steps:
            if not self.is_shared:
                self._step(step, False)
                continue
            shared = is_shared(step, self.apart)
            # Every turn of a loop finds the threads together, so they meet before the first one.
            is_apart = step in self.apart or (isinstance(step, Loop) and step.is_parallel)
            together = isinstance(step, Loop) and shared and not is_apart
            meets = together and bool(self.waiting.pending)
            if meets or self.waiting.needs_barrier(step, shared):
                self._wait()
            if shared:
                self._step(step, True)
            else:
                is_first = self.builder.icmp_unsigned("==", self.thread, emit.index(0))
                with self.builder.if_then(is_first):
                    self._step(step, False)
            if not together:
                self.waiting.record(step, shared)

    def _wait(self) -> None:
        self.builder.call(barrier_function(self.module), [self.barrier, self.threads])
        self.waiting.clear()
        if self.watch is not None:
            self.watch.record(len(self.nests))

    def _step(self, step: Step, shared: bool) -> None:
        if isinstance(step, Loop):
            self._repeat(step, shared)
            return
        for line in self.notes.get(step, ()):
            self.builder.comment(line)
        self.point.axes = dict(self.turns)
        share = self._part if shared else _everything
        division = self.division if shared else None
        if step.contraction is None:
            is_lane = step.vector_axis is not None and step.vector_axis in step.axes[:1]
            rows = (
                lanes_of(step.statements, step.vector_axis.extent)
                if is_lane and step.vector_axis
                else 1
            )
            write_nest(self.point, step, share if division is None else self._rows(rows))
        else:
            part = (None, share) if division is None else (1, self._rows(division.tile))
            turns = tuple(self.turns)
            self.kernels.emit_call(self.module, step, self.point, self.grounds, turns, part)
        if self.watch is not None:
            self.watch.record(self.nests.index(step))

    def _part(self, turns: int) -> tuple[Value, Value]:
        """The turns of a loop that this thread does."""
        builder, count = self.builder, emit.index(turns)
        start = builder.udiv(builder.mul(self.thread, count), self.threads)
        following = builder.add(self.thread, emit.index(1))
        return start, builder.udiv(builder.mul(following, count), self.threads)

    def _rows(self, size: int) -> Share:
        """The turns, of so many rows each, in which this thread takes its rows through a loop."""
        division, builder = self.division, self.builder
        assert division is not None
        turns_each = emit.index(division.unit // size)

        def share(turns: int) -> tuple[Value, Value]:
            start, stop = (builder.mul(each, turns_each) for each in self._part(division.units))
            end = emit.index(turns)
            return start, builder.select(builder.icmp_signed("<", stop, end), stop, end)

        return share

    def _repeat(self, step: Loop, shared: bool) -> None:
        if shared and step in self.apart:
            self.division = self.apart[step]
        builder, last = self.builder, emit.index(step.axis.extent - 1)
        start, stop = emit.index(0), emit.index(step.axis.extent)
        if step.is_parallel:
            start, stop = self._part(step.axis.extent) if shared else (start, stop)
            shared = False
        elif not self.turns:
            start, end = (
                builder.load(slot(builder, self.block, word), typ=emit.INDEX)
                for word in (FIRST_ITERATION, END_ITERATION)
            )
            stop = builder.select(builder.icmp_signed("<", end, stop), end, stop)
        with emit.counted_loop(builder, start, stop, "loop") as turn:
            place = builder.sub(last, turn) if step.backwards else turn
            self.turns[step.axis] = place
            self.grounds.note_turn(len(self.turns), place)
            for inner in step.steps:
                if shared and self.division is None:
                    self._steps((inner,))
                else:
                    self._step(inner, shared)
            if shared and self.division is None and self.waiting.pending:
                self._wait()
            del self.turns[step.axis]
        if step in self.apart:
            self.division = None


def _everything(turns: int) -> tuple[Value, Value]:
    return emit.index(0), emit.index(turns)
