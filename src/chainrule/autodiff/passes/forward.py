"""Forward-mode differentiation: from the graph of a function, the graph of its tangent.

The tangent of a value v is v̇, its derivative along a direction of the inputs. Starting from the
tangents of the inputs (the seeds), the nodes are visited in topological order; the ``jvp`` rule of
each primitive gives the tangent of its output::

    ẏ = Σ over inputs xᵢ of y:  (∂y/∂xᵢ) ẋᵢ

Tangents are nodes, as cotangents are in `reverse`: the result is a graph, compiled as any other and
differentiated again.

An input whose tangent is 0 is held fixed: where a local derivative may be infinite, that 0 must not
be multiplied by it. A seed may be `Masked` for that, and remains so up to the last singularity.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from chainrule.autodiff.analysis.activity import active_nodes, between
from chainrule.autodiff.analysis.regularity import Regularity, regularity_below
from chainrule.autodiff.passes.custom_forward import custom_jvp
from chainrule.autodiff.passes.masked import Cotangent, Masked, propagate, selected, stand_in
from chainrule.graph.environment import suspended
from chainrule.graph.node import Node, ancestors, next_serial
from chainrule.ops.primitives.selection import get_result

__all__ = ["FORWARD_RULES", "tangents"]

FORWARD_RULES: dict[str, Callable[..., Any]] = {"custom_vjp_call": custom_jvp}
"""By name of a primitive: its forward rule, where that differentiates and so is not in `ops`."""


def tangents(
    outputs: Sequence[Node], inputs: Sequence[Node], seeds: Sequence[Cotangent | None]
) -> list[Node | None]:
    """Push the seeds, the tangents of `inputs`, forward to `outputs`; None is a zero tangent."""
    with suspended():  # nodes are values here, whatever the user's code has stored since
        found: dict[int, Any] = {}  # of a node with several results, a list
        for node, seed in zip(inputs, seeds, strict=True):
            found[node.serial] = seed
        sources = set(found)
        nodes = between(outputs, sources)
        active = active_nodes(nodes, sources)
        regularity, last = None, -1
        if any(isinstance(seed, Masked) for seed in seeds):
            regularity = regularity_below(nodes, active, sources, set(), is_masked=True)
        if regularity is not None:
            singular = [each.serial for each in active if regularity.is_singular_at(each)]
            last = max(singular, default=-1)
        for node in active:
            if node.serial not in sources:
                may_be_masked = regularity if node.serial <= last else None
                found[node.serial] = _tangent(node, found, may_be_masked)
        results = [found.get(node.serial) for node in outputs]
        return [None if each is None else selected(each) for each in results]


def _tangent(node: Node, found: dict[int, Any], regularity: Regularity | None) -> Any:
    """Apply the forward rule of a node to the tangents of its inputs."""
    primitive = node.primitive
    assert primitive is not None
    if primitive is get_result:
        of_each = found.get(node.inputs[0].serial)
        return None if of_each is None else of_each[node.params["index"]]
    seeds = [found.get(each.serial) for each in node.inputs]
    rule = primitive.jvp or FORWARD_RULES.get(primitive.name)
    if rule is None or all(seed is None for seed in seeds):
        return None
    start = next_serial()
    if regularity is None:
        seeds = [None if each is None else selected(each) for each in seeds]
        result = rule(tuple(seeds), node, *node.inputs, **node.params)
    else:
        result = _push_forward(rule, seeds, node, start, regularity)
    if node.layer:
        parts = result if isinstance(result, list) else [result]
        roots = [selected(each) for each in parts if each is not None]
        for each in ancestors(roots, lambda each: each.serial < start):
            each.layer = node.layer
    return result


def _push_forward(
    rule: Callable[..., Any],
    seeds: Sequence[Cotangent | None],
    node: Node,
    start: int,
    regularity: Regularity,
) -> Any:
    """Apply a forward rule to tangents that may be masked."""
    masked: dict[int, Masked] = {}
    plain = tuple([stand_in(each, masked) for each in seeds])
    result = rule(plain, node, *node.inputs, **node.params)
    parts = propagate(result if isinstance(result, list) else [result], masked, start, regularity)
    return parts if isinstance(result, list) else parts[0]
