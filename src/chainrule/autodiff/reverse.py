"""Reverse mode: from the graph of a function, the graph of its derivative.

The chain rule, read backwards: the outputs are given cotangents; every node hands what it has
received on to its inputs, by the rule of its primitive, and an input used several times adds up
what arrives. What comes out is graph again, so derivatives of derivatives need nothing new.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.autodiff.cotangent_sums import joined
from chainrule.graph.node import Node, ancestors, constant, next_serial
from chainrule.ops.primitives.selection import get_result

__all__ = ["cotangents", "zeros_like"]

_Received = dict[tuple[int, int], list[Node]]
"""The cotangents that have arrived at each value, in their order."""


def cotangents(
    outputs: Sequence[Node], seeds: Sequence[Node | None], inputs: Sequence[Node]
) -> list[Node | None]:
    """Pull cotangents of the outputs back to the inputs.

    References
    ----------
    Griewank & Walther (2008), Evaluating Derivatives, section 3.2.
    """
    wanted = {node.serial for node in inputs}
    order = _active(outputs, wanted)
    received: _Received = {}
    for output, seed in zip(outputs, seeds, strict=True):
        if seed is not None:
            _add(received, _slot(output), seed)
    for node in reversed(order):
        if node.serial in wanted or node.primitive in (None, get_result):
            continue
        arrived = _arrived(received, node)
        if arrived is None or node.primitive.vjp is None:
            continue
        start = next_serial()
        before = node.primitive.vjp(arrived, node, *node.inputs, **node.params)
        _label(before, node.layer, start)
        for each, cotangent in zip(node.inputs, before, strict=True):
            if cotangent is not None:
                _add(received, _slot(each), cotangent)
    return [_sum(received, _slot(node)) for node in inputs]


def zeros_like(node: Node) -> Node:
    """Return the zero cotangent of a node."""
    return constant(np.zeros(node.shape, node.dtype))


def _active(outputs: Sequence[Node], wanted: set[int]) -> list[Node]:
    """Nodes on a way from a wanted input to an output, in order."""
    active: list[Node] = []
    reached = set(wanted)
    for node in _between(outputs, wanted):
        if node.serial in wanted or any(each.serial in reached for each in node.inputs):
            reached.add(node.serial)
            active.append(node)
    return active


def _between(outputs: Sequence[Node], wanted: set[int]) -> list[Node]:
    """Ancestors of the outputs, wanted nodes included but nothing behind them."""
    inner = ancestors(outputs, lambda node: node.serial in wanted)
    frontier = {
        each.serial: each for node in inner for each in node.inputs if each.serial in wanted
    }
    frontier |= {node.serial: node for node in outputs if node.serial in wanted}
    return sorted([*inner, *frontier.values()], key=lambda node: node.serial)


def _slot(node: Node) -> tuple[int, int]:
    """Where cotangents of `node` are collected; a result of several belongs to its producer."""
    if node.primitive is get_result:
        return node.inputs[0].serial, node.params["index"]
    return node.serial, 0


def _add(received: _Received, slot: tuple[int, int], cotangent: Node) -> None:
    received.setdefault(slot, []).append(cotangent)


def _sum(received: _Received, slot: tuple[int, int]) -> Node | None:
    return joined(received[slot]) if slot in received else None


def _arrived(received: _Received, node: Node) -> Any:
    """The cotangent of a node; for one with several results the list of theirs."""
    if not isinstance(node.type, tuple):
        return _sum(received, (node.serial, 0))
    found = [_sum(received, (node.serial, index)) for index in range(len(node.type))]
    return None if all(each is None for each in found) else found


def _label(made: Sequence[Node | None], layer: str, start: int) -> None:
    """Name the layer whose derivative this is, on every node the rule has just made."""
    if layer:
        roots = [node for node in made if node is not None]
        for node in ancestors(roots, lambda each: each.serial < start):
            node.layer = layer
