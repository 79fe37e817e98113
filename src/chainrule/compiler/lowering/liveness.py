"""Liveness of nodes, and the nodes whose expressions read a buffer, for stores in place.

An expression is evaluated where it is used. Before a buffer is overwritten, the expressions that
read it and are used later must be stored elsewhere; a node without later uses is dead.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import Any

from chainrule.compiler.loop_ir.expressions import loads_of
from chainrule.compiler.loop_ir.loops import Buffer, Expression
from chainrule.graph.graph import Graph
from chainrule.graph.node import Node
from chainrule.ops.primitives.array_update import scatter, update_slice
from chainrule.ops.primitives.movement import pad_into
from chainrule.ops.primitives.selection import get_result

__all__ = ["UPDATES", "Liveness", "reads", "updated_array", "updated_by_branches"]

UPDATES = (update_slice, scatter)

Result = tuple[int, int]
"""The serial of a node, and the number of a result of it."""
Reader = tuple[Node, int]
"""A node and the number of a result of it, whose expression reads a buffer."""


class Liveness:
    """The last use of each node of a graph with updates of arrays, and the readers of buffers."""

    def __init__(self, graph: Graph, absorbed: Collection[int]) -> None:
        self.is_needed = any(map(_may_update, graph.equations))
        self.last_use = _last_uses(graph, absorbed) if self.is_needed else {}
        self.readers: defaultdict[Buffer, list[Reader]] = defaultdict(list)
        self.read_only: set[Buffer] = set()

    def record(self, node: Node, value: Any) -> None:
        """Record the buffers that the expressions of a node's results read."""
        if not self.is_needed or value is None:
            return
        for number, each in enumerate(value if isinstance(node.type, tuple) else [value]):
            for buffer in {load.buffer.root for load in loads_of(each)}:
                self.readers[buffer].append((node, number))

    def live_readers(
        self, buffer: Buffer, node: Node, expressions: Mapping[int, Any]
    ) -> list[Reader]:
        """Return the results used after `node` whose expressions read a buffer; forget others."""

        def is_live(reader: Reader) -> bool:
            owner, number = reader
            value = expressions[owner.serial]
            value = value[number] if isinstance(owner.type, tuple) else value
            last_use = self.last_use.get((owner.serial, number), -1)
            return last_use > node.serial and reads(value, buffer)

        readers = dict.fromkeys(filter(is_live, self.readers.pop(buffer.root, ())))
        self.readers[buffer.root] = list(readers)
        return self.readers[buffer.root]


def updated_array(node: Node) -> Node:
    """Return the array some of whose elements are replaced in a node: itself, if none are."""
    while True:
        if node.primitive in UPDATES:
            node = node.inputs[0]
            continue
        number = updated_by_branches(node.inputs[0], node) if node.inputs else None
        if number is None:
            return node
        node = node.inputs[0].inputs[number]


def updated_by_branches(branches: Node, result: Node) -> int | None:
    """Return which input of a ``cond`` a result of it is, updated in either branch; or None."""
    if result.primitive is not get_result or not _is_cond(branches):
        return None
    index = result.params["index"]
    arrays = [
        (graph, updated_array(graph.outputs[index]))
        for graph in (branches.params["if_true"], branches.params["if_false"])
    ]
    numbers = {
        next((i for i, each in enumerate(graph.inputs, 1) if each is array), None)
        for graph, array in arrays
    }
    is_update = any(array is not graph.outputs[index] for graph, array in arrays)
    return numbers.pop() if is_update and len(numbers) == 1 else None


def _may_update(node: Node) -> bool:
    """Whether a node updates an array, or a branch of it does."""
    if node.primitive in UPDATES or not _is_cond(node):
        return node.primitive in UPDATES
    branches = (node.params["if_true"], node.params["if_false"])
    return any(_may_update(each) for graph in branches for each in graph.equations)


def _is_cond(node: Node) -> bool:
    return node.primitive is not None and node.primitive.name == "cond"


def reads(value: Expression, buffer: Buffer) -> bool:
    """Whether an expression loads from the memory of a buffer."""
    return any(load.buffer.root is buffer.root for load in loads_of(value))


def _last_uses(graph: Graph, absorbed: Collection[int]) -> dict[Result, float]:
    """Return the serial of the last equation that uses each result; outputs are used at the end.

    What an absorbed node or a padding reads, the equations that use it read themselves.
    """
    last: dict[Result, float] = {(node.serial, 0): float("inf") for node in graph.outputs}
    for node in reversed(graph.equations):
        is_view = node.serial in absorbed or node.primitive is pad_into
        use = max(node.serial, last.get((node.serial, 0), -1) if is_view else -1)
        for each in node.inputs:
            result = each.serial, node.params.get("index", 0) if node.primitive is get_result else 0
            last[result] = max(last.get(result, -1), use)
    return last
