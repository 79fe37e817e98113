"""The body of a contraction: loops over batch, panels and row tiles, and a tile in registers.

`contraction` says what is computed in which order; here is how it is written.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import llvmlite.ir as ir

from chainrule.compiler.backends import emit
from chainrule.compiler.backends.packing import emit_left_packing, emit_packing, packed_items
from chainrule.compiler.backends.tiling import Contraction, Group, Tiling
from chainrule.compiler.backends.vector_access import masked_load, masked_store, scatter

__all__ = ["Epilogue", "Site", "TileWriter"]

Value = Any


@dataclass(frozen=True)
class Site:
    """Where an epilogue stands: one vector of finished sums, still in a register.

    Parameters
    ----------
    builder : llvmlite.ir.IRBuilder
        Where to write.
    batch, row, column : Value
        Position of the vector's first lane in the output, ``i64``. The lanes run along the columns
        (along the rows, where
        `chainrule.compiler.backends.contraction.is_exchanged` says so).
    mask : Value or None
        The lanes inside the output; None if all are.
    context : Value
        The pointer that was handed to the kernel.
    """

    builder: Any
    batch: Value
    row: Value
    column: Value
    mask: Value | None
    context: Value


# Takes a site and the sums; returns the vector to store.
Epilogue = Callable[[Site, Value], Value]


class TileWriter:
    """Writes one contraction; holds what all its parts share.

    Parameters
    ----------
    builder : llvmlite.ir.IRBuilder
        Stands at the start of a function with `Kernel`'s arguments.
    contraction : Contraction
        Shape and layout, oriented so that the vectors lie along the columns.
    tiling : Tiling
        Its tiles.
    exchanged : bool
        Whether rows and columns were exchanged for that.
    epilogue : callable or None
        What happens to the sums before they are stored.
    """

    def __init__(
        self,
        builder: Any,
        contraction: Contraction,
        tiling: Tiling,
        exchanged: bool,
        epilogue: Epilogue | None,
    ) -> None:
        self.builder = builder
        self.contraction = contraction
        self.tiling = tiling
        self.exchanged = exchanged
        self.epilogue = epilogue
        self.packed, self.packed_left = packed_items(contraction, tiling)

    def write(self) -> None:
        """Write the loops over batch, panels and row tiles."""
        builder, arguments = self.builder, self.builder.function.args
        out, left, right, self.scratch, self.context = arguments[:5]
        if self.exchanged:
            left, right = right, left
        batch_start, batch_stop, self.tile_start, self.tile_stop = arguments[5:9]
        self.panel_start, self.panel_stop = arguments[9:11]
        with emit.counted_loop(builder, batch_start, batch_stop, "batch") as self.batch:
            strides = self.contraction.batch_strides
            self.left = self._moved(left, [(self.batch, strides[0])])
            self.right = self._moved(right, [(self.batch, strides[1])])
            self.out = self._moved(out, [(self.batch, strides[2])])
            if self.packed_left:
                self._pack_left()
            for group in self.tiling.groups:
                self._group(group)

    def _pack_left(self) -> None:
        """Copy this call's row tiles; they are read from the copy from then on."""
        copy = self._moved(self.scratch, [(emit.index(self.packed), 1)])
        tiles = (self.tile_start, self.tile_stop)
        emit_left_packing(self.builder, self.contraction, self.tiling, self.left, tiles, copy)
        self.left = copy

    def _group(self, group: Group) -> None:
        """Write the loop over the panels of a group that lie in this call's range."""
        builder, last = self.builder, group.first_panel + group.panels
        start = _larger(builder, self.panel_start, emit.index(group.first_panel))
        stop = _smaller(builder, self.panel_stop, emit.index(last))
        with emit.counted_loop(builder, start, stop, "panel") as panel:
            size = group.vectors * self.tiling.width
            origin = group.first_column - group.first_panel * size
            column = builder.add(builder.mul(panel, emit.index(size)), emit.index(origin))
            mask = self._last_mask(group, column)
            if self.packed:
                emit_packing(
                    builder, self.contraction, group, self.tiling.width,
                    self.right, column, mask, self.scratch,
                )  # fmt: skip
            self._row_tiles(group, column, mask)

    def _last_mask(self, group: Group, column: Value) -> Value | None:
        """Return the mask of a panel's last vector."""
        if not group.masked:
            return None
        width = self.tiling.width
        begin = self.builder.add(column, emit.index((group.vectors - 1) * width))
        left_over = self.builder.sub(emit.index(self.contraction.columns), begin)
        return emit.first_lanes(self.builder, left_over, width)

    def _row_tiles(self, group: Group, column: Value, mask: Value | None) -> None:
        """Write the loop over full row tiles, then the shorter last one."""
        builder, tiling = self.builder, self.tiling
        full = tiling.row_tiles - (tiling.last_rows < tiling.row_tile)
        stop = _smaller(builder, self.tile_stop, emit.index(full))
        if full:
            with emit.counted_loop(builder, self.tile_start, stop, "tile") as tile:
                row = builder.mul(tile, emit.index(tiling.row_tile))
                self._tile(group, tiling.row_tile, row, column, mask)
        if full < tiling.row_tiles:
            starts = builder.icmp_signed("<=", self.tile_start, emit.index(full))
            stops = builder.icmp_signed(">", self.tile_stop, emit.index(full))
            with builder.if_then(builder.and_(starts, stops)):
                row = emit.index(full * tiling.row_tile)
                self._tile(group, tiling.last_rows, row, column, mask)

    def _tile(self, group: Group, rows: int, row: Value, column: Value, mask: Value | None) -> None:
        """Write one tile: sum over k in registers, then store through the epilogue."""
        sums = self._sums(group, rows, row, column, mask)
        builder, width = self.builder, self.tiling.width
        row_stride, column_stride = self.contraction.out_strides
        first = self._moved(self.out, [(row, row_stride), (column, column_stride)])
        for i in range(rows):
            at_row = builder.add(row, emit.index(i))
            line = self._moved(first, [(emit.index(i), row_stride)])
            for j in range(group.vectors):
                at_column = builder.add(column, emit.index(j * width))
                vector_mask = mask if j == group.vectors - 1 else None
                vector = sums[i * group.vectors + j]
                if self.epilogue is not None:
                    place = (at_column, at_row) if self.exchanged else (at_row, at_column)
                    site = Site(builder, self.batch, *place, vector_mask, self.context)
                    vector = self.epilogue(site, vector)
                target = self._moved(line, [(emit.index(j * width), column_stride)])
                self._store(vector, target, column_stride, vector_mask)

    def _sums(
        self, group: Group, rows: int, row: Value, column: Value, mask: Value | None
    ) -> list[Value]:
        """Write the loop over k; return the accumulators, row by row."""
        builder, width, vectors = self.builder, self.tiling.width, group.vectors
        kind = emit.vector_type(self.contraction.dtype, width)
        zeros = [ir.Constant(kind, [0.0] * width)] * (rows * vectors)
        row_stride, depth_stride = self.contraction.left_strides
        if self.packed_left:
            # Tile t begins at t * depth * row_tile, and so at row * depth.
            row = builder.mul(row, emit.index(self.contraction.depth))
            row_stride, depth_stride = 1, self.tiling.row_tile
        top = self._moved(self.left, [(row, row_stride)])
        tops = [self._moved(top, [(emit.index(i), row_stride)]) for i in range(rows)]
        panel, step = self._panel(group, column)
        depth = emit.index(self.contraction.depth)
        with emit.loop_with_values(builder, emit.index(0), depth, zeros, "k") as loop:
            k, sums, following = loop
            line = self._moved(panel, [(k, step)])
            step_left = builder.mul(k, emit.index(depth_stride))
            rights = [
                self._load(line, j * width, mask if j == vectors - 1 else None)
                for j in range(vectors)
            ]
            for i in range(rows):
                number = self._moved(tops[i], [(step_left, 1)])
                scalar = builder.load(number, typ=emit.FLOATS[self.contraction.dtype])
                lanes = emit.splat(builder, scalar, width)
                for j in range(vectors):
                    arguments = [lanes, rights[j], sums[i * vectors + j]]
                    name = f"llvm.fma.{emit.mnemonic(kind)}"
                    following.append(emit.call(builder, name, arguments, kind))
        return sums

    def _panel(self, group: Group, column: Value) -> tuple[Value, int]:
        """Return where a panel's vectors lie, and how far apart its lines of k are."""
        if self.packed:
            return self.scratch, group.vectors * self.tiling.width
        return self._moved(self.right, [(column, 1)]), self.contraction.right_strides[0]

    def _load(self, line: Value, offset: int, mask: Value | None) -> Value:
        pointer = self._moved(line, [(emit.index(offset), 1)])
        # Packed panels are padded: they need no mask.
        mask = None if self.packed else mask
        return masked_load(self.builder, pointer, self.contraction.dtype, self.tiling.width, mask)

    def _store(self, vector: Value, target: Value, stride: int, mask: Value | None) -> None:
        if stride == 1:
            masked_store(self.builder, vector, target, mask)
        else:
            scatter(self.builder, vector, target, stride, mask)

    def _moved(self, base: Value, steps: list[tuple[Value, int]]) -> Value:
        """Return the address some steps on; each is a number of steps and their stride."""
        builder = self.builder
        for count, stride in steps:
            if stride:
                if isinstance(count, ir.Constant):
                    offset = emit.index(count.constant * stride)
                else:
                    offset = count if stride == 1 else builder.mul(count, emit.index(stride))
                base = emit.address(builder, base, offset, self.contraction.dtype)
        return base


def _smaller(builder: Any, a: Value, b: Value) -> Value:
    return builder.select(builder.icmp_signed("<", a, b), a, b)


def _larger(builder: Any, a: Value, b: Value) -> Value:
    return builder.select(builder.icmp_signed(">", a, b), a, b)
