"""Reindexing across split and merged axes, for reshapes of expressions and of buffers."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from chainrule.compiler.graph_passes.axis_groups import axis_groups
from chainrule.compiler.loop_ir.loops import (
    Affine,
    Axis,
    Buffer,
    Expression,
    Index,
    Literal,
    Load,
)
from chainrule.compiler.loop_ir.rewrite import map_expression
from chainrule.compiler.lowering.graph_lowering import Lowering

__all__ = ["alias", "flat_index", "merged_index", "reshaped"]

Merge = tuple[tuple[Axis, ...], Axis]
"""Axes of the old shape, and the axis of the new one that they become."""


def reshaped(
    lowering: Lowering, value: Expression, old: tuple[int, ...], new: tuple[int, ...]
) -> Expression | None:
    """Return an expression of another shape; None where its value must be stored first."""
    if 0 in old:
        return Literal(np.zeros((), value.dtype)[()], value.dtype)
    before, after = lowering.canonical(old), lowering.canonical(new)
    substitution: dict[Axis, Affine] = {}
    merges: list[Merge] = []
    for olds, news in axis_groups(old, new):
        inner = [before[i] for i in olds if old[i] != 1]
        outer = [(after[i], new[i]) for i in news if new[i] != 1]
        if len(inner) == 1:
            substitution[inner[0].terms[0][0]] = flat_index(outer)
        elif len(outer) == 1 and inner:
            axes = tuple(i.terms[0][0] for i in inner)
            merges.append((axes, outer[0][0].terms[0][0]))
        elif inner:
            return _whole_alias(lowering, value, old, new)
    return _reindexed(lowering, value, substitution, merges)


def merged_index(
    lowering: Lowering, old: tuple[int, ...], new: tuple[int, ...]
) -> tuple[Affine, ...]:
    """Return, over the canonical axes of the old shape, the index of an element in the new one."""
    before = lowering.canonical(old)
    index = [Affine()] * len(new)
    for olds, news in axis_groups(old, new):
        whole = next((i for i in news if new[i] != 1), None)
        if whole is not None:
            index[whole] = flat_index([(before[i], old[i]) for i in olds])
    return tuple(index)


def flat_index(parts: Sequence[tuple[Affine, int]]) -> Affine:
    """Return the row-major index of an element, from its index along each axis and the lengths."""
    total, stride = Affine(), 1
    for index, length in reversed(parts):
        total += index.scaled(stride)
        stride *= length
    return total


def _whole_alias(
    lowering: Lowering, value: Expression, old: tuple[int, ...], new: tuple[int, ...]
) -> Expression | None:
    """Load from an alias of the new shape, where the value is all of a buffer in order."""
    if isinstance(value, Literal):
        return value
    if not isinstance(value, Load) or value.index != lowering.canonical(old):
        return None
    if value.buffer.shape != old:
        return None
    return Load(alias(lowering, value.buffer, new), lowering.canonical(new))


def alias(lowering: Lowering, buffer: Buffer, shape: tuple[int, ...]) -> Buffer:
    """Return the alias of a buffer in another shape, always the same one."""
    root = buffer.root
    if root.shape == shape:
        return root
    key = id(root), shape
    if key not in lowering.aliases:
        fresh = Buffer("alias", root.dtype, shape, root.name, root.layer, base=root)
        lowering.aliases[key] = fresh
    return lowering.aliases[key]


class _UnequalStrides(Exception):  # noqa: N818 - not an error: caught below
    """Axes to be merged occur in an index with strides that are not those of one axis."""


def _reindexed(
    lowering: Lowering,
    value: Expression,
    substitution: Mapping[Axis, Affine],
    merges: Sequence[Merge],
) -> Expression | None:
    """Substitute split axes and merge others; None where the merged axes have unequal strides.

    Dimensions of a buffer indexed by just the axes of a merge become one, in an alias of it.
    """

    def access(buffer: Buffer, index: Index) -> tuple[Buffer, Index]:
        for axes, whole in merges:
            first = _first_of(buffer, index, axes)
            if first is not None:
                end = first + len(axes)
                shape = (*buffer.shape[:first], whole.extent, *buffer.shape[end:])
                buffer = alias(lowering, buffer, shape)
                index = (*index[:first], Affine.of(whole), *index[end:])
        return buffer, index

    def affine(index: Affine) -> Affine:
        complete = dict(substitution)
        for axes, whole in merges:
            strides = [index.coefficient(axis) for axis in axes]
            if any(strides):
                if strides != [strides[-1] * n for n in _row_major(axes)]:
                    raise _UnequalStrides
                complete |= dict.fromkeys(axes[:-1], Affine()) | {axes[-1]: Affine.of(whole)}
        return index.substitute(complete)

    try:
        return map_expression(value, access, affine)
    except _UnequalStrides:
        return None


def _row_major(axes: Sequence[Axis]) -> list[int]:
    """The strides of axes that are merged into one, in elements."""
    return [math.prod(axis.extent for axis in axes[k + 1 :]) for k in range(len(axes))]


def _first_of(buffer: Buffer, index: Index, axes: tuple[Axis, ...]) -> int | None:
    """The first of those consecutive dimensions of a buffer that just `axes` index, whole."""
    for first in range(len(index) - len(axes) + 1):
        if all(
            index[first + k] == Affine.of(axis) and buffer.shape[first + k] == axis.extent
            for k, axis in enumerate(axes)
        ):
            return first
    return None
