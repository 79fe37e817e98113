"""The reverse pass of a traced function, with the cotangents of its named values kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.autodiff.passes.masked import selected
from chainrule.autodiff.passes.reverse import masked_cotangents, observed
from chainrule.graph.environment import suspended
from chainrule.graph.evaluate import evaluate
from chainrule.graph.graph import Graph
from chainrule.graph.node import Node, constant
from chainrule.graph.value_names import resolved

__all__ = ["Derivation", "derive"]


@dataclass(frozen=True)
class Derivation:
    """A scalar function of arrays and its gradient.

    Parameters
    ----------
    graph : Graph
        The function; its first output is the scalar.
    named : tuple of Node
        Intermediate values that equations are written for, in topological order.
    cotangents : tuple of Node or None
        The derivative of the scalar by each of `named`; None where it does not depend on it.
    sources : tuple of Node
        The inputs that the scalar is differentiated by.
    gradients : tuple of Node or None
        Its derivative by each of them.
    pulled : dict of int to list of Node
        The values that each derivative on the way is by, the last computed first, by the serial of
        the derivative.
    """

    graph: Graph
    named: tuple[Node, ...]
    cotangents: tuple[Node | None, ...]
    sources: tuple[Node, ...]
    gradients: tuple[Node | None, ...]
    pulled: dict[int, list[Node]]

    @property
    def derived(self) -> tuple[Node, ...]:
        """All derivatives that are not zero."""
        return tuple(x for x in (*self.cotangents, *self.gradients) if x is not None)

    def values(self, nodes: Sequence[Node], inputs: Sequence[Any]) -> list[Any]:
        """Evaluate nodes by NumPy for the inputs of the graph."""
        return evaluate(Graph(self.graph.inputs, tuple(nodes)), inputs)


def derive(graph: Graph, named: Sequence[Node], inputs: Sequence[Node]) -> Derivation:
    """Derive the gradient of the first output by `inputs`, and by all of `named` on the way."""
    loss = resolved(graph.outputs[0])
    wanted = {_source(node): i for i, node in enumerate(named)}
    found: list[Node | None] = [None] * len(named)
    every: dict[int, list[Node]] = {}

    def observe(node: Node, cotangent: Any, pulled: Any) -> None:
        several = isinstance(node.type, tuple)
        if isinstance(cotangent, Node):
            every.setdefault(resolved(cotangent).serial, []).append(node)
        for result, each in enumerate(cotangent if several else [cotangent]):
            place = wanted.get((node.serial, result))
            if place is not None and each is not None:
                found[place] = selected(each)

    with suspended(), observed(observe):
        seed = constant(np.ones(loss.shape, loss.array_type.dtype))
        gradients = masked_cotangents([loss], [seed], inputs)
        results = tuple(None if each is None else selected(each) for each in gradients)
    return Derivation(graph, tuple(named), tuple(found), tuple(inputs), results, every)


def _source(node: Node) -> tuple[int, int]:
    """Return the node that computes a value, and the number of the result that it is."""
    if node.primitive is not None and node.primitive.name == "get_result":
        return node.inputs[0].serial, node.params["index"]
    return node.serial, 0
