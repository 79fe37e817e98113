"""Contractions: sums of products in plain loops, or with a kernel, perhaps split along the depth.

Each letter of the specification becomes an axis, and operands are read at these axes where they are
stored: through windows, transposes and slices. No operand is copied into another order here.
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
from chainrule.compiler.lowering.graph_lowering import MIN_KERNEL_WORK, Lowering, Rule
from chainrule.graph.node import Node
from chainrule.ops.primitives.contraction import split_spec

__all__ = ["RULES"]

MIN_BLOCK = 1 << 17
"""Least number of elements read for one block of a split sum: half of a second-level cache."""
MAX_BLOCKS = 16
PARTIAL_FRACTION = 4
"""All partial sums have at most 1 / PARTIAL_FRACTION of the elements read for them."""
MIN_KERNEL_AXIS = 16
"""Rows or columns from which on a kernel pays, since they fill a vector."""
MIN_ROWS_WORK = 1 << 15
"""Multiplications of vector and matrix from which on a kernel reads the rows in better order."""


def _contract(lowering: Lowering, node: Node, inputs: list[Expression]) -> Expression:
    left, right, result = split_spec(node.params["spec"])
    lengths = dict(zip(left + right, (*node.inputs[0].shape, *node.inputs[1].shape), strict=True))
    depth = {c: Axis(lengths[c], c) for c in left if c not in result and lengths[c] != 1}
    index = dict(zip(result, lowering.canonical(node.shape), strict=True))
    index |= {c: Affine.of(depth[c]) if c in depth else Affine() for c in left if c not in result}
    is_small = _is_small(left, right, result, lengths)
    if node.dtype.kind != "f" or (
        is_small and not _reads_rows(lowering, node, (left, right), index, lengths)
    ):
        return _dot(lowering, node, (left, right), index, tuple(depth.values()))
    loads = [
        lowering.reindexed(lowering.materialized(each), each.shape, [index[c] for c in letters])
        for each, letters in zip(node.inputs, (left, right), strict=True)
    ]
    a, b = (load for load in loads if isinstance(load, Load))
    # Windows read a buffer many times; a step of a scan reads one row of many.
    pairs = zip((a, b), node.inputs, strict=True)
    read = sum(min(load.buffer.size, each.size) for load, each in pairs)
    # Depthwise kernels are vectorised along the channels, so these are no batch axes.
    batch = math.prod(lengths[c] for c in left if c in right and c in result[:-1])
    split = _choose_split(read // batch, node.size // batch, left, depth)
    if split is not None:
        return _split_contraction(lowering, node, (a, b), tuple(depth.values()), *split)
    target, target_index = lowering.target(node)
    lowering.items.append(
        Contraction(target, target_index, a, b, tuple(depth.values()), node.layer)
    )
    return Load(target, target_index)


def _choose_split(
    read: int, written: int, letters: str, depth: dict[str, Axis]
) -> tuple[Axis, int] | None:
    """Choose an axis to split the sum along, and the number of blocks; None for one sum (split-K).

    A sum over far more than a cache holds, with a result that is small beside it, is computed in
    blocks, each read from the cache however often it is read; and threads can share the blocks.
    Their number depends on the shapes alone, and so do the bits of the result. `read` and `written`
    count the elements for one index of the batch.
    """
    max_blocks = min(read // MIN_BLOCK, read // (PARTIAL_FRACTION * written), MAX_BLOCKS)
    if max_blocks < 2:
        return None
    for letter in letters:
        if letter in depth:
            extent = depth[letter].extent
            count = max(n for n in range(1, max_blocks + 1) if extent % n == 0)
            if 2 * count > max_blocks:
                return depth[letter], count
    return None


def _split_contraction(
    lowering: Lowering,
    node: Node,
    operands: tuple[Load, Load],
    depth: tuple[Axis, ...],
    axis: Axis,
    count: int,
) -> Load:
    """Lower to one contraction that computes the partial sums of all blocks, and their sum."""
    block, inner = Axis(count, "block"), Axis(axis.extent // count, axis.name)
    within = Affine.of(inner) if inner.extent > 1 else Affine()
    substitution = {axis: Affine.of(block, inner.extent) + within}
    left, right = (substitute(each, substitution) for each in operands)
    assert isinstance(left, Load)
    assert isinstance(right, Load)
    rest = tuple(
        inner if each is axis else each for each in depth if each is not axis or within.terms
    )
    partial = lowering.scratch((count, *node.shape), node.dtype, node)
    partial_index = (Affine.of(block), *lowering.canonical(node.shape))
    lowering.items.append(Contraction(partial, partial_index, left, right, rest, node.layer))
    target, index = lowering.target(node)
    value = Load(partial, partial_index)
    lowering.items.append(Statement(target, index, value, "sum", (block,), node.layer))
    return Load(target, index)


def _is_small(left: str, right: str, result: str, lengths: dict[str, int]) -> bool:
    """Whether plain loops do: little work, no reuse, or no axis that fills a vector."""
    rows = math.prod(lengths[c] for c in left if c not in right)
    columns = math.prod(lengths[c] for c in right if c not in left)
    inner = math.prod(lengths[c] for c in left if c in right and c not in result)
    if math.prod(lengths.values()) <= MIN_KERNEL_WORK or inner == 1:
        return True
    # Depthwise kernels, one for each channel, are vectorised along the channels.
    last = result[-1:]
    if last and last in left and last in right and lengths[last] >= MIN_KERNEL_AXIS:
        return max(rows, columns) == 1
    return min(rows, columns) == 1 or max(rows, columns) < MIN_KERNEL_AXIS


def _reads_rows(
    lowering: Lowering,
    node: Node,
    letters: tuple[str, str],
    index: dict[str, Affine],
    lengths: dict[str, int],
) -> bool:
    """Whether a vector is multiplied by a large matrix whose contiguous rows the result runs along.

    A kernel reads many vectors of a row before the next row; plain loops would read one vector of
    each row, each from another page.
    """
    specs = [[c for c in spec if lengths[c] != 1] for spec in letters]
    wide = 0 if len(specs[0]) == 2 else 1
    vector, matrix = specs[1 - wide], specs[wide]
    work = math.prod(lengths.values())
    if len(vector) != 1 or len(matrix) != 2 or vector[0] not in matrix or work < MIN_ROWS_WORK:
        return False
    column = next(c for c in matrix if c not in vector)
    operand = node.inputs[wide]
    value = lowering.reindexed(
        lowering.materialize_if_costly(operand), operand.shape, [index[c] for c in letters[wide]]
    )
    return (
        isinstance(value, Load) and bool(index[column].terms) and value.index[-1] == index[column]
    )


def _dot(
    lowering: Lowering,
    node: Node,
    letters: tuple[str, str],
    index: dict[str, Affine],
    over: tuple[Axis, ...],
) -> Expression:
    """Lower to a sum of products in plain loops."""
    factors = [
        lowering.reindexed(
            lowering.materialize_if_costly(each), each.shape, [index[c] for c in spec]
        )
        for each, spec in zip(node.inputs, letters, strict=True)
    ]
    value = Apply("multiply", tuple(factors), node.dtype)
    if not over:
        return value
    target, target_index = lowering.target(node)
    lowering.items.append(Statement(target, target_index, value, "dot", over, node.layer))
    return Load(target, target_index)


RULES: dict[str, Rule] = {"contract": _contract}
