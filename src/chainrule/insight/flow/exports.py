"""A flow graph for other tools: Graphviz DOT and NetworkX."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from chainrule.errors import ArgumentError
from chainrule.insight.flow.flow_graph import FlowGraph

if TYPE_CHECKING:
    from networkx import DiGraph

__all__ = ["to_dot", "to_networkx"]

_FILL = {
    "input": "#dcebf7",
    "parameter": "#fdf0d5",
    "operation": "#f7f7f7",
    "derivative": "#e2f4ec",
    "output": "#fbe3d6",
}


def to_dot(flow: FlowGraph) -> str:
    """Return a flow graph in the DOT language of Graphviz."""
    lines = [f"digraph {json.dumps(flow.name)} {{", "  node [shape=box, style=filled];"]
    for box in flow.boxes:
        rows = [f"{box.title} = {box.text}" if box.text else box.title, box.shape, box.value]
        label = json.dumps("\n".join(filter(None, rows)), ensure_ascii=False)
        lines.append(f'  {json.dumps(box.key)} [label={label}, fillcolor="{_FILL[box.kind]}"];')
    lines += [f"  {json.dumps(x.source)} -> {json.dumps(x.target)};" for x in flow.edges]
    return "\n".join([*lines, "}", ""])


def to_networkx(flow: FlowGraph) -> DiGraph[str]:
    """Return a flow graph as a directed graph; nodes have the attributes of boxes."""
    try:
        from networkx import DiGraph
    except ImportError:
        raise ArgumentError(
            "to_networkx: NetworkX is not installed; install chainrule[plot]"
        ) from None
    graph: DiGraph[str] = DiGraph(name=flow.name)
    for box in flow.boxes:
        graph.add_node(
            box.key, title=box.title, formula=box.text, shape=box.shape, kind=box.kind,
            layer=box.layer, value=box.value,
        )  # fmt: skip
    graph.add_edges_from((each.source, each.target) for each in flow.edges)
    return graph
