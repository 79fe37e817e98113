"""Reductions, contractions, gathers and scatters: primitives that are statements of their own."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.compiler.index_map import reshaped
from chainrule.compiler.loops import (
    Affine,
    Apply,
    Axis,
    Buffer,
    CannotCompile,
    Expression,
    Load,
    Number,
    Position,
    Product,
    Statement,
)
from chainrule.compiler.lower import Lowering, rule
from chainrule.graph.node import Node
from chainrule.ops.contraction import split_spec

__all__: list[str] = []

KERNEL_WORK = 4096
"""Contractions of fewer multiplications are plain loops: they fuse, and a kernel would not pay."""
LONGEST_SORT = 4096
"""Sorting compares every pair; beyond this NumPy's way is faster."""
KERNEL_AXIS = 16
"""A kernel pays where rows or columns fill a vector."""


@rule("reduce_to")
def _reduce_to(lowering: Lowering, node: Node, inputs: list[Expression]) -> Expression:
    source = node.inputs[0]
    added = len(source.shape) - len(node.shape)
    kept = [None if n == 1 else i + added for i, n in enumerate(node.shape)]
    return _reduce(lowering, node, inputs[0], "sum", kept)


@rule("reduce_max")
@rule("reduce_min")
def _extremum(lowering: Lowering, node: Node, inputs: list[Expression]) -> Expression:
    assert node.primitive is not None
    axes = node.params["axes"]
    kept = [i for i in range(len(node.inputs[0].shape)) if i not in axes]
    return _reduce(lowering, node, inputs[0], node.primitive.name[-3:], kept)


def _reduce(
    lowering: Lowering, node: Node, value: Expression, reduction: str, kept: list[int | None]
) -> Expression:
    """Reduce along all axes that are not `kept`; these are the source's axes of each result axis."""
    source, canonical = node.inputs[0], lowering.canonical(node.shape)
    index = list(lowering.canonical(source.shape))
    gone = [place for i, place in enumerate(index) if i not in kept and place.terms]
    for place, i in zip(canonical, kept, strict=True):
        if i is not None:
            index[i] = place
    moved = lowering.moved(value, source.shape, index)
    if not gone:
        return moved
    target, place = lowering.target(node)
    over = tuple(each.terms[0][0] for each in gone)
    lowering.items.append(Statement(target, place, moved, reduction, over, node.layer))
    return Load(target, place)


@rule("argmax")
@rule("argmin")
def _position(lowering: Lowering, node: Node, inputs: list[Expression]) -> Expression:
    assert node.primitive is not None
    source, axis = node.inputs[0], node.params["axis"]
    along = lowering.canonical(source.shape)[axis]
    if not along.terms:
        return Number(np.int64(0), node.dtype)
    index = list(lowering.canonical(node.shape))
    index.insert(axis, along)
    value = lowering.moved(inputs[0], source.shape, index)
    target, place = lowering.target(node)
    over = (along.terms[0][0],)
    name = node.primitive.name
    lowering.items.append(Statement(target, place, value, name, over, node.layer))
    return Load(target, place)


@rule("cumulative_sum")
def _cumulative_sum(lowering: Lowering, node: Node, inputs: list[Expression]) -> Expression:
    along = lowering.canonical(node.shape)[node.params["axis"]]
    if not along.terms:
        return inputs[0]
    target, place = lowering.target(node)
    over = (along.terms[0][0],)
    lowering.items.append(Statement(target, place, inputs[0], "running", over, node.layer))
    return Load(target, place)


@rule("argsort")
def _argsort(lowering: Lowering, node: Node, inputs: list[Expression]) -> Expression:
    """Count for each element how many come before it: that is its place."""
    axis = node.params["axis"]
    canonical = lowering.canonical(node.shape)
    if not canonical[axis].terms:
        return Number(np.int64(0), node.dtype)
    if node.shape[axis] > LONGEST_SORT:
        raise CannotCompile(f"an argsort of more than {LONGEST_SORT} elements is not compiled")
    one = lowering.stored(node.inputs[0])
    rival = Axis(node.shape[axis], "rival")
    index = [Affine.of(rival) if i == axis else place for i, place in enumerate(canonical)]
    other = lowering.moved(one, node.shape, index)
    whole, truth = np.dtype("int64"), np.dtype(bool)
    is_earlier = Apply(
        "less", (Position(Affine.of(rival), whole), Position(canonical[axis], whole)), truth
    )
    not_after = Apply("logical_not", (_comes_before(one, other),), truth)
    in_tie = Apply("logical_and", (not_after, is_earlier), truth)
    counts = Apply(
        "cast", (Apply("logical_or", (_comes_before(other, one), in_tie), truth),), whole
    )
    rank = lowering.scratch(node.shape, whole, node)
    lowering.items.append(Statement(rank, canonical, counts, "sum", (rival,), node.layer))
    target, place = lowering.target(node)
    lowering.items.append(Statement(target, place, Number(np.int64(0), whole), layer=node.layer))
    position = len(place) - len(canonical) + axis
    where = (*place[:position], Load(rank, canonical), *place[position + 1 :])
    over = (canonical[axis].terms[0][0],)
    value = Position(canonical[axis], whole)
    lowering.items.append(Statement(target, where, value, "scatter", over, node.layer))
    return Load(target, place)


def _comes_before(one: Expression, other: Expression) -> Expression:
    """Whether one value is sorted before another; NaN comes last."""
    truth = np.dtype(bool)
    is_less = Apply("less", (one, other), truth)
    if one.dtype.kind != "f":
        return is_less
    is_number = Apply("equal", (one, one), truth)
    is_nan = Apply("not_equal", (other, other), truth)
    return Apply("logical_or", (is_less, Apply("logical_and", (is_number, is_nan), truth)), truth)


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


@rule("gather")
def _gather(lowering: Lowering, node: Node, inputs: list[Expression]) -> Expression:
    source, *positions = node.inputs
    canonical = lowering.canonical(node.shape)
    count = len(positions[0].shape)
    looked_up = [
        _as_index(lowering, each, each.shape, canonical[:count], source.shape[i])
        for i, each in enumerate(positions)
    ]
    value = lowering.stored(source)
    own = lowering.canonical(source.shape)
    if (
        value.index[len(value.index) - len(own) :] != own
        or value.buffer.shape[-len(own) :] != source.shape
    ):
        fresh = lowering.scratch(source.shape, source.dtype, source)
        lowering.items.append(Statement(fresh, own, value, layer=node.layer))
        value = Load(fresh, own)
    prefix = value.index[: len(value.index) - len(own)]
    rest = canonical[count:]
    return Load(value.buffer, (*prefix, *looked_up, *rest))


def _as_index(
    lowering: Lowering, node: Node, shape: tuple[int, ...], place: Any, length: int
) -> Affine | Expression:
    """Return positions as an index: affine ones as such, others to be looked up."""
    value = lowering.moved(lowering.settle(node), shape, place)
    if isinstance(value, Position):
        extent = 1 + value.index.constant + sum(c * (a.extent - 1) for a, c in value.index.terms)
        if extent <= length and all(c > 0 for _, c in value.index.terms):
            return value.index
    if isinstance(value, Number) and 0 <= int(value.value) < length:
        return Affine(int(value.value))
    if value.dtype == np.uint64:
        raise CannotCompile("positions of type u64 are not compiled")
    return value if value.dtype == np.int64 else Apply("cast", (value,), np.dtype("int64"))


@rule("scatter_add")
def _scatter_add(lowering: Lowering, node: Node, inputs: list[Expression]) -> Expression:
    updates, *positions = node.inputs
    chosen = _one_hot(lowering, node, inputs)
    if chosen is not None:
        return chosen
    own = lowering.canonical(updates.shape)
    count = len(positions[0].shape)
    target, place = lowering.target(node)
    zero = Number(np.zeros((), node.dtype)[()], node.dtype)
    lowering.items.append(Statement(target, place, zero, layer=node.layer))
    index = [
        _as_index(lowering, each, each.shape, own[:count], node.shape[i])
        for i, each in enumerate(positions)
    ]
    prefix = place[: len(place) - len(node.shape)]
    over = tuple(p.terms[0][0] for p in own[:count] if p.terms)
    full = (*prefix, *index, *own[count:])
    lowering.items.append(Statement(target, full, inputs[0], "scatter", over, node.layer))
    return Load(target, place)


def _one_hot(lowering: Lowering, node: Node, inputs: list[Expression]) -> Expression | None:
    """Add at positions that differ from each other: row i of the updates goes into row i.

    Then each element of the result gets at most one update, and the sum is a choice.
    """
    updates, first, *others = node.inputs
    own = lowering.canonical(updates.shape)
    canonical = lowering.canonical(node.shape)
    if len(first.shape) != 1 or len(others) != 1 or first.shape[0] != node.shape[0]:
        return None
    if not isinstance(inputs[1], Position) or inputs[1].index != lowering.canonical(first.shape)[0]:
        return None
    if not own[0].terms:
        return None
    position = _as_index(lowering, others[0], others[0].shape, [canonical[0]], node.shape[1])
    if isinstance(position, Affine):
        return None
    value = lowering.settle(updates)
    moved = lowering.moved(value, updates.shape, [canonical[0], *canonical[2:]])
    truth, whole = np.dtype(bool), np.dtype("int64")
    length, zero = Number(np.int64(node.shape[1]), whole), Number(np.int64(0), whole)
    is_negative = Apply("less", (position, zero), truth)
    wrapped = Apply(
        "select", (is_negative, Apply("add", (position, length), whole), position), whole
    )
    hits = Apply("equal", (wrapped, Position(canonical[1], whole)), truth)
    nothing = Number(np.zeros((), node.dtype)[()], node.dtype)
    return Apply("select", (hits, Apply("add", (nothing, moved), node.dtype), nothing), node.dtype)
