"""Which operands of a contraction are packed: those whose layout is slow to read in place."""

from chainrule.compiler.backends.llvm.contraction.loop_roles import LoopRoles
from chainrule.compiler.backends.llvm.emit import ITEM_BYTES

__all__ = ["should_pack_left", "should_pack_right"]

# A panel whose rows are at least this many bytes apart, and that has this many of them, misses the
# TLB, or its rows evict each other from few sets of the caches; packing it pays once several row
# tiles read the copy.
TLB_STRIDE_BYTES = 1024
TLB_ROWS = 32
MIN_READERS = 4
# Rows of at most one cache line, this many bytes apart (some of many channels, say), map to few
# sets of the first-level cache and evict each other.
NARROW_BYTES = 64
CONFLICT_STRIDE_BYTES = 256
CONFLICT_ROWS = 64
# So many rows of a panel, each in a line or two, fill half of a first-level cache; so many bytes
# apart they lie in few of its sets.
DISTANT_STRIDE_BYTES = 256
DISTANT_ROWS = 256
# The rows of left are packed for loops over depth of at least this many iterations.
MIN_LEFT_DEPTH = 64


def should_pack_right(roles: LoopRoles, row_tiles: int) -> bool:
    """Whether panels of `right` are packed, given how many row tiles read each."""
    if roles.column.right != 1:
        return True
    size = ITEM_BYTES[roles.dtype]
    is_narrow = roles.column.extent * size <= NARROW_BYTES
    min_stride, min_rows = (
        (CONFLICT_STRIDE_BYTES, CONFLICT_ROWS) if is_narrow else (TLB_STRIDE_BYTES, TLB_ROWS)
    )
    stride = max((abs(loop.right) * size for loop in roles.depth[-1:]), default=0)
    is_strided = stride >= min_stride and roles.depth_size >= min_rows
    is_strided |= stride >= DISTANT_STRIDE_BYTES and roles.depth_size >= DISTANT_ROWS
    return is_strided and row_tiles >= MIN_READERS


def should_pack_left(roles: LoopRoles, panels: int) -> bool:
    """Whether the row tiles of `left` are packed, given how many panels read each."""
    # Several loops of rows or depth read overlapping windows, whose copy would be much larger.
    if len(roles.rows) != 1 or len(roles.depth) != 1 or roles.column.left:
        return False
    (depth,), (row,) = roles.depth, roles.rows
    is_strided = abs(depth.left) * ITEM_BYTES[roles.dtype] >= 2 * TLB_STRIDE_BYTES
    return row.left == 1 and is_strided and depth.extent >= MIN_LEFT_DEPTH and panels >= MIN_READERS
