"""Panel packing: copies of operands in the order in which the micro-kernel reads them.

A panel of ``right`` is packed as ``scratch[depth, column in panel]``, contiguous, so that an
iteration of depth reads one or a few cache lines and no new page. Where ``right`` is contiguous
along depth (a transposed weight, say), packing transposes it block by block.

The row tiles of ``left`` are packed as ``scratch[tile, depth, row in tile]`` where ``left`` is
contiguous along rows and its stride along depth is large (a transposed batch, say).
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from chainrule.compiler.backends.llvm import emit, ir
from chainrule.compiler.backends.llvm.contraction.kernel_shape import KernelLoop
from chainrule.compiler.backends.llvm.contraction.loop_roles import LoopRoles
from chainrule.compiler.backends.llvm.contraction.packing_policy import (
    should_pack_left,
    should_pack_right,
)
from chainrule.compiler.backends.llvm.contraction.tiling import PanelGroup, Tiling, tiles_per_block
from chainrule.compiler.backends.llvm.contraction.transpose import transposing_packer
from chainrule.compiler.backends.llvm.vector_memory import load_vector, store_vector

__all__ = [
    "emit_left_packing", "emit_right_packing", "packed_column_stride", "packed_depth",
    "packed_sizes",
]  # fmt: skip


def packed_sizes(roles: LoopRoles, tiling: Tiling) -> tuple[int, int]:
    """Return the elements of a packed panel of ``right`` and of packed ``left``, or 0."""
    right = left = 0
    # A block of depth has few rows of a panel, which need no copy.
    if not tiling.depth_blocking and should_pack_right(roles, tiling.tiles):
        # A transposing packer stores whole blocks.
        depth = roles.depth_size + tiling.width
        vectors = max(group.vectors for group in tiling.groups)
        if packed_column_stride(roles, tiling):
            vectors = sum(group.panels * group.vectors for group in tiling.groups)
        right = depth * tiling.width * vectors
    if should_pack_left(roles, tiling.panels):
        # The last vector of a row is stored whole.
        left = tiling.row_tiles * roles.depth_size * tiling.row_tile + tiling.width
    return right, left


def packed_column_stride(roles: LoopRoles, tiling: Tiling) -> int:
    """Return the stride of columns between packed panels of ``right``; 0 if they share memory.

    They have memory each if several blocks of rows read them.
    """
    has_blocks = tiles_per_block(roles, tiling) < tiling.tiles
    return roles.depth_size + tiling.width if has_blocks else 0


def packed_depth(depth: Sequence[KernelLoop], columns: int) -> list[KernelLoop]:
    """Return the depth loops with the strides of a packed panel of ``right``."""
    loops: list[KernelLoop] = []
    stride = columns
    for loop in reversed(depth):
        loops.insert(0, replace(loop, right=stride))
        stride *= loop.extent
    return loops


def emit_left_packing(
    builder: ir.IRBuilder,
    roles: LoopRoles,
    tiling: Tiling,
    left: ir.Value,
    tiles: tuple[ir.Value, ir.Value],
    scratch: ir.Value,
) -> None:
    """Pack a range of row tiles of ``left``."""
    dtype, width, rows = roles.dtype, tiling.width, tiling.row_tile
    depth = roles.depth_size
    with (
        emit.counted_loop(builder, *tiles, "tile") as tile,
        emit.counted_loop(builder, emit.index(0), emit.index(depth), "k") as k,
    ):
        row = builder.mul(tile, emit.index(rows))
        rows_left = builder.sub(emit.index(tiling.tiled_row.extent), row)
        offset = builder.mul(k, emit.index(roles.depth[0].left))
        source = emit.address(builder, left, builder.add(offset, row), dtype)
        packed_row = builder.add(builder.mul(tile, emit.index(depth)), k)
        target = emit.address(builder, scratch, builder.mul(packed_row, emit.index(rows)), dtype)
        for first in range(0, rows, width):
            lane = emit.index(first)
            # Lanes beyond the tile belong to the next packed row, which is stored later.
            mask = emit.first_lanes(builder, builder.sub(rows_left, lane), width)
            address = emit.address(builder, source, lane, dtype)
            vector = load_vector(builder, address, emit.vector_type(dtype, width), mask)
            store_vector(builder, vector, emit.address(builder, target, lane, dtype))


def emit_right_packing(
    builder: ir.IRBuilder,
    roles: LoopRoles,
    group: PanelGroup,
    width: int,
    right: ir.Value,
    column: ir.Value,
    mask: ir.Value | None,
    scratch: ir.Value,
) -> None:
    """Pack the panel of ``right`` that starts at a column; `mask` is for its last vector."""
    loops, dtype = roles.depth, roles.dtype
    packed = packed_depth(loops, group.vectors * width)
    is_transposed = bool(loops) and loops[-1].right == 1 != roles.column.right
    outer = len(loops) - is_transposed
    strides = [(loop, copy.right) for loop, copy in zip(loops, packed, strict=True)]
    with _depth_loops(builder, dtype, strides[:outer], right, scratch) as (row, target):
        if roles.column.right == 1:
            source = emit.address(builder, row, column, dtype)
            _copy_row(builder, dtype, group.lanes(width), source, mask, target)
        elif is_transposed:
            packer = transposing_packer(builder.module, dtype, width)
            stride, extent = emit.index(roles.column.right), roles.column.extent
            source = emit.address(builder, row, builder.mul(column, stride), dtype)
            columns_left = builder.sub(emit.index(extent), column)
            sizes = (
                stride, columns_left, emit.index(loops[-1].extent), emit.index(group.vectors),
            )  # fmt: skip
            builder.call(packer, [source, *sizes, target])
        else:
            _copy_strided_row(builder, roles, group.vectors * width, row, column, target)


@contextmanager
def _depth_loops(
    builder: ir.IRBuilder,
    dtype: str,
    strides: Sequence[tuple[KernelLoop, int]],
    source: ir.Value,
    target: ir.Value,
) -> Generator[tuple[ir.Value, ir.Value]]:
    """Emit loops over depth; yield the addresses of a row of ``right`` and of its copy."""
    if not strides:
        yield source, target
        return
    loop, packed_stride = strides[0]
    with emit.counted_loop(builder, emit.index(0), emit.index(loop.extent), "pack") as k:
        source = emit.address(builder, source, builder.mul(k, emit.index(loop.right)), dtype)
        target = emit.address(builder, target, builder.mul(k, emit.index(packed_stride)), dtype)
        with _depth_loops(builder, dtype, strides[1:], source, target) as addresses:
            yield addresses


def _copy_row(
    builder: ir.IRBuilder,
    dtype: str,
    lanes: list[int],
    source: ir.Value,
    mask: ir.Value | None,
    target: ir.Value,
) -> None:
    """Copy contiguous vectors."""
    for j, count in enumerate(lanes):
        offset = emit.index(j * lanes[0])
        address = emit.address(builder, source, offset, dtype)
        type = emit.vector_type(dtype, count)
        vector = load_vector(builder, address, type, mask if j == len(lanes) - 1 else None)
        store_vector(builder, vector, emit.address(builder, target, offset, dtype))


def _copy_strided_row(
    builder: ir.IRBuilder,
    roles: LoopRoles,
    columns: int,
    row: ir.Value,
    column: ir.Value,
    target: ir.Value,
) -> None:
    """Copy strided elements one by one."""
    dtype, loop = roles.dtype, roles.column
    columns_left = builder.sub(emit.index(loop.extent), column)
    count = emit.minimum(builder, columns_left, emit.index(columns))
    with emit.counted_loop(builder, emit.index(0), count, "lane") as lane:
        offset = builder.mul(builder.add(column, lane), emit.index(loop.right))
        element = builder.load(emit.address(builder, row, offset, dtype), typ=emit.FLOATS[dtype])
        builder.store(element, emit.address(builder, target, lane, dtype))
