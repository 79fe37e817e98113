"""Graph key: a graph as text, equal for graphs that are compiled to the same code.

It is the key of compiled programs, computed without simplification or lowering. Names, layers and
source locations are not part of it. Large constants are replaced by their digest.
"""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np

from chainrule.graph.array_type import ArrayType
from chainrule.graph.graph import Graph
from chainrule.graph.node import Node

__all__ = ["graph_text"]


class _UnknownParameterError(Exception):
    """A parameter of a type that has no text here."""


def graph_text(graph: Graph) -> tuple[str, list[Any]] | None:
    """Return a graph's text and its constants; None if a parameter has no text.

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
    except _UnknownParameterError:
        return None


def _text(graph: Graph, constants: list[Any]) -> str:
    positions: dict[int, int] = {}
    parts: list[str] = []
    for node in graph.inputs:
        positions[node.serial] = len(positions)
        parts.append(_type(node.array_type))
    for node in graph.nodes:
        position = positions[node.serial] = len(positions)
        if node.primitive is None:
            parts.append(f"{position}=c{_constant(node, constants)}")
            continue
        inputs = ",".join([str(positions[each.serial]) for each in node.inputs])
        parts.append(f"{position}={node.primitive.name}({inputs}){_params(node, constants)}")
    results = ",".join([str(positions[node.serial]) for node in graph.outputs])
    donated = f" in place of {graph.donated}" if graph.donated else ""
    return ";".join([*parts, f"->{results}{donated}"])


def _type(array_type: ArrayType) -> str:
    weak = "w" if array_type.weak else ""
    return f"{array_type.dtype.str}{_value(array_type.shape, [])}{weak}"


def _constant(node: Node, constants: list[Any]) -> str:
    value = np.ascontiguousarray(node.known_value)
    constants.append(value)
    content = value.data if value.size else b""
    digest = bytes(content).hex() if value.nbytes <= 32 else hashlib.sha256(content).hexdigest()
    return f"{_type(node.array_type)}:{digest}"


def _params(node: Node, constants: list[Any]) -> str:
    if not node.params:
        return ""
    assert node.primitive is not None
    # The function of a custom derivative was used when the graph was differentiated.
    is_custom = node.primitive.name == "custom_vjp_call"
    pairs = [
        f"{name}:{_value(value, constants)}"
        for name, value in sorted(node.params.items())
        if not (is_custom and name == "backward")
    ]
    return "[" + " ".join(pairs) + "]"


def _value(value: Any, constants: list[Any]) -> str:
    value_type = type(value)
    if value is None or value_type in (int, bool, float, str):
        return repr(value)
    if value_type is tuple:
        return f"({','.join([_value(each, constants) for each in value])})"
    if value_type is Graph:
        return "{" + _text(value, constants) + "}"
    if isinstance(value, np.dtype):
        return value.str
    raise _UnknownParameterError
