"""LLVM code generation: a program of loops as one module with one function, ``run``.

Its arguments are described in `backends.calling_convention`. All threads call it (SPMD): each
executes its part of the nests they share, and they wait for one another at barriers (`spmd`).

Nests become loops (`nest`), those that occur several times calls of one function (`nest_calls`).
Contractions become calls of kernels (`contraction`), whose fused epilogues are emitted by the same
`nest.expression` as every other point of a nest.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from chainrule.compiler.backends.calling_convention import (
    END_ITERATION,
    FIRST_ARRAY,
    FIRST_ITERATION,
)
from chainrule.compiler.backends.llvm import emit, ir
from chainrule.compiler.backends.llvm.addressing import BufferAddresses, bounds_flag, word_address
from chainrule.compiler.backends.llvm.cycle_counter import CycleCounter
from chainrule.compiler.backends.llvm.kernel_calls import KernelTable
from chainrule.compiler.backends.llvm.nest.expression import ExpressionEmitter, Point
from chainrule.compiler.backends.llvm.nest.loop_nest import Schedule, lanes_of
from chainrule.compiler.backends.llvm.nest_calls import NestTable
from chainrule.compiler.backends.llvm.routine_calls import RoutineTable
from chainrule.compiler.backends.llvm.scalar_loops import buffers_in_registers
from chainrule.compiler.backends.llvm.spmd.barrier import barrier_function
from chainrule.compiler.backends.llvm.spmd.loop_condition import ConditionEmitter, may_exit
from chainrule.compiler.backends.llvm.spmd.row_partition import RowPartition, partition_rows
from chainrule.compiler.backends.llvm.spmd.work_sharing import (
    BarrierPlacement,
    is_multithreaded,
    is_shared,
)
from chainrule.compiler.backends.llvm.spmd.worker_code import program_type
from chainrule.compiler.backends.llvm.target import Target
from chainrule.compiler.loop_ir.access import accesses
from chainrule.compiler.loop_ir.expressions import leaves_of
from chainrule.compiler.loop_ir.layout import Layout
from chainrule.compiler.loop_ir.loops import (
    Buffer,
    Call,
    Loop,
    Nest,
    Program,
    Step,
)
from chainrule.compiler.loop_passes.memory_plan import MemoryPlan

__all__ = ["ProgramModule", "emit_module"]

ROW_TILE_RANGE = 1
"""The range of row tiles, which threads share in a partitioned loop; see `Tiling.shared_range`."""


@dataclass(frozen=True)
class ProgramModule:
    """A program as an LLVM module, and the memory that it needs."""

    emit: Callable[..., str]  # returns LLVM IR, given comments for nests or not
    constants: tuple[Buffer, ...]  # the last arrays of the argument block
    routines: tuple[tuple[str, str], ...]  # the routines behind them, and messages of failures
    arena: int  # bytes, shared by all threads
    scratch: int  # bytes for each thread
    is_multithreaded: bool  # whether it has enough work for several threads
    cycle_counters: int  # how many the argument block ends with


def emit_module(
    program: Program, layout: Layout, plan: MemoryPlan, target: Target, is_timed: bool = False
) -> ProgramModule:
    """Generate code for a program, on demand: see `ProgramModule.emit`."""
    emitter = _ModuleEmitter(program, layout, plan, target, is_timed)
    return ProgramModule(
        emit=emitter.emit,
        constants=emitter.constants,
        routines=emitter.routines.routines,
        arena=plan.arena_size,
        scratch=emitter.scratch,
        is_multithreaded=emitter.is_multithreaded,
        cycle_counters=len(emitter.leaves) + 1 if is_timed else 0,
    )


class _ModuleEmitter:
    """Emits one module."""

    def __init__(
        self, program: Program, layout: Layout, plan: MemoryPlan, target: Target, is_timed: bool
    ) -> None:
        self.program = program
        self.layout = layout
        self.plan = plan
        self.target = target
        self.module = ir.Module(program.name)
        self.loop_indices: Point = {}  # of the enclosing loops, outermost first
        self.partitions = partition_rows(program.steps, layout, target)
        self.partition: RowPartition | None = None  # of an enclosing loop
        self.kernels = KernelTable(program.steps, layout, target, self.partitions)
        self.scratch = self.kernels.packing_bytes + plan.thread_size
        self.is_multithreaded = is_multithreaded(program.steps, self.partitions)
        roots = dict.fromkeys(b.root for s in program.steps for b, _, _ in accesses(s))
        self.constants = tuple(root for root in roots if root.kind == "constant")
        arrays = (*program.inputs, *program.outputs, *self.constants)
        self.words = {buffer: FIRST_ARRAY + i for i, buffer in enumerate(arrays)}
        self.leaves = list(leaves_of(program.steps))
        calls = (each for each in self.leaves if isinstance(each, Call))
        self.routines = RoutineTable(calls, layout, FIRST_ARRAY + len(self.words))
        self.is_timed = is_timed
        self.cycle_counter: CycleCounter | None = None

    def emit(self, comments: Mapping[Nest, Sequence[str]] | None = None) -> str:
        """Emit the function and all that it calls, with comments above each nest."""
        self.comments = comments or {}
        self.module.triple = self.target.triple
        function = ir.Function(self.module, program_type(), "run")
        entry = function.append_basic_block("entry")
        self.block, self.thread, self.threads, self.barrier = function.args
        self.builder = ir.IRBuilder(entry)
        start = function.append_basic_block("start")
        self.builder.branch(start)
        self.builder.position_at_end(start)
        in_registers = () if self.is_multithreaded else buffers_in_registers(self.program.steps)
        self.nests = NestTable(self.program.steps, self.layout, in_registers)
        self.addresses = BufferAddresses(
            self.builder,
            self.block,
            self.thread if self.is_multithreaded else emit.index(0),
            self.plan,
            self.kernels.packing_bytes,
            self.words,
            _loop_depth(self.program.steps),
            in_registers,
        )
        with self.builder.goto_entry_block():
            flag = bounds_flag(self.builder, self.block)
        self.emitter = ExpressionEmitter(self.builder, self.addresses.base, self.layout, {}, flag)
        thread = self.thread if self.is_multithreaded else None
        self.conditions = ConditionEmitter(self.emitter, self.block, thread)
        self.barriers = BarrierPlacement(self.plan)
        if self.is_timed:
            self.cycle_counter = self._new_cycle_counter()
        for buffer in in_registers:
            if buffer in self.program.in_place:
                self.addresses.load_result(buffer)
        self._emit_steps(self.program.steps)
        for buffer in in_registers:
            if buffer.kind == "output":
                self.addresses.store_result(buffer)
        self.builder.ret_void()
        self.addresses.close()
        return str(self.module)

    def _new_cycle_counter(self) -> CycleCounter:
        first_counter = self.routines.first_word + len(self.routines.routines)

        def counter_address(number: int) -> ir.Value:
            return word_address(self.builder, self.block, first_counter + number)

        thread = self.thread if self.is_multithreaded else None
        latest = self.addresses.stack_slot(emit.INDEX)
        return CycleCounter(self.builder, counter_address, latest, self.target.triple, thread)

    def _emit_steps(self, steps: tuple[Step, ...]) -> None:
        """Emit steps with the barriers between them."""
        for step in steps:
            if not self.is_multithreaded:
                self._emit_step(step, False)
                continue
            shared = is_shared(step, self.partitions)
            # All threads execute every iteration of a sequential loop and share the nests inside,
            # where barriers are placed on the assumption that none is pending before it.
            is_sequential = isinstance(step, Loop) and not (
                step in self.partitions or step.is_parallel
            )
            is_shared_loop = is_sequential and shared
            if (is_shared_loop and self.barriers.pending) or self.barriers.needs_barrier(
                step, shared
            ):
                self._emit_barrier()
            if shared:
                self._emit_step(step, True)
            else:
                is_first = self.builder.icmp_unsigned("==", self.thread, emit.index(0))
                with self.builder.if_then(is_first):
                    self._emit_step(step, False)
            if not is_shared_loop:
                self.barriers.record(step, shared)

    def _emit_barrier(self) -> None:
        self.builder.call(barrier_function(self.module), [self.barrier, self.threads])
        self.barriers.clear()
        if self.cycle_counter is not None:
            self.cycle_counter.record(len(self.leaves))

    def _emit_step(self, step: Step, shared: bool) -> None:
        if isinstance(step, Loop):
            self._emit_loop(step, shared)
            return
        self.emitter.axes = dict(self.loop_indices)
        if isinstance(step, Call):
            self.routines.emit_call(self.emitter, self.addresses, step)
        else:
            self._emit_nest(step, shared)
        if self.cycle_counter is not None:
            self.cycle_counter.record(self.leaves.index(step))

    def _emit_nest(self, step: Nest, shared: bool) -> None:
        for line in self.comments.get(step, ()):
            self.builder.comment(line)
        if step.contraction is None:
            work_sharing = shared, self._nest_schedule(step, shared)
            enclosing = tuple(self.loop_indices)
            self.nests.emit(self.emitter, self.addresses, step, enclosing, work_sharing)
        else:
            self._emit_kernel_call(step, shared)

    def _emit_kernel_call(self, nest: Nest, shared: bool) -> None:
        work_sharing: tuple[int | None, Schedule] = (None, _all_iterations)
        if shared and self.partition is not None:
            work_sharing = (
                ROW_TILE_RANGE,
                self._row_schedule(self.partition, self.partition.row_tile),
            )
        elif shared:
            work_sharing = (None, self._static_schedule)
        enclosing = tuple(self.loop_indices)
        self.kernels.emit_call(
            self.module, nest, self.emitter, self.addresses, enclosing, work_sharing
        )

    def _nest_schedule(self, nest: Nest, shared: bool) -> Schedule:
        if not shared:
            return _all_iterations
        if self.partition is None:
            return self._static_schedule
        axis, rows = nest.vector_axis, 1
        if axis is not None and axis in nest.axes[:1]:
            rows = lanes_of(nest.statements, axis.extent)
        return self._row_schedule(self.partition, rows)

    def _static_schedule(self, count: int) -> tuple[ir.Value, ir.Value]:
        """Return this thread's part of a loop's iterations: contiguous, equal up to one."""
        builder, total = self.builder, emit.index(count)
        start = builder.udiv(builder.mul(self.thread, total), self.threads)
        following = builder.add(self.thread, emit.index(1))
        return start, builder.udiv(builder.mul(following, total), self.threads)

    def _row_schedule(self, partition: RowPartition, rows: int) -> Schedule:
        """Return the schedule of a loop over a partition's rows, `rows` in each iteration."""
        builder, iterations = self.builder, emit.index(partition.unit // rows)

        def schedule(count: int) -> tuple[ir.Value, ir.Value]:
            units = self._static_schedule(partition.units)
            start, stop = (builder.mul(unit, iterations) for unit in units)
            end = emit.index(count)
            return start, builder.select(builder.icmp_signed("<", stop, end), stop, end)

        return schedule

    def _emit_loop(self, step: Loop, shared: bool) -> None:
        if shared and step in self.partitions:
            self.partition = self.partitions[step]
        shared_iterations = shared and not step.is_parallel
        is_synchronized = shared_iterations and self.partition is None
        builder, last = self.builder, emit.index(step.axis.extent - 1)
        with self._iterations(step, shared) as iteration:
            index = builder.sub(last, iteration) if step.is_reversed else iteration
            self.addresses.store_loop_index(len(self.loop_indices), index)
            self.loop_indices[step.axis] = index
            if is_synchronized:
                self.barriers.record_test(step)
                self._emit_steps(step.steps)
            else:
                for inner in step.steps:
                    self._emit_step(inner, shared_iterations)
            if may_exit(step):
                self._emit_early_exit(step, is_synchronized)
            if is_synchronized and self.barriers.pending:
                self._emit_barrier()
            del self.loop_indices[step.axis]
        if is_synchronized:
            self.barriers.record_test(step)
        if step in self.partitions:
            self.partition = None

    def _emit_early_exit(self, step: Loop, is_synchronized: bool) -> None:
        assert step.condition is not None
        tested = step.condition.element.buffer
        if is_synchronized and self.barriers.is_pending(tested):
            self._emit_barrier()
        self.conditions.exit_after_failure(step, self.loop_indices)
        if is_synchronized:
            self.barriers.record_store(tested)

    @contextmanager
    def _iterations(self, step: Loop, shared: bool) -> Generator[ir.Value]:
        """Emit the iterations of a loop, each after its condition."""
        start, stop = self._loop_range(step, shared)
        if step.condition is not None and step.axis.extent == 1:
            holds = self.conditions.continues(step.condition, self.loop_indices)
            with self.builder.if_then(holds):
                yield start
            return
        condition = step.condition and partial(
            self.conditions.continues, step.condition, self.loop_indices
        )
        with emit.counted_loop(self.builder, start, stop, "loop", condition) as iteration:
            yield iteration

    def _loop_range(self, step: Loop, shared: bool) -> tuple[ir.Value, ir.Value]:
        """Return the iterations of a loop.

        Those of an outermost one are in the argument block, unless it ends by a condition.
        """
        builder, count = self.builder, step.axis.extent
        start, stop = _all_iterations(count)
        if step.is_parallel:
            return self._static_schedule(count) if shared else (start, stop)
        if self.loop_indices or step.condition is not None:
            return start, stop
        start, end = (
            builder.load(word_address(builder, self.block, word), typ=emit.INDEX)
            for word in (FIRST_ITERATION, END_ITERATION)
        )
        return start, builder.select(builder.icmp_signed("<", end, stop), end, stop)


def _loop_depth(steps: Sequence[Step]) -> int:
    inner = [1 + _loop_depth(step.steps) for step in steps if isinstance(step, Loop)]
    return max(inner, default=0)


def _all_iterations(count: int) -> tuple[ir.Value, ir.Value]:
    return emit.index(0), emit.index(count)
