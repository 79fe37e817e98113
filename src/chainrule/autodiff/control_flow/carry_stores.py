"""Stores into the carries of a loop in place, when the loop is evaluated by NumPy.

A step that ends with ``scatter(c, update, i)`` of a carry c writes a few elements of it, and would
copy the others. The carry is the loop's own array, and dead after the step: it is written to.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from chainrule.graph.evaluate import prepare
from chainrule.graph.graph import Graph
from chainrule.graph.node import Node
from chainrule.ops.primitives.array_update import scatter
from chainrule.ops.primitives.gather_scatter import gather

__all__ = ["step_function"]

Step = Callable[[Sequence[Any], Sequence[Any]], list[Any]]

_prepared: WeakKeyDictionary[Graph, tuple[Step, frozenset[int]]] = WeakKeyDictionary()


def step_function(body: Graph, shared: int) -> tuple[Step, frozenset[int]]:
    """Return the function of a step, and which carries it writes to, which must be copies.

    The function takes the shared values and the carry, and returns the new carry.
    """
    if body not in _prepared:
        _prepared[body] = _prepare(body, shared)
    return _prepared[body]


def _prepare(body: Graph, shared: int) -> tuple[Step, frozenset[int]]:
    stored = [i for i in range(len(body.outputs)) if _is_store(body, i, body.inputs[shared + i])]
    outputs: list[Node] = []
    for i, node in enumerate(body.outputs):
        outputs += node.inputs[1:] if i in stored else [node]
    run = prepare(Graph(body.inputs, tuple(outputs), body.name))
    counts = [len(node.inputs) - 1 for node in body.outputs]

    def step(constants: Sequence[Any], carry: Sequence[Any]) -> list[Any]:
        results = map(_own if stored else _same, run([*constants, *carry]))
        new: list[Any] = []
        stores: list[tuple[Any, list[Any]]] = []
        for i, old in enumerate(carry):
            if i in stored:
                stores.append((old, [next(results) for _ in range(counts[i])]))
            new.append(old if i in stored else next(results))
        for old, (update, *indices) in stores:  # now that all is computed from the old content
            old[tuple(map(np.ascontiguousarray, indices))] = update
        return new

    return step, frozenset(stored)


def _same(value: Any) -> Any:
    return value


def _own(value: Any) -> Any:
    """A copy of what may be a view of a carry that is written to."""
    return np.array(value) if getattr(value, "base", None) is not None else value


def _is_store(body: Graph, number: int, carry: Node) -> bool:
    """Whether a step only stores into a carry: all that it reads of it are rows."""
    end = body.outputs[number]
    if end.primitive is not scatter or end.inputs[0] is not carry:
        return False
    if any(each is carry or (each is end and i != number) for i, each in enumerate(body.outputs)):
        return False
    readers = [node for node in body.equations if any(each is carry for each in node.inputs)]
    reads = [node for node in readers if node is not end]
    is_read_again = any(each is end for node in body.equations for each in node.inputs)
    return not is_read_again and all(
        node.primitive is gather and all(each is not carry for each in node.inputs[1:])
        for node in reads
    )
