"""Primitives that move entries: from the indices of a result to those of the operand.

Through a broadcast an index is dropped, through a transposition they change places, through windows
and slices they become affine, ``x[2i + p]``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from chainrule.graph.node import Node
from chainrule.insight.notation.index import Axis, Index
from chainrule.insight.notation.names import Indices, Names

__all__ = ["INDEX_MAPS"]


_Moved = tuple[Indices, tuple[tuple[Index, Index], ...]]
"""The indices of the operand, and pairs of a place in it that is summed over and its value."""


def _same(node: Node, indices: Indices, names: Names) -> _Moved:
    return indices, ()


def _broadcast(node: Node, indices: Indices, names: Names) -> _Moved:
    (operand,) = node.inputs
    new = len(indices) - len(operand.shape)
    inner = (
        Index(is_only=True) if length == 1 and node.shape[new + i] != 1 else indices[new + i]
        for i, length in enumerate(operand.shape)
    )
    return tuple(inner), ()


def _reshape(node: Node, indices: Indices, names: Names) -> _Moved | None:
    """Axes of length 1 come and go, an axis is split, ``x[n, 2i + p]`` for p < 2, or joined.

    Where axes are joined, the index along the result is split, if it may be; else the entry is that
    of the sum of all with ``2i + p`` equal to it. A concatenation in a sum stays whole.
    """
    (operand,) = node.inputs
    kept = [(i, length) for i, length in zip(indices, node.shape, strict=True) if length != 1]
    found, lengths, joined = list[Index](), list[int](), list[tuple[Index, Index]]()
    index, count = Index(), 1
    for length in operand.shape:
        if length == 1:
            continue
        lengths.append(length)
        while count < math.prod(lengths) and kept:
            following, size = kept.pop(0)
            index = following if count == 1 else index * size + following
            count *= size
        if count == math.prod(lengths):
            digits = index.digits(lengths)
            if digits is None:
                is_concatenation = not kept and len(lengths) == 2 < _rank(operand.shape)
                if is_concatenation and names.splits.is_in_sum(index):
                    return None
                digits = names.splits.split(index, lengths)
            if digits is None:
                digits = [Index.of(Axis(each)) for each in lengths]
                joined.append((_joined(digits, lengths), index))
            found, lengths, count = [*found, *digits], [], 1
    if kept or lengths:
        return None
    rest = iter(found)
    inner = (Index(is_only=True) if length == 1 else next(rest) for length in operand.shape)
    return tuple(inner), tuple(joined)


def _rank(shape: Sequence[int]) -> int:
    """Return the number of axes of more than one entry."""
    return sum(length != 1 for length in shape)


def _joined(digits: Sequence[Index], lengths: Sequence[int]) -> Index:
    index = Index()
    for digit, length in zip(digits, lengths, strict=True):
        index = index * length + digit
    return index


def _transpose(node: Node, indices: Indices, names: Names) -> _Moved:
    inner = dict(zip(node.params["axes"], indices, strict=True))
    return tuple(inner[i] for i in range(len(inner))), ()


def _slice(node: Node, indices: Indices, names: Names) -> _Moved:
    (operand,) = node.inputs
    inner: list[Index] = []
    for index, length, each in zip(indices, operand.shape, node.params["slices"], strict=True):
        start, count, step = each
        shifted = index * step + Index((), start) if count > 1 or length == 1 else Index((), start)
        if step == 1 and count < length and not length % count and not start % count:
            block = names.parts.get(node.serial, str(start // count + 1))
            shifted = replace(shifted, block=block)
        inner.append(shifted)
    return tuple(inner), ()


def _unfold(node: Node, indices: Indices, names: Names) -> _Moved:
    (operand,) = node.inputs
    rank = len(operand.shape)
    inner = list(indices[:rank])
    for i, axis in enumerate(node.params["axes"]):
        stride, dilation = node.params["strides"][i], node.params["dilations"][i]
        inner[axis] = inner[axis] * stride + indices[rank + i] * dilation
    return tuple(inner), ()


INDEX_MAPS: Mapping[str, Callable[[Node, Indices, Names], _Moved | None]] = {
    "broadcast_to": _broadcast,
    "cast": _same,
    "custom_vjp_call": _same,
    "reshape": _reshape,
    "stop_gradient": _same,
    "strided_slice": _slice,
    "transpose": _transpose,
    "unfold": _unfold,
}
"""By name of a primitive of one operand; None where that takes other than affine indices."""
