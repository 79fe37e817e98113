"""The LLVM backend: a program of loops as one module with one function, ``run``.

::

    run(ptr block, i64 thread, i64 threads, ptr barrier)

    block[0]   the arena
    block[1]   becomes 1 where a position lies outside of its array
    block[2]   the first turn of an outermost ``repeat``
    block[3]   the turn before which it ends, if not at its own end
    block[4:]  inputs, outputs, constants: the addresses of NumPy's array objects. Native code finds
               their data itself, as asking NumPy for it takes longer than a small program.

Statements become loops (`nest`), products become kernels (`contraction`) whose epilogue is written
by the same words as any other point of a nest (`element`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import llvmlite.ir as ir

from chainrule.compiler.backends import emit
from chainrule.compiler.backends.barrier import barrier_function
from chainrule.compiler.backends.contraction import (
    Contraction,
    Kernel,
    Site,
    emit_contraction,
    is_exchanged,
    scratch_items,
)
from chainrule.compiler.backends.element import Point
from chainrule.compiler.backends.nest import write_nest
from chainrule.compiler.backends.operation import same_width
from chainrule.compiler.backends.sharing import Waiting, is_shared, shares_anything
from chainrule.compiler.backends.target import Target
from chainrule.compiler.backends.threads import program_type
from chainrule.compiler.layout import Layout
from chainrule.compiler.loops import Affine, Axis, Buffer, Nest, Product, Program, Repeat, Step
from chainrule.compiler.memory import Plan
from chainrule.compiler.query import stored_by_kernel
from chainrule.compiler.reorder import accesses

__all__ = ["FIRST_ARRAY", "Module", "write_module"]

FIRST_ARRAY = 4
"""Where in the block the arrays begin."""

Value = Any

ARRAY_DATA = object.__basicsize__
"""Where an array object keeps the address of its data: first thing after what all objects have. It is
part of NumPy's binary interface (``PyArrayObject_fields``)."""


@dataclass(frozen=True)
class Module:
    """A program in LLVM's words.

    Parameters
    ----------
    write : callable
        Gives the module, in LLVM's assembly language.
    constants : tuple of Buffer
        Whose values ``block`` ends with.
    arena, scratch : int
        Bytes of memory it needs: all threads together, and each besides.
    is_shared : bool
        Whether it has work for more than one thread.
    """

    write: Callable[[], str]
    constants: tuple[Buffer, ...]
    arena: int
    scratch: int
    is_shared: bool


def write_module(program: Program, layout: Layout, plan: Plan, target: Target) -> Module:
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

    Returns
    -------
    Module
        With one exported function, ``run``.
    """
    writer = _Writer(program, layout, plan, target)
    return Module(writer.write, writer.constants, plan.size, writer.scratch, writer.is_shared)


class _Writer:
    """Writes one module."""

    def __init__(self, program: Program, layout: Layout, plan: Plan, target: Target) -> None:
        self.program = program
        self.layout = layout
        self.plan = plan
        self.target = target
        self.module = ir.Module(program.name)
        self.turns: dict[Axis, Value] = {}
        self.kernels: dict[Any, Kernel] = {}
        self.scratch = self._largest_scratch(program.steps)
        self.is_shared = shares_anything(program.steps)
        roots = dict.fromkeys(b.root for s in program.steps for b, _, _ in accesses(s))
        self.constants = tuple(root for root in roots if root.kind == "constant")
        outside = (*program.inputs, *program.outputs, *self.constants)
        self.numbers = {buffer: FIRST_ARRAY + i for i, buffer in enumerate(outside)}

    def write(self) -> str:
        """Write the function and everything it calls."""
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
        flag = self._in_entry(lambda b: _slot(b, self.block, 1))
        self.point = Point(self.builder, self._base, self.layout, {}, flag)
        self.waiting = Waiting(self.plan)
        self._steps(self.program.steps)
        self.builder.ret_void()
        return str(self.module)

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
        return builder.load(data, typ=emit.POINTER)

    def _steps(self, steps: tuple[Step, ...]) -> None:
        for step in steps:
            if not self.is_shared:
                self._step(step, False)
                continue
            shared = is_shared(step)
            # Every turn of a loop finds the threads together, so they meet before the first one.
            meets = isinstance(step, Repeat) and shared and bool(self.waiting.touched)
            if meets or self.waiting.must_wait(step, shared):
                self._wait()
            if shared:
                self._step(step, True)
            else:
                is_first = self.builder.icmp_unsigned("==", self.thread, emit.index(0))
                with self.builder.if_then(is_first):
                    self._step(step, False)
            if not (isinstance(step, Repeat) and shared):
                self.waiting.note(step, shared)

    def _wait(self) -> None:
        self.builder.call(barrier_function(self.module), [self.barrier, self.threads])
        self.waiting.clear()

    def _step(self, step: Step, shared: bool) -> None:
        if isinstance(step, Repeat):
            self._repeat(step, shared)
            return
        self.point.axes = dict(self.turns)
        share = self._part if shared else _everything
        if step.product is None:
            write_nest(self.point, step, share)
        else:
            self._product(step, step.product, shared)

    def _part(self, turns: int) -> tuple[Value, Value]:
        """The turns of a loop that this thread does."""
        builder, count = self.builder, emit.index(turns)
        start = builder.udiv(builder.mul(self.thread, count), self.threads)
        following = builder.add(self.thread, emit.index(1))
        return start, builder.udiv(builder.mul(following, count), self.threads)

    def _repeat(self, step: Repeat, shared: bool) -> None:
        builder, last = self.builder, emit.index(step.axis.extent - 1)
        start, stop = emit.index(0), emit.index(step.axis.extent)
        if not self.turns:
            start, end = (builder.load(_slot(builder, self.block, n), typ=emit.INDEX) for n in (2, 3))
            stop = builder.select(builder.icmp_signed("<", end, stop), end, stop)
        with emit.counted_loop(builder, start, stop, "repeat") as turn:
            place = builder.sub(last, turn) if step.backwards else turn
            self.turns[step.axis] = place
            number = emit.index(len(self.turns))
            builder.store(place, builder.gep(self.context, [number], source_etype=emit.INDEX))
            for inner in step.steps:
                if shared:
                    self._steps((inner,))
                else:
                    self._step(inner, False)
            if shared and self.waiting.touched:
                self._wait()
            del self.turns[step.axis]

    # Products.

    def _product(self, nest: Nest, product: Product, shared: bool) -> None:
        out = stored_by_kernel(nest)
        assert out is not None
        shape = self._shape(product, out)
        kernel = self._kernel(nest, product, shape, out)
        builder = self.builder
        own = {product.batch, product.row, product.column, product.depth}
        pointers = [
            self._start(buffer, index, own)
            for buffer, index in (
                (out, product.index),
                (product.left.buffer, product.left.index),
                (product.right.buffer, product.right.index),
            )
        ]
        arena = builder.load(_slot(builder, self.block, 0), typ=emit.POINTER)
        first = builder.mul(self.thread, emit.index(self.scratch))
        own_scratch = builder.add(emit.index(self.plan.size), first)
        scratch = builder.gep(arena, [own_scratch], source_etype=ir.IntType(8))
        ranges = [shape.batch, kernel.tiling.row_tiles, kernel.tiling.panels]
        longest = ranges.index(max(ranges)) if shared else -1
        limits = [
            limit
            for i, turns in enumerate(ranges)
            for limit in (self._part(turns) if i == longest else _everything(turns))
        ]
        builder.call(kernel.function, [*pointers, scratch, self.context, *limits])

    def _largest_scratch(self, steps: tuple[Step, ...]) -> int:
        """Bytes in which each thread copies operands, in whole cache lines."""
        largest = 0
        for step in steps:
            if isinstance(step, Repeat):
                largest = max(largest, self._largest_scratch(step.steps))
            elif step.product is not None:
                out = stored_by_kernel(step)
                assert out is not None
                items = scratch_items(self._shape(step.product, out), self.target)
                largest = max(largest, items * step.product.target.dtype.itemsize)
        return -(-largest // 64) * 64

    def _start(self, buffer: Buffer, index: Any, own: set[Axis]) -> Value:
        """The address of an operand's first element."""
        flat = Affine()
        for place, stride in zip(index, self.layout.strides(buffer), strict=True):
            flat += place.scaled(stride)
        rest = Affine(flat.constant, tuple(term for term in flat.terms if term[0] not in own))
        offset = self.point.scalar(rest)
        kind = emit.FLOATS[buffer.dtype.name]
        return self.builder.gep(self._base(buffer), [offset], source_etype=kind)

    def _shape(self, product: Product, out: Buffer) -> Contraction:
        left, right = product.left, product.right
        batch, row, column, depth = product.batch, product.row, product.column, product.depth

        def step(buffer: Buffer, index: Any, axis: Axis) -> int:
            return self.layout.stride(buffer, index, axis) or 0

        return Contraction(
            product.target.dtype.name,
            row.extent,
            column.extent,
            depth.extent,
            (step(left.buffer, left.index, row), step(left.buffer, left.index, depth)),
            (step(right.buffer, right.index, depth), step(right.buffer, right.index, column)),
            (step(out, product.index, row), step(out, product.index, column)),
            batch.extent,
            (
                step(left.buffer, left.index, batch),
                step(right.buffer, right.index, batch),
                step(out, product.index, batch),
            ),
        )

    def _kernel(self, nest: Nest, product: Product, shape: Contraction, out: Buffer) -> Kernel:
        """Write the kernel; kernels without an epilogue are shared by shape."""
        if nest.statements:
            name = f"product{len(self.module.functions)}"
            epilogue = self._epilogue(nest, product, shape, out)
            return emit_contraction(self.module, name, shape, self.target, epilogue)
        if shape not in self.kernels:
            name = f"product{len(self.module.functions)}"
            self.kernels[shape] = emit_contraction(self.module, name, shape, self.target)
        return self.kernels[shape]

    def _epilogue(
        self, nest: Nest, product: Product, shape: Contraction, out: Buffer
    ) -> Callable[[Site, Value], Value]:
        """Statements on a vector of sums."""
        bases: dict[Buffer, Value] = {}
        outer: dict[Axis, Value] = {}
        flags: list[Value] = []
        lane = product.row if is_exchanged(shape) else product.column

        def at_entry(site: Site) -> Any:
            builder = ir.IRBuilder(site.builder.function.entry_basic_block)
            builder.position_at_start(builder.block)
            return builder

        def write(site: Site, sums: Value) -> Value:
            def base(buffer: Buffer) -> Value:
                # What the kernel fills may only be reached through the kernel's own pointer.
                if buffer is out:
                    return site.builder.function.args[0]
                if buffer.root not in bases:
                    builder = at_entry(site)
                    block = builder.load(site.context, typ=emit.POINTER)
                    bases[buffer.root] = self._address(builder, block, buffer.root)
                return bases[buffer.root]

            for number, axis in enumerate(self.turns, 1):
                if axis not in outer:
                    builder = at_entry(site)
                    place = builder.gep(site.context, [emit.index(number)], source_etype=emit.INDEX)
                    outer[axis] = builder.load(place, typ=emit.INDEX)
            axes = {**outer, product.batch: site.batch, product.row: site.row}
            axes[product.column] = site.column
            if not flags:
                builder = at_entry(site)
                flags.append(_slot(builder, builder.load(site.context, typ=emit.POINTER), 1))
            point = Point(site.builder, base, self.layout, axes, flags[0])
            point.registers = nest.registers | {out}
            with point.along(lane, sums.type.count, site.mask):
                point.known[(product.target, tuple(product.index))] = sums
                for statement in nest.statements:
                    value = point.value(statement.value)
                    point.store(statement.target, statement.index, value)
                result = point.known[(out, tuple(product.index))]
            return same_width(site.builder, [result, sums])[0]

        return write


def _everything(turns: int) -> tuple[Value, Value]:
    return emit.index(0), emit.index(turns)


def _slot(builder: Any, block: Value, number: int) -> Value:
    return builder.gep(block, [emit.index(number)], source_etype=emit.INDEX)
