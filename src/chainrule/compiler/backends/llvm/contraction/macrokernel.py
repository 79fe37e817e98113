"""Macro-kernel: the loops over batch, panels and row tiles around the micro-kernel.

`kernel` shows the loop order; here it is emitted.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from functools import partial

from chainrule.compiler.backends.llvm import emit, ir
from chainrule.compiler.backends.llvm.contraction.depth_blocking import (
    BLOCKS,
    DepthBlocking,
    summation_blocks,
)
from chainrule.compiler.backends.llvm.contraction.loop_roles import LoopRoles
from chainrule.compiler.backends.llvm.contraction.microkernel import (
    DepthRange,
    RegisterTile,
    accumulate_range,
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
from chainrule.compiler.backends.llvm.contraction.partial_sums import PartialSums
from chainrule.compiler.backends.llvm.contraction.tile_sites import (
    EmitEpilogue,
    EmitPrefetch,
    EmitTile,
    EpilogueSite,
    Operands,
    Panel,
    RowTile,
)
from chainrule.compiler.backends.llvm.contraction.tiling import PanelGroup, Tiling, tiles_per_block
from chainrule.compiler.backends.llvm.vector_memory import store_vector

__all__ = ["MacroKernel", "partial_sum_size"]


def partial_sum_size(roles: LoopRoles, tiling: Tiling) -> int:
    """Return the elements of the partial sums of a kernel that runs in blocks of depth."""
    if tiling.depth_blocking is None:
        return 0
    _, levels = summation_blocks(roles.depth)
    return (levels + 1) * tiling.tile_elements


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
            if self.tiling.depth_blocking:
                self._depth_blocks_outermost(self.tiling.depth_blocking)
            elif self.roles.column.left and not self.packed_right:
                self._row_tiles_outermost()
            else:
                self._panels_outermost()

    def _row_tiles_outermost(self) -> None:
        """Emit tile, panel: as `left` varies along columns, a row tile of it stays in cache."""
        with self._tiles() as tile:
            for group in self.tiling.groups:
                with self._panels(group) as panel:
                    self._row_tile(panel, tile, self._register_tile)

    def _panels_outermost(self) -> None:
        """Emit block, panel, tile: a panel of `right` stays in cache, and a block of `left`."""
        if self.packed_right and self.has_blocks:
            for group in self.tiling.groups:
                with self._panels(group) as panel:
                    self._pack_right(panel)
        with self._row_blocks() as tiles:
            for group in self.tiling.groups:
                with self._panels(group) as panel:
                    if self.packed_right and not self.has_blocks:
                        self._pack_right(panel)
                    with emit.counted_loop(self.builder, *tiles, "tile") as tile:
                        self._row_tile(panel, tile, self._register_tile)

    def _depth_blocks_outermost(self, blocking: DepthBlocking) -> None:
        """Emit block of depth, panel, tile, with the partial sums of all tiles in memory."""
        depth = self.roles.depth
        block, levels = summation_blocks(depth)
        sums = self._partial_sums()

        def partial_sum(bounds: emit.Bounds, level: int) -> None:
            """Emit the sum over a range of the outermost loop, as `emit_microkernel` adds it up."""
            sums.clear(level)
            if not level:
                self._accumulate(sums, blocking, bounds)
                return
            with emit.parts(self.builder, bounds, block * BLOCKS ** (level - 1)) as part:
                partial_sum(part, level - 1)
                sums.add_to_next(level - 1)

        partial_sum((emit.index(0), emit.index(depth[0].extent)), levels)

        def finish(panel: Panel, tile: RowTile) -> None:
            self._prefetch(panel, tile)
            types = self._operands(panel, tile).tile.types * tile.size
            self._store_tile(panel, tile, sums.load(levels, self._sum_number(panel, tile), types))

        self._for_each_tile(finish)

    def _partial_sums(self) -> PartialSums:
        """Return the partial sums of the tiles in this call's range."""
        builder, tiling = self.builder, self.tiling
        panels = builder.sub(self.panel_stop, self.panel_start)
        tiles = builder.mul(panels, builder.sub(self.tile_stop, self.tile_start))
        return PartialSums(
            builder,
            self._address(self.scratch, [emit.index(self.packed_right)], [1]),
            emit.vector_type(self.roles.dtype, tiling.width),
            tiling.tile_elements // tiling.width,
            tiling.tile_vectors,
            builder.mul(tiles, emit.index(tiling.tile_vectors)),
        )

    def _sum_number(self, panel: Panel, tile: RowTile) -> ir.Value:
        """Return the position of a tile in the partial sums."""
        builder = self.builder
        tiles = builder.sub(self.tile_stop, self.tile_start)
        first = builder.mul(builder.sub(panel.number, self.panel_start), tiles)
        return builder.add(first, builder.sub(tile.number, self.tile_start))

    def _for_each_tile(self, emit_tile: EmitTile) -> None:
        """Emit panel, tile, over this call's range."""
        for group in self.tiling.groups:
            with self._panels(group) as panel, self._tiles() as tile:
                self._row_tile(panel, tile, emit_tile)

    def _accumulate(self, sums: PartialSums, blocking: DepthBlocking, bounds: emit.Bounds) -> None:
        """Emit block of depth, panel, tile, for a range of the outermost loop over depth."""

        def blocks(outer: tuple[ir.Value, ...], bounds: emit.Bounds) -> None:
            position = len(outer)
            if position < blocking.position:
                with emit.counted_loop(self.builder, *bounds, "outer") as k:
                    extent = self.roles.depth[position + 1].extent
                    blocks((*outer, k), (emit.index(0), emit.index(extent)))
                return
            with emit.parts(self.builder, bounds, blocking.size) as part:
                depth_range = DepthRange(outer, *part)
                self._for_each_tile(partial(self._add_range, sums, depth_range))

        blocks((), bounds)

    def _add_range(
        self, sums: PartialSums, depth_range: DepthRange, panel: Panel, tile: RowTile
    ) -> None:
        """Emit the additions of a block of depth to a tile."""
        operands, number = self._operands(panel, tile), self._sum_number(panel, tile)
        accumulators = sums.load(0, number, operands.tile.types * tile.size)
        updated = accumulate_range(self.builder, *operands, depth_range, accumulators)
        sums.store(0, number, updated)

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

    def _pack_right(self, panel: Panel) -> None:
        emit_right_packing(
            self.builder, self.roles, panel.group, self.tiling.width,
            self.right, panel.column, panel.mask, self._packed_panel(panel.column),
        )  # fmt: skip

    def _packed_panel(self, column: ir.Value) -> ir.Value:
        """Return the address of the packed panel that starts at a column."""
        stride = packed_column_stride(self.roles, self.tiling)
        return self._address(self.scratch, [column], [stride])

    @contextmanager
    def _panels(self, group: PanelGroup) -> Generator[Panel]:
        """Emit the loop over a group's panels in this call's range."""
        builder, end = self.builder, group.first_panel + group.panels
        start = emit.maximum(builder, self.panel_start, emit.index(group.first_panel))
        stop = emit.minimum(builder, self.panel_stop, emit.index(end))
        with emit.counted_loop(builder, start, stop, "panel") as number:
            columns = group.vectors * self.tiling.width
            origin = group.first_column - group.first_panel * columns
            column = builder.add(builder.mul(number, emit.index(columns)), emit.index(origin))
            yield Panel(group, number, column, self._last_vector_mask(group, column))

    def _last_vector_mask(self, group: PanelGroup, column: ir.Value) -> ir.Value | None:
        if not group.is_masked:
            return None
        width = self.tiling.width
        first = self.builder.add(column, emit.index((group.vectors - 1) * width))
        columns_left = self.builder.sub(emit.index(self.roles.column.extent), first)
        return emit.first_lanes(self.builder, columns_left, group.last_lanes)

    @contextmanager
    def _row_blocks(self) -> Generator[emit.Bounds]:
        """Emit the loop over blocks of this call's row tiles, if there may be several."""
        if not self.has_blocks:
            yield self.tile_start, self.tile_stop
            return
        with emit.parts(self.builder, (self.tile_start, self.tile_stop), self.block_tiles) as block:
            yield block

    def _tiles(self) -> AbstractContextManager[ir.Value]:
        """Emit the loop over the row tiles in this call's range."""
        return emit.counted_loop(self.builder, self.tile_start, self.tile_stop, "tile")

    def _row_tile(self, panel: Panel, tile: ir.Value, emit_tile: EmitTile) -> None:
        """Emit a register tile: with all rows, or with those of the remainder."""
        builder, tiling = self.builder, self.tiling
        rows = self._unravel_index(tile, tiling.trip_counts)
        number = rows[tiling.tiled_loop]
        rows[tiling.tiled_loop] = builder.mul(number, emit.index(tiling.row_tile))
        if tiling.last_rows == tiling.row_tile:
            emit_tile(panel, RowTile(tile, rows, tiling.row_tile))
            return
        is_last = builder.icmp_unsigned("==", number, emit.index(tiling.row_tiles - 1))
        with builder.if_else(is_last) as (remainder, full):
            with remainder:
                emit_tile(panel, RowTile(tile, rows, tiling.last_rows))
            with full:
                emit_tile(panel, RowTile(tile, rows, tiling.row_tile))

    def _register_tile(self, panel: Panel, tile: RowTile) -> None:
        """Emit the micro-kernel, then the epilogue and the stores."""
        self._prefetch(panel, tile)
        accumulators = emit_microkernel(self.builder, *self._operands(panel, tile))
        self._store_tile(panel, tile, accumulators)

    def _store_tile(self, panel: Panel, tile: RowTile, accumulators: list[ir.Value]) -> None:
        """Emit the epilogue and the stores of a register tile."""
        vectors, column, mask = panel.group.vectors, panel.column, panel.mask
        rows, count = tile.rows, tile.size
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

    def _prefetch(self, panel: Panel, tile: RowTile) -> None:
        """Emit prefetches of what the epilogue of a register tile reads."""
        if self.prefetch is None:
            return
        site = EpilogueSite(
            self.builder, self._output_indices(tile.rows, panel.column), None, self.context
        )
        columns = sum(panel.group.lanes(self.tiling.width))
        self.prefetch(site, self.tiling.tiled_row.out, tile.size, columns)

    def _operands(self, panel: Panel, row_tile: RowTile) -> Operands:
        """Emit the addresses of a register tile's operands, packed or plain."""
        group, column, mask = panel.group, panel.column, panel.mask
        rows, count = row_tile.rows, row_tile.size
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
        return Operands(tile, depth, outer_indices, left, right)

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
