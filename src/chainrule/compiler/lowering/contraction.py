"""Contractions: sums of contractions in plain loops, or contractions with a kernel of their own.

Each letter becomes an axis, and the operands are read at these axes wherever they lie: through
windows, transposes and slices. Nothing is laid out for a kernel.
"""

from __future__ import annotations

import math

from chainrule.compiler.loop_ir.loops import (
    Affine,
    Apply,
    Axis,
    Contraction,
    Expression,
    Load,
    Statement,
)
from chainrule.compiler.loop_ir.rewrite import substitute
from chainrule.compiler.lowering.graph_lowering import KERNEL_WORK, Lowering, rule
from chainrule.graph.node import Node
from chainrule.ops.primitives.contraction import split_spec

__all__: list[str] = []

BLOCK = 1 << 17
"""Numbers that are summed over in one block, at least: half of a second-level cache."""
MOST_BLOCKS = 16
SHARE = 4
"""Partial results take at most this part of what is read for them."""
KERNEL_AXIS = 16
"""A kernel pays where rows or columns fill a vector."""
ROWS_WORK = 1 << 15
"""Multiplications of vector and matrix from which on a kernel reads the rows in better order."""


@rule("contract")
def _contract(lowering: Lowering, node: Node, inputs: list[Expression]) -> Expression:
    left, right, result = split_spec(node.params["spec"])
    lengths = dict(zip(left + right, (*node.inputs[0].shape, *node.inputs[1].shape), strict=True))
    depth = {c: Axis(lengths[c], c) for c in left if c not in result and lengths[c] != 1}
    places = dict(zip(result, lowering.canonical(node.shape), strict=True))
    places |= {c: Affine.of(depth[c]) if c in depth else Affine() for c in left if c not in result}
    is_small = _is_small(left, right, result, lengths)
    if node.dtype.kind != "f" or (
        is_small and not _reads_rows(lowering, node, (left, right), places, lengths)
    ):
        return _dot(lowering, node, (left, right), places, tuple(depth.values()))
    loads = [
        lowering.moved(lowering.stored(each), each.shape, [places[c] for c in spec])
        for each, spec in zip(node.inputs, (left, right), strict=True)
    ]
    a, b = (load for load in loads if isinstance(load, Load))
    # Windows read a buffer many times; a step of a loop reads one row of many.
    pairs = zip((a, b), node.inputs, strict=True)
    read = sum(min(load.buffer.size, each.size) for load, each in pairs)
    # Where each channel has a kernel of its own, vectors lie along the channels: no batch of them.
    batch = math.prod(lengths[c] for c in left if c in right and c in result[:-1])
    split = _split(read // batch, node.size // batch, left, depth)
    if split is not None:
        return _in_blocks(lowering, node, (a, b), tuple(depth.values()), *split)
    target, index = lowering.target(node)
    lowering.items.append(Contraction(target, index, a, b, tuple(depth.values()), node.layer))
    return Load(target, index)


def _split(read: int, made: int, letters: str, depth: dict[str, Axis]) -> tuple[Axis, int] | None:
    """Choose an axis to sum over in blocks, and how many; None where one sum will do.

    A sum over far more than a cache holds, to a result that is small beside it, is one over blocks:
    each is read from nearby however often it is read, and threads can share them. How many there
    are depends on the sizes of the data alone, and so do the bits of the result. `read` and `made`
    count the numbers of one of the contractions, where it is a whole batch of them.
    """
    most = min(read // BLOCK, read // (SHARE * made), MOST_BLOCKS)
    if most < 2:
        return None
    for letter in letters:
        if letter in depth:
            extent = depth[letter].extent
            count = max(n for n in range(1, most + 1) if extent % n == 0)
            if 2 * count > most:
                return depth[letter], count
    return None


def _in_blocks(
    lowering: Lowering,
    node: Node,
    operands: tuple[Load, Load],
    depth: tuple[Axis, ...],
    axis: Axis,
    count: int,
) -> Load:
    """Lower to one contraction for all blocks, and the sum of what they give."""
    block, inner = Axis(count, "block"), Axis(axis.extent // count, axis.name)
    within = Affine.of(inner) if inner.extent > 1 else Affine()
    meaning = {axis: Affine.of(block, inner.extent) + within}
    left, right = (substitute(each, meaning) for each in operands)
    assert isinstance(left, Load)
    assert isinstance(right, Load)
    rest = tuple(
        inner if each is axis else each for each in depth if each is not axis or within.terms
    )
    partial = lowering.scratch((count, *node.shape), node.dtype, node)
    place = (Affine.of(block), *lowering.canonical(node.shape))
    lowering.items.append(Contraction(partial, place, left, right, rest, node.layer))
    target, index = lowering.target(node)
    value = Load(partial, place)
    lowering.items.append(Statement(target, index, value, "sum", (block,), node.layer))
    return Load(target, index)


def _is_small(left: str, right: str, result: str, lengths: dict[str, int]) -> bool:
    """Whether plain loops do: little work, nothing to reuse, or nothing to fill vectors with."""
    rows = math.prod(lengths[c] for c in left if c not in right)
    columns = math.prod(lengths[c] for c in right if c not in left)
    inner = math.prod(lengths[c] for c in left if c in right and c not in result)
    if math.prod(lengths.values()) <= KERNEL_WORK or inner == 1:
        return True
    # Where each channel has a small kernel of its own, vectors lie along the channels.
    last = result[-1:]
    if last and last in left and last in right and lengths[last] >= KERNEL_AXIS:
        return max(rows, columns) == 1
    return min(rows, columns) == 1 or max(rows, columns) < KERNEL_AXIS


def _reads_rows(
    lowering: Lowering,
    node: Node,
    letters: tuple[str, str],
    places: dict[str, Affine],
    lengths: dict[str, int],
) -> bool:
    """Whether a vector meets a large matrix whose rows make up the result.

    A kernel reads many vectors of each row before it comes to the next one; plain loops would read
    a column of vectors at a time, each from another page.
    """
    specs = [[c for c in spec if lengths[c] != 1] for spec in letters]
    wide = 0 if len(specs[0]) == 2 else 1
    vector, matrix = specs[1 - wide], specs[wide]
    work = math.prod(lengths.values())
    if len(vector) != 1 or len(matrix) != 2 or vector[0] not in matrix or work < ROWS_WORK:
        return False
    column = next(c for c in matrix if c not in vector)
    each = node.inputs[wide]
    value = lowering.moved(lowering.settle(each), each.shape, [places[c] for c in letters[wide]])
    return (
        isinstance(value, Load) and bool(places[column].terms) and value.index[-1] == places[column]
    )


def _dot(
    lowering: Lowering,
    node: Node,
    letters: tuple[str, str],
    places: dict[str, Affine],
    over: tuple[Axis, ...],
) -> Expression:
    """Lower to a sum of contractions in plain loops."""
    factors = [
        lowering.moved(lowering.settle(each), each.shape, [places[c] for c in own])
        for each, own in zip(node.inputs, letters, strict=True)
    ]
    value = Apply("multiply", tuple(factors), node.dtype)
    if not over:
        return value
    target, place = lowering.target(node)
    lowering.items.append(Statement(target, place, value, "dot", over, node.layer))
    return Load(target, place)
