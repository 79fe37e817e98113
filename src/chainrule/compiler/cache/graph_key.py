"""A graph as text that says all that its machine code depends on, and nothing else.

Two graphs of the same text become the same program, so this is what compiled programs are kept by:
to find one takes neither simplification nor lowering. Names, layers and the user's lines are not in
it. Large constants stand as their digest.
"""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np

from chainrule.graph.array_type import ArrayType
from chainrule.graph.graph import Graph
from chainrule.graph.node import Node

__all__ = ["graph_text"]


class _Untold(Exception):  # noqa: N818 - it reads as what is said
    """A parameter of an unknown kind: who knows what the code depends on."""


def graph_text(graph: Graph) -> tuple[str, list[Any]] | None:
    """Write a graph down, and list the constants in it.

    Examples
    --------
    >>> from chainrule.graph.trace import trace
    >>> text, constants = graph_text(trace(lambda x: np.tanh(x) + 1)(2.0))
    >>> text
    '<f8()w;1=tanh(0);2=c<f8()w:000000000000f03f;3=add(1,2);->3'
    """
    constants: list[Any] = []
    try:
        return _text(graph, constants), constants
    except _Untold:
        return None


def _text(graph: Graph, constants: list[Any]) -> str:
    numbers: dict[int, int] = {}
    parts: list[str] = []
    for node in graph.inputs:
        numbers[node.serial] = len(numbers)
        parts.append(_type(node.array_type))
    for node in graph.nodes:
        number = numbers[node.serial] = len(numbers)
        if node.primitive is None:
            parts.append(f"{number}=c{_constant(node, constants)}")
            continue
        inputs = ",".join([str(numbers[each.serial]) for each in node.inputs])
        parts.append(f"{number}={node.primitive.name}({inputs}){_params(node, constants)}")
    results = ",".join([str(numbers[node.serial]) for node in graph.outputs])
    return ";".join([*parts, f"->{results}"])


def _type(kind: ArrayType) -> str:
    return f"{kind.dtype.str}{_value(kind.shape, [])}{'w' if kind.weak else ''}"


def _constant(node: Node, constants: list[Any]) -> str:
    value = np.ascontiguousarray(node.known_value)
    constants.append(value)
    content = value.data if value.size else b""
    told = bytes(content).hex() if value.nbytes <= 32 else hashlib.sha256(content).hexdigest()
    return f"{_type(node.array_type)}:{told}"


def _params(node: Node, constants: list[Any]) -> str:
    if not node.params:
        return ""
    assert node.primitive is not None
    # A program that is compiled contains what a derivative is, no longer how it is found.
    is_told = node.primitive.name == "custom_vjp_call"
    pairs = [
        f"{name}:{_value(value, constants)}"
        for name, value in sorted(node.params.items())
        if not (is_told and name == "backward")
    ]
    return "[" + " ".join(pairs) + "]"


def _value(value: Any, constants: list[Any]) -> str:
    kind = type(value)
    if kind is int or kind is bool or kind is float or value is None:
        return repr(value)
    if kind is str:
        return repr(value)
    if kind is tuple:
        return f"({','.join([_value(each, constants) for each in value])})"
    if kind is Graph:
        return "{" + _text(value, constants) + "}"
    if isinstance(value, np.dtype):
        return value.str
    raise _Untold
