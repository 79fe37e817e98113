"""``cr.explain(f, *args)``: the equations of any function, and of its gradient."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule import tree
from chainrule.errors import ArgumentError
from chainrule.graph.graph import Graph
from chainrule.graph.node import Node
from chainrule.graph.trace import trace_call
from chainrule.graph.trace_errors import check_function
from chainrule.graph.value_names import assigned_values, resolved
from chainrule.insight.explanation.derivation import derive
from chainrule.insight.explanation.explanation import Explanation, Section
from chainrule.insight.explanation.school_rules import differentiate
from chainrule.insight.explanation.symbols import variable_name
from chainrule.insight.explanation.writer import Writer
from chainrule.insight.notation.expression import Name
from chainrule.insight.notation.from_graph import Names, express

__all__ = ["explain_function"]


def explain_function(function: Callable[..., Any], args: tuple[Any, ...]) -> Explanation:
    """Explain a function at a point."""
    check_function("explain", function)
    leaves, structure = tree.flatten(args)
    args = tree.unflatten(structure, list(map(_widened, leaves)))
    graph = _summed(trace_call(function, args).graph)
    named = _named_values(graph)
    sources = [each for each in graph.inputs if each.array_type.is_float]
    if not sources:
        raise ArgumentError("explain: no argument holds floats, so there is no derivative")
    derivation = derive(graph, list(named), sources)
    inputs = [np.asarray(x) for x in map(_widened, leaves) if isinstance(x, np.ndarray | float | int)]
    result = Name(graph.name if graph.name.isidentifier() else "f")
    writer = Writer(derivation, derivation, inputs, result)
    for each in graph.inputs:
        writer.name(each, variable_name(each.name))
    for node, name in named.items():
        writer.name(node, name)
    final = resolved(graph.outputs[0])
    writer.name(final, result)
    backward = [
        writer.cotangent(position, _cotangent_name(name))
        for position, (node, name) in reversed(list(enumerate(named.items())))
        if node is not final
    ]
    gradients = [
        writer.gradient(position, variable_name(each.name), each.name)
        for position, each in enumerate(sources)
    ]
    forward = [writer.definition(node, name) for node, name in named.items() if node is not final]
    return Explanation(
        title=f"{graph.name}({', '.join(each.name for each in graph.inputs)})",
        samples=None,
        sections=(Section("", (*forward, writer.definition(final, result))),),
        gradients=(Section("", tuple(x for x in (*backward, *gradients) if x is not None)),),
        steps=_steps(graph, sources),
    )


def _widened(leaf: Any) -> Any:
    """Compute in float64, as the proof does."""
    if isinstance(leaf, int | float) and not isinstance(leaf, bool):
        return float(leaf)
    is_float = isinstance(leaf, np.ndarray | np.generic) and leaf.dtype.kind == "f"
    return np.asarray(leaf, "float64") if is_float else leaf


def _summed(graph: Graph) -> Graph:
    """Return the graph with the sum of its results, for a function of several numbers."""
    if len(graph.outputs) != 1 or not graph.outputs[0].array_type.is_float:
        raise ArgumentError(
            f"explain: {graph.name} returns {len(graph.outputs)} results; it must return one "
            "array or number of floats"
        )
    (output,) = graph.outputs
    total = output if not output.shape else np.sum(output)  # pyright: ignore
    return Graph(graph.inputs, (total,), graph.name, graph.origin)  # pyright: ignore


def _named_values(graph: Graph) -> dict[Node, Name]:
    """Return the values that the user's code assigned to variables, with their names."""
    found: dict[Node, Name] = {}
    taken = {variable_name(each.name) for each in graph.inputs}
    for node in graph.equations:
        variable = assigned_values(graph).get(node.serial)
        if variable is not None and node.array_type.is_float:
            name = variable_name(variable)
            while name in taken:
                name = Name(name.base, name.superscript + "′", name.subscript)
            taken.add(name)
            found[node] = name
    return found


def _cotangent_name(name: Name) -> Name:
    return Name("δ", subscript=f"{name.base}{name.subscript}")


def _steps(graph: Graph, sources: list[Node]) -> tuple[Any, ...]:
    """Return the steps of a calculus course, for a function of numbers alone."""
    if any(each.shape for each in graph.inputs) or any(x.shape for x in graph.equations):
        return ()
    names = Names({each.serial: variable_name(each.name) for each in graph.inputs})
    expression = express(graph.outputs[0], (), names)
    return tuple(
        (variable_name(each.name), *differentiate(expression, variable_name(each.name)))
        for each in sources
    )
