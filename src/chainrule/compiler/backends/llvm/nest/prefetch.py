"""Gathered rows: their indices hoisted out of the vector loop, the next row prefetched.

The typical case is a batch gathered from all samples. Its rows are at arbitrary addresses, which
no hardware prefetcher predicts, so each would be a cache miss. But the indices of the next
iteration of the enclosing loop are known: while a row is read, the next one is prefetched. Where
the rows do not change with such a loop, as words that were looked up before, some rows ahead are,
if the table exceeds the caches of a core.
"""

from __future__ import annotations

from collections.abc import Iterator

from chainrule.compiler.backends.llvm import emit, ir
from chainrule.compiler.backends.llvm.nest.expression import ExpressionEmitter
from chainrule.compiler.backends.llvm.nest.known_values import KnownValues
from chainrule.compiler.loop_ir.expressions import axes_in, loads_of
from chainrule.compiler.loop_ir.loops import Affine, Axis, Expression, Load, Nest

__all__ = ["GatherPrefetch"]

LINE_BYTES = 64
BYTE = ir.IntType(8)
LOCALITY = 1
MIN_TABLE_BYTES = 2**19
"""From which on rows of the same iteration are prefetched."""
ROWS_AHEAD = 16
"""Rows of two lines: about as many misses as a core waits for at a time."""


class GatherPrefetch:
    """The gathers of a nest whose indices are invariant along its vector axis."""

    def __init__(self, emitter: ExpressionEmitter, nest: Nest) -> None:
        self.emitter = emitter
        self.vector_axis = nest.vector_axis
        self.nest_order, self.nest_axes = nest.axes, frozenset(nest.axes)
        self.gathers = list(_invariant_gathers(nest))
        self.next_rows: list[tuple[ir.Value, int]] = []  # address and bytes of an element

    def hoist(self) -> None:
        """Emit, in front of the vector loop, the indices and the addresses of the next rows."""
        self.emitter.hoisted_indices = {}
        self.next_rows = []
        for load in self.gathers:
            self.emitter.hoist_indices(load)
            loop = _enclosing_loop(load)
            if not self._is_contiguous_row(load):
                continue
            if loop is not None:
                self.next_rows.append((self._next_row(load, loop), load.dtype.itemsize))
            elif load.buffer.size * load.dtype.itemsize >= MIN_TABLE_BYTES:
                self.next_rows.append((self._row_ahead(load), load.dtype.itemsize))

    def emit(self) -> None:
        """Emit, in the vector loop, a prefetch of the next row's elements at this index."""
        builder = self.emitter.builder
        for row, size in self.next_rows:
            assert self.vector_axis is not None
            # The index is the constant 0 if the axis is one vector.
            index = self.emitter.scalar_index(Affine.of(self.vector_axis))
            offset = builder.mul(index, emit.index(size))
            emit.prefetch(builder, builder.gep(row, [offset], source_etype=BYTE), LOCALITY)

    def _is_contiguous_row(self, load: Load) -> bool:
        """Whether a load reads a contiguous row whose address is invariant along it."""
        assert self.vector_axis is not None
        axes = {axis for index in load.index for axis in axes_in(index)}
        if not all(axis in self.nest_axes or axis.is_loop_index for axis in axes):
            return False
        step = self.emitter.layout.stride(load.buffer, load.index, self.vector_axis)
        return step == 1 and self.vector_axis.extent * load.dtype.itemsize >= LINE_BYTES

    def _next_row(self, load: Load, loop: Axis) -> ir.Value:
        """Emit the address of the row in the next iteration of a loop, in the last one its own."""
        builder = self.emitter.builder
        current = self.emitter.axes[loop]
        assert isinstance(current, ir.Value)
        following = builder.add(current, emit.index(1))
        has_next = builder.icmp_signed("<", following, emit.index(loop.extent))
        return self._row(load, {loop: builder.select(has_next, following, current)})

    def _row_ahead(self, load: Load) -> ir.Value:
        """Emit the address of a row some rows ahead in this nest, near its end the last one's."""
        builder, axes = self.emitter.builder, self.emitter.axes
        read = {axis for index in _gather_indices(load) for axis in axes_in(index)}
        outer = [axis for axis in self.nest_order if axis in read]
        position: ir.Value = emit.index(ROWS_AHEAD)
        stride = 1
        for axis in reversed(outer):
            current = axes[axis]
            current = current if isinstance(current, ir.Value) else emit.index(current)
            position = builder.add(position, builder.mul(current, emit.index(stride)))
            stride *= axis.extent
        last = emit.index(stride - 1)
        position = builder.select(builder.icmp_signed("<", position, last), position, last)
        ahead: dict[Axis, ir.Value] = {}
        for axis in reversed(outer):
            ahead[axis] = builder.urem(position, emit.index(axis.extent))
            position = builder.udiv(position, emit.index(axis.extent))
        return self._row(load, ahead)

    def _row(self, load: Load, at: dict[Axis, ir.Value]) -> ir.Value:
        """Emit the address of the row at another index of some axes."""
        assert self.vector_axis is not None
        emitter, builder = self.emitter, self.emitter.builder
        before = emitter.axes, emitter.available
        emitter.axes = {**emitter.axes, **at, self.vector_axis: 0}
        emitter.available = KnownValues()
        offset: ir.Value = emit.index(0)
        for index, stride in zip(load.index, emitter.layout.strides(load.buffer), strict=True):
            # Unchecked: a prefetch of an invalid address has no effect.
            if isinstance(index, Affine):
                value = emitter.scalar_index(index)
            else:
                value = emitter.value(index)
            step = builder.mul(value, emit.index(stride * load.dtype.itemsize))
            offset = builder.add(offset, step)
        emitter.axes, emitter.available = before
        return builder.gep(emitter.base(load.buffer), [offset], source_etype=BYTE)


def _invariant_gathers(nest: Nest) -> Iterator[Load]:
    """Iterate over the gathers whose indices are invariant along the innermost, vector axis."""
    if (
        nest.vector_axis is None
        or nest.axes[-1:] != (nest.vector_axis,)
        or not nest.vector_axis.extent
    ):
        return
    outer = set(nest.axes[:-1])
    written = {statement.target.root for statement in nest.statements}
    for statement in nest.statements:
        for load in loads_of(statement.value):
            indices = list(_gather_indices(load))
            axes = {axis for index in indices for axis in axes_in(index)}
            read = {inner.buffer.root for index in indices for inner in loads_of(index)}
            is_invariant = all(axis in outer or axis.is_loop_index for axis in axes)
            if indices and is_invariant and not read & written:
                yield load


def _enclosing_loop(load: Load) -> Axis | None:
    """Return the loop around the nest by which the gathered row changes."""
    axes = [axis for index in _gather_indices(load) for axis in axes_in(index)]
    loops = [axis for axis in axes if axis.is_loop_index]
    return loops[-1] if loops else None


def _gather_indices(load: Load) -> Iterator[Expression]:
    return (index for index in load.index if not isinstance(index, Affine))
