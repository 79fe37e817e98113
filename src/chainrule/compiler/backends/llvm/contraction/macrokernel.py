"""Macro-kernel: the loops over batch, panels and row tiles around the micro-kernel.

`kernel` shows the loop order; here it is emitted.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace

from chainrule.compiler.backends.llvm import emit, ir
from chainrule.compiler.backends.llvm.contraction.loop_roles import LoopRoles
from chainrule.compiler.backends.llvm.contraction.microkernel import (
    RegisterTile,
    emit_microkernel,
    strided_address,
)
from chainrule.compiler.backends.llvm.contraction.packing import (
    emit_left_packing,
    emit_right_packing,
    packed_column_stride,
    packed_depth,
    packed_sizes,
)
from chainrule.compiler.backends.llvm.contraction.tiling import PanelGroup, Tiling, tiles_per_block
from chainrule.compiler.backends.llvm.vector_memory import store_vector

__all__ = ["EmitEpilogue", "EmitPrefetch", "EpilogueSite", "MacroKernel"]


@dataclass(frozen=True)
class EpilogueSite:
    """Where an epilogue is emitted: for one vector of finished accumulators."""

    builder: ir.IRBuilder
    # Index of the vector's first lane along each loop of the contraction that is longer than 1,
    # by the loop's stride in the output.
    indices: dict[int, ir.Value]
    mask: ir.Value | None  # the lanes inside the output; None if all are
    context: ir.Value  # the context pointer passed to the kernel


EmitEpilogue = Callable[[EpilogueSite, ir.Value], ir.Value]
"""From the accumulators to the vector to store."""
EmitPrefetch = Callable[[EpilogueSite, int, int, int], None]
"""From the start of a register tile, its row loop's stride in the output, its rows and columns."""


class MacroKernel:
    """Emits the body of a contraction kernel, at the start of its function (see `kernel`)."""

    def __init__(
        self,
        builder: ir.IRBuilder,
        roles: LoopRoles,
        tiling: Tiling,
        epilogue: EmitEpilogue | None,
        prefetch: EmitPrefetch | None = None,  # of what the epilogue reads
    ) -> None:
        self.builder = builder
        self.roles = roles
        self.tiling = tiling
        self.epilogue = epilogue
        self.prefetch = prefetch
        self.packed_right, self.packed_left = packed_sizes(roles, tiling)
        self.block_tiles = tiles_per_block(roles, tiling)
        self.has_blocks = self.block_tiles < tiling.tiles

    def emit(self) -> None:
        """Emit the loops over batch, panels and row tiles."""
        builder, arguments = self.builder, self.builder.function.args
        out, left, right, self.scratch, self.context = arguments[:5]
        if self.roles.swapped:
            left, right = right, left
        batch_start, batch_stop, self.tile_start, self.tile_stop = arguments[5:9]
        self.panel_start, self.panel_stop = arguments[9:11]
        with emit.counted_loop(builder, batch_start, batch_stop, "batch") as batch:
            loops = self.roles.batch
            self.batch = self._unravel_index(batch, [loop.extent for loop in loops])
            self.left = self._address(left, self.batch, [loop.left for loop in loops])
            self.right = self._address(right, self.batch, [loop.right for loop in loops])
            self.out = self._address(out, self.batch, [loop.out for loop in loops])
            if self.packed_left:
                self._pack_left()
            if self.roles.column.left and not self.packed_right:
                self._row_tiles_outermost()
            else:
                self._panels_outermost()

    def _row_tiles_outermost(self) -> None:
        """Emit tile, panel: as `left` varies along columns, a row tile of it stays in cache."""
        with self._tiles() as tile:
            for group in self.tiling.groups:
                with self._panels(group) as (column, mask):
                    self._row_tile(group, tile, column, mask)

    def _panels_outermost(self) -> None:
        """Emit block, panel, tile: a panel of `right` stays in cache, and a block of `left`."""
        if self.packed_right and self.has_blocks:
            for group in self.tiling.groups:
                with self._panels(group) as (column, mask):
                    self._pack_right(group, column, mask)
        with self._row_blocks() as tiles:
            for group in self.tiling.groups:
                with self._panels(group) as (column, mask):
                    if self.packed_right and not self.has_blocks:
                        self._pack_right(group, column, mask)
                    with emit.counted_loop(self.builder, *tiles, "tile") as tile:
                        self._row_tile(group, tile, column, mask)

    def _unravel_index(self, index: ir.Value, shape: Sequence[int]) -> list[ir.Value]:
        """Return the indices in nested loops of a flat iteration number."""
        indices: list[ir.Value] = []
        for count in reversed(shape[1:]):
            extent = emit.index(count)
            indices.insert(0, self.builder.urem(index, extent))
            index = self.builder.udiv(index, extent)
        return [index, *indices] if shape else []

    def _pack_left(self) -> None:
        """Pack the row tiles in this call's range, and read the copy from then on."""
        copy = self._address(self.scratch, [emit.index(self.packed_right)], [1])
        tiles = (self.tile_start, self.tile_stop)
        emit_left_packing(self.builder, self.roles, self.tiling, self.left, tiles, copy)
        self.left = copy

    def _pack_right(self, group: PanelGroup, column: ir.Value, mask: ir.Value | None) -> None:
        emit_right_packing(
            self.builder, self.roles, group, self.tiling.width,
            self.right, column, mask, self._packed_panel(column),
        )  # fmt: skip

    def _packed_panel(self, column: ir.Value) -> ir.Value:
        """Return the address of the packed panel that starts at a column."""
        stride = packed_column_stride(self.roles, self.tiling)
        return self._address(self.scratch, [column], [stride])

    @contextmanager
    def _panels(self, group: PanelGroup) -> Generator[tuple[ir.Value, ir.Value | None]]:
        """Emit the loop over a group's panels in this call's range; yield first column and mask."""
        builder, end = self.builder, group.first_panel + group.panels
        start = emit.maximum(builder, self.panel_start, emit.index(group.first_panel))
        stop = emit.minimum(builder, self.panel_stop, emit.index(end))
        with emit.counted_loop(builder, start, stop, "panel") as panel:
            columns = group.vectors * self.tiling.width
            origin = group.first_column - group.first_panel * columns
            column = builder.add(builder.mul(panel, emit.index(columns)), emit.index(origin))
            yield column, self._last_vector_mask(group, column)

    def _last_vector_mask(self, group: PanelGroup, column: ir.Value) -> ir.Value | None:
        if not group.is_masked:
            return None
        width = self.tiling.width
        first = self.builder.add(column, emit.index((group.vectors - 1) * width))
        columns_left = self.builder.sub(emit.index(self.roles.column.extent), first)
        return emit.first_lanes(self.builder, columns_left, group.last_lanes)

    @contextmanager
    def _row_blocks(self) -> Generator[tuple[ir.Value, ir.Value]]:
        """Emit the loop over blocks of this call's row tiles, if there may be several."""
        builder, tiles = self.builder, self.block_tiles
        if not self.has_blocks:
            yield self.tile_start, self.tile_stop
            return
        size = emit.index(tiles)
        count = builder.sub(self.tile_stop, self.tile_start)
        blocks = builder.udiv(builder.add(count, emit.index(tiles - 1)), size)
        with emit.counted_loop(builder, emit.index(0), blocks, "block") as block:
            start = builder.add(self.tile_start, builder.mul(block, size))
            yield start, emit.minimum(builder, builder.add(start, size), self.tile_stop)

    def _tiles(self) -> AbstractContextManager[ir.Value]:
        """Emit the loop over the row tiles in this call's range."""
        return emit.counted_loop(self.builder, self.tile_start, self.tile_stop, "tile")

    def _row_tile(
        self, group: PanelGroup, tile: ir.Value, column: ir.Value, mask: ir.Value | None
    ) -> None:
        """Emit a register tile: with all rows, or with those of the remainder."""
        builder, tiling = self.builder, self.tiling
        rows = self._unravel_index(tile, tiling.trip_counts)
        tile = rows[tiling.tiled_loop]
        rows[tiling.tiled_loop] = builder.mul(tile, emit.index(tiling.row_tile))
        if tiling.last_rows == tiling.row_tile:
            self._register_tile(group, tiling.row_tile, rows, column, mask)
            return
        is_last = builder.icmp_unsigned("==", tile, emit.index(tiling.row_tiles - 1))
        with builder.if_else(is_last) as (remainder, full):
            with remainder:
                self._register_tile(group, tiling.last_rows, rows, column, mask)
            with full:
                self._register_tile(group, tiling.row_tile, rows, column, mask)

    def _register_tile(
        self,
        group: PanelGroup,
        count: int,
        rows: list[ir.Value],
        column: ir.Value,
        mask: ir.Value | None,
    ) -> None:
        """Emit the micro-kernel for `count` rows, then the epilogue and the stores."""
        self._prefetch(group, count, rows, column)
        accumulators = self._microkernel(group, count, rows, column, mask)
        vectors = group.vectors
        if self.epilogue is None:
            for i in range(count):
                row = accumulators[i * vectors : (i + 1) * vectors]
                self._store_row(rows, column, emit.index(i), row, mask)
            return
        # An epilogue is long: it is emitted once, in a loop over rows that reads them from memory.
        vector_type = emit.vector_type(self.roles.dtype, self.tiling.width)
        buffer = self._stack_buffer(vector_type, count * vectors)
        for number, vector in enumerate(accumulators):
            self.builder.store(
                vector, self._vector_address(buffer, emit.index(number), vector_type)
            )
        with emit.counted_loop(self.builder, emit.index(0), emit.index(count), "row") as i:
            first = self._vector_address(
                buffer, self.builder.mul(i, emit.index(vectors)), vector_type
            )
            row = [
                self.builder.load(
                    self._vector_address(first, emit.index(j), vector_type),
                    typ=accumulators[j].type,
                )
                for j in range(vectors)
            ]
            self._store_row(rows, column, i, row, mask)

    def _prefetch(
        self, group: PanelGroup, count: int, rows: list[ir.Value], column: ir.Value
    ) -> None:
        """Emit prefetches of what the epilogue of a register tile reads."""
        if self.prefetch is None:
            return
        site = EpilogueSite(self.builder, self._output_indices(rows, column), None, self.context)
        columns = sum(group.lanes(self.tiling.width))
        self.prefetch(site, self.tiling.tiled_row.out, count, columns)

    def _microkernel(
        self,
        group: PanelGroup,
        count: int,
        rows: list[ir.Value],
        column: ir.Value,
        mask: ir.Value | None,
    ) -> list[ir.Value]:
        """Emit the micro-kernel on packed or plain operands; return its accumulators."""
        tiling, roles = self.tiling, self.roles
        column_stride = roles.column.left
        row_strides, row_stride = [loop.left for loop in tiling.rows], tiling.tiled_row.left
        depth = list(roles.depth)
        right = self._address(self.right, [column], [roles.column.right])
        if self.packed_left:
            # Tile t starts at t * depth * row_tile, and so at row * depth.
            row_strides, row_stride = [depth[0].extent], 1
            depth = [replace(depth[0], left=tiling.row_tile)]
        if self.packed_right:
            # Packed panels are padded: they need no mask.
            right = self._packed_panel(column)
            depth = packed_depth(depth, group.vectors * tiling.width)
        left = self._address(self.left, [*rows, column], [*row_strides, column_stride])
        tile = RegisterTile(
            roles.dtype, group.lanes(tiling.width), count, row_stride, bool(column_stride), mask,
            None if self.packed_right else mask,
        )  # fmt: skip
        # A bound on depth may depend on any loop around it.
        outer = zip((*roles.batch, *tiling.rows), (*self.batch, *rows), strict=True)
        outer_indices = {loop.out: index for loop, index in outer}
        return emit_microkernel(self.builder, tile, depth, outer_indices, left, right)

    def _store_row(
        self,
        rows: list[ir.Value],
        column: ir.Value,
        i: ir.Value,
        vectors: list[ir.Value],
        mask: ir.Value | None,
    ) -> None:
        """Emit the epilogue and the stores of row i of the tile that starts at `rows, column`."""
        builder, tiling, width = self.builder, self.tiling, self.tiling.width
        strides = [loop.out for loop in (*tiling.rows, self.roles.column)]
        first = self._address(self.out, [*rows, column], strides)
        start = self._address(first, [i], [tiling.tiled_row.out])
        rows = list(rows)
        rows[tiling.tiled_loop] = builder.add(rows[tiling.tiled_loop], i)
        for j, vector in enumerate(vectors):
            vector_mask = mask if j == len(vectors) - 1 else None
            if self.epilogue is not None:
                indices = self._output_indices(rows, builder.add(column, emit.index(j * width)))
                site = EpilogueSite(builder, indices, vector_mask, self.context)
                vector = self.epilogue(site, vector)
            target = self._address(start, [emit.index(j * width)], strides[-1:])
            self._store(vector, target, vector_mask)

    def _store(self, vector: ir.Value, target: ir.Value, mask: ir.Value | None) -> None:
        store_vector(self.builder, vector, target, mask, self.roles.column.out)

    def _output_indices(self, rows: list[ir.Value], column: ir.Value) -> dict[int, ir.Value]:
        """Return the indices along the loops of the output by their strides."""
        roles = self.roles
        loops = (*roles.batch, *roles.rows, roles.column)
        values = (*self.batch, *rows, column)
        return {loop.out: value for loop, value in zip(loops, values, strict=True)}

    def _stack_buffer(self, type: ir.Type, count: int) -> ir.Value:
        """Allocate vectors on the stack."""
        with self.builder.goto_entry_block():
            return self.builder.alloca(ir.ArrayType(type, count))

    def _vector_address(self, buffer: ir.Value, number: ir.Value, type: ir.Type) -> ir.Value:
        return self.builder.gep(buffer, [number], source_etype=type)

    def _address(
        self, base: ir.Value, indices: Sequence[ir.Value], strides: Sequence[int]
    ) -> ir.Value:
        return strided_address(self.builder, base, indices, strides, self.roles.dtype)
