"""Constant conditions: a ``cond`` with a constant test is the branch, without the other one.

::

    y = cond[...](True, x)                  ->    y = ...     # the equations of if_true
    c = while_loop[...](c0), where the            c0
    condition is false, or of no steps      ->
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from chainrule.autodiff.control_flow.cond_primitive import cond
from chainrule.graph.graph import Graph
from chainrule.graph.node import Node
from chainrule.graph.rewrite import Visit

__all__ = ["results_if_decided"]


def results_if_decided(node: Node, inputs: Sequence[Node], visit: Visit) -> list[Node] | None:
    """Return the results of a ``cond`` or ``while_loop`` that needs no test; else None.

    The equations of a branch are visited as if they were part of the graph around it.
    """
    if node.primitive is cond:
        test, *shared = inputs
        if not test.is_constant:
            return None
        branch: Graph = node.params["if_true" if np.all(test.known_value) else "if_false"]
        return _inlined(branch, shared, visit)
    start = node.params["condition_shared"] + node.params["body_shared"]
    return list(inputs[start:]) if node.params["max_steps"] == 0 or _is_false(node) else None


def _is_false(node: Node) -> bool:
    (test,) = node.params["condition"].outputs
    return test.is_constant and not np.any(test.known_value)


def _inlined(graph: Graph, inputs: Sequence[Node], visit: Visit) -> list[Node]:
    values = {own.serial: each for own, each in zip(graph.inputs, inputs, strict=True)}
    for node in graph.nodes:
        values[node.serial] = visit(node, tuple(values[each.serial] for each in node.inputs))
    return [values[each.serial] for each in graph.outputs]
