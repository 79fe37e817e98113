"""Constants as inputs: graphs that differ in some numbers alone become one graph.

::

    train_step: c = multiply(0.05, w)        train_step(..., x, ...): c = multiply(x, w)
    steps: a = scan(w; body=train_step)  ->  steps(..., x): a = scan(x, w; body=train_step)

Legal: a constant becomes an input only where it is a scalar that arithmetic reads, or the key of
random numbers: no shape, loop or identity depends on it. 0 and ±1 stay constants, as
products by them are simplified, and so do exponents, of which small integers are products. What is
computed from an input by one operation has the bits that it has from the constant.

It pays where many such graphs are compiled, as for the settings of a sweep.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from chainrule.graph.graph import Graph, check
from chainrule.graph.node import Node, variable
from chainrule.graph.rewrite import rebuilt

__all__ = ["Lifted", "lift_constants"]

_KEPT = (0.0, 1.0)
"""Constants, of either sign, whose products and quotients are simplified."""


@dataclass(frozen=True)
class Lifted:
    """A graph some constants of which are its last inputs, and the values of these constants."""

    graph: Graph
    values: tuple[Any, ...]  # arrays
    keys: frozenset[int]  # which of them are keys of random numbers


def lift_constants(graph: Graph, chooses: Callable[[int], bool] = lambda _: True) -> Lifted:
    """Make constants inputs, by default all that may be; they are numbered in their order.

    Examples
    --------
    >>> from chainrule.graph.trace import trace
    >>> lifted = lift_constants(trace(lambda x: 0.3 * x + 1)(2.0))
    >>> len(lifted.graph.inputs), lifted.values
    (2, (array(0.3),))
    """
    lifting = _Lifting(chooses)
    lifted, inputs = lifting.graph(graph)
    result = check(replace(lifted, inputs=(*lifted.inputs, *inputs)))
    return Lifted(result, tuple(lifting.values), frozenset(lifting.keys))


@dataclass
class _Lifting:
    """Counts the constants of a graph, and of the bodies of its loops."""

    chooses: Callable[[int], bool]
    values: list[Any] = field(default_factory=list[Any])
    keys: set[int] = field(default_factory=set[int])
    _count: int = 0

    def graph(self, graph: Graph) -> tuple[Graph, list[Node]]:
        """Return the graph with free variables for constants, and these variables."""
        eligible, keys = _eligible(graph)
        rewritten = {node.serial: node for node in graph.inputs}
        inputs: list[Node] = []
        for node in graph.nodes:
            if node.serial in eligible:
                result = self._constant(node, node.serial in keys, inputs)
            else:
                operands = tuple(rewritten[each.serial] for each in node.inputs)
                is_loop = node.primitive is not None and node.primitive.name == "scan"
                result = self._loop(node, operands, inputs) if is_loop else rebuilt(node, operands)
            rewritten[node.serial] = result
        outputs = tuple(rewritten[node.serial] for node in graph.outputs)
        return replace(graph, outputs=outputs), inputs

    def _constant(self, node: Node, is_key: bool, inputs: list[Node]) -> Node:
        number, self._count = self._count, self._count + 1
        if not self.chooses(number):
            return node
        if is_key:
            self.keys.add(len(self.values))
        self.values.append(np.asarray(node.known_value))
        inputs.append(variable(node.array_type, name="constant"))
        return inputs[-1]

    def _loop(self, node: Node, operands: tuple[Node, ...], inputs: list[Node]) -> Node:
        """Lift the constants of a body: they are further values that all its steps share."""
        body, found = self.graph(node.params["body"])
        if not found:
            return rebuilt(node, operands)
        shared = node.params["shared"]
        outer = [variable(each.array_type, name="constant") for each in found]
        inputs += outer
        new = (*body.inputs[:shared], *found, *body.inputs[shared:])
        params = node.params | {
            "body": check(Graph(new, body.outputs, body.name, body.origin)),
            "shared": shared + len(found),
        }
        all_operands = (*operands[:shared], *outer, *operands[shared:])
        loop = Node(node.primitive, all_operands, params, node.type, name=node.name)
        loop.layer = node.layer
        return loop


def _eligible(graph: Graph) -> tuple[set[int], set[int]]:
    """Return the constants that may be inputs, and those of them that are keys."""
    scalars = {node.serial for node in graph.nodes if _is_scalar(node)}
    keys: set[int] = set()
    for node in graph.equations:
        assert node.primitive is not None, "an equation"
        for position, each in enumerate(node.inputs):
            if _is_key(node, position, each):
                keys.add(each.serial)
            elif not _is_arithmetic(node, position):
                scalars.discard(_source(each).serial)
    outputs = {node.serial for node in graph.outputs}
    return (scalars | keys) - outputs, keys


def _is_scalar(node: Node) -> bool:
    if node.primitive is not None or node.known_value is None:
        return False
    value = np.asarray(node.known_value)
    is_real = node.array_type.is_float and value.shape == () and bool(np.isfinite(value))
    return is_real and abs(float(value)) not in _KEPT


def _is_key(node: Node, position: int, operand: Node) -> bool:
    """Whether an operand is the constant key of random numbers."""
    is_draw = node.primitive is not None and node.primitive.name in ("uniform", "normal")
    is_constant = operand.primitive is None and operand.known_value is not None
    return is_draw and position == 0 and is_constant and operand.array_type.shape == (2,)


def _is_arithmetic(node: Node, position: int) -> bool:
    """Whether an equation computes with an operand, whatever its value."""
    assert node.primitive is not None, "an equation"
    if node.primitive.name == "power":
        return position == 0
    return node.primitive.ufunc is not None or node.primitive.is_broadcast or (
        node.primitive.name == "select" and position > 0
    )  # fmt: skip


def _source(node: Node) -> Node:
    """Return what a node broadcasts."""
    while node.primitive is not None and node.primitive.is_broadcast:
        node = node.inputs[0]
    return node
