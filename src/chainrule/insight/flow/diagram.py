"""A diagram: a flow graph in three formats, as ``graph.svg()`` and ``net.diagram()`` give it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.graph.evaluate import evaluate
from chainrule.graph.graph import Graph
from chainrule.graph.node import Node
from chainrule.insight.flow.exports import to_dot, to_networkx
from chainrule.insight.flow.flow_graph import FlowGraph, flow_graph
from chainrule.insight.flow.svg import to_svg
from chainrule.storage import check_suffix, write_atomically

if TYPE_CHECKING:
    import os

    from networkx import DiGraph

__all__ = ["FORMATS", "Diagram", "diagram_of_graph", "values_of"]

FORMATS = (".svg", ".dot", ".gv")


@dataclass(frozen=True)
class Diagram:
    """A flow graph that is shown in notebooks, and written in three formats.

    Parameters
    ----------
    flow : FlowGraph
        Its boxes and arrows.
    """

    flow: FlowGraph

    def svg(self) -> str:
        """Return the drawing as SVG, for light and dark backgrounds."""
        return to_svg(self.flow)

    def dot(self) -> str:
        """Return the graph in the DOT language of Graphviz."""
        return to_dot(self.flow)

    def to_networkx(self) -> DiGraph[str]:
        """Return the graph as a `networkx.DiGraph`."""
        return to_networkx(self.flow)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the drawing: as DOT if the name ends in ``.dot`` or ``.gv``, else as SVG."""
        check_suffix("diagram", path, FORMATS)
        is_dot = str(path).lower().endswith((".dot", ".gv"))
        write_atomically(path, (self.dot() if is_dot else self.svg()).encode())

    def _repr_svg_(self) -> str:
        return self.svg()

    def __repr__(self) -> str:
        boxes, edges = len(self.flow.boxes), len(self.flow.edges)
        return f"<diagram of {self.flow.name}: {boxes} boxes, {edges} arrows>"


def diagram_of_graph(graph: Graph, inputs: Sequence[Any] = ()) -> Diagram:
    """Return the diagram of a graph, with the values for some inputs if they are given."""
    return Diagram(flow_graph(graph, values_of(graph, inputs) if inputs else None))


def values_of(graph: Graph, inputs: Sequence[Any]) -> dict[int, Any]:
    """Return the values of the nodes of a graph by serial."""
    nodes: list[Node] = [x for x in graph.equations if not isinstance(x.type, tuple)]
    with np.errstate(all="ignore"):
        computed = evaluate(Graph(graph.inputs, tuple(nodes)), inputs)
    pairs = zip((*graph.inputs, *nodes), (*inputs, *computed), strict=True)
    return {node.serial: value for node, value in pairs}
