"""How graphs print: in the grammar that ``graph`` opens with."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chainrule.graph.graph import Graph

__all__ = ["format_graph"]


def format_graph(graph: Graph) -> str:
    return ""
