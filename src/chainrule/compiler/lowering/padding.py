"""Zeros around what is stored: margins for kernels that reach beyond the ends of an axis.

A value that somebody needs with margins is computed into the midst of a larger buffer at once, so
that it is not copied. Whoever needs it without them reads the midst.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from chainrule.compiler.graph_passes.axis_groups import is_merge
from chainrule.compiler.graph_passes.convolution_gradient import InputGradient
from chainrule.compiler.loop_ir.loops import Affine, Axis, Buffer, Literal, Statement
from chainrule.graph.graph import Graph
from chainrule.graph.node import Node
from chainrule.ops.primitives.movement import pad_into, reshape

__all__ = [
    "Margins",
    "enlarged",
    "filled",
    "inside",
    "of_place",
    "reaches",
    "shifted",
    "wanted_margins",
]

Margins = tuple[tuple[int, int], ...]
"""How many zeros stand before and after each axis."""

_STORED = ("contract", "reduce_max", "reduce_min", "reduce_to")
"""What is stored in one statement that covers all of it, besides elementwise operations."""
LARGEST = 1.5
"""Readers with other margins make a buffer at most so many times as large as what it holds."""


def wanted_margins(graph: Graph, gradients: Iterable[InputGradient]) -> dict[int, Margins]:
    """Return the margins that nodes are stored with, by their serial numbers."""
    wishes = [(gradient.slope, gradient.margins()) for gradient in gradients]
    wishes += [
        (node, ((0, 0),) * len(node.shape))
        for node in graph.equations
        if node.primitive is pad_into
    ]
    wishes = [inside(*wish) for wish in wishes]
    wanted: dict[int, Margins] = {}
    for node, margins in wishes:
        if not any(map(any, margins)) or not _is_stored(node):
            continue
        known = wanted.get(node.serial)
        larger = margins if known is None else _both(known, margins)
        if known is None or math.prod(enlarged(node.shape, larger)) <= LARGEST * node.size:
            wanted[node.serial] = larger
    return wanted


def inside(node: Node, margins: Margins) -> tuple[Node, Margins]:
    """Return what lies within zeros, and all the margins around that."""
    while node.primitive is pad_into and (more := of_place(node)) is not None:
        node, margins = node.inputs[0], _sum(margins, more)
    return node, margins


def _sum(one: Margins, other: Margins) -> Margins:
    return tuple((a + c, b + d) for (a, b), (c, d) in zip(one, other, strict=True))


def _is_stored(node: Node) -> bool:
    primitive = node.primitive
    if primitive is reshape and is_merge(node.inputs[0].shape, node.shape):
        return node.inputs[0].primitive is not None and node.inputs[0].primitive.ufunc is not None
    return primitive is not None and (primitive.ufunc is not None or primitive.name in _STORED)


def _both(one: Margins, other: Margins) -> Margins:
    return tuple((max(a, c), max(b, d)) for (a, b), (c, d) in zip(one, other, strict=True))


def of_place(node: Node) -> Margins | None:
    """Return the margins that ``place`` adds; None where it spreads, or turns the order round."""
    slices = node.params["slices"]
    if not all(count and step == 1 for _, count, step in slices):
        return None
    return tuple(
        (start, length - start - count)
        for (start, count, _), length in zip(slices, node.shape, strict=True)
    )


def enlarged(shape: Sequence[int], margins: Margins) -> tuple[int, ...]:
    """Return a shape with margins."""
    return tuple(n + before + after for n, (before, after) in zip(shape, margins, strict=True))


def reaches(wide: Margins, margins: Margins) -> bool:
    """Whether margins are at least as large as others."""
    return all(a >= c and b >= d for (a, b), (c, d) in zip(wide, margins, strict=True))


def shifted(index: Sequence[Affine], margins: Margins) -> tuple[Affine, ...]:
    """Return where an index lies in a buffer with margins."""
    return tuple(i + Affine(before) for i, (before, _) in zip(index, margins, strict=True))


def filled(buffer: Buffer, margins: Margins, layer: str) -> Iterator[Statement]:
    """Yield the statements that store zeros in the margins of a buffer: two slabs for each axis."""
    zero = Literal(np.zeros((), buffer.dtype)[()], buffer.dtype)
    ranges = [(0, length) for length in buffer.shape]
    for axis, (before, after) in enumerate(margins):
        length = buffer.shape[axis]
        for start, stop in ((0, before), (length - after, length)):
            if start < stop:
                slab = [*ranges[:axis], (start, stop), *ranges[axis + 1 :]]
                yield Statement(buffer, tuple(map(_within, slab)), zero, layer=layer)
        # What the slabs of earlier axes cover need not be covered again.
        ranges[axis] = before, length - after


def _within(limits: tuple[int, int]) -> Affine:
    start, stop = limits
    return Affine(start) if stop - start == 1 else Affine.of(Axis(stop - start), constant=start)
