"""A graph is a program: what goes in, what comes out, and every node on the way.

Its grammar, which is also how it prints (see ``printing``)::

    graph     ::= "graph" NAME "(" [ input { "," input } ] ")" "{" { equation } result "}"
    input     ::= NAME ":" type
    equation  ::= NAME ":" type "=" PRIMITIVE "(" [ operand { "," operand } ]
                  [ ";" NAME "=" VALUE { "," NAME "=" VALUE } ] ")" [ "#" LAYER ]
    operand   ::= NAME | NUMBER | "<" type ">"          a value, a number, an array constant
    result    ::= "return" [ operand { "," operand } ]
    type      ::= KIND "[" [ LENGTH { "," LENGTH } ] "]"
    KIND      ::= "f64" | "f32" | "i64" | "u8" | "bool" | ...

Equations stand in the order they are computed in, each name is defined once and before its use.
A body of a loop is a graph too: it stands as a parameter of ``scan`` and prints indented.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from chainrule.errors import GraphError, TraceError
from chainrule.graph.node import Node, ancestors
from chainrule.graph.printing import format_graph
from chainrule.graph.trace_errors import source_text

__all__ = ["Graph", "check"]


@dataclass(frozen=True, eq=False)
class Graph:
    """A program.

    Parameters
    ----------
    inputs : tuple of Node
        What is given. Any node may stand here: what lies behind it is then not part of the graph.
    outputs : tuple of Node
        What is computed.
    name : str
        A name for people.
    """

    inputs: tuple[Node, ...]
    outputs: tuple[Node, ...]
    name: str = "f"

    @cached_property
    def nodes(self) -> list[Node]:
        """All nodes but the inputs, constants included, in an order they can be computed in."""
        given = {node.serial for node in self.inputs}
        return ancestors(self.outputs, lambda node: node.serial in given)

    @cached_property
    def equations(self) -> list[Node]:
        """The nodes that a primitive computes."""
        return [node for node in self.nodes if node.primitive is not None]

    def __str__(self) -> str:
        return format_graph(self)

    def __repr__(self) -> str:
        return f"<graph {self.name}: {len(self.inputs)} inputs, {len(self.equations)} equations>"


def check(graph: Graph) -> Graph:
    """Verify the rules of a graph and return it; every pass calls this on its result."""
    for node in graph.nodes:
        if node.primitive is None:
            if node.known_value is None:
                raise TraceError(_escaped(node))
            continue
        inferred = node.primitive.infer(*(each.type for each in node.inputs), **node.params)
        if inferred != node.type and _plain(inferred) != _plain(node.type):
            raise GraphError(f"{node.primitive.name} gives {inferred}, but {node.type} is recorded")
    return graph


def _plain(types: object) -> str:
    """Types without what numbers of Python are: weak."""
    return repr(tuple(types)) if isinstance(types, Sequence) else repr(types)


def _escaped(node: Node) -> str:
    return (
        f"a traced value {node.name or node.type}{source_text(node.origin)} is used outside the "
        "function it belongs to; return it from that function instead of storing it"
    )
