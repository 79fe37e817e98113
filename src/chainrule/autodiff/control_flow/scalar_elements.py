"""Graphs of small arrays as graphs of their elements: scalar replacement of aggregates.

In a batch of systems of a few equations, the only long axis is that of the batch. A loop over such
systems is batched after its small arrays have become scalars: each of these then is one contiguous
array over the batch, and all of a step is elementwise code along it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.graph.array_type import ArrayType
from chainrule.graph.graph import Graph
from chainrule.graph.node import Node, constant, variable
from chainrule.ops.primitives.elementwise import add
from chainrule.ops.primitives.movement import concatenate, reshape, strided_slice
from chainrule.ops.primitives.selection import get_results

__all__ = ["Elements", "elements_of", "is_small", "joined"]

MOST_ELEMENTS = 8
"""Of an array that is replaced by its elements."""

_ELEMENTWISE = frozenset({"select", "cast", "stop_gradient", "identity", "erf", "sigmoid"})
_MOVEMENT = frozenset({"reshape", "transpose", "strided_slice", "concatenate", "broadcast_to"})
_WHOLE = frozenset({"scatter", "gather", "update_slice"})


def is_small(type_: ArrayType) -> bool:
    """Whether an array has axes, and few elements."""
    return bool(type_.shape) and 1 <= type_.size <= MOST_ELEMENTS


def elements_of(node: Node, size: int | None = None) -> list[Node]:
    """The elements of an array, or of each entry along a first axis of length `size`."""
    before = () if size is None else (size,)
    count = int(np.prod(node.shape[len(before) :]))
    flat = reshape(node, shape=(*before, count))
    full = tuple((0, each, 1) for each in before)
    rows = [strided_slice(flat, slices=(*full, (i, 1, 1))) for i in range(count)]
    return [reshape(each, shape=before) for each in rows]


def joined(elements: Sequence[Node], shape: tuple[int, ...], size: int | None = None) -> Node:
    """The array of some elements; with `size`, each has an axis of this length before."""
    before = () if size is None else (size,)
    columns = [reshape(each, shape=(*before, 1)) for each in elements]
    whole = concatenate(*columns, axis=len(before)) if len(columns) > 1 else columns[0]
    return reshape(whole, shape=(*before, *shape))


class Elements:
    """The values of a graph as their elements, and as arrays where something needs these."""

    def __init__(self) -> None:
        self._elements: dict[int, list[Node]] = {}
        self._arrays: dict[int, Node] = {}
        self._of_loop: dict[int, list[list[Node]]] = {}

    def of_graph(self, graph: Graph) -> Graph | None:
        """The graph with small inputs and outputs in place of which are their elements.

        None where it has an operation that needs small arrays as such.
        """
        inputs: list[Node] = []
        for node in graph.inputs:
            if is_small(node.array_type):
                names = [f"{node.name}{number}" for number in range(node.array_type.size)]
                scalar = node.array_type.with_shape(())
                self._elements[node.serial] = [variable(scalar, name=each) for each in names]
                inputs += self._elements[node.serial]
            else:
                self._arrays[node.serial] = node
                inputs.append(node)
        if not all(self._compute(node) for node in graph.equations):
            return None
        outputs = [each for node in graph.outputs for each in self.operands(node)]
        return Graph(tuple(inputs), tuple(outputs), graph.name)

    def operands(self, node: Node) -> list[Node]:
        """What stands for a value among inputs and outputs: its elements, if it is small."""
        return self._split(node) if is_small(node.array_type) else [self._array(node)]

    def _split(self, node: Node) -> list[Node]:
        if node.serial not in self._elements:
            if node.is_constant:
                found = [constant(each) for each in np.reshape(node.value, -1)]
            elif node.shape:
                found = elements_of(self._array(node))
            else:
                found = [self._array(node)]
            self._elements[node.serial] = found
        return self._elements[node.serial]

    def _array(self, node: Node) -> Node:
        if node.serial not in self._arrays:
            if node.is_constant or node.serial not in self._elements:
                return node
            elements = self._elements[node.serial]
            whole = joined(elements, node.shape) if node.shape else elements[0]
            self._arrays[node.serial] = whole
        return self._arrays[node.serial]

    def _compute(self, node: Node) -> bool:
        """Compute a value from elements; False if that is impossible."""
        assert node.primitive is not None
        name = node.primitive.name
        if name in ("while_loop", "cond"):
            return self._control_flow(node)
        if name == "get_result":
            return self._result(node)
        if not isinstance(node.type, ArrayType):
            return False
        few = all(1 <= each.array_type.size <= MOST_ELEMENTS for each in (node, *node.inputs))
        alike = all(each.shape == node.shape for each in node.inputs)
        if few and alike and (node.primitive.ufunc is not None or name in _ELEMENTWISE):
            rows = zip(*map(self._split, node.inputs), strict=True)
            self._elements[node.serial] = [_applied(node, row, node.params) for row in rows]
            return True
        if few and name in _MOVEMENT:
            self._elements[node.serial] = self._moved(node)
            return True
        if few and name == "reduce_to":
            self._elements[node.serial] = self._summed(node)
            return True
        return self._whole(node)

    def _whole(self, node: Node) -> bool:
        """Compute a value from arrays, if these are not small, or it only moves elements."""
        assert node.primitive is not None
        types = [each.type for each in (node, *node.inputs)]
        touches = any(isinstance(each, ArrayType) and is_small(each) for each in types)
        if touches and node.primitive.name not in _WHOLE:
            return False
        inputs = [self._array(each) for each in node.inputs]
        self._arrays[node.serial] = _applied(node, inputs, node.params)
        return True

    def _moved(self, node: Node) -> list[Node]:
        """The elements of a view: where the numbers of the elements go."""
        assert node.primitive is not None
        flat = [each for operand in node.inputs for each in self._split(operand)]
        sizes = np.cumsum([0, *(each.array_type.size for each in node.inputs)])
        numbers = [
            np.arange(start, end).reshape(each.shape)
            for start, end, each in zip(sizes, sizes[1:], node.inputs, strict=False)
        ]
        moved = np.reshape(node.primitive.evaluate(*numbers, **node.params), -1)
        return [flat[number] for number in moved]

    def _summed(self, node: Node) -> list[Node]:
        (operand,) = node.inputs
        own = np.arange(node.array_type.size).reshape(node.shape)
        added = np.broadcast_to(own, operand.shape).reshape(-1)
        totals: list[Node | None] = [None] * own.size
        for number, element in zip(added, self._split(operand), strict=True):
            total = totals[number]
            totals[number] = element if total is None else add(total, element)
        return [each for each in totals if each is not None]

    def _control_flow(self, node: Node) -> bool:
        """Split the graphs of a loop or of a branch, and its operands."""
        assert node.primitive is not None
        params = dict(node.params)
        names = [key for key, value in params.items() if isinstance(value, Graph)]
        for key in names:
            split = Elements().of_graph(params[key])
            if split is None:
                return False
            params[key] = split
        groups = [self.operands(each) for each in node.inputs]
        if "condition_shared" in params:
            first = params["condition_shared"]
            start = first + params["body_shared"]
            params["condition_shared"] = sum(map(len, groups[:first]))
            params["body_shared"] = sum(map(len, groups[first:start]))
        flat = [each for group in groups for each in group]
        loop = node.primitive(*flat, **params)
        loop.layer, loop.origin = node.layer, node.origin
        self._results(node, get_results(loop))
        return True

    def _results(self, node: Node, results: Sequence[Node]) -> None:
        """Note the results of a loop by the types of those of the node that it replaces."""
        found = iter(results)
        types = node.type if isinstance(node.type, tuple) else (node.type,)
        counts = [each.size if is_small(each) else 1 for each in types]
        self._of_loop[node.serial] = [[next(found) for _ in range(count)] for count in counts]

    def _result(self, node: Node) -> bool:
        """Look up one result of a loop."""
        results = self._of_loop.get(node.inputs[0].serial)
        if results is None:
            return False
        values = results[node.params["index"]]
        if is_small(node.array_type):
            self._elements[node.serial] = values
        else:
            (self._arrays[node.serial],) = values
        return True


def _applied(node: Node, inputs: Sequence[Node], params: dict[str, Any]) -> Node:
    """The primitive of a node on other inputs, as written at the same place."""
    assert node.primitive is not None
    new = node.primitive(*inputs, **params)
    if not isinstance(new, Node):
        new = constant(new)
    new.layer, new.origin, new.name = node.layer, node.origin, node.name
    return new
