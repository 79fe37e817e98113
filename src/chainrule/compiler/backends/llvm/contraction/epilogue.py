"""Products: the shape a kernel is made for, and what is done with its sums in registers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from chainrule.compiler.backends.calling_convention import CONTEXT_INDICES
from chainrule.compiler.backends.llvm import emit, ir
from chainrule.compiler.backends.llvm.contraction.kernel import EpilogueSite, scratch_items
from chainrule.compiler.backends.llvm.contraction.loop_roles import (
    KernelLoop,
    KernelShape,
    LoopBound,
    arrange,
)
from chainrule.compiler.backends.llvm.nest.expression import ExpressionEmitter
from chainrule.compiler.backends.llvm.registers import same_width
from chainrule.compiler.backends.llvm.target import Target
from chainrule.compiler.loop_ir.layout import Layout
from chainrule.compiler.loop_ir.loops import Axis, Buffer, Contraction, Nest

__all__ = ["Epilogue", "scratch_bytes", "shape_of"]

Value = Any
LINE_BYTES = 64


def shape_of(
    contraction: Contraction, out: Buffer, layout: Layout, row_tile: int = 0
) -> KernelShape:
    """Return the loops of a contraction whose kernel fills a buffer."""
    arrays = (
        (contraction.left.buffer, contraction.left.index),
        (contraction.right.buffer, contraction.right.index),
        (out, contraction.index),
    )

    def steps(axis: Axis) -> list[int]:
        return [layout.stride(buffer, index, axis) or 0 for buffer, index in arrays]

    limits: dict[Axis, LoopBound] = {}
    for bound in contraction.bounds:
        row = next(axis for axis in contraction.axes if bound.index.coefficient(axis))
        entry = next(axis for axis in contraction.depth if bound.index.coefficient(axis))
        spacing, before = bound.index.coefficient(entry), -bound.index.constant
        limits[entry] = LoopBound(steps(row)[2], spacing, before, bound.length)
    loops = (
        KernelLoop(axis.extent, *steps(axis), limit=limits.get(axis))
        for axis in (*contraction.axes, *contraction.depth)
    )
    return KernelShape(contraction.target.dtype.name, tuple(loops), row_tile)


def scratch_bytes(shapes: Iterable[KernelShape], target: Target) -> int:
    """Return the bytes in which each thread copies operands, in whole cache lines."""
    sizes = [scratch_items(each, target) * np.dtype(each.dtype).itemsize for each in shapes]
    return -(-max(sizes, default=0) // LINE_BYTES) * LINE_BYTES


class Epilogue:
    """The statements of a contraction's nest, written into its kernel for each vector of sums.

    What they need of the program around is looked up once, where the kernel starts: its context
    holds the addresses of the program's block and of the thread's own memory, then the turns of the
    loops around.

    Parameters
    ----------
    nest : Nest
        The contraction and its statements.
    contraction : Contraction
        Its contraction.
    out : Buffer
        What the kernel itself fills.
    layout : Layout
        The strides of buffers.
    turns : sequence of Axis
        The loops around, from the outside.
    address : callable
        From a builder, the context's address and a buffer to the buffer's address.
    flag : callable
        From a builder and the block's address to the flag's.
    """

    def __init__(
        self,
        nest: Nest,
        contraction: Contraction,
        out: Buffer,
        layout: Layout,
        turns: Sequence[Axis],
        address: Callable[[Any, Value, Buffer], Value],
        flag: Callable[[Any, Value], Value],
    ) -> None:
        self.nest = nest
        self.contraction = contraction
        self.out = out
        self.layout = layout
        self.turns = tuple(turns)
        self.address = address
        self.flag = flag
        self.bases: dict[Buffer, Value] = {}
        self.outer: dict[Axis, Value] = {}
        self.flag_address: Value = None
        shape = shape_of(contraction, out, layout)
        self.places = {
            axis: loop.out for axis, loop in zip(contraction.axes, shape.loops, strict=False)
        }
        column = arrange(shape).column.out
        self.vector_axis = next(
            (axis for axis, step in self.places.items() if step == column), None
        )

    def __call__(self, site: EpilogueSite, sums: Value) -> Value:
        """Write the statements for some sums; return what the kernel is to store."""
        contraction, place = self.contraction, tuple(self.contraction.index)
        self._look_around(site)
        axes = {**self.outer}
        axes |= {axis: site.places[step] for axis, step in self.places.items()}
        point = ExpressionEmitter(
            site.builder, lambda b: self._base(site, b), self.layout, axes, self.flag_address
        )
        point.registers = self.nest.registers | {self.out}
        with point.along(self.vector_axis, sums.type.count, site.mask):
            point.known[(contraction.target, place)] = sums
            for statement in self.nest.statements:
                value = point.value(statement.value)
                point.store(statement.target, statement.index, value)
        return same_width(site.builder, [point.known[(self.out, place)], sums])[0]

    def _look_around(self, site: EpilogueSite) -> None:
        """Write, once, the loads of what is the same for the whole kernel."""
        if self.flag_address is not None:
            return
        builder = _at_start(site)
        self.flag_address = self.flag(builder, builder.load(site.context, typ=emit.POINTER))
        for number, axis in enumerate(self.turns, CONTEXT_INDICES):
            builder = _at_start(site)
            place = builder.gep(site.context, [emit.index(number)], source_etype=emit.INDEX)
            self.outer[axis] = builder.load(place, typ=emit.INDEX)

    def _base(self, site: EpilogueSite, buffer: Buffer) -> Value:
        # What the kernel fills may only be reached through the kernel's own pointer.
        if buffer is self.out:
            return site.builder.function.args[0]
        if buffer.root not in self.bases:
            builder = _at_start(site)
            self.bases[buffer.root] = self.address(builder, site.context, buffer.root)
        return self.bases[buffer.root]


def _at_start(site: EpilogueSite) -> Any:
    """A builder that writes before everything else in a kernel."""
    builder = ir.IRBuilder(site.builder.function.entry_basic_block)
    builder.position_at_start(builder.block)
    return builder
