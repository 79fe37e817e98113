"""Table of the contraction kernels of a module, and the calls of them."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence

import numpy as np

from chainrule.compiler.backends.llvm import emit, ir
from chainrule.compiler.backends.llvm.addressing import BufferAddresses
from chainrule.compiler.backends.llvm.contraction.epilogue import Epilogue
from chainrule.compiler.backends.llvm.contraction.kernel import (
    ContractionKernel,
    emit_kernel,
    scratch_size,
)
from chainrule.compiler.backends.llvm.contraction.kernel_shape import KernelShape, kernel_shape
from chainrule.compiler.backends.llvm.nest.expression import ExpressionEmitter
from chainrule.compiler.backends.llvm.nest.loop_nest import Schedule
from chainrule.compiler.backends.llvm.spmd.row_partition import RowPartition
from chainrule.compiler.backends.llvm.target import Target
from chainrule.compiler.loop_ir.expressions import kernel_output
from chainrule.compiler.loop_ir.layout import Layout
from chainrule.compiler.loop_ir.loops import (
    Affine,
    Axis,
    Buffer,
    Contraction,
    Expression,
    Loop,
    Nest,
    Step,
)
from chainrule.compiler.loop_ir.structure import nest_structure

__all__ = ["KernelTable"]

LINE_BYTES = 64


class KernelTable:
    """The contraction kernels of a program, each shared by all nests of one shape and epilogue.

    `partitions` says how threads partition the rows of batch-parallel loops: contractions in these
    have row tiles of the partition's size.
    """

    def __init__(
        self,
        steps: Sequence[Step],
        layout: Layout,
        target: Target,
        partitions: Mapping[Loop, RowPartition],
    ) -> None:
        self.layout = layout
        self.target = target
        self.partitions = partitions
        self.shapes = {
            nest: self._kernel_shape(nest, row_tile)
            for nest, row_tile in self._nests(steps, 0)
            if nest.contraction is not None
        }
        self.packing_bytes = self._packing_bytes()
        self.kernels: dict[Hashable, ContractionKernel] = {}

    def emit_call(
        self,
        module: ir.Module,
        nest: Nest,
        emitter: ExpressionEmitter,
        addresses: BufferAddresses,
        enclosing: Sequence[Axis],
        work_sharing: tuple[int | None, Schedule],
    ) -> None:
        """Emit the call of a nest's kernel, and the kernel if the table has no equal one.

        `work_sharing` is the range that threads share (as in `Tiling`; None for the tiling's own
        choice) and this thread's part of it.
        """
        out, contraction = kernel_output(nest), nest.contraction
        assert out is not None
        assert contraction is not None
        kernel, roots = self._kernel(module, nest, out, enclosing)
        axes = {*contraction.axes, *contraction.depth}
        pointers = [
            self._operand_address(emitter, addresses, buffer, index, axes)
            for buffer, index in (
                (out, contraction.index),
                (contraction.left.buffer, contraction.left.index),
                (contraction.right.buffer, contraction.right.index),
            )
        ]
        shared_range, schedule = work_sharing
        shared_range = kernel.tiling.shared_range if shared_range is None else shared_range
        ranges = [
            bound
            for i, count in enumerate(kernel.trip_counts)
            for bound in (
                schedule(count) if i == shared_range else (emit.index(0), emit.index(count))
            )
        ]
        arguments = [*pointers, addresses.thread_memory, addresses.context, *ranges]
        arguments += [addresses.operands(roots)] if nest.statements else []
        emitter.builder.call(kernel.function, arguments)

    def _nests(self, steps: Sequence[Step], row_tile: int) -> Iterator[tuple[Nest, int]]:
        """Iterate over all nests, with the row tile that an enclosing partition requires, or 0."""
        for step in steps:
            if isinstance(step, Nest):
                yield step, row_tile
            elif isinstance(step, Loop):
                partition = self.partitions.get(step)
                inner = row_tile if partition is None else partition.row_tile
                yield from self._nests(step.steps, inner)

    def _kernel_shape(self, nest: Nest, row_tile: int) -> KernelShape:
        out = kernel_output(nest)
        assert out is not None
        assert nest.contraction is not None
        return kernel_shape(nest.contraction, out, self.layout, row_tile)

    def _packing_bytes(self) -> int:
        """Return the bytes in which each thread packs operands, in whole cache lines."""
        sizes = [
            scratch_size(shape, self.target) * np.dtype(shape.dtype).itemsize
            for shape in self.shapes.values()
        ]
        return -(-max(sizes, default=0) // LINE_BYTES) * LINE_BYTES

    def _operand_address(
        self,
        emitter: ExpressionEmitter,
        addresses: BufferAddresses,
        buffer: Buffer,
        index: Sequence[Affine | Expression],
        axes: set[Axis],
    ) -> ir.Value:
        """Return the address of an operand's element where all axes of the contraction are 0."""
        flat = Affine()
        for position, stride in zip(index, self.layout.strides(buffer), strict=True):
            assert isinstance(position, Affine)
            flat += position.scaled(stride)
        start = Affine(flat.constant, tuple(term for term in flat.terms if term[0] not in axes))
        element_type = emit.FLOATS[buffer.dtype.name]
        base = addresses.argument(buffer)
        return emitter.builder.gep(base, [emitter.scalar_index(start)], source_etype=element_type)

    def _kernel(
        self, module: ir.Module, nest: Nest, out: Buffer, enclosing: Sequence[Axis]
    ) -> tuple[ContractionKernel, list[Buffer]]:
        """Return a nest's kernel, and the operands of its epilogue."""
        shape, contraction = self.shapes[nest], nest.contraction
        assert isinstance(contraction, Contraction)
        name = f"contraction{len(module.functions)}"
        if not nest.statements:
            if shape not in self.kernels:
                self.kernels[shape] = emit_kernel(module, name, shape, self.target)
            return self.kernels[shape], []
        structure = nest_structure(nest, self.layout, enclosing)
        roots = [root for root in structure.roots if root not in nest.registers]
        key = shape, structure.key, structure.roots.index(out.root)
        if key not in self.kernels:
            epilogue = Epilogue(nest, contraction, out, self.layout, enclosing, roots)
            self.kernels[key] = emit_kernel(
                module, name, shape, self.target, epilogue, epilogue.prefetch
            )
        return self.kernels[key], roots
