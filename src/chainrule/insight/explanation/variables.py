"""Values of a graph by the variables of the code that computes them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

from chainrule.graph.graph import Graph
from chainrule.graph.node import Node
from chainrule.graph.source_location import assigned_names
from chainrule.graph.value_names import resolved

__all__ = ["assigned_variables"]


def assigned_variables(graph: Graph) -> dict[int, str]:
    """Return the variable of each value that is the result of an assigned expression, by serial.

    An instruction with as many results as it has variables, ``i, f = np.split(z, 2)``, assigns
    them in order; a list of results has no value that its variable names.
    """
    found: dict[int, str] = {}
    nodes = [node for node in graph.equations if resolved(node) is node]
    for origin, group in itertools.groupby(nodes, key=lambda node: node.origin):
        names = assigned_names(origin)
        if not names:
            continue
        results = list(_results(list(group)))
        if len(names) == len(results):
            for node, name in zip(results, names, strict=True):
                found[node.serial] = name
        for node in results:  # of a loop, whose results may not all be used
            source, place = node.inputs[:1], node.params.get("index")
            if place is not None and source and isinstance(source[0].type, tuple):
                if len(source[0].type) == len(names):
                    found[node.serial] = names[place]
                elif node.serial in found and len(names) == 1:
                    del found[node.serial]
    return found


def _results(nodes: Sequence[Node]) -> Iterator[Node]:
    """Yield the values that the other nodes of their instruction do not read."""
    read = {resolved(each).serial for node in nodes for each in node.inputs}
    yield from (x for x in nodes if x.serial not in read and not isinstance(x.type, tuple))
