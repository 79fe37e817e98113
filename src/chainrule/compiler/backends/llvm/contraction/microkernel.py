"""Micro-kernel: one register tile, accumulated over depth by fused multiply-adds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from chainrule.compiler.backends.llvm import emit, ir
from chainrule.compiler.backends.llvm.contraction.kernel_shape import KernelLoop, LoopBound
from chainrule.compiler.backends.llvm.vector_memory import load_vector

__all__ = ["RegisterTile", "emit_microkernel", "strided_address"]


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


def emit_microkernel(
    builder: ir.IRBuilder,
    tile: RegisterTile,
    depth: Sequence[KernelLoop],
    row_indices: Mapping[int, ir.Value],
    left: ir.Value,
    right: ir.Value,
) -> list[ir.Value]:
    """Emit the loops over depth; return the accumulators, row by row.

    `row_indices` holds the first row of the tile along each row loop, by the loop's stride in the
    output (see `LoopBound`).
    """
    types = [emit.vector_type(tile.dtype, lanes) for lanes in tile.lanes]
    zeros: list[ir.Value] = [ir.Constant(type, [0.0] * type.count) for type in types]

    def nest(
        loops: Sequence[KernelLoop], left: ir.Value, right: ir.Value, accumulators: list[ir.Value]
    ) -> list[ir.Value]:
        if not loops:
            return _rank_one_update(builder, tile, left, right, accumulators)
        loop, *inner = loops
        valid = _valid_range(builder, loop, row_indices)
        with emit.loop_with_carried_values(builder, *valid, accumulators, "k") as (
            k,
            carried,
            updated,
        ):
            left_k = strided_address(builder, left, [k], [loop.left], tile.dtype)
            right_k = strided_address(builder, right, [k], [loop.right], tile.dtype)
            updated += nest(inner, left_k, right_k, carried)
        return carried

    return nest(depth, left, right, zeros * tile.rows)


def _valid_range(
    builder: ir.IRBuilder, loop: KernelLoop, row_indices: Mapping[int, ir.Value]
) -> tuple[ir.Value, ir.Value]:
    """Return the half-open range of valid iterations of a depth loop, see `LoopBound`."""
    extent = emit.index(loop.extent)
    if loop.bound is None:
        return emit.index(0), extent
    bound = loop.bound
    missing = builder.sub(emit.index(bound.padding), row_indices[bound.row_stride])
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
