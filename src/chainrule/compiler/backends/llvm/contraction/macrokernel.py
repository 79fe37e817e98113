"""The body of a contraction: loops over batch, panels and row tiles, and a tile in registers.

`contraction` says what is computed in which order; here is how it is written.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from typing import Any

from chainrule.compiler.backends.llvm import emit, ir
from chainrule.compiler.backends.llvm.contraction.loop_roles import LoopRoles
from chainrule.compiler.backends.llvm.contraction.microkernel import Accumulation, accumulate, moved
from chainrule.compiler.backends.llvm.contraction.packing import (
    emit_left_packing,
    emit_packing,
    packed_items,
    packed_loops,
)
from chainrule.compiler.backends.llvm.contraction.tiling import Group, Tiling
from chainrule.compiler.backends.llvm.vector_memory import store_vector

__all__ = ["Epilogue", "EpilogueSite", "TileWriter"]

Value = Any


@dataclass(frozen=True)
class EpilogueSite:
    """Where an epilogue stands: one vector of finished sums, still in a register.

    Parameters
    ----------
    builder : ir.IRBuilder
        Where to write.
    places : dict
        Position of the vector's first lane in the output, ``i64``, along each of the contraction's
        loops that are longer than 1: a loop is known by its step in the output.
    mask : Value or None
        The lanes inside the output; None if all are.
    context : Value
        The pointer that was handed to the kernel.
    """

    builder: Any
    places: dict[int, Value]
    mask: Value | None
    context: Value


# Takes a site and the sums; returns the vector to store.
Epilogue = Callable[[EpilogueSite, Value], Value]


class TileWriter:
    """Writes one contraction; holds what all its parts share.

    Parameters
    ----------
    builder : ir.IRBuilder
        Stands at the start of a function with `Kernel`'s arguments.
    arrangement : LoopRoles
        Its loops.
    tiling : Tiling
        Its tiles.
    epilogue : callable or None
        What happens to the sums before they are stored.
    """

    def __init__(
        self, builder: Any, arrangement: LoopRoles, tiling: Tiling, epilogue: Epilogue | None
    ) -> None:
        self.builder = builder
        self.arrangement = arrangement
        self.tiling = tiling
        self.epilogue = epilogue
        self.packed, self.packed_left = packed_items(arrangement, tiling)

    def write(self) -> None:
        """Write the loops over batch, panels and row tiles."""
        builder, arguments = self.builder, self.builder.function.args
        out, left, right, self.scratch, self.context = arguments[:5]
        if self.arrangement.swapped:
            left, right = right, left
        batch_start, batch_stop, self.tile_start, self.tile_stop = arguments[5:9]
        self.panel_start, self.panel_stop = arguments[9:11]
        with emit.counted_loop(builder, batch_start, batch_stop, "batch") as number:
            loops = self.arrangement.batch
            self.batch = self._unravelled(number, [loop.extent for loop in loops])
            self.left = self._moved(left, self.batch, [loop.left for loop in loops])
            self.right = self._moved(right, self.batch, [loop.right for loop in loops])
            self.out = self._moved(out, self.batch, [loop.out for loop in loops])
            if self.packed_left:
                self._pack_left()
            if self.arrangement.column.left and not self.packed:
                # What every column has of its own is read once: all of a row while it is near.
                with self._tiles() as tile:
                    for group in self.tiling.groups:
                        with self._panels(group) as (column, mask):
                            self._row_tile(group, tile, column, mask)
            else:
                for group in self.tiling.groups:
                    with self._panels(group) as (column, mask):
                        if self.packed:
                            self._pack(group, column, mask)
                        with self._tiles() as tile:
                            self._row_tile(group, tile, column, mask)

    def _unravelled(self, number: Value, counts: Sequence[int]) -> list[Value]:
        """Return the positions in loops within each other, of which so many turns are done."""
        places: list[Value] = []
        for count in reversed(counts[1:]):
            extent = emit.index(count)
            places.insert(0, self.builder.urem(number, extent))
            number = self.builder.udiv(number, extent)
        return [number, *places] if counts else []

    def _pack_left(self) -> None:
        """Copy this call's row tiles; they are read from the copy from then on."""
        copy = self._moved(self.scratch, [emit.index(self.packed)], [1])
        tiles = (self.tile_start, self.tile_stop)
        emit_left_packing(self.builder, self.arrangement, self.tiling, self.left, tiles, copy)
        self.left = copy

    @contextmanager
    def _panels(self, group: Group) -> Generator[tuple[Value, Value | None]]:
        """Write the loop over the panels of a group in this call's range: first column and mask."""
        builder, last = self.builder, group.first_panel + group.panels
        start = emit.larger(builder, self.panel_start, emit.index(group.first_panel))
        stop = emit.smaller(builder, self.panel_stop, emit.index(last))
        with emit.counted_loop(builder, start, stop, "panel") as panel:
            size = group.vectors * self.tiling.width
            origin = group.first_column - group.first_panel * size
            column = builder.add(builder.mul(panel, emit.index(size)), emit.index(origin))
            yield column, self._last_mask(group, column)

    def _tiles(self) -> AbstractContextManager[Value]:
        """Write the loop over the row tiles in this call's range."""
        return emit.counted_loop(self.builder, self.tile_start, self.tile_stop, "tile")

    def _pack(self, group: Group, column: Value, mask: Value | None) -> None:
        """Copy a panel."""
        emit_packing(
            self.builder, self.arrangement, group, self.tiling.width,
            self.right, column, mask, self.scratch,
        )  # fmt: skip

    def _last_mask(self, group: Group, column: Value) -> Value | None:
        """Return the mask of a panel's last vector."""
        if not group.masked:
            return None
        width = self.tiling.width
        begin = self.builder.add(column, emit.index((group.vectors - 1) * width))
        left_over = self.builder.sub(emit.index(self.arrangement.column.extent), begin)
        return emit.first_lanes(self.builder, left_over, group.last_lanes)

    def _row_tile(self, group: Group, tile: Value, column: Value, mask: Value | None) -> None:
        """Write a row tile: a full one, or the shorter last one of a turn around."""
        builder, tiling = self.builder, self.tiling
        places = self._unravelled(tile, tiling.turns)
        tile = places[tiling.number]
        places[tiling.number] = builder.mul(tile, emit.index(tiling.row_tile))
        if tiling.last_rows == tiling.row_tile:
            self._tile(group, tiling.row_tile, places, column, mask)
            return
        is_last = builder.icmp_unsigned("==", tile, emit.index(tiling.row_tiles - 1))
        with builder.if_else(is_last) as (short, full):
            with short:
                self._tile(group, tiling.last_rows, places, column, mask)
            with full:
                self._tile(group, tiling.row_tile, places, column, mask)

    def _tile(
        self, group: Group, rows: int, places: list[Value], column: Value, mask: Value | None
    ) -> None:
        """Write one tile: sum over depth in registers, then store through the epilogue."""
        sums = self._sums(group, rows, places, column, mask)
        count = group.vectors
        if self.epilogue is None:
            for i in range(rows):
                line = sums[i * count : (i + 1) * count]
                self._row([*places, column], emit.index(i), line, mask)
            return
        # An epilogue is long: it is written for one row, which the tile hands on by way of memory.
        kind = emit.vector_type(self.arrangement.dtype, self.tiling.width)
        room = self._room(kind, rows * count)
        for number, vector in enumerate(sums):
            self.builder.store(vector, self._vector_in(room, emit.index(number), kind))
        with emit.counted_loop(self.builder, emit.index(0), emit.index(rows), "row") as i:
            first = self._vector_in(room, self.builder.mul(i, emit.index(count)), kind)
            line = [
                self.builder.load(self._vector_in(first, emit.index(j), kind), typ=sums[j].type)
                for j in range(count)
            ]
            self._row([*places, column], i, line, mask)

    def _row(self, places: list[Value], i: Value, vectors: list[Value], mask: Value | None) -> None:
        """Write the epilogue and the stores of row i of a tile that begins at some place."""
        builder, tiling, width = self.builder, self.tiling, self.tiling.width
        steps = [loop.out for loop in (*tiling.rows, self.arrangement.column)]
        first = self._moved(self.out, places, steps)
        line = self._moved(first, [i], [tiling.cut.out])
        *rows, column = places
        rows[tiling.number] = builder.add(rows[tiling.number], i)
        for j, vector in enumerate(vectors):
            vector_mask = mask if j == len(vectors) - 1 else None
            if self.epilogue is not None:
                at_column = builder.add(column, emit.index(j * width))
                site_places = self._named(rows, at_column)
                vector = self.epilogue(
                    EpilogueSite(builder, site_places, vector_mask, self.context), vector
                )
            target = self._moved(line, [emit.index(j * width)], steps[-1:])
            self._store(vector, target, vector_mask)

    def _room(self, kind: ir.Type, count: int) -> Value:
        """Make a place on the stack for the vectors of a tile."""
        with self.builder.goto_entry_block():
            return self.builder.alloca(ir.ArrayType(kind, count))

    def _vector_in(self, room: Value, number: Value, kind: ir.Type) -> Value:
        return self.builder.gep(room, [number], source_etype=kind)

    def _named(self, rows: list[Value], column: Value) -> dict[int, Value]:
        """Return a place in the output by the steps of loops."""
        arrangement = self.arrangement
        loops = (*arrangement.batch, *arrangement.rows, arrangement.column)
        values = (*self.batch, *rows, column)
        return {loop.out: value for loop, value in zip(loops, values, strict=True)}

    def _sums(
        self, group: Group, rows: int, places: list[Value], column: Value, mask: Value | None
    ) -> list[Value]:
        """Write the loops over depth; return the accumulators, row by row."""
        tiling, arrangement = self.tiling, self.arrangement
        lanes, column_step = group.lanes(tiling.width), arrangement.column.left
        row_steps, row_step = [loop.left for loop in tiling.rows], tiling.cut.left
        loops = list(arrangement.depth)
        right = self._moved(self.right, [column], [arrangement.column.right])
        if self.packed_left:
            # Tile t begins at t * depth * row_tile, and so at row * depth.
            row_steps, row_step = [loops[0].extent], 1
            loops = [replace(loops[0], left=tiling.row_tile)]
        if self.packed:
            # Packed panels are padded: they need no mask.
            right, loops = self.scratch, packed_loops(loops, group.vectors * tiling.width)
        left = self._moved(self.left, [*places, column], [*row_steps, column_step])
        tile = Accumulation(
            arrangement.dtype, lanes, rows, row_step, bool(column_step), mask,
            None if self.packed else mask,
        )  # fmt: skip
        named = {loop.out: place for loop, place in zip(tiling.rows, places, strict=True)}
        return accumulate(self.builder, tile, loops, named, left, right)

    def _store(self, vector: Value, target: Value, mask: Value | None) -> None:
        store_vector(self.builder, vector, target, mask, self.arrangement.column.out)

    def _moved(self, base: Value, counts: Sequence[Value], steps: Sequence[int]) -> Value:
        return moved(self.builder, base, counts, steps, self.arrangement.dtype)
