"""Whose a number is: the law by which the rows of a batch are known to keep to themselves."""

from __future__ import annotations

from collections.abc import Sequence

from chainrule.compiler.loop_ir.access import Access, accesses
from chainrule.compiler.loop_ir.layout import Layout
from chainrule.compiler.loop_ir.loops import Affine, Axis, Buffer, Expression, Nest

__all__ = ["RowOwnership", "is_batch_independent", "ownership_keys"]

Key = tuple[Buffer, int]
"""A way in which rows own a buffer: by an axis of it, or, as -1, by equal parts of its memory."""

Keyed = tuple[Buffer, tuple[Affine | Expression, ...], bool, frozenset[Key]]


def ownership_keys(access: Access, row: Axis, layout: Layout) -> frozenset[Key]:
    """Return the ways in which a nest touches only its own row's part of a buffer."""
    buffer, index, _ = access
    keys = {(buffer, place) for place, each in enumerate(index) if each == Affine.of(row)}
    if _is_part(buffer, index, row, layout):
        keys.add((buffer.root, -1))
    return frozenset(keys)


def _is_part(
    buffer: Buffer, index: Sequence[Affine | Expression], row: Axis, layout: Layout
) -> bool:
    """Whether each row has one of equal parts of the memory, which lie one behind the other."""
    if buffer.size % row.extent or buffer.root in layout.by_columns or not buffer.size:
        return False
    flat, part = Affine(), buffer.size // row.extent
    for place, step in zip(index, layout.strides(buffer), strict=True):
        if not isinstance(place, Affine):
            return False
        flat += place.scaled(step)
    rest = [(axis, step) for axis, step in flat.terms if axis is not row]
    if flat.coefficient(row) != part or any(axis.is_loop_index for axis, _ in rest):
        return False
    ends = [step * (axis.extent - 1) for axis, step in rest]
    least = flat.constant + sum(end for end in ends if end < 0)
    most = flat.constant + sum(end for end in ends if end > 0)
    return 0 <= least <= most < part


class RowOwnership:
    """The ways in which rows own what some nests touch, as far as all of them agree."""

    def __init__(self) -> None:
        self.keys: dict[Buffer, frozenset[Key]] = {}
        self.written: set[Buffer] = set()

    def admit(self, touched: Sequence[Keyed]) -> bool:
        """Take in what one more nest touches, unless its rows would then meet those of others."""
        keys, written = dict(self.keys), set(self.written)
        for buffer, _, is_write, own in touched:
            root = buffer.root
            keys[root] = keys[root] & own if root in keys else own
            written |= {root} if is_write else set()
        if not all(keys[root] for root in written):
            return False
        self.keys, self.written = keys, written
        return True


def is_batch_independent(nests: Sequence[Nest], rows: Sequence[Axis]) -> bool:
    """Tell whether all that some nests hand on to one another stays within a row."""
    touched: dict[Buffer, list[tuple[Access, Axis]]] = {}
    written: set[Buffer] = set()
    for nest, row in zip(nests, rows, strict=True):
        for access in accesses(nest):
            root = access[0].root
            if root not in nest.registers:
                touched.setdefault(root, []).append((access, row))
                written |= {root} if access[2] else set()
    return all(_has_row(touched[root]) for root in written)


def _has_row(touched: Sequence[tuple[Access, Axis]]) -> bool:
    """Whether a buffer has a place at which everybody who touches it has just his row."""
    (first, _, _), _ = touched[0]
    return any(
        all(
            buffer is first and index[place] == Affine.of(row)
            for (buffer, index, _), row in touched
        )
        for place in range(len(first.shape))
    )
