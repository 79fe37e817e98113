"""Which entries of the values of a program its results depend on, given the values.

A selection ``select(c, a, b)`` leaves out the entries of a where c is false, and those of b where
it is true: what is NaN there is of no consequence. Demand is carried from the results to the
operands, entry by entry through elementwise operations, as in dynamic slicing.

References
----------
Agrawal & Horgan (1990), "Dynamic program slicing".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.graph.graph import Graph
from chainrule.graph.node import Node

__all__ = ["Entries", "conditions_of", "used_entries"]

Entries = NDArray[np.bool_] | bool
"""A mask, or whether all entries are meant."""

_ELEMENTWISE = ("cast", "identity", "stop_gradient")


def conditions_of(graph: Graph) -> list[Node]:
    """Return the conditions of the selections of a graph, whose values `used_entries` needs."""
    return [node.inputs[0] for node in graph.equations if _name(node) == "select"]


def used_entries(graph: Graph, values: Mapping[int, Any]) -> dict[int, Entries]:
    """Return the entries of each node by serial that the outputs depend on."""
    used: dict[int, Entries] = {node.serial: True for node in graph.outputs}
    for node in reversed(graph.equations):
        entries = used.get(node.serial, False)
        if entries is not False:
            for operand, part in zip(node.inputs, _of_operands(node, entries, values), strict=True):
                used[operand.serial] = _either(used.get(operand.serial, False), part)
    return used


def _of_operands(node: Node, entries: Entries, values: Mapping[int, Any]) -> list[Entries]:
    """Return the entries of the operands that some entries of a node depend on."""
    assert node.primitive is not None
    count, name = len(node.inputs), node.primitive.name
    if name == "select":
        condition = np.asarray(_value(node.inputs[0], values), bool)
        return [entries, _normalized(entries & condition), _normalized(entries & ~condition)]
    if isinstance(entries, bool):
        return [entries] * count
    if node.primitive.ufunc is not None or name in _ELEMENTWISE:
        return [entries] * count
    if node.primitive.is_broadcast:
        return [_normalized(_before_broadcast(entries, node.inputs[0].shape))]
    if name == "reshape":
        return [entries.reshape(node.inputs[0].shape)]
    if name == "transpose":
        return [entries.transpose(np.argsort(node.params["axes"]))]
    return [bool(entries.any())] * count


def _before_broadcast(entries: NDArray[np.bool_], shape: tuple[int, ...]) -> NDArray[np.bool_]:
    new = entries.ndim - len(shape)
    repeated = [i for i in range(entries.ndim) if i < new or shape[i - new] != entries.shape[i]]
    return np.asarray(entries.any(axis=tuple(repeated), keepdims=True)).reshape(shape)


def _either(first: Entries, second: Entries) -> Entries:
    return True if first is True or second is True else _normalized(first | second)


def _normalized(entries: Any) -> Entries:
    """Return a bool in place of a mask that is true, or false, everywhere."""
    if np.all(entries):
        return True
    return entries if np.any(entries) else False


def _value(node: Node, values: Mapping[int, Any]) -> Any:
    return values.get(node.serial, node.known_value)


def _name(node: Node) -> str:
    return "" if node.primitive is None else node.primitive.name
