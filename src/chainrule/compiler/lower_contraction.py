"""Contractions: sums of products in plain loops, or kernels with operands in three axes."""

from __future__ import annotations

import numpy as np

from chainrule.compiler.loops import (
    Affine,
    Apply,
    Axis,
    Buffer,
    Expression,
    Load,
    Product,
    Statement,
)
from chainrule.compiler.lower import Lowering, rule
from chainrule.compiler.reshape import reshaped
from chainrule.graph.node import Node
from chainrule.ops.contraction import split_spec

__all__: list[str] = []

KERNEL_WORK = 4096
"""Contractions of fewer multiplications are plain loops: they fuse, and a kernel would not pay."""
KERNEL_AXIS = 16
"""A kernel pays where rows or columns fill a vector."""


@rule("contract")
def _contract(lowering: Lowering, node: Node, inputs: list[Expression]) -> Expression:
    left, right, result = split_spec(node.params["spec"])
    lengths = dict(zip(left + right, (*node.inputs[0].shape, *node.inputs[1].shape), strict=True))
    inner = [c for c in left if c not in result]
    if _is_small(left, right, result, lengths) or node.dtype.kind != "f":
        return _dot(lowering, node, (left, right, result), inner, lengths)
    return _product(lowering, node, (left, right, result), lengths)


def _is_small(left: str, right: str, result: str, lengths: dict[str, int]) -> bool:
    """Whether plain loops do: little work, nothing to reuse, or nothing to fill vectors with."""
    rows = int(np.prod([lengths[c] for c in left if c not in right]))
    columns = int(np.prod([lengths[c] for c in right if c not in left]))
    inner = int(np.prod([lengths[c] for c in left if c in right and c not in result]))
    work = int(np.prod(list(lengths.values())))
    narrow = min(rows, columns) == 1 or inner == 1 or max(rows, columns) < KERNEL_AXIS
    return work <= KERNEL_WORK or narrow


def _dot(
    lowering: Lowering,
    node: Node,
    letters: tuple[str, str, str],
    inner: list[str],
    lengths: dict[str, int],
) -> Expression:
    """Lower to a sum of products."""
    axes = dict(zip(letters[2], lowering.canonical(node.shape), strict=True))
    over = {c: Axis(lengths[c], c) for c in inner if lengths[c] != 1}
    axes |= {c: Affine.of(over[c]) if c in over else Affine() for c in inner}
    factors = [
        lowering.moved(lowering.settle(each), each.shape, [axes[c] for c in own])
        for each, own in zip(node.inputs, letters, strict=False)
    ]
    value = Apply("multiply", tuple(factors), node.dtype)
    if not over:
        return value
    target, place = lowering.target(node)
    reduced = tuple(over.values())
    lowering.items.append(Statement(target, place, value, "dot", reduced, node.layer))
    return Load(target, place)


def _product(
    lowering: Lowering, node: Node, letters: tuple[str, str, str], lengths: dict[str, int]
) -> Expression:
    """Lower to a kernel: operands and result as (batch, row, column) with one axis for each."""
    left, right, result = letters
    a, b = node.inputs
    rows = [c for c in result if c not in right]
    columns = [c for c in result if c not in left]
    if rows and columns and result.index(columns[0]) < result.index(rows[0]):
        left, right, a, b, rows, columns = right, left, b, a, columns, rows
    batch = [c for c in result if c in left and c in right]
    inner = [c for c in left if c not in result]
    groups = (batch, rows, columns, inner)
    sizes = [int(np.prod([lengths[c] for c in each], dtype=np.int64)) for each in groups]
    axes = [
        Axis(n, name) for n, name in zip(sizes, ("batch", "row", "column", "depth"), strict=True)
    ]
    own = [Affine.of(axis) if axis.extent != 1 else Affine() for axis in axes]
    sides = []
    for each, spec, parts in ((a, left, (0, 1, 3)), (b, right, (0, 3, 2))):
        sides.append(_grouped(lowering, each, spec, [(groups[p], sizes[p], own[p]) for p in parts]))
    order = [c for each in groups[:3] for c in each]
    shape = (sizes[0], sizes[1], sizes[2])
    if order == list(result):
        direct = shape == node.shape or shape[1:] == node.shape
        if direct:
            target, place = lowering.target(node)
            prefix = place[: len(place) - len(node.shape)]
            index = (*prefix, *own[:3][3 - len(node.shape) :])
            return _emit_product(lowering, node, target, index, sides, axes, place)
    buffer = lowering.scratch(shape, node.dtype, node)
    canonical = lowering.canonical(shape)
    _emit_product(lowering, node, buffer, tuple(own[:3]), sides, axes, canonical)
    spread = tuple(lengths[c] for c in order)
    value = reshaped(lowering, Load(buffer, canonical), shape, spread)
    assert value is not None
    index = lowering.canonical(node.shape)
    return lowering.moved(value, spread, [index[result.index(c)] for c in order])


def _emit_product(
    lowering: Lowering,
    node: Node,
    target: Buffer,
    index: tuple[Affine, ...],
    sides: list[Load],
    axes: list[Axis],
    place: tuple[Affine, ...],
) -> Load:
    batch, row, column, depth = axes
    made = Product(target, index, sides[0], sides[1], batch, row, column, depth, node.layer)
    lowering.items.append(made)
    return Load(target, place)


def _grouped(
    lowering: Lowering, node: Node, spec: str, parts: list[tuple[list[str], int, Affine]]
) -> Load:
    """Return an operand as a load at one axis for each group of letters, copied where needed."""
    value: Expression = lowering.stored(node)
    order = [c for letters, _, _ in parts for c in letters]
    shape = tuple(node.shape[spec.index(c)] for c in order)
    canonical = lowering.canonical(shape)
    value = lowering.moved(value, node.shape, [canonical[order.index(c)] for c in spec])
    merged = tuple(size for _, size, _ in parts)
    found = reshaped(lowering, value, shape, merged)
    if not isinstance(found, Load):
        fresh = lowering.scratch(shape, node.dtype, node)
        lowering.items.append(Statement(fresh, canonical, value, layer=node.layer))
        found = reshaped(lowering, Load(fresh, canonical), shape, merged)
    assert isinstance(found, Load)
    moved = lowering.moved(found, merged, [place for _, _, place in parts])
    assert isinstance(moved, Load)
    return moved
