"""Graphs shared by functions that differ in numbers alone, and the programs made of them.

A loop over a parameter makes the same lambda anew for each value, which is a constant of its graph.
So the constants on which such graphs differ are inputs of a shared one, see `constant_variants`:
the programs of the second function serve all that follow.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from chainrule.autodiff.control_flow.body_batching import inlined
from chainrule.autodiff.passes.packing import packed
from chainrule.compiler.cache.graph_key import graph_text
from chainrule.compiler.constant_variants import VariantsByKey
from chainrule.graph.graph import Graph
from chainrule.graph.node import Node, ancestors, as_node
from chainrule.graph.reachable_state import find_reachable_state

__all__ = ["SharedGraph", "shared_graph"]

_MOST_KEYS, _MOST_PROGRAMS = 128, 64
"""What is used least recently is dropped."""


class SharedGraph:
    """A graph with one result as a function of nodes, with programs that are made of it.

    Its attributes are private, so that a trace does not look for what may change in them.
    """

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._programs: OrderedDict[Any, Any] = OrderedDict()

    def __call__(self, *operands: Any) -> Any:
        """Return the result for operands, at least one of them traced."""
        return inlined(self._graph, [as_node(each) for each in operands])[0]

    @property
    def input_count(self) -> int:
        """How many operands it takes."""
        return len(self._graph.inputs)

    def program(self, key: Any, make: Callable[[SharedGraph], Any]) -> Any:
        """Return ``make(self)``, the one of before if it was made for this key before."""
        found = self._programs.get(key)
        if found is None:
            found = self._programs[key] = make(self)
            if len(self._programs) > _MOST_PROGRAMS:
                self._programs.popitem(last=False)
        return found

    def has_program(self, key: Any) -> bool:
        """Whether a program was made for this key."""
        return key in self._programs


_variants: VariantsByKey[SharedGraph] = VariantsByKey(_MOST_KEYS)


def shared_graph(graph: Graph) -> tuple[SharedGraph, tuple[Any, ...]]:
    """Return a graph that equals this one but for constants, and their values, its last inputs."""
    graph = packed(graph)
    constants = [node for node in graph.nodes if _may_be_input(node)]
    constants = _without_exponents(graph, constants)
    text = graph_text(_with_inputs(graph, constants))
    values = [node.known_value for node in constants]
    if text is None or _has_own_derivative(graph):
        return SharedGraph(graph), ()

    def make(fixed: dict[int, Any]) -> SharedGraph:
        inputs = [node for number, node in enumerate(constants) if number not in fixed]
        return SharedGraph(_with_inputs(graph, inputs))

    variant = _variants[text[0]].of(list(map(_content, values)), make)
    assert variant is not None, "it can always be made"
    return variant.made, tuple(variant.others(values))


def _has_own_derivative(graph: Graph) -> bool:
    """Whether a derivative is written by hand in the user's code, which is not in the text."""
    for node in graph.equations:
        inner = [each for each in node.params.values() if isinstance(each, Graph)]
        if any(map(_has_own_derivative, inner)):
            return True
        is_custom = node.primitive is not None and node.primitive.name == "custom_vjp_call"
        if is_custom and find_reachable_state(node.params["backward"]).codes:
            return True
    return False


def _with_inputs(graph: Graph, inputs: Sequence[Node]) -> Graph:
    return Graph((*graph.inputs, *inputs), graph.outputs, graph.name, graph.origin)


def _may_be_input(node: Node) -> bool:
    """Whether a node is a constant that decides neither shapes nor what is finite."""
    if node.primitive is not None or not node.array_type.is_float or node.known_value is None:
        return False
    return bool(np.isfinite(node.known_value).all())


def _without_exponents(graph: Graph, constants: Sequence[Node]) -> list[Node]:
    """Leave out integers that are exponents: their powers are products, and derivatives simpler."""
    exponents = [
        x.inputs[1] for x in graph.equations if x.primitive and x.primitive.name == "power"
    ]
    if not exponents:
        return list(constants)
    used = {node.serial for node in ancestors(exponents, lambda _: False)}
    return [
        node
        for node in constants
        if node.serial not in used
        or not np.equal(np.rint(node.known_value), node.known_value).all()
    ]


def _content(value: Any) -> Any:
    content = value.tobytes()
    return content if len(content) <= 64 else hashlib.sha256(content).digest()
