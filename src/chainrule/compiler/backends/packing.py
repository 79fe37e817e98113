"""Copies of panels in the order in which a tile reads them.

A panel of ``right`` is copied to ``scratch[k, column in panel]``: consecutive, so that a step of k
touches one or a few cache lines and no new page. Where ``right`` is contiguous along k (the
transpose of a weight, say) the copy also transposes, one square of vectors at a time in registers.

The rows of ``left`` are copied to ``scratch[tile, k, row in tile]`` where their numbers for one k
lie together, but those for the next k a long way off (the transpose of a batch, say).
"""

from typing import Any

from chainrule.compiler.backends import emit
from chainrule.compiler.backends.tiling import Contraction, Group, Tiling
from chainrule.compiler.backends.transposition import transposing_packer
from chainrule.compiler.backends.vector_access import masked_load, masked_store

__all__ = [
    "emit_left_packing",
    "emit_packing",
    "must_pack",
    "must_pack_left",
    "packed_items",
]

Value = Any

# A panel whose lines lie at least this far apart, and that many of them, wears out the address
# cache of the processor; copying it pays once several row tiles read the copy.
FAR_BYTES = 1024
FAR_LINES = 256
WORTH_TILES = 4


def must_pack(contraction: Contraction, tiling: Tiling) -> bool:
    """Tell whether panels of ``right`` are copied before they are read.

    Parameters
    ----------
    contraction : Contraction
        Shape and layout.
    tiling : Tiling
        Its tiles.

    Returns
    -------
    bool
        True if the columns are not contiguous, or if the copy saves time.
    """
    depth_stride, column_stride = contraction.right_strides
    if column_stride != 1:
        return True
    far = depth_stride * emit.ITEM_BYTES[contraction.dtype] >= FAR_BYTES
    return far and contraction.depth >= FAR_LINES and tiling.row_tiles >= WORTH_TILES


def must_pack_left(contraction: Contraction, tiling: Tiling) -> bool:
    """Tell whether ``left`` is copied before it is read.

    Parameters
    ----------
    contraction : Contraction
        Shape and layout.
    tiling : Tiling
        Its tiles.

    Returns
    -------
    bool
        True if the copy saves time.
    """
    row_stride, depth_stride = contraction.left_strides
    far = depth_stride * emit.ITEM_BYTES[contraction.dtype] >= 2 * FAR_BYTES
    return row_stride == 1 and far and contraction.depth >= 64 and tiling.panels >= WORTH_TILES


def packed_items(contraction: Contraction, tiling: Tiling) -> tuple[int, int]:
    """Return how many numbers the copies take: a panel of ``right``, all of ``left``.

    Parameters
    ----------
    contraction : Contraction
        Shape and layout.
    tiling : Tiling
        Its tiles.

    Returns
    -------
    right, left : int
        0 for what is not copied.
    """
    right = left = 0
    if must_pack(contraction, tiling):
        depth = -(-contraction.depth // tiling.width) * tiling.width
        right = depth * tiling.width * max(group.vectors for group in tiling.groups)
    if must_pack_left(contraction, tiling):
        # The last vector of a line is written whole.
        left = tiling.row_tiles * contraction.depth * tiling.row_tile + tiling.width
    return right, left


def emit_left_packing(
    builder: Any,
    contraction: Contraction,
    tiling: Tiling,
    left: Value,
    tiles: tuple[Value, Value],
    scratch: Value,
) -> None:
    """Write the copy of some row tiles of ``left`` into scratch memory.

    Parameters
    ----------
    builder : llvmlite.ir.IRBuilder
        Where to write.
    contraction : Contraction
        Layout of ``left``, whose rows are contiguous.
    tiling : Tiling
        The row tiles.
    left : Value
        Address of the array.
    tiles : (Value, Value)
        First tile to copy, and one past the last.
    scratch : Value
        Where to copy to.
    """
    dtype, width, rows = contraction.dtype, tiling.width, tiling.row_tile
    depth = contraction.depth
    with (
        emit.counted_loop(builder, *tiles, "tile") as tile,
        emit.counted_loop(builder, emit.index(0), emit.index(depth), "k") as k,
    ):
        row = builder.mul(tile, emit.index(rows))
        left_over = builder.sub(emit.index(contraction.rows), row)
        line = builder.mul(k, emit.index(contraction.left_strides[1]))
        source = emit.address(builder, left, builder.add(line, row), dtype)
        place = builder.add(builder.mul(tile, emit.index(depth)), k)
        target = emit.address(builder, scratch, builder.mul(place, emit.index(rows)), dtype)
        for begin in range(0, rows, width):
            offset = emit.index(begin)
            # Lanes beyond the tile belong to the next line, which is written later.
            mask = emit.first_lanes(builder, builder.sub(left_over, offset), width)
            numbers = emit.address(builder, source, offset, dtype)
            vector = masked_load(builder, numbers, dtype, width, mask)
            masked_store(builder, vector, emit.address(builder, target, offset, dtype), None)


def emit_packing(
    builder: Any,
    contraction: Contraction,
    group: Group,
    width: int,
    right: Value,
    column: Value,
    mask: Value | None,
    scratch: Value,
) -> None:
    """Write the copy of one panel into scratch memory.

    Parameters
    ----------
    builder : llvmlite.ir.IRBuilder
        Where to write.
    contraction : Contraction
        Layout of ``right``.
    group : Group
        The panel's width.
    width : int
        Lanes of a vector.
    right, column : Value
        Address of the array, and the panel's first column.
    mask : Value or None
        Mask of the panel's last vector.
    scratch : Value
        Where to copy to.
    """
    arguments = (builder, contraction, group, width, right, column)
    if contraction.right_strides[1] == 1:
        _copy_lines(*arguments, mask, scratch)
    elif contraction.right_strides[0] == 1:
        packer = transposing_packer(builder.module, contraction, width)
        builder.call(packer, [right, column, emit.index(group.vectors), scratch])
    else:
        _gather_numbers(*arguments, scratch)


def _copy_lines(
    builder: Any, contraction: Contraction, group: Group, width: int,
    right: Value, column: Value, mask: Value | None, scratch: Value,
) -> None:  # fmt: skip
    """Copy a panel whose columns are contiguous, line by line."""
    dtype, size = contraction.dtype, group.vectors * width
    stride = emit.index(contraction.right_strides[0])
    first = emit.address(builder, right, column, dtype)
    with emit.counted_loop(builder, emit.index(0), emit.index(contraction.depth), "pack") as k:
        source = emit.address(builder, first, builder.mul(k, stride), dtype)
        target = emit.address(builder, scratch, builder.mul(k, emit.index(size)), dtype)
        for j in range(group.vectors):
            offset = emit.index(j * width)
            vector_mask = mask if j == group.vectors - 1 else None
            place = emit.address(builder, source, offset, dtype)
            vector = masked_load(builder, place, dtype, width, vector_mask)
            masked_store(builder, vector, emit.address(builder, target, offset, dtype), None)


def _gather_numbers(
    builder: Any, contraction: Contraction, group: Group, width: int,
    right: Value, column: Value, scratch: Value,
) -> None:  # fmt: skip
    """Copy a panel that is contiguous along no axis, number by number."""
    dtype, size = contraction.dtype, group.vectors * width
    depth_stride, column_stride = map(emit.index, contraction.right_strides)
    end = builder.sub(emit.index(contraction.columns), column)
    count = builder.select(builder.icmp_signed("<", end, emit.index(size)), end, emit.index(size))
    depth = emit.index(contraction.depth)
    with (
        emit.counted_loop(builder, emit.index(0), depth, "k") as k,
        emit.counted_loop(builder, emit.index(0), count, "lane") as lane,
    ):
        line = emit.address(builder, right, builder.mul(k, depth_stride), dtype)
        step = builder.mul(builder.add(column, lane), column_stride)
        number = builder.load(emit.address(builder, line, step, dtype), typ=emit.FLOATS[dtype])
        place = builder.add(builder.mul(k, emit.index(size)), lane)
        builder.store(number, emit.address(builder, scratch, place, dtype))
