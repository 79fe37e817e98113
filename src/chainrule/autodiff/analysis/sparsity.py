"""Sparsity of a derivative: which elements of its results depend on which elements of a seed.

Each element of a node holds the set of the elements of the seed that it depends on, as the bits of
a row of words. The graph of a derivative is linear in its seed, so few laws suffice: elementwise
operations and sums unite sets, index maps move them, and what is not known unites all of them
(Griewank & Walther 2008, section 7.1, index domains).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from chainrule.graph.node import Node, ancestors, compute
from chainrule.ops.primitives import windows
from chainrule.ops.primitives.contraction import split_spec
from chainrule.ops.primitives.gather_scatter import gather

__all__ = ["dependence"]

Sets = Any
"""For each element, in order, the words of its set: (size, words) in uint64."""


def dependence(results: Sequence[Node | None], seed: Node) -> Any:
    """Return which elements of the results, one after another, depend on which of the seed.

    Returns a boolean array (elements of results, elements of seed), or None where to find it takes
    too long.
    """
    roots = [each for each in results if each is not None]
    nodes = ancestors(roots, lambda each: each.serial <= seed.serial)
    words = -(-seed.size // 64)
    sets: dict[int, Sets] = {seed.serial: _singletons(seed.size, words)}
    active: list[Node] = []
    for node in nodes:
        if any(each.serial in sets for each in node.inputs):
            sets[node.serial] = None
            active.append(node)
    if sum(_size(node) for node in active) * words > _MOST_WORDS:
        return None
    for node in active:
        sets[node.serial] = _sets_of(node, sets)
    found = [
        np.zeros((each.size, words), np.uint64) if sets.get(each.serial) is None
        else sets[each.serial]
        for each in roots
    ]  # fmt: skip
    packed = np.concatenate(found) if found else np.zeros((0, words), np.uint64)
    bits = np.unpackbits(packed.view(np.uint8), axis=1, bitorder="little")
    return bits[:, : seed.size].astype(bool)


_MOST_WORDS = 4_000_000
"""About ten milliseconds, and 32 MB."""


def _singletons(size: int, words: int) -> Sets:
    sets = np.zeros((size, words), np.uint64)
    numbers = np.arange(size)
    sets[numbers, numbers // 64] = np.uint64(1) << (numbers % 64).astype(np.uint64)
    return sets


def _size(node: Node) -> int:
    return 1 if isinstance(node.type, tuple) else node.size


def _sets_of(node: Node, sets: dict[int, Sets]) -> Sets:
    assert node.primitive is not None
    operands = [sets.get(each.serial) for each in node.inputs]
    rule = _RULES.get(node.primitive.name)
    if node.primitive.ufunc is not None:
        return _united([each for each in operands if each is not None])
    if rule is None or not all(_is_readable(each) for each in node.inputs[1:]):
        return _all_of(node, operands)
    return rule(node, operands)


def _is_readable(node: Node) -> bool:
    """Whether an operand, if it holds indices, is known."""
    return node.array_type.is_float or node.is_known


def _united(sets: Sequence[Sets]) -> Sets:
    total = sets[0]
    for each in sets[1:]:
        total = total | each
    return total


def _all_of(node: Node, operands: Sequence[Sets]) -> Sets:
    """Every element of a result depends on all elements of all operands."""
    rows = [np.bitwise_or.reduce(each, axis=0) for each in operands if each is not None]
    return np.broadcast_to(_united(rows), (_size(node), rows[0].size))


def _same(node: Node, operands: Sequence[Sets]) -> Sets:
    return operands[0]


def _moved(node: Node, operands: Sequence[Sets]) -> Sets:
    """Apply an index map to the numbers of the sets; number 0 is the empty set."""
    assert node.primitive is not None
    tables: list[Sets] = [np.zeros_like(next(each for each in operands if each is not None)[:1])]
    numbers: list[Any] = []
    count = 1
    for operand, own in zip(node.inputs, operands, strict=True):
        if own is not None:
            numbers.append(np.arange(count, count + operand.size).reshape(operand.shape))
            tables.append(own)
            count += operand.size
        elif operand.array_type.is_float:
            numbers.append(np.zeros(operand.shape, int))
        else:
            numbers.append(_value(operand))
    chosen = node.primitive.evaluate(*numbers, **node.params)
    return np.concatenate(tables)[np.asarray(chosen).reshape(-1)]


def _value(node: Node) -> Any:
    compute([node])
    return node.known_value


def _united_into(sets: Sets, targets: Any, count: int) -> Sets:
    """Unite the sets with the same target, of which there are `count`."""
    targets = np.asarray(targets).reshape(-1)
    result = np.zeros((count, sets.shape[1]), np.uint64)
    if targets.size:
        order = np.argsort(targets, kind="stable")
        ordered = targets[order]
        starts = np.flatnonzero(np.diff(ordered, prepend=-1))
        result[ordered[starts]] = np.bitwise_or.reduceat(sets[order], starts, axis=0)
    return result


def _summed(node: Node, operands: Sequence[Sets]) -> Sets:
    """Sums along axes: each element goes where broadcasting would take its total from."""
    numbers = np.arange(node.size).reshape(node.shape)
    return _united_into(operands[0], np.broadcast_to(numbers, node.inputs[0].shape), node.size)


def _added(node: Node, operands: Sequence[Sets]) -> Sets:
    """The transpose of ``gather``."""
    numbers = np.arange(node.size).reshape(node.shape)
    targets = gather.evaluate(numbers, *[_value(each) for each in node.inputs[1:]])
    return _united_into(operands[0], targets, node.size)


def _folded(node: Node, operands: Sequence[Sets]) -> Sets:
    """The transpose of ``unfold``."""
    numbers = np.arange(node.size).reshape(node.shape)
    sliding = {key: value for key, value in node.params.items() if key != "shape"}
    return _united_into(operands[0], windows.unfold.evaluate(numbers, **sliding), node.size)


def _accumulated(node: Node, operands: Sequence[Sets]) -> Sets:
    own = operands[0].reshape((*node.shape, -1))
    return np.bitwise_or.accumulate(own, axis=node.params["axis"]).reshape((node.size, -1))


def _contracted(node: Node, operands: Sequence[Sets]) -> Sets:
    *letters, result = split_spec(node.params["spec"])
    terms: list[Sets] = []
    for own, indices, operand in zip(operands, letters, node.inputs, strict=True):
        if own is not None:
            kept = [each for each in result if each in indices]
            lengths = [operand.shape[indices.index(each)] for each in kept]
            numbers = np.arange(int(np.prod(lengths, dtype=int))).reshape(lengths)
            targets = _spread(numbers, kept, indices, operand.shape)
            united = _united_into(own, targets, numbers.size)
            terms.append(united[_spread(numbers, kept, result, node.shape).reshape(-1)])
    return _united(terms)


def _spread(numbers: Any, kept: Sequence[str], indices: str, shape: tuple[int, ...]) -> Any:
    """Broadcast an array over the indices `kept` along those of `indices` that it lacks."""
    order = [kept.index(each) for each in indices if each in kept]
    lengths = [n if each in kept else 1 for each, n in zip(indices, shape, strict=True)]
    return np.broadcast_to(numbers.transpose(order).reshape(lengths), shape)


_RULES: dict[str, Callable[[Node, Sequence[Sets]], Sets]] = {
    "broadcast_to": _moved,
    "cast": _same,
    "concatenate": _moved,
    "contract": _contracted,
    "cumulative_sum": _accumulated,
    "fold": _folded,
    "gather": _moved,
    "get_result": _all_of,  # of a loop, one set for all its results
    "identity": _same,
    "pad_into": _moved,
    "reduce_to": _summed,
    "reshape": _same,
    "scatter": _moved,
    "scatter_add": _added,
    "strided_slice": _moved,
    "transpose": _moved,
    "unfold": _moved,
    "update_slice": _moved,
}
