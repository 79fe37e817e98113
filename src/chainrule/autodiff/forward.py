"""Forward-mode differentiation: from the graph of a function, the graph of its tangent.

The tangent of a value v is v̇, its derivative along a direction of the inputs. Starting from the
tangents of the inputs (the seeds), the nodes are visited in topological order; the ``jvp`` rule of
each primitive gives the tangent of its output::

    ẏ = Σ over inputs xᵢ of y:  (∂y/∂xᵢ) ẋᵢ

Tangents are nodes, as cotangents are in `reverse`: the result is a graph, compiled as any other and
differentiated again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chainrule.autodiff.activity import active_nodes, between
from chainrule.graph.environment import suspended
from chainrule.graph.node import Node, ancestors, next_serial
from chainrule.ops.primitives.selection import get_result

__all__ = ["tangents"]


def tangents(
    outputs: Sequence[Node], inputs: Sequence[Node], seeds: Sequence[Node | None]
) -> list[Node | None]:
    """Push the seeds, the tangents of `inputs`, forward to `outputs`; None is a zero tangent."""
    with suspended():  # nodes are values here, whatever the user's code has stored since
        found: dict[int, Any] = {}  # of a node with several results, a list
        for node, seed in zip(inputs, seeds, strict=True):
            found[node.serial] = seed
        sources = set(found)
        for node in active_nodes(between(outputs, sources), sources):
            if node.serial not in sources:
                found[node.serial] = _tangent(node, found)
        return [found.get(node.serial) for node in outputs]


def _tangent(node: Node, found: dict[int, Any]) -> Any:
    """Apply the forward rule of a node to the tangents of its inputs."""
    primitive = node.primitive
    assert primitive is not None
    if primitive is get_result:
        of_each = found.get(node.inputs[0].serial)
        return None if of_each is None else of_each[node.params["index"]]
    seeds = tuple([found.get(each.serial) for each in node.inputs])
    if primitive.jvp is None or all(seed is None for seed in seeds):
        return None
    start = next_serial()
    result = primitive.jvp(seeds, node, *node.inputs, **node.params)
    if node.layer:
        parts = result if isinstance(result, list) else [result]
        roots = [each for each in parts if each is not None]
        for each in ancestors(roots, lambda each: each.serial < start):
            each.layer = node.layer
    return result
