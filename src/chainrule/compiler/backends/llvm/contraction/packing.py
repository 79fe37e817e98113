"""Copies of panels in the order in which a tile reads them.

A panel of ``right`` is copied to ``scratch[k, column in panel]``: consecutive, so that a step of k
touches one or a few cache lines and no new page. Where ``right`` is contiguous along k (the
transpose of a weight, say) the copy also transposes, one square of vectors at a time in registers.

The rows of ``left`` are copied to ``scratch[tile, k, row in tile]`` where their numbers for one k
lie together, but those for the next k a long way off (the transpose of a batch, say).
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from chainrule.compiler.backends.llvm import emit
from chainrule.compiler.backends.llvm.contraction.loop_roles import KernelLoop, LoopRoles
from chainrule.compiler.backends.llvm.contraction.packing_policy import packs_left, packs_right
from chainrule.compiler.backends.llvm.contraction.tiling import Group, Tiling
from chainrule.compiler.backends.llvm.contraction.transpose import transposing_packer
from chainrule.compiler.backends.llvm.vector_memory import load_vector, store_vector

__all__ = [
    "emit_left_packing",
    "emit_packing",
    "packed_items",
    "packed_loops",
]

Value = Any


def packed_items(arrangement: LoopRoles, tiling: Tiling) -> tuple[int, int]:
    """Return how many numbers the copies take: a panel of ``right``, all of ``left``."""
    right = left = 0
    if packs_right(arrangement, tiling.tiles):
        # A transposing copy writes whole squares.
        depth = arrangement.depth_size + tiling.width
        right = depth * tiling.width * max(group.vectors for group in tiling.groups)
    if packs_left(arrangement, tiling.panels):
        # The last vector of a line is written whole.
        left = tiling.row_tiles * arrangement.depth_size * tiling.row_tile + tiling.width
    return right, left


def packed_loops(depth: Sequence[KernelLoop], size: int) -> list[KernelLoop]:
    """Return the loops over depth where ``right`` is a copied panel."""
    loops: list[KernelLoop] = []
    for loop in reversed(depth):
        loops.insert(0, replace(loop, right=size))
        size *= loop.extent
    return loops


def emit_left_packing(
    builder: Any,
    arrangement: LoopRoles,
    tiling: Tiling,
    left: Value,
    tiles: tuple[Value, Value],
    scratch: Value,
) -> None:
    """Write the copy of some row tiles of ``left`` into scratch memory."""
    dtype, width, rows = arrangement.dtype, tiling.width, tiling.row_tile
    depth = arrangement.depth_size
    with (
        emit.counted_loop(builder, *tiles, "tile") as tile,
        emit.counted_loop(builder, emit.index(0), emit.index(depth), "k") as k,
    ):
        row = builder.mul(tile, emit.index(rows))
        left_over = builder.sub(emit.index(tiling.cut.extent), row)
        line = builder.mul(k, emit.index(arrangement.depth[0].left))
        source = emit.address(builder, left, builder.add(line, row), dtype)
        place = builder.add(builder.mul(tile, emit.index(depth)), k)
        target = emit.address(builder, scratch, builder.mul(place, emit.index(rows)), dtype)
        for begin in range(0, rows, width):
            offset = emit.index(begin)
            # Lanes beyond the tile belong to the next line, which is written later.
            mask = emit.first_lanes(builder, builder.sub(left_over, offset), width)
            numbers = emit.address(builder, source, offset, dtype)
            vector = load_vector(builder, numbers, emit.vector_type(dtype, width), mask)
            store_vector(builder, vector, emit.address(builder, target, offset, dtype))


def emit_packing(
    builder: Any,
    arrangement: LoopRoles,
    group: Group,
    width: int,
    right: Value,
    column: Value,
    mask: Value | None,
    scratch: Value,
) -> None:
    """Write the copy of one panel into scratch memory."""
    loops, dtype = arrangement.depth, arrangement.dtype
    copies = packed_loops(loops, group.vectors * width)
    is_transposed = bool(loops) and loops[-1].right == 1 != arrangement.column.right
    count = len(loops) - is_transposed
    steps = [(loop, copy.right) for loop, copy in zip(loops, copies, strict=True)]
    with _lines(builder, dtype, steps[:count], right, scratch) as (line, copy):
        if arrangement.column.right == 1:
            start = emit.address(builder, line, column, dtype)
            _copy_line(builder, dtype, group.lanes(width), start, mask, copy)
        elif is_transposed:
            packer = transposing_packer(builder.module, dtype, width)
            step, extent = emit.index(arrangement.column.right), arrangement.column.extent
            start = emit.address(builder, line, builder.mul(column, step), dtype)
            left_over = builder.sub(emit.index(extent), column)
            sizes = (step, left_over, emit.index(loops[-1].extent), emit.index(group.vectors))
            builder.call(packer, [start, *sizes, copy])
        else:
            _gather_line(builder, arrangement, group.vectors * width, line, column, copy)


@contextmanager
def _lines(
    builder: Any, dtype: str, steps: Sequence[tuple[KernelLoop, int]], line: Value, copy: Value
) -> Generator[tuple[Value, Value]]:
    """Write loops over depth; give the addresses of a line and of its copy."""
    if not steps:
        yield line, copy
        return
    loop, step = steps[0]
    with emit.counted_loop(builder, emit.index(0), emit.index(loop.extent), "pack") as k:
        line = emit.address(builder, line, builder.mul(k, emit.index(loop.right)), dtype)
        copy = emit.address(builder, copy, builder.mul(k, emit.index(step)), dtype)
        with _lines(builder, dtype, steps[1:], line, copy) as inner:
            yield inner


def _copy_line(
    builder: Any, dtype: str, lanes: list[int], source: Value, mask: Value | None, copy: Value
) -> None:
    """Copy neighbouring vectors of so many lanes."""
    for j, count in enumerate(lanes):
        offset = emit.index(j * lanes[0])
        place = emit.address(builder, source, offset, dtype)
        vector = load_vector(
            builder,
            place,
            emit.vector_type(dtype, count),
            mask if j == len(lanes) - 1 else None,
        )
        store_vector(builder, vector, emit.address(builder, copy, offset, dtype))


def _gather_line(
    builder: Any, arrangement: LoopRoles, size: int, line: Value, column: Value, copy: Value
) -> None:
    """Copy numbers that do not lie together, one by one."""
    dtype, loop = arrangement.dtype, arrangement.column
    end = builder.sub(emit.index(loop.extent), column)
    count = emit.smaller(builder, end, emit.index(size))
    with emit.counted_loop(builder, emit.index(0), count, "lane") as lane:
        step = builder.mul(builder.add(column, lane), emit.index(loop.right))
        number = builder.load(emit.address(builder, line, step, dtype), typ=emit.FLOATS[dtype])
        builder.store(number, emit.address(builder, copy, lane, dtype))
