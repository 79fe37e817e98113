"""Other shapes for expressions: axes split into several, or merged into one."""

from __future__ import annotations

import math
from collections.abc import Mapping

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

__all__ = ["alias", "joined", "merged_index", "reshaped"]


def reshaped(
    lowering: Lowering, value: Expression, old: tuple[int, ...], new: tuple[int, ...]
) -> Expression | None:
    """Return an expression of another shape; None where the value must be stored first."""
    if 0 in old:
        return Literal(np.zeros((), value.dtype)[()], value.dtype)
    before, after = lowering.canonical(old), lowering.canonical(new)
    substitution: dict[Axis, Affine] = {}
    merges: list[tuple[tuple[Axis, ...], Axis]] = []
    for olds, news in axis_groups(old, new):
        inner = [before[i] for i in olds if old[i] != 1]
        outer = [(after[i], new[i]) for i in news if new[i] != 1]
        if len(inner) == 1:
            substitution[inner[0].terms[0][0]] = joined(outer)
        elif len(outer) == 1 and inner:
            axes = tuple(place.terms[0][0] for place in inner)
            merges.append((axes, outer[0][0].terms[0][0]))
        elif inner:
            return _whole_alias(lowering, value, old, new)
    return _merged(lowering, value, substitution, merges)


def merged_index(
    lowering: Lowering, old: tuple[int, ...], new: tuple[int, ...]
) -> tuple[Affine, ...]:
    """Return the place in a shape of merged axes of an element at the axes before."""
    before = lowering.canonical(old)
    index = [Affine()] * len(new)
    for olds, news in axis_groups(old, new):
        whole = next((i for i in news if new[i] != 1), None)
        if whole is not None:
            index[whole] = joined([(before[i], old[i]) for i in olds])
    return tuple(index)


def joined(parts: list[tuple[Affine, int]]) -> Affine:
    """Return the index along one axis that was split into several."""
    total, step = Affine(), math.prod(n for _, n in parts)
    for place, length in parts:
        step //= length
        total += place.scaled(step)
    return total


def _whole_alias(
    lowering: Lowering, value: Expression, old: tuple[int, ...], new: tuple[int, ...]
) -> Load | None:
    """Return the same buffer under another shape, where the value is all of a buffer in order."""
    if isinstance(value, Literal):
        return value  # pyright: ignore[reportReturnType]
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
        made = Buffer("alias", root.dtype, shape, root.name, root.layer, base=root)
        lowering.aliases[key] = made
    return lowering.aliases[key]


class _NotRepresentable(Exception):  # noqa: N818 - caught in this module
    """Merged axes do not occur with the strides of one axis."""


def _merged(
    lowering: Lowering,
    value: Expression,
    substitution: Mapping[Axis, Affine],
    merges: list[tuple[tuple[Axis, ...], Axis]],
) -> Expression | None:
    """Substitute split axes and merge others; None where merged axes have unequal strides.

    A load whose buffer is indexed by just the merged axes reads an alias of the buffer, in which
    they are one.
    """

    def access(buffer: Buffer, index: Index) -> tuple[Buffer, Index]:
        for axes, whole in merges:
            first = _run_of(buffer, index, axes)
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
            if not any(strides):
                continue
            size, expected = 1, list[int]()
            for axis in reversed(axes):
                expected.insert(0, strides[-1] * size)
                size *= axis.extent
            if strides != expected:
                raise _NotRepresentable
            complete |= dict.fromkeys(axes[:-1], Affine()) | {axes[-1]: Affine.of(whole)}
        return index.substitute(complete)

    try:
        return map_expression(value, access, affine)
    except _NotRepresentable:
        return None


def _run_of(buffer: Buffer, index: Index, axes: tuple[Axis, ...]) -> int | None:
    """Where neighbouring dimensions of a buffer are indexed by just these axes, whole."""
    for start in range(len(index) - len(axes) + 1):
        places = index[start : start + len(axes)]
        if all(
            place == Affine.of(axis) and buffer.shape[start + k] == axis.extent
            for k, (place, axis) in enumerate(zip(places, axes, strict=True))
        ):
            return start
    return None
