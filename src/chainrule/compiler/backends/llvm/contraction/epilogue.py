"""Fused epilogue: the statements of a contraction's nest, emitted into its kernel.

They are applied to each vector of accumulators while it is in registers.
"""

from __future__ import annotations

from collections.abc import Sequence

from chainrule.compiler.backends.calling_convention import CONTEXT_INDICES
from chainrule.compiler.backends.llvm import emit, ir
from chainrule.compiler.backends.llvm.addressing import bounds_flag, operand_address
from chainrule.compiler.backends.llvm.contraction.kernel_shape import kernel_shape
from chainrule.compiler.backends.llvm.contraction.loop_roles import assign_roles
from chainrule.compiler.backends.llvm.contraction.tile_sites import EpilogueSite
from chainrule.compiler.backends.llvm.nest.expression import ExpressionEmitter, Point
from chainrule.compiler.backends.llvm.registers import memory_type, splat_scalars
from chainrule.compiler.loop_ir.expressions import loads_of
from chainrule.compiler.loop_ir.layout import Layout
from chainrule.compiler.loop_ir.loops import Affine, Axis, Buffer, Contraction, Load, Nest

__all__ = ["Epilogue"]

LINE_BYTES = 64
MIN_PREFETCHED_BYTES = 2**19
"""Of an array that an epilogue reads; a smaller one is in the second-level cache."""
LOCALITY = 3


class Epilogue:
    """Emits the statements of a nest for vectors of accumulators.

    What is invariant in the kernel is loaded once, in its entry block: the addresses of the buffers
    by its last argument, the operands `roots`, so that nests of one structure share the kernel; the
    indices of the enclosing loops from the kernel context.
    """

    def __init__(
        self,
        nest: Nest,
        contraction: Contraction,
        out: Buffer,  # what the kernel itself stores to
        layout: Layout,
        enclosing: Sequence[Axis],  # loops around the nest, outermost first
        roots: Sequence[Buffer],
    ) -> None:
        self.nest = nest
        self.contraction = contraction
        self.out = out
        self.layout = layout
        self.enclosing = tuple(enclosing)
        self.roots = tuple(roots)
        self.bases: dict[Buffer, ir.Value] = {}
        self.enclosing_indices: dict[Axis, ir.Value] = {}
        self.flag_address: ir.Value | None = None
        shape = kernel_shape(contraction, out, layout)
        self.strides = {
            axis: loop.out for axis, loop in zip(contraction.axes, shape.loops, strict=False)
        }
        column = assign_roles(shape).column.out
        self.vector_axis = next(
            (axis for axis, stride in self.strides.items() if stride == column), None
        )

    def __call__(self, site: EpilogueSite, accumulators: ir.Value) -> ir.Value:
        """Emit the statements for a vector of accumulators; return what the kernel stores."""
        contraction, index = self.contraction, tuple(self.contraction.index)
        flag_address = self._load_context(site)
        result_indices = {axis: site.indices[stride] for axis, stride in self.strides.items()}
        point: Point = {**self.enclosing_indices, **result_indices}
        emitter = ExpressionEmitter(
            site.builder, lambda b: self._base(site, b), self.layout, point, flag_address
        )
        emitter.registers = self.nest.registers | {self.out}
        width = ir.vector_of(accumulators).count
        with emitter.vectorized(self.vector_axis, width, site.mask):
            emitter.available[(contraction.target, index)] = accumulators
            for statement in self.nest.statements:
                value = emitter.value(statement.value)
                emitter.store(statement.target, statement.index, value)
        return splat_scalars(site.builder, [emitter.available[(self.out, index)], accumulators])[0]

    def prefetch(self, site: EpilogueSite, row: int, rows: int, columns: int) -> None:
        """Emit prefetches of what the statements read for a register tile that begins at a site.

        `row` is the output's stride along its rows. A tile reads a line or two of each row, a
        pattern that no hardware prefetcher follows.
        """
        axes = {stride: axis for axis, stride in self.strides.items()}
        if row not in axes or self.vector_axis is None:
            return
        flag_address = self._load_context(site)
        indices = {axis: site.indices[stride] for axis, stride in self.strides.items()}
        point: Point = {**self.enclosing_indices, **indices}
        emitter = ExpressionEmitter(
            site.builder, lambda b: self._base(site, b), self.layout, point, flag_address
        )
        for load in self._streams(axes[row]):
            size, strides = load.dtype.itemsize, self.layout.strides(load.buffer)
            flat = Affine()
            for index, stride in zip(load.index, strides, strict=True):
                assert isinstance(index, Affine)
                flat += index.scaled(stride)
            element = memory_type(load.dtype)
            first = site.builder.gep(
                emitter.base(load.buffer), [emitter.scalar_index(flat)], source_etype=element
            )
            for i in range(rows):
                start, length = i * flat.coefficient(axes[row]) * size, columns * size
                for byte in (*range(0, length, LINE_BYTES), length - 1):
                    offset = emit.index(start + byte)
                    address = site.builder.gep(first, [offset], source_etype=ir.IntType(8))
                    emit.prefetch(site.builder, address, LOCALITY)

    def _streams(self, row: Axis) -> list[Load]:
        """List the loads of large arrays that run along the columns and differ between rows."""
        assert self.vector_axis is not None
        computed = {self.contraction.target} | self.nest.registers
        streams: dict[tuple[Buffer, tuple[object, ...]], Load] = {}
        for statement in self.nest.statements:
            for load in loads_of(statement.value):
                buffer = load.buffer
                is_large = buffer.size * buffer.dtype.itemsize >= MIN_PREFETCHED_BYTES
                if not is_large or buffer in computed or not load.is_affine:
                    continue
                steps = (
                    self.layout.stride(buffer, load.index, axis) for axis in (self.vector_axis, row)
                )
                if next(steps) == 1 and next(steps):
                    streams.setdefault((buffer, load.index), load)
        return list(streams.values())

    def _load_context(self, site: EpilogueSite) -> ir.Value:
        """Emit, once, the loads of what is invariant in the kernel; return the flag's address."""
        if self.flag_address is not None:
            return self.flag_address
        builder = _entry_builder(site)
        self.flag_address = bounds_flag(builder, builder.load(site.context, typ=emit.POINTER))
        for number, axis in enumerate(self.enclosing, CONTEXT_INDICES):
            builder = _entry_builder(site)
            address = builder.gep(site.context, [emit.index(number)], source_etype=emit.INDEX)
            self.enclosing_indices[axis] = builder.load(address, typ=emit.INDEX)
        return self.flag_address

    def _base(self, site: EpilogueSite, buffer: Buffer) -> ir.Value:
        # The kernel's output is noalias: it may only be accessed through that argument.
        if buffer is self.out:
            return site.builder.function.args[0]
        root = buffer.root
        if root not in self.bases:
            operands, number = site.builder.function.args[-1], self.roots.index(root)
            self.bases[root] = operand_address(
                _entry_builder(site), site.context, operands, number, root
            )
        return self.bases[root]


def _entry_builder(site: EpilogueSite) -> ir.IRBuilder:
    """Return a builder at the start of the kernel's entry block."""
    builder = ir.IRBuilder(site.builder.function.entry_basic_block)
    builder.position_at_start(builder.block)
    return builder
