"""Independence of batch rows: each row of a batch touches only its own part of what is written.

A row owns a part of a buffer either by an axis, ``buffer[..., row, ...]``, or as one of equal,
consecutive parts of its memory. Steps carry no dependence across rows if, for each buffer that one
of them writes, all of them agree on a way in which rows own it.
"""

from __future__ import annotations

from collections.abc import Sequence

from chainrule.compiler.loop_ir.access import Access, accesses
from chainrule.compiler.loop_ir.layout import Layout
from chainrule.compiler.loop_ir.loops import Affine, Axis, Buffer, Index, Nest

__all__ = ["KeyedAccess", "RowOwnership", "is_batch_independent", "ownership_keys"]

Key = tuple[Buffer, int]
"""A way in which rows own a buffer: the number of an axis, or -1 for equal parts of its memory."""

KeyedAccess = tuple[Buffer, Index, bool, frozenset[Key]]


def ownership_keys(access: Access, row: Axis, layout: Layout) -> frozenset[Key]:
    """Return the ways in which an access touches only the part of its own row."""
    keys = _axis_keys(access, row)
    buffer, index, _ = access
    return keys | {(buffer.root, -1)} if _is_part(buffer, index, row, layout) else keys


def _axis_keys(access: Access, row: Axis) -> frozenset[Key]:
    buffer, index, _ = access
    return frozenset((buffer, axis) for axis, i in enumerate(index) if i == Affine.of(row))


def _is_part(buffer: Buffer, index: Index, row: Axis, layout: Layout) -> bool:
    """Whether row r touches only the r-th of equal, consecutive parts of a buffer's memory."""
    if buffer.size % row.extent or buffer.root in layout.column_major or not buffer.size:
        return False
    flat, part = Affine(), buffer.size // row.extent
    for i, stride in zip(index, layout.strides(buffer), strict=True):
        if not isinstance(i, Affine):
            return False
        flat += i.scaled(stride)
    rest = [(axis, stride) for axis, stride in flat.terms if axis is not row]
    if flat.coefficient(row) != part or any(axis.is_loop_index for axis, _ in rest):
        return False
    ends = [stride * (axis.extent - 1) for axis, stride in rest]
    least = flat.constant + sum(end for end in ends if end < 0)
    greatest = flat.constant + sum(end for end in ends if end > 0)
    return 0 <= least <= greatest < part


class RowOwnership:
    """The ways in which rows own what some nests touch, as far as all of these agree."""

    def __init__(self) -> None:
        self.keys: dict[Buffer, frozenset[Key]] = {}
        self.written: set[Buffer] = set()

    def admit(self, touched: Sequence[KeyedAccess]) -> bool:
        """Add what one more nest touches, unless that makes a dependence across rows."""
        keys, written = dict(self.keys), set(self.written)
        for buffer, _, is_write, ways in touched:
            root = buffer.root
            keys[root] = keys[root] & ways if root in keys else ways
            written |= {root} if is_write else set()
        if not all(keys[root] for root in written):
            return False
        self.keys, self.written = keys, written
        return True


def is_batch_independent(nests: Sequence[Nest], rows: Sequence[Axis]) -> bool:
    """Whether nests that run again and again carry no dependence across their row axes.

    Only ownership by an axis counts, which holds in every layout of the buffers.
    """
    ownership = RowOwnership()
    return all(
        ownership.admit([
            (*access, _axis_keys(access, row))
            for access in accesses(nest)
            if access[0].root not in nest.registers
        ])
        for nest, row in zip(nests, rows, strict=True)
    )  # fmt: skip
