"""Zero padding (halo) planned into producers, for contractions that read beyond the ends of axes.

A value that is read with padding is stored into the interior of a padded buffer at once, so that it
need not be copied. Uses without padding read the interior.
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
    "Padding", "covers", "padded_index", "padded_shape", "padding_of", "plan_padding",
    "unwrap_padding", "zero_fill",
]  # fmt: skip

Padding = tuple[tuple[int, int], ...]
"""The zeros before and after each axis."""

_STORED = ("contract", "reduce_max", "reduce_min", "reduce_to")
"""Primitives whose whole value one statement stores, besides the elementwise ones."""
MAX_GROWTH = 1.5
"""Bound on the size of a buffer padded for several uses, as a multiple of its value's size."""


def plan_padding(graph: Graph, gradients: Iterable[InputGradient]) -> dict[int, Padding]:
    """Return the padding that nodes are stored with, by their serial numbers."""
    requested = [(gradient.cotangent, gradient.padding()) for gradient in gradients]
    requested += [
        (node, ((0, 0),) * len(node.shape))
        for node in graph.equations
        if node.primitive is pad_into
    ]
    planned: dict[int, Padding] = {}
    for node, padding in (unwrap_padding(*each) for each in requested):
        if not any(map(any, padding)) or not _is_stored(node):
            continue
        known = planned.get(node.serial)
        larger = padding if known is None else _union(known, padding)
        if known is None or math.prod(padded_shape(node.shape, larger)) <= MAX_GROWTH * node.size:
            planned[node.serial] = larger
    return planned


def unwrap_padding(node: Node, padding: Padding) -> tuple[Node, Padding]:
    """Return the value that a node pads, perhaps repeatedly, and all padding around that."""
    while node.primitive is pad_into and (more := padding_of(node)) is not None:
        node, padding = node.inputs[0], _sum(padding, more)
    return node, padding


def padding_of(node: Node) -> Padding | None:
    """Return the padding of a ``pad_into``; None where it dilates or reverses an axis."""
    slices = node.params["slices"]
    if not all(count and step == 1 for _, count, step in slices):
        return None
    return tuple(
        (start, length - start - count)
        for (start, count, _), length in zip(slices, node.shape, strict=True)
    )


def _is_stored(node: Node) -> bool:
    primitive = node.primitive
    if primitive is reshape and is_merge(node.inputs[0].shape, node.shape):
        return node.inputs[0].primitive is not None and node.inputs[0].primitive.ufunc is not None
    return primitive is not None and (primitive.ufunc is not None or primitive.name in _STORED)


def _sum(one: Padding, other: Padding) -> Padding:
    return tuple((a + c, b + d) for (a, b), (c, d) in zip(one, other, strict=True))


def _union(one: Padding, other: Padding) -> Padding:
    return tuple((max(a, c), max(b, d)) for (a, b), (c, d) in zip(one, other, strict=True))


def padded_shape(shape: Sequence[int], padding: Padding) -> tuple[int, ...]:
    """Return a shape with padding."""
    return tuple(n + before + after for n, (before, after) in zip(shape, padding, strict=True))


def padded_index(index: Sequence[Affine], padding: Padding) -> tuple[Affine, ...]:
    """Return the index in a padded buffer of an element of its interior."""
    return tuple(i + Affine(before) for i, (before, _) in zip(index, padding, strict=True))


def covers(one: Padding, other: Padding) -> bool:
    """Whether a padding is at least as large as another on every side."""
    return all(a >= c and b >= d for (a, b), (c, d) in zip(one, other, strict=True))


def zero_fill(buffer: Buffer, padding: Padding, layer: str) -> Iterator[Statement]:
    """Yield statements that store zeros in the padding of a buffer: two slabs for each axis."""
    zero = Literal(np.zeros((), buffer.dtype)[()], buffer.dtype)
    ranges = [(0, length) for length in buffer.shape]
    for axis, (before, after) in enumerate(padding):
        length = buffer.shape[axis]
        for start, stop in ((0, before), (length - after, length)):
            if start < stop:
                slab = [*ranges[:axis], (start, stop), *ranges[axis + 1 :]]
                yield Statement(buffer, tuple(map(_range_index, slab)), zero, layer=layer)
        # The slabs of later axes leave out what those of earlier ones cover.
        ranges[axis] = before, length - after


def _range_index(limits: tuple[int, int]) -> Affine:
    start, stop = limits
    return Affine(start) if stop - start == 1 else Affine.of(Axis(stop - start), constant=start)
