"""The evaluator: a reference interpreter in NumPy that defines the meaning of a graph.

A graph is prepared once into a list of steps: the function to call, the slots of its operands, the
slot of its result, and the slots that are dead after it (liveness analysis). It then runs any
number of times without running the user's Python code.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from chainrule.blas_threads import ON_ONE_THREAD, one_blas_thread
from chainrule.graph.graph import Graph
from chainrule.graph.node import Node

__all__ = ["evaluate", "prepare"]

_prepared: WeakKeyDictionary[Graph, Callable[[Sequence[Any]], list[Any]]] = WeakKeyDictionary()


def evaluate(graph: Graph, inputs: Sequence[Any]) -> list[Any]:
    """Run a graph on arrays, prepared once and cached."""
    run = _prepared.get(graph)
    if run is None:
        run = _prepared[graph] = prepare(graph)
    return run(inputs)


def prepare(graph: Graph) -> Callable[[Sequence[Any]], list[Any]]:
    """Turn a graph into a function from input arrays to output arrays."""
    slots = {node.serial: slot for slot, node in enumerate((*graph.inputs, *graph.nodes))}
    constants: list[Any] = [None] * len(slots)
    for node in graph.nodes:
        if node.primitive is None:
            constants[slots[node.serial]] = node.known_value
    steps = _steps(graph, slots)
    results = [slots[node.serial] for node in graph.outputs]
    count = len(graph.inputs)

    def run(inputs: Sequence[Any]) -> list[Any]:
        values = constants.copy()
        values[:count] = inputs
        for function, operands, target, dead in steps:
            values[target] = function(*[values[slot] for slot in operands])
            for slot in dead:
                values[slot] = None
        return [values[slot] for slot in results]

    def run_on_one_blas_thread(inputs: Sequence[Any]) -> list[Any]:
        with one_blas_thread():
            return run(inputs)

    functions = [node.primitive.evaluate for node in graph.equations if node.primitive]
    return run if ON_ONE_THREAD.isdisjoint(functions) else run_on_one_blas_thread


def _steps(graph: Graph, slots: dict[int, int]) -> list[tuple[Any, list[int], int, list[int]]]:
    """List function, operand slots, result slot and dead slots of each live equation."""
    live = {slots[node.serial] for node in graph.outputs}
    live |= {slots[node.serial] for node in graph.nodes if node.primitive is None}
    operands = _unbroadcast_operands(graph)
    steps: list[tuple[Any, list[int], int, list[int]]] = []
    for node in _live_equations(graph, operands):
        assert node.primitive is not None
        function = node.primitive.evaluate
        if node.params:
            function = partial(function, **node.params)
        operand_slots = [slots[each.serial] for each in operands[node.serial]]
        steps.append((function, operand_slots, slots[node.serial], []))
    for _, operand_slots, _, dead in reversed(steps):
        last_reads = set(operand_slots) - live
        live |= last_reads
        dead.extend(last_reads)
    return steps


def _unbroadcast_operands(graph: Graph) -> dict[int, tuple[Node, ...]]:
    """Operands of each equation; a ufunc's skip the broadcasts that it does itself."""
    computed = {node.serial for node in graph.equations}

    def source(node: Node) -> Node:
        is_broadcast = node.serial in computed and node.primitive and node.primitive.is_broadcast
        return node.inputs[0] if is_broadcast else node

    def operands(node: Node) -> tuple[Node, ...]:
        if not node.primitive or node.primitive.ufunc is None:
            return node.inputs
        inputs = tuple(map(source, node.inputs))
        shape = np.broadcast_shapes(*(each.shape for each in inputs))
        return inputs if shape == node.shape else node.inputs

    return {node.serial: operands(node) for node in graph.equations}


def _live_equations(graph: Graph, operands: dict[int, tuple[Node, ...]]) -> list[Node]:
    """Eliminate dead code: broadcasts that no equation reads any more."""
    live = {node.serial for node in graph.outputs}
    for node in reversed(graph.equations):
        if node.serial in live:
            live |= {each.serial for each in operands[node.serial]}
    return [node for node in graph.equations if node.serial in live]
