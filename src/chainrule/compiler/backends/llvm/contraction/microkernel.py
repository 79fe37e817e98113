"""Micro-kernel: one register tile, accumulated over depth by fused multiply-adds.

A long depth is summed in blocks, whose tiles are added up in memory, and blocks of these: so the
error of a sum does not grow with its length. The blocks depend on the depth alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from chainrule.compiler.backends.llvm import emit, ir
from chainrule.compiler.backends.llvm.contraction.depth_blocking import (
    BLOCKS,
    summation_blocks,
)
from chainrule.compiler.backends.llvm.contraction.kernel_shape import KernelLoop, LoopBound
from chainrule.compiler.backends.llvm.vector_memory import load_vector

__all__ = [
    "DepthRange", "RegisterTile", "accumulate_range", "emit_microkernel", "strided_address",
]  # fmt: skip


@dataclass(frozen=True)
class RegisterTile:
    """Shape of a register tile and how its operands are loaded."""

    dtype: str
    lanes: list[int]  # of the vectors of a row; all but the last are full
    rows: int
    row_stride: int  # of `left`
    is_left_vector: bool  # whether `left` varies along columns, so that it is loaded as vectors
    left_mask: ir.Value | None  # valid lanes of the last vector
    right_mask: ir.Value | None

    @property
    def types(self) -> list[ir.VectorType]:
        """The types of the vectors of a row."""
        return [emit.vector_type(self.dtype, lanes) for lanes in self.lanes]

    def zeros(self) -> list[ir.Value]:
        """Return accumulators of zero, row by row."""
        return [ir.Constant(type, [0.0] * type.count) for type in self.types] * self.rows


@dataclass(frozen=True)
class DepthRange:
    """A block of depth: one iteration of the outer loops, a range of the next, all of the others.

    The range lies within the loop's; iterations that are invalid (see `LoopBound`) are left out.
    """

    outer: tuple[ir.Value, ...]
    start: ir.Value
    stop: ir.Value


def emit_microkernel(
    builder: ir.IRBuilder,
    tile: RegisterTile,
    depth: Sequence[KernelLoop],
    outer_indices: Mapping[int, ir.Value],
    left: ir.Value,
    right: ir.Value,
) -> list[ir.Value]:
    """Emit the loops over depth; return the accumulators, row by row.

    `outer_indices` holds the first index of the tile along each loop around it, by the loop's
    stride in the output (see `LoopBound`).
    """
    nest = _DepthNest(builder, tile, outer_indices)
    zeros = tile.zeros()
    block, levels = summation_blocks(depth)
    if not levels:
        return nest.emit(depth, left, right, zeros)

    def blocks(bounds: tuple[ir.Value, ir.Value], level: int) -> list[ir.Value]:
        """Emit the sum over a part of the outermost loop."""
        if not level:
            start, stop = bounds
            left_k = strided_address(builder, left, [start], [depth[0].left], tile.dtype)
            right_k = strided_address(builder, right, [start], [depth[0].right], tile.dtype)
            trips = emit.index(0), builder.sub(stop, start)
            return nest.emit(depth, left_k, right_k, zeros, trips)
        total = _TileSum(builder, tile, tile.types)
        with emit.parts(builder, bounds, block * BLOCKS ** (level - 1)) as part:
            total.add(blocks(part, level - 1))
        return total.value()

    return blocks(_valid_range(builder, depth[0], outer_indices), levels)


def accumulate_range(
    builder: ir.IRBuilder,
    tile: RegisterTile,
    depth: Sequence[KernelLoop],
    outer_indices: Mapping[int, ir.Value],
    left: ir.Value,
    right: ir.Value,
    part: DepthRange,
    accumulators: list[ir.Value],
) -> list[ir.Value]:
    """Emit the additions of a block of depth to accumulators; the operands are those of all depth.

    The arguments are as in `emit_microkernel`.
    """
    outer, inner = depth[: len(part.outer)], depth[len(part.outer) :]
    left = strided_address(builder, left, part.outer, [loop.left for loop in outer], tile.dtype)
    right = strided_address(builder, right, part.outer, [loop.right for loop in outer], tile.dtype)
    start, stop = part.start, part.stop
    if inner[0].bound:
        first, end = _valid_range(builder, inner[0], outer_indices)
        start, stop = emit.maximum(builder, first, start), emit.minimum(builder, end, stop)
    nest = _DepthNest(builder, tile, outer_indices)
    return nest.emit(inner, left, right, accumulators, (start, stop))


@dataclass(frozen=True)
class _DepthNest:
    """The loops over depth around the additions to a register tile."""

    builder: ir.IRBuilder
    tile: RegisterTile
    outer_indices: Mapping[int, ir.Value]

    def emit(
        self,
        loops: Sequence[KernelLoop],
        left: ir.Value,
        right: ir.Value,
        accumulators: list[ir.Value],
        valid: tuple[ir.Value, ir.Value] | None = None,
    ) -> list[ir.Value]:
        """Emit the loops; `valid` is the range of the outermost, if not all its iterations."""
        builder, dtype = self.builder, self.tile.dtype
        if not loops:
            return _rank_one_update(builder, self.tile, left, right, accumulators)
        loop, *inner = loops
        valid = valid or _valid_range(builder, loop, self.outer_indices)
        with emit.loop_with_carried_values(builder, *valid, accumulators, "k") as (
            k,
            carried,
            updated,
        ):
            left_k = strided_address(builder, left, [k], [loop.left], dtype)
            right_k = strided_address(builder, right, [k], [loop.right], dtype)
            updated += self.emit(inner, left_k, right_k, carried)
        return carried


class _TileSum:
    """A register tile in memory, to which others are added."""

    def __init__(
        self, builder: ir.IRBuilder, tile: RegisterTile, types: Sequence[ir.VectorType]
    ) -> None:
        self.builder = builder
        self.tile = tile
        self.types = types
        self.columns = [
            [self._allocate(type) for type in types] for _ in range(2)
        ]  # the sum, and the tile that is added to it
        self._for_each_row(lambda j, row: self._store(0, j, row, self._zero(j)))

    def add(self, accumulators: Sequence[ir.Value]) -> None:
        """Add a tile; in a loop over its rows, so that it does not occupy registers."""
        self._store_tile(1, accumulators)

        def step(j: int, row: ir.Value) -> None:
            total = self.builder.fadd(self._load(0, j, row), self._load(1, j, row))
            self._store(0, j, row, total)

        self._for_each_row(step)

    def value(self) -> list[ir.Value]:
        """Load the sum into registers, row by row."""
        return [
            self._load(0, j, emit.index(i))
            for i in range(self.tile.rows)
            for j in range(len(self.types))
        ]

    def _store_tile(self, which: int, accumulators: Sequence[ir.Value]) -> None:
        for number, vector in enumerate(accumulators):
            row, j = divmod(number, len(self.types))
            self._store(which, j, emit.index(row), vector)

    def _for_each_row(self, step: Callable[[int, ir.Value], None]) -> None:
        rows = emit.index(self.tile.rows)
        with emit.counted_loop(self.builder, emit.index(0), rows, "row") as row:
            for j in range(len(self.types)):
                step(j, row)

    def _allocate(self, type: ir.Type) -> ir.Value:
        with self.builder.goto_entry_block():
            return self.builder.alloca(ir.ArrayType(type, self.tile.rows))

    def _zero(self, j: int) -> ir.Value:
        return ir.Constant(self.types[j], [0.0] * self.types[j].count)

    def _address(self, which: int, j: int, row: ir.Value) -> ir.Value:
        return self.builder.gep(self.columns[which][j], [row], source_etype=self.types[j])

    def _load(self, which: int, j: int, row: ir.Value) -> ir.Value:
        return self.builder.load(self._address(which, j, row), typ=self.types[j])

    def _store(self, which: int, j: int, row: ir.Value, value: ir.Value) -> None:
        self.builder.store(value, self._address(which, j, row))


def _valid_range(
    builder: ir.IRBuilder, loop: KernelLoop, outer_indices: Mapping[int, ir.Value]
) -> tuple[ir.Value, ir.Value]:
    """Return the half-open range of valid iterations of a depth loop, see `LoopBound`."""
    extent = emit.index(loop.extent)
    if loop.bound is None:
        return emit.index(0), extent
    bound = loop.bound
    missing = builder.sub(emit.index(bound.padding), outer_indices[bound.row_stride])
    start = _first_iteration(builder, missing, bound)
    end = _first_iteration(builder, builder.add(missing, emit.index(bound.length)), bound)
    return start, emit.maximum(builder, start, emit.minimum(builder, extent, end))


def _first_iteration(builder: ir.IRBuilder, distance: ir.Value, bound: LoopBound) -> ir.Value:
    """Return the least k >= 0 with dilation * k >= distance."""
    distance = emit.maximum(builder, distance, emit.index(0))
    if bound.dilation == 1:
        return distance
    rounded = builder.add(distance, emit.index(bound.dilation - 1))
    return builder.udiv(rounded, emit.index(bound.dilation))


def _rank_one_update(
    builder: ir.IRBuilder,
    tile: RegisterTile,
    left: ir.Value,
    right: ir.Value,
    accumulators: list[ir.Value],
) -> list[ir.Value]:
    """Emit one iteration of depth: accumulators[i, j] += left[i] * right[j]."""
    count = len(tile.lanes)
    rights = _load_vectors(builder, tile, right, tile.right_mask)
    updated: list[ir.Value] = []
    for i in range(tile.rows):
        row = strided_address(builder, left, [emit.index(i)], [tile.row_stride], tile.dtype)
        if tile.is_left_vector:
            lefts = _load_vectors(builder, tile, row, tile.left_mask)
        else:
            element = builder.load(row, typ=emit.FLOATS[tile.dtype])
            splats = {n: emit.splat(builder, element, n) for n in sorted({*tile.lanes})}
            lefts = [splats[n] for n in tile.lanes]
        for j in range(count):
            operands = [lefts[j], rights[j], accumulators[i * count + j]]
            type = operands[0].type
            updated.append(emit.call(builder, f"llvm.fma.{emit.mnemonic(type)}", operands, type))
    return updated


def _load_vectors(
    builder: ir.IRBuilder, tile: RegisterTile, start: ir.Value, mask: ir.Value | None
) -> list[ir.Value]:
    """Load contiguous vectors; the mask is for the last of them."""
    dtype, last = tile.dtype, len(tile.lanes) - 1
    vectors: list[ir.Value] = []
    for j, lanes in enumerate(tile.lanes):
        address = strided_address(builder, start, [emit.index(j * tile.lanes[0])], [1], dtype)
        type = emit.vector_type(dtype, lanes)
        vectors.append(load_vector(builder, address, type, mask if j == last else None))
    return vectors


def strided_address(
    builder: ir.IRBuilder,
    base: ir.Value,
    indices: Sequence[ir.Value],
    strides: Sequence[int],
    dtype: str,
) -> ir.Value:
    """Return the address of an element: base + sum of index * stride."""
    for index, stride in zip(indices, strides, strict=True):
        if stride and isinstance(index, ir.Constant):
            base = emit.address(builder, base, emit.index(index.constant * stride), dtype)
        elif stride:
            offset = index if stride == 1 else builder.mul(index, emit.index(stride))
            base = emit.address(builder, base, offset, dtype)
    return base
