"""Packs: operations on single numbers that are alike, as one operation on a vector.

A loop of Python's over elements, ``d[i] = rate * (y[i + 1] - y[i])``, is traced to operations on
numbers, some for each element, that are stored one by one. Elements whose expressions differ in
constants and in the places that they read alone are computed together (superword-level
parallelism): what they read is a slice or a gather, and they are stored by one operation.

References
----------
Larsen & Amarasinghe (2000), Exploiting superword level parallelism with multimedia instruction
sets, section 3.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from chainrule.graph.graph import Graph, check
from chainrule.graph.node import Node, constant
from chainrule.graph.rewrite import rebuilt
from chainrule.ops.primitives.array_update import scatter, update_slice
from chainrule.ops.primitives.broadcasting import broadcast_to
from chainrule.ops.primitives.gather_scatter import gather
from chainrule.ops.primitives.movement import reshape, strided_slice

__all__ = ["packed"]

_LEAST = 6
"""Elements of a pack, at least."""

_DEEPEST = 100
"""Operations from what is read to an element, at most."""

_ELEMENTWISE = frozenset(["cast", "select"])


def packed(graph: Graph) -> Graph:
    """Return the same program with its operations on single numbers in packs."""
    if sum(_is_number(node) for node in graph.equations) < 2 * _LEAST:
        return graph
    rewritten = {node.serial: node for node in graph.inputs}
    packing = _Packing(graph, rewritten)
    for node in graph.nodes:
        replacement = packing.assembled(node)
        if replacement is None:
            inputs = tuple([rewritten[each.serial] for each in node.inputs])
            replacement = rebuilt(node, inputs)
        rewritten[node.serial] = replacement
    outputs = tuple([rewritten[node.serial] for node in graph.outputs])
    return check(Graph(graph.inputs, outputs, graph.name, graph.origin))


def _is_number(node: Node) -> bool:
    return type(node.type) is not tuple and node.array_type.size == 1


@dataclass(frozen=True, slots=True)
class _Number:
    """A number: the result of a node, or an element of it; of those of one kind packs are made."""

    node: Node
    index: int | None
    kind: int
    is_own: bool = False


class _Packing:
    """The numbers of a graph, by the nodes that hold them, and the vectors made of them."""

    def __init__(self, graph: Graph, rewritten: dict[int, Node]) -> None:
        self._rewritten = rewritten
        self._inputs = {node.serial for node in graph.inputs}
        self._kinds: dict[Any, int] = {}
        self._depths: list[int] = []
        self._numbers: dict[int, _Number] = {}
        self._vectors: dict[Any, Node] = {}
        self._read_whole = {node.serial for node in graph.outputs}
        for node in graph.equations:
            for position, each in enumerate(node.inputs):
                is_link = _is_link(node) and position == 0
                if not is_link and not (_is_number(node) and node.primitive is strided_slice):
                    self._read_whole.add(each.serial)

    # What is assembled of numbers.

    def assembled(self, node: Node) -> Node | None:
        """Return what replaces an array that numbers are stored into, or None."""
        if _is_link(node) and node.serial in self._read_whole:
            base, entries = self._stores(node)
        elif _is_list(node):
            base, entries = None, dict(enumerate(map(self._number, node.inputs)))
        else:
            return None
        groups: defaultdict[int, list[int]] = defaultdict(list)
        for index in sorted(entries):
            groups[entries[index].kind].append(index)
        if not any(len(indices) >= _LEAST for indices in groups.values()):
            return None
        size = node.array_type.size
        zeros = constant(np.zeros(size, node.dtype)) if base is None else self._flat(base)
        content = zeros
        for indices in groups.values():
            numbers = [entries[index] for index in indices]
            if len(indices) < _LEAST:
                for index, number in zip(indices, numbers, strict=True):
                    content = _stored(content, self._vector([number]), [index])
                continue
            content = _stored(content, self._vector(numbers), indices)
        return reshape(content, shape=node.shape) if node.shape != (size,) else content

    def _stores(self, node: Node) -> tuple[Node, dict[int, _Number]]:
        """The array before stores of numbers, the last one read whole, and what is stored."""
        entries: dict[int, _Number] = {}
        base = node
        while base is node or (_is_link(base) and base.serial not in self._read_whole):
            index = _position(base.params["slices"], base.shape)
            entries.setdefault(index, self._number(base.inputs[1]))
            base = base.inputs[0]
        return base, entries

    # Numbers and their kinds.

    def _number(self, node: Node) -> _Number:
        """The number that a node of one element holds; the deepest first, to need no recursion."""
        pending = [node]
        while pending:
            current = pending[-1]
            if current.serial in self._numbers:
                pending.pop()
                continue
            needed = self._operands(current)
            missing = [each for each in needed if each.serial not in self._numbers]
            if missing:
                pending += missing
            else:
                self._numbers[current.serial] = self._examined(current)
                pending.pop()
        return self._numbers[node.serial]

    def _operands(self, node: Node) -> list[Node]:
        if node.primitive is None or node.serial in self._inputs:
            return []
        if _is_same_number(node):
            return [node.inputs[0]]
        if node.primitive is strided_slice:
            found = self._element(node)
            return [found] if isinstance(found, Node) else []
        return list(node.inputs) if _is_elementwise(node) else []

    def _examined(self, node: Node) -> _Number:
        operands = [self._numbers[each.serial] for each in self._operands(node)]
        if node.serial not in self._inputs and node.primitive is not None:
            if _is_same_number(node):
                return operands[0]
            if node.primitive is strided_slice:
                if operands:
                    return operands[0]
                source, index = self._element(node)
                return _Number(source, index, self._kind(("element", source.serial), 0))
            if _is_elementwise(node):
                depth = 1 + max([self._depths[each.kind] for each in operands])
                kinds = [each.kind for each in operands]
                key = node.primitive, repr(node.params), node.dtype, _exponent(node), *kinds
                if depth <= _DEEPEST:
                    return _Number(node, None, self._kind(key, depth))
        elif node.is_constant:
            return _Number(node, None, self._kind(("constant", node.type), 0))
        return _Number(node, None, self._kind(("own", node.serial), 0), is_own=True)

    def _kind(self, key: Any, depth: int) -> int:
        if key not in self._kinds:
            self._kinds[key] = len(self._depths)
            self._depths.append(depth)
        return self._kinds[key]

    def _element(self, node: Node) -> Any:
        """The node of the number that a slice of one element reads, or its array and index."""
        source = node.inputs[0]
        index = _position(node.params["slices"], source.shape)
        while _is_link(source) and source.serial not in self._read_whole:
            if _position(source.params["slices"], source.shape) == index:
                return source.inputs[1]
            source = source.inputs[0]
        return source, index

    # Vectors of numbers.

    def _flat(self, node: Node) -> Node:
        array = self._rewritten[node.serial]
        size = array.array_type.size
        return array if array.shape == (size,) else reshape(array, shape=(size,))

    def _vector(self, numbers: Sequence[_Number]) -> Node:
        """The vector of numbers of one kind."""
        key = tuple([(each.node.serial, each.index) for each in numbers])
        if key not in self._vectors:
            self._vectors[key] = self._computed(numbers)
        return self._vectors[key]

    def _computed(self, numbers: Sequence[_Number]) -> Node:
        first, count = numbers[0], len(numbers)
        if count > 1 and all(x.node is first.node and x.index == first.index for x in numbers):
            return broadcast_to(reshape(self._vector([first]), shape=()), (count,))
        if first.index is not None:
            return self._elements(first.node, [each.index or 0 for each in numbers])
        if first.is_own:
            return self._flat(first.node)
        if first.node.primitive is None:
            values = [each.node.known_value.reshape(()) for each in numbers]
            return constant(np.array(values, first.node.dtype))
        columns = zip(*[each.node.inputs for each in numbers], strict=True)
        operands = [self._vector([self._number(each) for each in column]) for column in columns]
        return first.node.primitive(*operands, **first.node.params)

    def _elements(self, source: Node, indices: Sequence[int]) -> Node:
        flat = self._flat(source)
        if flat.is_constant:
            return constant(np.asarray(flat.known_value)[np.array(indices)])
        step = _step(indices)
        if step:
            return strided_slice(flat, slices=((indices[0], len(indices), step),))
        return gather(flat, constant(np.array(indices)))


def _is_link(node: Node) -> bool:
    """Whether a node is an array after a store of one number."""
    return node.primitive is update_slice and node.inputs[1].array_type.size == 1


def _is_list(node: Node) -> bool:
    """Whether a node is the vector of a list of numbers."""
    is_joined = node.primitive is not None and node.primitive.name == "concatenate"
    return is_joined and all(each.shape == (1,) for each in node.inputs)


def _is_same_number(node: Node) -> bool:
    """Whether a node is its operand, a number, in another shape."""
    is_moved = node.primitive is reshape or (
        node.primitive is not None and node.primitive.is_broadcast
    )
    return is_moved and _is_number(node) and _is_number(node.inputs[0])


def _is_elementwise(node: Node) -> bool:
    primitive = node.primitive
    is_alike = primitive is not None and (
        primitive.ufunc is not None or primitive.name in _ELEMENTWISE
    )
    return is_alike and bool(node.inputs) and all(map(_is_number, (node, *node.inputs)))


def _exponent(node: Node) -> Any:
    """The exponent of a power, where it is known: powers by integers are products."""
    if node.primitive is None or node.primitive.name != "power":
        return None
    return None if node.inputs[1].primitive else str(node.inputs[1].known_value)


def _position(slices: Any, shape: tuple[int, ...]) -> int:
    """The index in the flattened array of the one element that slices select."""
    index = 0
    for (start, _, _), length in zip(slices, shape, strict=True):
        index = index * length + start
    return index


def _step(indices: Sequence[int]) -> int:
    """The positive difference of successive indices, if there is one; else 0."""
    steps = {after - before for before, after in pairwise(indices)}
    step = steps.pop() if len(steps) == 1 else 0
    return max(step, 0)


def _stored(content: Node, vector: Node, indices: Sequence[int]) -> Node:
    """The content after a store at increasing indices."""
    if len(indices) == content.size:
        return vector
    step = _step(indices)
    if step:
        slices = ((indices[0], len(indices), step),)
        return update_slice(content, vector, slices=slices)
    return scatter(content, vector, constant(np.array(indices)))
