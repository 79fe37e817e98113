"""The NumPy evaluator: the definition of what a graph means.

A graph is prepared once (slots, order, when each value can be let go) and then run many times
without looking at Python code of the user again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from chainrule.graph.graph import Graph
from chainrule.graph.node import Node

__all__ = ["evaluate", "prepare"]

_prepared: WeakKeyDictionary[Graph, Callable[[Sequence[Any]], list[Any]]] = WeakKeyDictionary()


def evaluate(graph: Graph, inputs: Sequence[Any]) -> list[Any]:
    """Run a graph on arrays."""
    run = _prepared.get(graph)
    if run is None:
        run = _prepared[graph] = prepare(graph)
    return run(inputs)


def prepare(graph: Graph) -> Callable[[Sequence[Any]], list[Any]]:
    """Turn a graph into a function from input arrays to output arrays."""
    slots = {node.serial: slot for slot, node in enumerate((*graph.inputs, *graph.nodes))}
    memory: list[Any] = [None] * len(slots)
    for node in graph.nodes:
        if node.primitive is None:
            memory[slots[node.serial]] = node.known_value
    steps = _steps(graph, slots)
    results = [slots[node.serial] for node in graph.outputs]
    count = len(graph.inputs)

    def run(inputs: Sequence[Any]) -> list[Any]:
        values = memory.copy()
        values[:count] = inputs
        for function, sources, target, dying in steps:
            values[target] = function(*[values[source] for source in sources])
            for slot in dying:
                values[slot] = None
        return [values[slot] for slot in results]

    return run


def _steps(graph: Graph, slots: dict[int, int]) -> list[tuple[Any, list[int], int, list[int]]]:
    """List what to call, on which slots, into which slot, and the slots nobody reads afterwards."""
    kept = {slots[node.serial] for node in graph.outputs}
    kept |= {slots[node.serial] for node in graph.nodes if node.primitive is None}
    spread = _operands(graph)
    steps: list[tuple[Any, list[int], int, list[int]]] = []
    for node in _read_equations(graph, spread):
        assert node.primitive is not None
        function = node.primitive.evaluate
        if node.params:
            function = partial(function, **node.params)
        sources = [slots[each.serial] for each in spread[node.serial]]
        steps.append((function, sources, slots[node.serial], []))
    for _, sources, _, dying in reversed(steps):
        fresh = set(sources) - kept
        kept |= fresh
        dying.extend(fresh)
    return steps


def _operands(graph: Graph) -> dict[int, tuple[Node, ...]]:
    """Inputs of every equation, past broadcasts that NumPy's own functions make for nothing."""
    computed = {node.serial for node in graph.equations}

    def narrow(node: Node) -> Node:
        is_spread = node.serial in computed and node.primitive and node.primitive.is_broadcast
        return node.inputs[0] if is_spread else node

    def operands(node: Node) -> tuple[Node, ...]:
        if not node.primitive or node.primitive.ufunc is None:
            return node.inputs
        inputs = tuple(map(narrow, node.inputs))
        shape = np.broadcast_shapes(*(each.shape for each in inputs))
        return inputs if shape == node.shape else node.inputs

    return {node.serial: operands(node) for node in graph.equations}


def _read_equations(graph: Graph, operands: dict[int, tuple[Node, ...]]) -> list[Node]:
    """Drop the equations nobody reads once broadcasts are skipped."""
    read = {node.serial for node in graph.outputs}
    for node in reversed(graph.equations):
        if node.serial in read:
            read |= {each.serial for each in operands[node.serial]}
    return [node for node in graph.equations if node.serial in read]
