"""Which operands of a contraction are copied before they are read, as their layout is a bad one."""

from chainrule.compiler.backends.llvm.contraction.loop_roles import LoopRoles
from chainrule.compiler.backends.llvm.emit import ITEM_BYTES

__all__ = ["packs_left", "packs_right"]

# A panel whose lines lie at least this far apart, and that many of them, wears out the address
# cache of the processor; copying it pays once several row tiles read the copy.
FAR_BYTES = 1024
FAR_LINES = 256
WORTH_TILES = 4
# A panel of one line out of several, a part of the channels say, leaves most of the first cache
# empty, as lines that many bytes apart share its few places.
NARROW_BYTES = 64
APART_BYTES = 256
APART_LINES = 64


def packs_right(arrangement: LoopRoles, tiles: int) -> bool:
    """Tell whether panels of ``right`` are copied before they are read."""
    if arrangement.column.right != 1:
        return True
    size = ITEM_BYTES[arrangement.dtype]
    is_narrow = arrangement.column.extent * size <= NARROW_BYTES
    bytes_apart, lines = (APART_BYTES, APART_LINES) if is_narrow else (FAR_BYTES, FAR_LINES)
    far = any(abs(loop.right) * size >= bytes_apart for loop in arrangement.depth[-1:])
    return far and arrangement.depth_size >= lines and tiles >= WORTH_TILES


def packs_left(arrangement: LoopRoles, panels: int) -> bool:
    """Tell whether ``left`` is copied before it is read."""
    # Rows or depth of several loops read windows, which copies would make many times as large.
    if len(arrangement.rows) != 1 or len(arrangement.depth) != 1 or arrangement.column.left:
        return False
    (depth,), (row,) = arrangement.depth, arrangement.rows
    far = abs(depth.left) * ITEM_BYTES[arrangement.dtype] >= 2 * FAR_BYTES
    return row.left == 1 and far and depth.extent >= 64 and panels >= WORTH_TILES
