"""The LLVM backend: a program of loops as one module with one function, ``run``.

::

    run(ptr block, i64 thread, i64 threads, ptr barrier)

    block[0]   the arena
    block[1]   becomes 1 where a position lies outside of its array
    block[2]   the first turn of an outermost ``repeat``
    block[3]   the turn before which it ends, if not at its own end
    block[4:]  inputs, outputs, constants: the addresses of NumPy's array objects. Native code finds
               their data itself, as asking NumPy for it takes longer than a small program.
               In a timed program the clock's ticks follow, for each nest and for waiting.

Statements become loops (`nest`), products become kernels (`contraction`) whose epilogue is written
by the same words as any other point of a nest (`element`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chainrule.compiler.backends import emit, ir
from chainrule.compiler.backends.barrier import barrier_function
from chainrule.compiler.backends.contraction import (
    Contraction,
    Kernel,
    emit_contraction,
)
from chainrule.compiler.backends.division import Division, divisions
from chainrule.compiler.backends.element import Point
from chainrule.compiler.backends.nest import write_nest
from chainrule.compiler.backends.product import Epilogue, scratch_bytes, shape_of
from chainrule.compiler.backends.sharing import Waiting, is_shared, shares_anything
from chainrule.compiler.backends.stopwatch import Stopwatch
from chainrule.compiler.backends.target import Target
from chainrule.compiler.backends.thread_code import program_type
from chainrule.compiler.backends.traversal import Share, lanes_of
from chainrule.compiler.layout import Layout
from chainrule.compiler.loops import Affine, Axis, Buffer, Nest, Product, Program, Repeat, Step
from chainrule.compiler.memory import Plan
from chainrule.compiler.query import nests_of, stored_by_kernel
from chainrule.compiler.reorder import accesses

__all__ = ["FIRST_ARRAY", "Module", "write_module"]

FIRST_ARRAY = 4
"""Where in the block the arrays begin."""

Value = Any

ARRAY_DATA = object.__basicsize__
"""Where an array object keeps the address of its data: first thing after what all objects have. It
is part of NumPy's binary interface (``PyArrayObject_fields``)."""


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
    program: Program, layout: Layout, plan: Plan, target: Target, is_timed: bool = False
) -> Module:
    """Write a program.

    Parameters
    ----------
    program : Program
        What to compute.
    layout : Layout
        The strides of its buffers.
    plan : Plan
        Where its arena buffers lie.
    target : Target
        The processor to write for.
    is_timed : bool
        Whether it adds up how long its nests take, in their order, and the waiting between them.

    Returns
    -------
    Module
        With one exported function, ``run``.
    """
    writer = _Writer(program, layout, plan, target, is_timed)
    clocks = len(writer.nests) + 1 if is_timed else 0
    return Module(
        writer.write, writer.constants, plan.size, writer.scratch, writer.is_shared, clocks
    )


class _Writer:
    """Writes one module."""

    def __init__(
        self, program: Program, layout: Layout, plan: Plan, target: Target, is_timed: bool
    ) -> None:
        self.program = program
        self.layout = layout
        self.plan = plan
        self.target = target
        self.module = ir.Module(program.name)
        self.turns: dict[Axis, Value] = {}
        self.kernels: dict[Any, Kernel] = {}
        self.apart = divisions(program.steps, layout, target)
        self.division: Division | None = None
        self.shapes = {
            nest: self._shape(nest, tile)
            for nest, tile in self._tiles(program.steps, 0)
            if nest.product is not None
        }
        self.scratch = scratch_bytes(self.shapes.values(), target)
        self.is_shared = shares_anything(program.steps, self.apart)
        roots = dict.fromkeys(b.root for s in program.steps for b, _, _ in accesses(s))
        self.constants = tuple(root for root in roots if root.kind == "constant")
        outside = (*program.inputs, *program.outputs, *self.constants)
        self.numbers = {buffer: FIRST_ARRAY + i for i, buffer in enumerate(outside)}
        self.nests = list(nests_of(program.steps))
        self.is_timed = is_timed
        self.watch: Stopwatch | None = None

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
        self.context = self._stack(ir.ArrayType(emit.INDEX, 1 + self._depth(self.program.steps)))
        address = self.builder.ptrtoint(self.block, emit.INDEX)
        self.builder.store(address, self.context)
        self.bases: dict[Buffer, Value] = {}
        flag = self._in_entry(lambda builder: _flag(builder, self.block))
        self.point = Point(self.builder, self._base, self.layout, {}, flag)
        self.waiting = Waiting(self.plan)
        if self.is_timed:
            self.watch = self._stopwatch()
        self._steps(self.program.steps)
        self.builder.ret_void()
        return str(self.module)

    def _stopwatch(self) -> Stopwatch:
        def slot(part: int) -> Value:
            return _slot(self.builder, self.block, FIRST_ARRAY + len(self.numbers) + part)

        thread = self.thread if self.is_shared else None
        return Stopwatch(self.builder, slot, self._stack(emit.INDEX), self.target.triple, thread)

    def _tiles(self, steps: Sequence[Step], tile: int) -> Iterator[tuple[Nest, int]]:
        """Every nest, and the rows of a tile where the loops around decide on them."""
        for step in steps:
            if isinstance(step, Nest):
                yield step, tile
            else:
                own = self.apart[step].tile if step in self.apart else tile
                yield from self._tiles(step.steps, own)

    def _shape(self, nest: Nest, tile: int) -> Contraction:
        out = stored_by_kernel(nest)
        assert out is not None
        assert nest.product is not None
        return shape_of(nest.product, out, self.layout, tile)

    def _depth(self, steps: tuple[Step, ...]) -> int:
        inner = [1 + self._depth(step.steps) for step in steps if isinstance(step, Repeat)]
        return max(inner, default=0)

    def _stack(self, kind: ir.Type) -> Value:
        with self.builder.goto_entry_block():
            place = self.builder.alloca(kind)
            place.type = emit.POINTER
            return place

    def _in_entry(self, write: Callable[[Any], Value]) -> Value:
        with self.builder.goto_entry_block():
            return write(self.builder)

    def _base(self, buffer: Buffer) -> Value:
        """The address of a buffer, computed once when the function starts."""
        root = buffer.root
        if root not in self.bases:
            self.bases[root] = self._in_entry(lambda b: self._address(b, self.block, root))
        return self.bases[root]

    def _address(self, builder: Any, block: Value, root: Buffer) -> Value:
        if root.kind == "arena":
            arena = builder.load(_slot(builder, block, 0), typ=emit.POINTER)
            place = emit.index(self.plan.offsets[root])
            return builder.gep(arena, [place], source_etype=ir.IntType(8))
        array = builder.load(_slot(builder, block, self.numbers[root]), typ=emit.POINTER)
        data = builder.gep(array, [emit.index(ARRAY_DATA)], source_etype=ir.IntType(8))
        return builder.load(data, name=root.name, typ=emit.POINTER)

    def _steps(self, steps: tuple[Step, ...]) -> None:
        for step in steps:
            if not self.is_shared:
                self._step(step, False)
                continue
            shared = is_shared(step, self.apart)
            # Every turn of a loop finds the threads together, so they meet before the first one.
            together = isinstance(step, Repeat) and shared and step not in self.apart
            meets = together and bool(self.waiting.touched)
            if meets or self.waiting.must_wait(step, shared):
                self._wait()
            if shared:
                self._step(step, True)
            else:
                is_first = self.builder.icmp_unsigned("==", self.thread, emit.index(0))
                with self.builder.if_then(is_first):
                    self._step(step, False)
            if not together:
                self.waiting.note(step, shared)

    def _wait(self) -> None:
        self.builder.call(barrier_function(self.module), [self.barrier, self.threads])
        self.waiting.clear()
        if self.watch is not None:
            self.watch.note(len(self.nests))

    def _step(self, step: Step, shared: bool) -> None:
        if isinstance(step, Repeat):
            self._repeat(step, shared)
            return
        for line in self.notes.get(step, ()):
            self.builder.comment(line)
        self.point.axes = dict(self.turns)
        share = self._part if shared else _everything
        if step.product is None:
            is_lane = step.lane is not None and step.lane in step.axes[:1]
            rows = lanes_of(step.statements, step.lane.extent) if is_lane and step.lane else 1
            apart = self.division is not None and shared
            write_nest(self.point, step, self._rows(rows) if apart else share)
        else:
            self._product(step, step.product, shared)
        if self.watch is not None:
            self.watch.note(self.nests.index(step))

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

    def _repeat(self, step: Repeat, shared: bool) -> None:
        if shared and step in self.apart:
            self.division = self.apart[step]
        builder, last = self.builder, emit.index(step.axis.extent - 1)
        start, stop = emit.index(0), emit.index(step.axis.extent)
        if not self.turns:
            start, end = (
                builder.load(_slot(builder, self.block, n), typ=emit.INDEX) for n in (2, 3)
            )
            stop = builder.select(builder.icmp_signed("<", end, stop), end, stop)
        with emit.counted_loop(builder, start, stop, "repeat") as turn:
            place = builder.sub(last, turn) if step.backwards else turn
            self.turns[step.axis] = place
            number = emit.index(len(self.turns))
            builder.store(place, builder.gep(self.context, [number], source_etype=emit.INDEX))
            for inner in step.steps:
                if shared and self.division is None:
                    self._steps((inner,))
                else:
                    self._step(inner, shared)
            if shared and self.division is None and self.waiting.touched:
                self._wait()
            del self.turns[step.axis]
        if step in self.apart:
            self.division = None

    # Products.

    def _product(self, nest: Nest, product: Product, shared: bool) -> None:
        out = stored_by_kernel(nest)
        assert out is not None
        shape = self.shapes[nest]
        kernel = self._kernel(nest, product, shape, out)
        builder = self.builder
        own = {*product.axes, *product.depth}
        pointers = [
            self._start(buffer, index, own)
            for buffer, index in (
                (out, product.index),
                (product.left.buffer, product.left.index),
                (product.right.buffer, product.right.index),
            )
        ]
        arena = builder.load(_slot(builder, self.block, 0), typ=emit.POINTER)
        thread = self.thread if self.is_shared else emit.index(0)
        first = builder.mul(thread, emit.index(self.scratch))
        own_scratch = builder.add(emit.index(self.plan.size), first)
        scratch = builder.gep(arena, [own_scratch], source_etype=ir.IntType(8))
        part, share = kernel.tiling.shared if shared else None, self._part
        if shared and self.division is not None:
            part, share = 1, self._rows(self.division.tile)
        limits = [
            limit
            for i, turns in enumerate(kernel.ranges)
            for limit in (share(turns) if i == part else _everything(turns))
        ]
        builder.call(kernel.function, [*pointers, scratch, self.context, *limits])

    def _start(self, buffer: Buffer, index: Any, own: set[Axis]) -> Value:
        """The address of an operand's first element."""
        flat = Affine()
        for place, stride in zip(index, self.layout.strides(buffer), strict=True):
            flat += place.scaled(stride)
        rest = Affine(flat.constant, tuple(term for term in flat.terms if term[0] not in own))
        offset = self.point.scalar(rest)
        kind = emit.FLOATS[buffer.dtype.name]
        return self.builder.gep(self._base(buffer), [offset], source_etype=kind)

    def _kernel(self, nest: Nest, product: Product, shape: Contraction, out: Buffer) -> Kernel:
        """Write the kernel; kernels without an epilogue are shared by shape."""
        if nest.statements:
            name = f"product{len(self.module.functions)}"
            epilogue = Epilogue(
                nest, product, out, self.layout, tuple(self.turns), self._address, _flag
            )
            return emit_contraction(self.module, name, shape, self.target, epilogue)
        if shape not in self.kernels:
            name = f"product{len(self.module.functions)}"
            self.kernels[shape] = emit_contraction(self.module, name, shape, self.target)
        return self.kernels[shape]


def _everything(turns: int) -> tuple[Value, Value]:
    return emit.index(0), emit.index(turns)


def _slot(builder: Any, block: Value, number: int) -> Value:
    return builder.gep(block, [emit.index(number)], source_etype=emit.INDEX)


def _flag(builder: Any, block: Value) -> Value:
    return _slot(builder, block, 1)
