"""The walk through a scalar program and its gradient: a stop for each value and derivative.

The values of the forward pass stand in the order in which they are computed, inputs before their
first use; the derivatives by them follow in the opposite order, as reverse mode finds them.
"""

from __future__ import annotations

import string
from collections.abc import Iterator, Mapping, Sequence
from itertools import count, product
from typing import Any, Literal

import numpy as np

from chainrule.autodiff.passes.masked import selected
from chainrule.autodiff.passes.reverse import masked_cotangents
from chainrule.graph.environment import suspended
from chainrule.graph.evaluate import evaluate
from chainrule.graph.graph import Graph
from chainrule.graph.node import Node, constant
from chainrule.graph.source_location import line_of
from chainrule.graph.value_names import assigned_values, resolved
from chainrule.insight.debugger.loop import Loop, loop_of
from chainrule.insight.debugger.stop import Stop
from chainrule.insight.debugger.used_entries import conditions_of, used_entries
from chainrule.insight.notation import layout
from chainrule.insight.notation.expression import Name
from chainrule.insight.notation.from_graph import express
from chainrule.insight.notation.index import Index
from chainrule.insight.notation.names import Names, axes_of
from chainrule.insight.notation.text import to_text
from chainrule.insight.notation.typeset import Mark, Row

__all__ = ["walk"]


def walk(
    graph: Graph, inputs: Sequence[Any], sources: Sequence[Node], titles: Mapping[int, str]
) -> tuple[Stop, ...]:
    """Return the stops of the first output of a graph and of its gradient by `sources`.

    `titles` are names of inputs by serial, such as those of parameters; others have their own.
    """
    loss = resolved(graph.outputs[0])
    forward = _forward_order(Graph(graph.inputs, (loss,), graph.name, graph.origin))
    cotangents, found = _cotangents(loss, sources, forward)
    values, used = _values(graph.inputs, inputs, loss, forward, cotangents)
    writer = _Writer(graph, forward, loss, titles)
    backward = [node for node in reversed(forward) if node.serial in cotangents]
    stops: list[Stop] = []
    for direction, node in [
        *(("forward", x) for x in forward),
        *(("backward", x) for x in backward),
    ]:
        cotangent = cotangents.get(node.serial)
        gradient = None if cotangent is None else values[cotangent.serial]
        is_forward = direction == "forward"
        shown = node if is_forward or cotangent is None else cotangent
        name = writer.names[node.serial] if is_forward else f"d_{writer.names[node.serial]}"
        stops.append(
            Stop(
                number=len(stops),
                name=name,
                direction="forward" if is_forward else "backward",
                layer=writer.layer(node),
                kind=writer.kind(node),
                value=values[shown.serial],
                gradient=gradient,
                used=used.get(shown.serial, True),
                line=_line(node, graph),
                write_formula=writer.formula_of(shown, name),
                loop=_loop(node, found, graph, inputs, titles),
            )
        )
    return tuple(stops)


def _loop(
    node: Node,
    cotangents: Mapping[tuple[int, int], Node],
    graph: Graph,
    arrays: Sequence[Any],
    titles: Mapping[int, str],
) -> Loop | None:
    if (source := loop_of(node)) is None:
        return None
    count = len(source.params["body"].outputs)
    known = [cotangents.get((source.serial, i)) for i in range(count)]

    def values(nodes: Sequence[Node]) -> list[Any]:
        with np.errstate(all="ignore"):
            return evaluate(Graph(graph.inputs, tuple(nodes)), arrays)

    line = None if graph.origin is None else line_of(graph.origin)
    return Loop(source, known, values, titles, line)


_REPEATING = {"broadcast_to", "get_result", "identity", "stop_gradient"}


def _forward_order(graph: Graph) -> list[Node]:
    """Return the values that have a stop, inputs before their first use."""
    found: dict[int, Node] = {}
    inputs = {node.serial for node in graph.inputs}
    for node in graph.equations:
        found |= {x.serial: x for x in node.inputs if x.serial in inputs}
        if _is_shown(node):
            found[node.serial] = node
    found[graph.outputs[0].serial] = graph.outputs[0]
    return list(found.values())


def _is_shown(node: Node) -> bool:
    """Whether a value is one of its own: not a repetition, nor a conversion without loss."""
    assert node.primitive is not None
    if node.primitive.name == "get_result":
        return True
    if node.primitive.name == "cast":
        return not np.can_cast(node.inputs[0].dtype, node.dtype)
    return node.primitive.name not in _REPEATING and not isinstance(node.type, tuple)


def _cotangents(
    loss: Node, sources: Sequence[Node], forward: Sequence[Node]
) -> tuple[dict[int, Node], dict[tuple[int, int], Node]]:
    """Return the derivative of the loss by each value that has one: by serial, and by result."""
    found: dict[tuple[int, int], Node] = {}

    def observe(node: Node, cotangent: Any, pulled: Any) -> None:
        for i, part in enumerate(cotangent if isinstance(cotangent, list) else [cotangent]):
            if part is not None:
                found[node.serial, i] = selected(part)

    with suspended():
        seed = constant(np.ones(loss.shape, loss.dtype))
        gradients = masked_cotangents([loss], [seed], sources, observe=observe)
        for source, each in zip(sources, gradients, strict=True):
            if each is not None:
                found[source.serial, 0] = selected(each)
    named = {node.serial: found.get(_place(node)) for node in forward}
    return {serial: each for serial, each in named.items() if each is not None}, found


def _place(node: Node) -> tuple[int, int]:
    if node.primitive is not None and node.primitive.name == "get_result":
        return node.inputs[0].serial, node.params["index"]
    return node.serial, 0


def _values(
    inputs: tuple[Node, ...],
    arrays: Sequence[Any],
    loss: Node,
    forward: Sequence[Node],
    cotangents: Mapping[int, Node],
) -> tuple[dict[int, Any], dict[int, Any]]:
    """Return the values of all stops by serial, and their entries that the results depend on."""
    program = Graph(inputs, (loss, *cotangents.values()))
    results = Graph(
        inputs, (loss, *(cotangents[x.serial] for x in inputs if x.serial in cotangents))
    )
    nodes = {x.serial: x for x in (*forward, *cotangents.values(), *conditions_of(program))}
    with np.errstate(all="ignore"):
        computed = evaluate(Graph(inputs, tuple(nodes.values())), arrays)
    values = dict(zip(nodes, map(np.asarray, computed), strict=True))
    return values, used_entries(results, values)


def _line(node: Node, graph: Graph) -> tuple[str, int] | None:
    """Return file and line of the user's code; None for the call of the debugger itself."""
    return None if node.origin is None or node.origin == graph.origin else line_of(node.origin)


class _Writer:
    """Names the values of a program, and writes their formulas in these names."""

    def __init__(
        self, graph: Graph, forward: Sequence[Node], loss: Node, titles: Mapping[int, str]
    ) -> None:
        self.inputs = {node.serial for node in graph.inputs}
        self.parameters = titles
        self.names = _names(graph, forward, loss, titles)
        self.symbols = Names({serial: Name(name) for serial, name in self.names.items()})

    def layer(self, node: Node) -> str:
        if node.serial in self.inputs:
            return self.parameters.get(node.serial, "").rpartition(".")[0].partition(".")[0]
        return node.layer

    def kind(self, node: Node) -> Literal["input", "parameter", "operation"]:
        if node.serial not in self.inputs:
            return "operation"
        return "parameter" if node.serial in self.parameters else "input"

    def formula_of(self, node: Node, name: str) -> Any:
        """Return the function that writes the formula of a node, whose name is known from now."""
        known = self.symbols.names.setdefault(node.serial, Name(name))
        if str(known.base) != name:
            return lambda: known.base  # the derivative by a sum is that by its terms
        if node.primitive is None:
            return str if node.serial in self.inputs else lambda: _text(node, Names())
        return lambda: _text(node, self.symbols)


def _text(node: Node, names: Names) -> str:
    """Return the right side of the equation of a node."""
    axes = axes_of(node)
    expression = express(node, tuple(map(Index.of, axes)), names, is_root=True)
    formula = layout.equation(Mark(""), expression, axes)
    assert isinstance(formula, Row)
    return to_text(formula.parts[-1]).strip()


def _names(
    graph: Graph, forward: Sequence[Node], loss: Node, titles: Mapping[int, str]
) -> dict[int, str]:
    """Name values: as inputs and variables are called, as outputs of layers, or by letters."""
    assigned = assigned_values(graph, graph.origin)
    outputs = {node.layer: node for node in forward if node.layer and node.primitive is not None}
    names: dict[int, str] = {}
    letters = _letters()
    for node in forward:
        wanted = titles.get(node.serial) or node.name or assigned.get(node.serial, "")
        if not wanted and outputs.get(node.layer) is node:
            wanted = f"{node.layer}.output"
        if not wanted and node is loss:
            wanted = "loss"
        names[node.serial] = wanted
    taken = set(names.values())
    used: set[str] = set()
    for node in forward:
        name = names[node.serial] or next(each for each in letters if each not in taken)
        unique = (name if i == 0 else f"{name}_{i}" for i in count())
        name = next(each for each in unique if each not in used)
        used.add(name)
        names[node.serial] = name
    return names


def _letters() -> Iterator[str]:
    for length in count(1):
        yield from map("".join, product(string.ascii_lowercase, repeat=length))
