"""Names of values in printed graphs: those of arguments and of the user's variables, or letters.

A node has a name of its own (an argument, ``params.W1``), or that of the variable that the user's
code assigned it to (``z1``), or one by its role: ``d_z1`` is the cotangent of ``z1``, the
derivative by it. Of the nodes of one instruction, such as the broadcast and the sum of ``X + b``,
the last is the result, and named. Names are unique: ``z1``, ``z1_1``.
"""

from __future__ import annotations

import itertools
import keyword
import string
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from chainrule.graph.node import Node
from chainrule.graph.source_location import Origin, assigned_names

if TYPE_CHECKING:
    from chainrule.graph.graph import Graph

__all__ = ["assigned_values", "resolved", "value_names"]


def value_names(
    graph: Graph, outer: Mapping[int, str] = MappingProxyType({}), caller: Origin | None = None
) -> dict[int, str]:
    """Name the inputs and equations of a graph by serial; `outer` names what a body shares.

    What was assigned at `caller`, the call of the library that made the graph, is not its values.
    """
    names: dict[int, str] = {}
    nodes = [*graph.inputs, *(each for each in graph.equations if resolved(each) is each)]
    assigned = assigned_values(graph, caller)
    for node in nodes:
        name = outer.get(node.serial) or node.name or assigned.get(node.serial)
        if name := name or _by_role(node, caller):
            names[node.serial] = _unique(name, names)
    taken = set(names.values())
    fresh = (name for name in _letters() if name not in taken)
    for node in nodes:
        if node.serial not in names:
            names[node.serial] = next(fresh)
    for node in graph.equations:
        if (source := resolved(node)).serial in names:
            names[node.serial] = names[source.serial]
    return names


def resolved(node: Node) -> Node:
    """The node whose value an identity passes on."""
    while node.primitive is not None and node.primitive.name == "identity":
        node = node.inputs[0]
    return node


def assigned_values(graph: Graph, caller: Origin | None = None) -> dict[int, str]:
    """Return the user's variable of each equation that is the result of an assigned expression."""
    found: dict[int, str] = {}
    equations = [node for node in graph.equations if resolved(node) is node]
    for node, following in itertools.zip_longest(equations, equations[1:]):
        is_part = following is not None and following.origin == node.origin
        if node.origin is None or node.origin == caller:
            continue
        names = assigned_names(node.origin)
        if node.primitive is not None and node.primitive.name == "get_result":
            source, index = node.inputs[0], node.params["index"]
            if isinstance(source.type, tuple) and len(source.type) == len(names):
                found[node.serial] = names[index]
        elif len(names) == 1 and not is_part and not isinstance(node.type, tuple):
            found[node.serial] = names[0]
    return found


def _by_role(node: Node, caller: Origin | None) -> str:
    if not isinstance(node.role, Node):
        return node.role or ""
    source = resolved(node.role)
    name = source.name
    if not name and source.origin is not None and source.origin != caller:
        names = assigned_names(source.origin)
        name = names[0] if len(names) == 1 else ""
    if not name and source.role is not None:
        name = _by_role(source, caller)
    return f"d_{name.partition('.')[2] or name}" if name else ""


def _unique(name: str, names: Mapping[int, str]) -> str:
    taken = set(names.values())
    numbered = (f"{name}_{number}" for number in itertools.count(1))
    return name if name not in taken else next(each for each in numbered if each not in taken)


def _letters() -> Iterator[str]:
    for length in itertools.count(1):
        for letters in itertools.product(string.ascii_lowercase, repeat=length):
            name = "".join(letters)
            if not keyword.iskeyword(name):
                yield name
