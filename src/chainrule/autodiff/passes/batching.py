"""Batching: from the graph of a function of one sample, the graph for a batch of samples.

The nodes are visited in topological order; the ``batch`` rule of each primitive computes it for all
entries along a first axis, the batch axis, which some of its inputs have. What depends on no
batched input is computed once and has no such axis.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from chainrule.autodiff.analysis.activity import active_nodes, between
from chainrule.autodiff.passes.custom_batching import batched_custom, replaced_custom
from chainrule.errors import UnsupportedError
from chainrule.graph.environment import suspended
from chainrule.graph.node import Node, ancestors, next_serial
from chainrule.graph.rewrite import rebuilt
from chainrule.ops.primitives.custom_derivative import custom_vjp_call
from chainrule.ops.primitives.selection import get_result

__all__ = ["Batched", "batched"]

Batched = tuple[Any, Any]
"""A node, and whether its first axis is the batch axis; lists of both for several results."""


def batched(
    outputs: Sequence[Node],
    sources: Sequence[Node],
    replacements: Sequence[tuple[Node, bool]],
    size: int,
) -> list[tuple[Node, bool]]:
    """Compute `outputs` from `replacements` of `sources`, batched or not, for a batch of `size`."""
    found: dict[int, Batched] = {}
    for node, replacement in zip(sources, replacements, strict=True):
        found[node.serial] = replacement
    return _batched(outputs, found, size)


def _batched(
    outputs: Sequence[Node], found: dict[int, Batched], size: int
) -> list[tuple[Node, bool]]:
    """Compute `outputs` from what is `found`, replacements by serial; add those in between."""
    with suspended():
        serials = set(found)
        for node in active_nodes(between(outputs, serials), serials):
            if node.serial not in serials:
                start = next_serial()
                found[node.serial] = result = _applied(node, found, size)
                _inherit(result[0], node, start)
        return [found.get(node.serial, (node, False)) for node in outputs]


def _applied(node: Node, found: dict[int, Batched], size: int) -> Batched:
    """Apply a node's primitive to its replaced inputs."""
    primitive = node.primitive
    assert primitive is not None
    if primitive is get_result:
        index, source = node.params["index"], node.inputs[0]
        results, are_batched = found[source.serial]
        if isinstance(results, list):
            return results[index], are_batched[index]
        return rebuilt(node, (results,)), False
    pairs = [found.get(each.serial, (each, False)) for each in node.inputs]
    inputs, is_batched = zip(*pairs, strict=True)
    is_custom = primitive is custom_vjp_call
    if not any(is_batched) and not is_custom:
        return rebuilt(node, inputs), False
    if is_custom:

        def rebuild(outputs: Sequence[Node], new: dict[int, Batched]) -> list[Batched]:
            return _batched(outputs, found | new, size)

        if not any(is_batched):
            return replaced_custom(node, inputs, rebuild), False
        return batched_custom(node, size, is_batched, inputs, rebuild)
    if primitive.batch is None:
        raise UnsupportedError(
            f"vmap: {primitive.name} has no batching rule; call the function in a loop over the "
            "batch, and stack the results with np.stack"
        )
    result = primitive.batch(size, is_batched, *inputs, **node.params)
    return result if isinstance(node.type, tuple) else (result, True)


def _inherit(result: Any, node: Node, start: int) -> None:
    """Attribute the nodes that a rule created, those since `start`, to the source of its node."""
    roots = cast(list[Node], result if isinstance(result, list) else [result])
    for each in ancestors(roots, lambda each: each.serial < start):
        each.layer, each.origin = node.layer, node.origin
