"""Other shapes for expressions: axes split into several, or merged into one."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from chainrule.compiler.graph_passes.axis_groups import axis_groups
from chainrule.compiler.loop_ir.loops import (
    Affine,
    Apply,
    Axis,
    Buffer,
    Expression,
    IndexValue,
    Literal,
    Load,
)
from chainrule.compiler.lowering.graph_lowering import Lowering

__all__ = ["alias", "joined", "merged_index", "reshaped"]


def reshaped(
    lowering: Lowering, value: Expression, old: tuple[int, ...], new: tuple[int, ...]
) -> Expression | None:
    """Return an expression of another shape; None where the value must be stored first."""
    if 0 in old:
        return Literal(np.zeros((), value.dtype)[()], value.dtype)
    before, after = lowering.canonical(old), lowering.canonical(new)
    meaning: dict[Axis, Affine] = {}
    merged: list[tuple[tuple[Axis, ...], Axis]] = []
    for olds, news in axis_groups(old, new):
        inner = [before[i] for i in olds if old[i] != 1]
        outer = [(after[i], new[i]) for i in news if new[i] != 1]
        if len(inner) == 1:
            meaning[inner[0].terms[0][0]] = joined(outer)
        elif len(outer) == 1 and inner:
            axes = tuple(place.terms[0][0] for place in inner)
            merged.append((axes, outer[0][0].terms[0][0]))
        elif inner:
            return _whole_alias(lowering, value, old, new)
    return _Reshaper(lowering, meaning, merged).visit(value)


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


class _Reshaper:
    """Rewrites an expression for split and merged axes; gives None where that cannot be."""

    def __init__(
        self,
        lowering: Lowering,
        meaning: Mapping[Axis, Affine],
        merged: list[tuple[tuple[Axis, ...], Axis]],
    ) -> None:
        self.lowering = lowering
        self.meaning = meaning
        self.merged = merged
        self.done: dict[int, Expression | None] = {}

    def visit(self, value: Expression) -> Expression | None:
        """Return the rewritten expression."""
        if id(value) not in self.done:
            self.done[id(value)] = self._rebuild(value)
        return self.done[id(value)]

    def _rebuild(self, value: Expression) -> Expression | None:
        match value:
            case Literal():
                return value
            case IndexValue(index, dtype):
                place = self._affine(index)
                return None if place is None else IndexValue(place, dtype)
            case Load():
                return self._load(value)
            case Apply(operation, operands, dtype):
                parts = [self.visit(each) for each in operands]
                if any(each is None for each in parts):
                    return None
                return Apply(operation, tuple(each for each in parts if each), dtype)

    def _load(self, value: Load) -> Load | None:
        buffer, index = value.buffer, list(value.index)
        for axes, whole in self.merged:
            found = _run_of(buffer, index, axes)
            if found is not None:
                shape = (*buffer.shape[:found], whole.extent, *buffer.shape[found + len(axes) :])
                buffer = alias(self.lowering, buffer, shape)
                index[found : found + len(axes)] = [Affine.of(whole)]
        parts: list[Affine | Expression | None] = [
            self._affine(each) if isinstance(each, Affine) else self.visit(each) for each in index
        ]
        if any(each is None for each in parts):
            return None
        return Load(buffer, tuple(each for each in parts if each is not None))

    def _affine(self, index: Affine) -> Affine | None:
        """Put in the new axes; merged ones must occur with the steps of one axis."""
        meaning = dict(self.meaning)
        for axes, whole in self.merged:
            steps = [index.coefficient(axis) for axis in axes]
            if not any(steps):
                continue
            size, expected = 1, []
            for axis in reversed(axes):
                expected.insert(0, steps[-1] * size)
                size *= axis.extent
            if steps != expected:
                return None
            meaning |= dict.fromkeys(axes[:-1], Affine()) | {axes[-1]: Affine.of(whole)}
        return index.substitute(meaning)


def _run_of(buffer: Buffer, index: list[Any], axes: tuple[Axis, ...]) -> int | None:
    """Where neighbouring dimensions of a buffer are indexed by just these axes, whole."""
    for start in range(len(index) - len(axes) + 1):
        places = index[start : start + len(axes)]
        if all(
            place == Affine.of(axis) and buffer.shape[start + k] == axis.extent
            for k, (place, axis) in enumerate(zip(places, axes, strict=True))
        ):
            return start
    return None
