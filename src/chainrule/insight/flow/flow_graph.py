"""The flow graph of a program: a box for each value, an arrow for each operand.

Of a graph with layers, `folded` makes one box of the operations of a layer. Values of size 1 that
are constants are written in the formulas of boxes, and have none of their own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from chainrule.graph.graph import Graph
from chainrule.graph.node import Node
from chainrule.graph.value_names import resolved, value_names
from chainrule.insight.explanation.symbols import variable_name
from chainrule.insight.notation import layout
from chainrule.insight.notation.batch import TRACED_BATCH
from chainrule.insight.notation.from_graph import express
from chainrule.insight.notation.index import Index
from chainrule.insight.notation.names import Names, axes_of
from chainrule.insight.notation.text import to_text
from chainrule.insight.notation.typeset import Mark, Row

__all__ = ["Box", "Edge", "FlowGraph", "flow_graph", "folded"]

Kind = Literal["input", "parameter", "operation", "derivative", "output"]


@dataclass(frozen=True)
class Box:
    """A value, or the values of a layer.

    Parameters
    ----------
    key : str
        Its identity in the graph.
    title : str
        The name of the value or layer.
    text : str
        The formula that computes it, or the kind of layer; empty for an input.
    shape : str
        Shape and dtype.
    kind : str
        Input, parameter, operation, derivative or output.
    layer : str
        The layer that it belongs to; empty for none.
    value : str
        What it is for the data given: a number, or mean and range; empty without data.
    """

    key: str
    title: str
    text: str
    shape: str
    kind: Kind
    layer: str = ""
    value: str = ""


@dataclass(frozen=True)
class Edge:
    """An operand: the arrow from one box to another."""

    source: str
    target: str


@dataclass(frozen=True)
class FlowGraph:
    """Boxes in topological order, and the arrows between them."""

    name: str
    boxes: tuple[Box, ...]
    edges: tuple[Edge, ...] = field(default=())


def flow_graph(
    graph: Graph,
    values: Mapping[int, Any] | None = None,
    derived: Callable[[Node], bool] = lambda node: node.role is not None,
) -> FlowGraph:
    """Return the flow graph of a program.

    Parameters
    ----------
    graph : Graph
        A program, as from `chainrule.trace`.
    values : mapping of int to array, optional
        The values of nodes by serial, to be written in the boxes.
    derived : callable
        Whether a node belongs to the backward pass.
    """
    titles = value_names(graph, caller=graph.origin)
    shown = [*graph.inputs, *(each for each in graph.equations if _is_shown(each, graph))]
    names = Names({each.serial: variable_name(titles[each.serial]) for each in shown})
    outputs = {resolved(each).serial for each in graph.outputs}
    boxes: list[Box] = []
    edges: dict[tuple[str, str], Edge] = {}
    serials = {node.serial for node in shown}
    for node in shown:
        key = f"n{node.serial - min(serials)}"
        text = "" if node.primitive is None else _formula(node, names)
        value = "" if values is None else _summary(values.get(node.serial))
        kind = _kind(node, outputs, derived)
        layer = node.layer or (node.role.layer if isinstance(node.role, Node) else "")
        boxes.append(Box(key, titles[node.serial], text, _type(node), kind, layer, value))
        for operand in _operands(node, serials):
            source = f"n{operand - min(serials)}"
            edges[source, key] = Edge(source, key)
    return FlowGraph(graph.name, tuple(boxes), tuple(edges.values()))


def folded(flow: FlowGraph, kinds: Mapping[str, str], rest: str = "loss") -> FlowGraph:
    """Return the flow graph with one box for the operations of each layer, and its parameters.

    The forward and the backward pass of a layer have a box each. `kinds` says what the layers are;
    what belongs to no layer is in boxes of the name `rest`.
    """
    groups: dict[str, list[Box]] = {}
    group_of: dict[str, str] = {}
    for box in flow.boxes:
        if box.kind == "parameter":
            layer = box.title.rpartition(".")[0].rpartition("params.")[2]
            name = f"layer {layer}" if layer else box.key
        elif box.kind == "input":
            name = box.key
        else:
            name = f"{'back' if box.kind == 'derivative' else 'layer'} {box.layer or rest}"
        group_of[box.key] = name
        groups.setdefault(name, []).append(box)
    pairs = {(group_of[edge.source], group_of[edge.target]): None for edge in flow.edges}
    edges = tuple(Edge(a, b) for a, b in pairs if a != b)
    boxes = tuple(_group(name, groups[name], kinds) for name in _sorted(list(groups), edges))
    return FlowGraph(flow.name, boxes, edges)


def _sorted(keys: list[str], edges: Sequence[Edge]) -> list[str]:
    """Return keys in topological order; of a cycle, as of a layer used twice, the first first."""
    before: dict[str, set[str]] = {key: set() for key in keys}
    for edge in edges:
        before[edge.target].add(edge.source)
    done: dict[str, None] = {}
    while len(done) < len(keys):
        rest = [key for key in keys if key not in done]
        free = [key for key in rest if before[key] <= done.keys()]
        done |= dict.fromkeys(free or rest[:1])
    return list(done)


def _summary(value: Any) -> str:
    """Return a number, or the mean and range of an array; empty for None."""
    if value is None:
        return ""
    array = np.asarray(value)
    if array.dtype.kind not in "fiub" or not array.size:
        return ""
    if array.size == 1:
        return f"{array.item():.4g}"
    return f"{array.mean():.3g} in [{array.min():.3g}, {array.max():.3g}]"


def _group(name: str, boxes: Sequence[Box], kinds: Mapping[str, str]) -> Box:
    if boxes[0].kind == "input":
        return boxes[0]
    computed = [each for each in boxes if each.kind != "parameter"] or list(boxes)
    last = computed[-1]
    layer = name.partition(" ")[2]
    is_backward = name.startswith("back")
    title = f"gradient of {layer}" if is_backward else layer
    parameters = [x.title.rpartition(".")[2] for x in boxes if x.kind == "parameter"]
    text = " · ".join(filter(None, [kinds.get(layer, ""), ", ".join(parameters)]))
    kind: Kind = "derivative" if is_backward else "operation"
    return Box(name, title, text, last.shape, kind, layer, last.value)


def _is_shown(node: Node, graph: Graph) -> bool:
    """Whether a value has a box: not one that repeats or converts another."""
    if resolved(node) is not node:
        return False
    if any(node is resolved(each) for each in graph.outputs):
        return True
    return node.primitive is not None and node.primitive.name not in _REPEATING


_REPEATING = {"broadcast_to", "cast", "get_result", "stop_gradient"}


def _operands(node: Node, shown: set[int]) -> list[int]:
    """Return the serials of the boxes that a value is computed from."""
    found: dict[int, None] = {}
    for operand in map(resolved, node.inputs if node.primitive is not None else ()):
        if operand.serial in shown:
            found[operand.serial] = None
        else:
            found |= dict.fromkeys(_operands(operand, shown))
    return list(found)


def _formula(node: Node, names: Names) -> str:
    """Return the formula of one operation, in the names of its operands."""
    axes = () if isinstance(node.type, tuple) else axes_of(node)
    if isinstance(node.type, tuple):
        assert node.primitive is not None
        return node.primitive.name
    expression = express(node, tuple(map(Index.of, axes)), names, is_root=True)
    formula = layout.equation(Mark(""), expression, axes)
    assert isinstance(formula, Row)
    return to_text(formula.parts[-1]).strip()


def _type(node: Node) -> str:
    """Return shape and dtype, with N for the samples of a batch that is no particular one."""
    types = node.type if isinstance(node.type, tuple) else (node.type,)
    return re.sub(rf"\b{TRACED_BATCH}\b", "N", ", ".join(map(repr, types)))


def _kind(node: Node, outputs: set[int], derived: Callable[[Node], bool]) -> Kind:
    if node.primitive is None:
        return "parameter" if "." in node.name else "input"
    if node.serial in outputs and not node.layer:
        return "output"
    return "derivative" if derived(node) else "operation"
