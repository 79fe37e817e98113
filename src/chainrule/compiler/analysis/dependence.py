"""Dependence tests: Bernstein's conditions on buffers, overlap of affine accesses and of bytes.

Two accesses of a buffer, one of which writes, are a dependence unless they name different elements.
`are_disjoint` excludes it for any two iterations of a nest, `are_distinct` within one iteration;
`same_iteration` shows that it is not carried between iterations. The verifier has tests of its
own, so that it does not repeat a mistake made here.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from chainrule.compiler.loop_ir.access import Access
from chainrule.compiler.loop_ir.loops import Affine, Axis, Buffer

__all__ = [
    "AccessSet",
    "AccessTable",
    "are_disjoint",
    "are_distinct",
    "overlap_in_memory",
    "same_iteration",
]


@dataclass
class AccessSet:
    """The buffers that some steps read and write, without regard to indices."""

    reads: set[Buffer] = field(default_factory=set[Buffer])
    writes: set[Buffer] = field(default_factory=set[Buffer])

    @staticmethod
    def of(touched: Iterable[Access]) -> AccessSet:
        """Collect accesses."""
        result = AccessSet()
        result.add(touched)
        return result

    def add(self, touched: Iterable[Access]) -> None:
        """Add accesses; aliases count as the buffer that has the memory."""
        for buffer, _, is_write in touched:
            (self.writes if is_write else self.reads).add(buffer.root)

    def conflicts_with(self, other: AccessSet) -> bool:
        """Whether the order of two steps counts: one writes what the other touches.

        References: Bernstein (1966), "Analysis of Programs for Parallel Processing".
        """
        return not (
            self.writes.isdisjoint(other.reads)
            and self.writes.isdisjoint(other.writes)
            and self.reads.isdisjoint(other.writes)
        )


class AccessTable:
    """Accesses by buffer and by the first constant of their index: others of it are disjoint."""

    def __init__(self) -> None:
        self.tables: dict[Buffer, dict[Buffer, dict[int, dict[int, list[Access]]]]] = {}

    def add(self, access: Access) -> None:
        """Add an access."""
        buffer, index, _ = access
        axis = next((axis for axis, each in enumerate(index) if _is_constant(each)), -1)
        constant = _constant(index[axis]) if axis >= 0 else 0
        table = self.tables.setdefault(buffer.root, {}).setdefault(buffer, {})
        table.setdefault(axis, {}).setdefault(constant, []).append(access)

    def overlapping(self, buffer: Buffer, index: Sequence[object]) -> Iterator[Access]:
        """Yield the accesses that may overlap with another one."""
        for other, table in self.tables.get(buffer.root, {}).items():
            for axis, by_constant in table.items():
                if other is buffer and axis >= 0 and _is_constant(index[axis]):
                    yield from by_constant.get(_constant(index[axis]), ())
                else:
                    yield from itertools.chain(*by_constant.values())


def _is_constant(index: object) -> bool:
    return isinstance(index, Affine) and not index.terms


def _constant(index: object) -> int:
    assert isinstance(index, Affine)
    return index.constant


def same_iteration(
    buffer: Buffer,
    index: Sequence[object],
    other: Buffer,
    other_index: Sequence[object],
    axes: Sequence[Axis],
) -> bool:
    """Whether two accesses overlap only within one iteration of a nest over `axes`.

    That is so where each axis alone, perhaps scaled and shifted, is the same index of both.
    """
    if buffer is not other:
        return False
    pinned: set[Axis] = set()
    for one, two in zip(index, other_index, strict=True):
        if isinstance(one, Affine) and one == two and len(one.terms) == 1:
            pinned |= {axis for axis, _ in one.terms if axis in axes}
    return len(pinned) == len(axes)


def are_disjoint(index: Sequence[object], other: Sequence[object]) -> bool:
    """Whether two accesses of one buffer never overlap: along some axis their ranges are apart.

    Within one iteration of the surrounding loops, whose indices both must use alike.

    Examples
    --------
    >>> from chainrule.compiler.loop_ir.loops import Axis
    >>> i = Axis(4)
    >>> are_disjoint([Affine.of(i)], [Affine.of(i, constant=4)])
    True
    >>> are_disjoint([Affine.of(i)], [Affine.of(i, constant=3)])
    False
    """
    for one, two in zip(index, other, strict=True):
        if isinstance(one, Affine) and isinstance(two, Affine):
            (first, last), (start, stop) = _range(one), _range(two)
            is_aligned = _loop_terms(one) == _loop_terms(two)
            if is_aligned and (last < start or stop < first):
                return True
    return False


def _range(index: Affine) -> tuple[int, int]:
    """The least and greatest value of an index within one iteration of the surrounding loops."""
    ends = [(axis.extent - 1) * step for axis, step in index.terms if not axis.is_loop_index]
    return (
        index.constant + sum(end for end in ends if end < 0),
        index.constant + sum(end for end in ends if end > 0),
    )


def _loop_terms(index: Affine) -> list[tuple[Axis, int]]:
    return [term for term in index.terms if term[0].is_loop_index]


def are_distinct(index: Sequence[object], other: Sequence[object]) -> bool:
    """Whether two accesses of one buffer name different elements in each iteration.

    Examples
    --------
    >>> from chainrule.compiler.loop_ir.loops import Axis
    >>> i = Axis(4)
    >>> are_distinct([Affine.of(i)], [Affine.of(i, constant=1)])
    True
    >>> are_distinct([Affine.of(i)], [Affine(0)])
    False
    """
    return any(
        isinstance(one, Affine)
        and isinstance(two, Affine)
        and one.terms == two.terms
        and one.constant != two.constant
        for one, two in zip(index, other, strict=True)
    )


def overlap_in_memory(one: Buffer, other: Buffer, offsets: Mapping[Buffer, int]) -> bool:
    """Whether two buffers overlap in memory; those in `offsets` are parts of one block."""
    if one is other:
        return True
    if one not in offsets or other not in offsets:
        return False
    starts = [offsets[buffer] for buffer in (one, other)]
    sizes = [buffer.size * buffer.dtype.itemsize for buffer in (one, other)]
    return starts[0] < starts[1] + sizes[1] and starts[1] < starts[0] + sizes[0]
