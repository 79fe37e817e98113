"""Where two accesses of a buffer can meet: what decides whether statements share a nest."""

from __future__ import annotations

from collections.abc import Sequence

from chainrule.compiler.loop_ir.loops import Affine, Axis, Buffer

__all__ = ["are_disjoint", "same_iteration"]


def same_iteration(
    buffer: Buffer,
    index: Sequence[object],
    other: Buffer,
    place: Sequence[object],
    axes: Sequence[Axis],
) -> bool:
    """Tell whether two accesses can only meet at the same point of a nest's axes."""
    if buffer is not other:
        return False
    pinned: set[Axis] = set()
    for mine, theirs in zip(index, place, strict=True):
        if isinstance(mine, Affine) and mine == theirs:
            own = [axis for axis, _ in mine.terms if axis in axes]
            if len(own) == 1 and len(mine.terms) == 1:
                pinned.add(own[0])
    return len(pinned) == len(axes)


def are_disjoint(index: Sequence[object], place: Sequence[object]) -> bool:
    """Tell whether two accesses of one buffer lie in different parts of it, as slices side by side.

    Examples
    --------
    >>> from chainrule.compiler.loop_ir.loops import Axis
    >>> i = Axis(4)
    >>> are_disjoint([Affine.of(i)], [Affine.of(i, constant=4)])
    True
    >>> are_disjoint([Affine.of(i)], [Affine.of(i, constant=3)])
    False
    """
    for mine, theirs in zip(index, place, strict=True):
        if isinstance(mine, Affine) and isinstance(theirs, Affine):
            (low, high), (start, stop) = _reach(mine), _reach(theirs)
            same_turns = [term for term in mine.terms if term[0].is_loop_index] == [
                term for term in theirs.terms if term[0].is_loop_index
            ]
            if same_turns and (high < start or stop < low):
                return True
    return False


def _reach(index: Affine) -> tuple[int, int]:
    """The smallest and the largest value of an index within one turn of the loops around."""
    ends = [(axis.extent - 1) * step for axis, step in index.terms if not axis.is_loop_index]
    return (
        index.constant + sum(end for end in ends if end < 0),
        index.constant + sum(end for end in ends if end > 0),
    )
