"""A graph is a program in static single assignment form: inputs, equations, outputs.

Its grammar, in which it also prints (see ``printing``)::

    graph     ::= "graph" NAME "(" [ input { "," input } ] ")" "{" { equation } result "}"
    input     ::= NAME ":" type
    equation  ::= NAME ":" type "=" PRIMITIVE "(" [ operand { "," operand } ]
                  [ ";" NAME "=" VALUE { "," NAME "=" VALUE } ] ")" [ "#" LAYER ]
    operand   ::= NAME | LITERAL | "<" type ">"         a value, a scalar, an array constant
    result    ::= "return" [ operand { "," operand } ]
    type      ::= DTYPE "[" [ LENGTH { "," LENGTH } ] "]"
    DTYPE     ::= "f64" | "f32" | "i64" | "u8" | "bool" | ...

A name is that of an argument, of the user's variable (``z1``), ``d_z1`` for the derivative by
``z1``, or letters. An ``identity`` is not printed: its result is called as its operand is.

Equations are in topological order: each name is defined once, before its first use. There are no
side effects; ``select`` chooses between values. A loop is the primitive ``scan`` or ``while_loop``,
a branch ``cond``: their bodies are graphs too, held as parameters and printed indented.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from chainrule.arguments.aliases import GRAPH_ATTRIBUTES
from chainrule.arguments.attributes import answers_foreign_attributes
from chainrule.errors import GraphError, TraceError
from chainrule.graph.node import Node, ancestors
from chainrule.graph.printing import format_graph
from chainrule.graph.source_location import Origin
from chainrule.graph.trace_errors import source_text
from chainrule.locks import cached_property

__all__ = ["Graph", "check"]


@answers_foreign_attributes("graph", GRAPH_ATTRIBUTES)
@dataclass(frozen=True, eq=False)
class Graph:
    """A program from arrays to arrays.

    Parameters
    ----------
    inputs : tuple of Node
        The parameters. Any node may be an input; its own inputs are then outside the graph.
    outputs : tuple of Node
        The results.
    name : str
        The name it prints with.
    origin : tuple or None
        The instruction of the user's code that made it; see `source_location`.
    donated : int >= 0
        How many of the first inputs are given away to be the first outputs, each in the same place
        and of the same type: compiled code may update them in place.
    """

    inputs: tuple[Node, ...]
    outputs: tuple[Node, ...]
    name: str = "f"
    origin: Origin | None = None
    donated: int = 0

    @cached_property
    def nodes(self) -> list[Node]:
        """All nodes but the inputs, constants included, in topological order."""
        inputs = {node.serial for node in self.inputs}
        return ancestors(self.outputs, lambda node: node.serial in inputs)

    @cached_property
    def equations(self) -> list[Node]:
        """The nodes computed by a primitive, in topological order."""
        return [node for node in self.nodes if node.primitive is not None]

    def svg(self, *inputs: Any) -> str:
        """Return a drawing of the program as SVG, with its values for `inputs` if given."""
        from chainrule.insight.flow.diagram import diagram_of_graph

        return diagram_of_graph(self, inputs).svg()

    def dot(self) -> str:
        """Return the program as a graph in the DOT language of Graphviz."""
        from chainrule.insight.flow.diagram import diagram_of_graph

        return diagram_of_graph(self).dot()

    def to_networkx(self) -> Any:
        """Return the program as a `networkx.DiGraph`, a node for each value."""
        from chainrule.insight.flow.diagram import diagram_of_graph

        return diagram_of_graph(self).to_networkx()

    def _repr_svg_(self) -> str | None:
        # Of a larger one a notebook shows the text: the drawing takes seconds and a megabyte.
        return self.svg() if len(self.equations) <= _EQUATIONS_DRAWN else None

    def __str__(self) -> str:
        return format_graph(self)

    def __repr__(self) -> str:
        lines = str(self).splitlines()
        more = len(lines) - _LINES_SHOWN
        if more > 0:
            omitted = f"  ... {more} more lines; print(graph) shows all"
            lines = [*lines[: _LINES_SHOWN - 3], omitted, *lines[-2:]]
        return "\n".join(lines)


_LINES_SHOWN = 40
"""By the prompt: a screen."""
_EQUATIONS_DRAWN = 300
"""In a notebook, unasked."""


def check(graph: Graph) -> Graph:
    """Verify a graph and return it: no free variables, and each node's type is the inferred one.

    Every pass calls this on its result.
    """
    for node in graph.nodes:
        if node.primitive is None:
            if node.known_value is None:
                raise TraceError(_escape_message(node))
            continue
        inferred = node.primitive.infer(*(each.type for each in node.inputs), **node.params)
        if inferred != node.type and _without_weak(inferred) != _without_weak(node.type):
            raise GraphError(f"{node.primitive.name} gives {inferred}, but {node.type} is recorded")
    return graph


def _without_weak(types: object) -> str:
    """Shapes and dtypes alone: a pass may turn a weakly typed scalar into an array constant."""
    return repr(tuple(types)) if isinstance(types, Sequence) else repr(types)


def _escape_message(node: Node) -> str:
    return (
        f"a traced value {node.name or node.type}{source_text(node.origin)} is used outside the "
        "function it belongs to; return it from that function instead of storing it"
    )
