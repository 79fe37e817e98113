"""The axes whose letter is a subscript of whole matrices: the steps of loops, and heads.

If the last axis of an array is cut into blocks of one length, ``Q[n, t, 2h + d]`` is the entry
(n, t, d) of block h, and can be written as the matrix Q_h.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from chainrule.insight.notation.expression import (
    Application,
    Expression,
    Reduction,
    Symbol,
    walk,
)
from chainrule.insight.notation.index import Axis, Index

__all__ = ["fixed_axes", "joined_axes", "joined_axis", "steps_of"]


def fixed_axes(
    expression: Expression, axes: Iterable[Axis], places: Sequence[Index]
) -> frozenset[Axis]:
    """Return the axes of an equation that are fixed within a matrix."""
    steps = steps_of(expression) | {axis for axis in axes if axis.is_step}
    blocks: set[Axis] = set()
    others: set[Axis] = set()
    for indices in [tuple(places), *_indices(expression)]:
        long = [each for each in indices if not each.is_only_entry and not _is_in(each, steps)]
        for position, each in enumerate(long):
            if each.block_axes is None:
                others |= set(each.axes) if each.axis is None else set()
            elif position == len(long) - 1 or len(long) == 2:
                blocks.add(each.block_axes[0])
                others.add(each.block_axes[1])
            else:
                others |= set(each.axes)
    extrema = (x for x in walk(expression) if isinstance(x, Reduction) and x.kind != "Σ")
    others |= {axis for each in extrema for axis in each.axes}
    return steps | (blocks - others)


def _indices(expression: Expression) -> list[tuple[Index, ...]]:
    return [each.indices for each in walk(expression) if isinstance(each, Symbol | Application)]


def _is_in(index: Index, steps: frozenset[Axis]) -> bool:
    return any(axis in steps for axis in index.axes)


def steps_of(expression: Expression) -> frozenset[Axis]:
    """Return the axes that are steps of sequences."""
    symbols = (each for each in walk(expression) if isinstance(each, Symbol))
    steps = (index for each in symbols for index in each.indices[: len(each.first)])
    return frozenset(axis for index in steps for axis in index.axes)


def joined_axes(expression: Expression) -> frozenset[Axis]:
    """Return the axes h of all that is joined."""
    found = (joined_axis(x) for x in walk(expression) if isinstance(x, Application))
    return frozenset(axis for axis in found if axis is not None)


def joined_axis(application: Application) -> Axis | None:
    """Return the axis h of what is joined, along its last axis, by a reshape of (.., h, d)."""
    if application.primitive.name != "reshape":
        return None
    ((argument, axes),) = application.arguments
    lengths = [axis.length for axis in axes]
    size = lengths[-1] * lengths[-2] if len(lengths) > 2 else 0
    is_joined = application.node.shape == (*lengths[:-2], size)
    return axes[-2] if is_joined and not isinstance(argument, Symbol) else None
