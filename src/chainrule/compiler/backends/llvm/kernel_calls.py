"""The kernels of a module's contractions: their shapes, their code and the calls of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from chainrule.compiler.backends.llvm import emit, ir
from chainrule.compiler.backends.llvm.addressing import BufferAddresses, flag
from chainrule.compiler.backends.llvm.contraction.epilogue import Epilogue, scratch_bytes, shape_of
from chainrule.compiler.backends.llvm.contraction.kernel import (
    Kernel,
    KernelShape,
    emit_contraction,
)
from chainrule.compiler.backends.llvm.nest.expression import ExpressionEmitter
from chainrule.compiler.backends.llvm.nest.loop_nest import Share
from chainrule.compiler.backends.llvm.spmd.row_partition import RowPartition
from chainrule.compiler.backends.llvm.target import Target
from chainrule.compiler.loop_ir.expressions import stored_by_kernel
from chainrule.compiler.loop_ir.layout import Layout
from chainrule.compiler.loop_ir.loops import Affine, Axis, Buffer, Contraction, Loop, Nest, Step

__all__ = ["KernelTable"]

Value = Any


class KernelTable:
    """Writes kernels into a module and calls them.

    Parameters
    ----------
    steps : sequence of Step
        The program.
    layout : Layout
        The strides of its buffers.
    target : Target
        The processor to write for.
    apart : dict
        How threads divide the rows of some loops; contractions in them have tiles of one height.

    Attributes
    ----------
    scratch : int
        Bytes in which each thread copies operands.
    """

    def __init__(
        self,
        steps: Sequence[Step],
        layout: Layout,
        target: Target,
        apart: Mapping[Loop, RowPartition],
    ) -> None:
        self.layout = layout
        self.target = target
        self.apart = apart
        self.shapes = {
            nest: self._shape(nest, tile)
            for nest, tile in self._tiles(steps, 0)
            if nest.contraction is not None
        }
        self.scratch = scratch_bytes(self.shapes.values(), target)
        self.made: dict[KernelShape, Kernel] = {}

    def write_call(
        self,
        module: ir.Module,
        nest: Nest,
        point: ExpressionEmitter,
        grounds: BufferAddresses,
        turns: Sequence[Axis],
        share: tuple[int | None, Share],
    ) -> None:
        """Write the call of a nest's kernel, and the kernel where there is none like it."""
        out, contraction = stored_by_kernel(nest), nest.contraction
        assert out is not None
        assert contraction is not None
        kernel = self._kernel(module, nest, out, grounds, turns)
        own = {*contraction.axes, *contraction.depth}
        pointers = [
            self._start(point, grounds, buffer, index, own)
            for buffer, index in (
                (out, contraction.index),
                (contraction.left.buffer, contraction.left.index),
                (contraction.right.buffer, contraction.right.index),
            )
        ]
        part, turns_of = share
        part = kernel.tiling.shared if part is None else part
        limits = [
            limit
            for i, count in enumerate(kernel.ranges)
            for limit in (turns_of(count) if i == part else (emit.index(0), emit.index(count)))
        ]
        arguments = [*pointers, grounds.own, grounds.context, *limits]
        point.builder.call(kernel.function, arguments)

    def _tiles(self, steps: Sequence[Step], tile: int) -> Iterator[tuple[Nest, int]]:
        """Every nest, and the rows of a tile where the loops around decide on them."""
        for step in steps:
            if isinstance(step, Nest):
                yield step, tile
            else:
                own = self.apart[step].tile if step in self.apart else tile
                yield from self._tiles(step.steps, own)

    def _shape(self, nest: Nest, tile: int) -> KernelShape:
        out = stored_by_kernel(nest)
        assert out is not None
        assert nest.contraction is not None
        return shape_of(nest.contraction, out, self.layout, tile)

    def _start(
        self,
        point: ExpressionEmitter,
        grounds: BufferAddresses,
        buffer: Buffer,
        index: Any,
        own: set[Axis],
    ) -> Value:
        """The address of an operand's first element."""
        flat = Affine()
        for place, stride in zip(index, self.layout.strides(buffer), strict=True):
            flat += place.scaled(stride)
        rest = Affine(flat.constant, tuple(term for term in flat.terms if term[0] not in own))
        kind = emit.FLOATS[buffer.dtype.name]
        return point.builder.gep(grounds.base(buffer), [point.scalar(rest)], source_etype=kind)

    def _kernel(
        self,
        module: ir.Module,
        nest: Nest,
        out: Buffer,
        grounds: BufferAddresses,
        turns: Sequence[Axis],
    ) -> Kernel:
        """Write the kernel; kernels without an epilogue are shared by shape."""
        shape, contraction = self.shapes[nest], nest.contraction
        assert isinstance(contraction, Contraction)
        name = f"product{len(module.functions)}"
        if nest.statements:
            place = grounds.base_in_kernel
            epilogue = Epilogue(nest, contraction, out, self.layout, tuple(turns), place, flag)
            return emit_contraction(module, name, shape, self.target, epilogue)
        if shape not in self.made:
            self.made[shape] = emit_contraction(module, name, shape, self.target)
        return self.made[shape]
