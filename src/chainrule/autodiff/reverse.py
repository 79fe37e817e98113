"""Reverse-mode differentiation: from the graph of a function, the graph of its derivative.

The cotangent of a value v is v̄ = ∂L/∂v. Starting from the cotangents of the outputs (the seeds),
the nodes are visited in reverse topological order; the ``vjp`` rule of each primitive gives the
contribution of a node to the cotangents of its inputs, and contributions to one value add up::

    x̄ = Σ over uses y of x:  (∂y/∂x)ᵀ ȳ

Cotangents are nodes: the derivative is a graph too, compiled as any other and differentiated again
for higher derivatives. Only *active* nodes are visited, those on a path from an input to an output
(Griewank & Walther 2008, section 3.2).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.autodiff.cotangent_sums import accumulate
from chainrule.graph.node import Node, ancestors, constant, next_serial
from chainrule.ops.primitives.selection import get_result

__all__ = ["cotangents", "zeros_like"]

_Contributions = dict[tuple[int, int], list[Node]]
"""The contributions to the cotangent of each value, in the order in which they arise."""


def cotangents(
    outputs: Sequence[Node], seeds: Sequence[Node | None], inputs: Sequence[Node]
) -> list[Node | None]:
    """Pull the seeds, the cotangents of `outputs`, back to `inputs`; None is a zero cotangent."""
    sources = {node.serial for node in inputs}
    active = _active(outputs, sources)
    contributions: _Contributions = {}
    for output, seed in zip(outputs, seeds, strict=True):
        if seed is not None:
            contributions.setdefault(_key(output), []).append(seed)
    for node in reversed(active):
        if node.serial in sources or node.primitive in (None, get_result):
            continue
        cotangent = _cotangent(contributions, node)
        if cotangent is None or node.primitive.vjp is None:
            continue
        start = next_serial()
        pulled = node.primitive.vjp(cotangent, node, *node.inputs, **node.params)
        _label(pulled, node.layer, start)
        for operand, contribution in zip(node.inputs, pulled, strict=True):
            if contribution is not None:
                contributions.setdefault(_key(operand), []).append(contribution)
    return [_sum(contributions, _key(node)) for node in inputs]


def zeros_like(node: Node) -> Node:
    """Return the zero cotangent of a node."""
    return constant(np.zeros(node.shape, node.dtype))


def _active(outputs: Sequence[Node], sources: set[int]) -> list[Node]:
    """Nodes on a path from a source to an output, in topological order."""
    active: list[Node] = []
    reached = set(sources)
    for node in _between(outputs, sources):
        if node.serial in sources or any(each.serial in reached for each in node.inputs):
            reached.add(node.serial)
            active.append(node)
    return active


def _between(outputs: Sequence[Node], sources: set[int]) -> list[Node]:
    """Ancestors of the outputs up to and including the sources, in topological order."""
    inner = ancestors(outputs, lambda node: node.serial in sources)
    frontier = {
        each.serial: each for node in inner for each in node.inputs if each.serial in sources
    }
    frontier |= {node.serial: node for node in outputs if node.serial in sources}
    return sorted([*inner, *frontier.values()], key=lambda node: node.serial)


def _key(node: Node) -> tuple[int, int]:
    """Producer and result index under which the cotangent of a value accumulates."""
    if node.primitive is get_result:
        return node.inputs[0].serial, node.params["index"]
    return node.serial, 0


def _sum(contributions: _Contributions, key: tuple[int, int]) -> Node | None:
    return accumulate(contributions[key]) if key in contributions else None


def _cotangent(contributions: _Contributions, node: Node) -> Any:
    """The accumulated cotangent of a node; a list of them for a node with several results."""
    if not isinstance(node.type, tuple):
        return _sum(contributions, (node.serial, 0))
    found = [_sum(contributions, (node.serial, index)) for index in range(len(node.type))]
    return None if all(each is None for each in found) else found


def _label(pulled: Sequence[Node | None], layer: str, start: int) -> None:
    """Attribute the nodes that a rule created, those since `start`, to the layer of its node."""
    if layer:
        roots = [node for node in pulled if node is not None]
        for node in ancestors(roots, lambda each: each.serial < start):
            node.layer = layer
