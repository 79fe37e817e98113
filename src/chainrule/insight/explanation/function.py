"""``cr.explain(f, *args)``: the equations of any function, and of its gradient."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, cast

import numpy as np

from chainrule import tree
from chainrule.arguments.aliases import CORE_ALIASES
from chainrule.arguments.keywords import answers_foreign_names
from chainrule.errors import ArgumentError, warn
from chainrule.graph.evaluate import evaluate
from chainrule.graph.graph import Graph
from chainrule.graph.node import Node, as_node, constant
from chainrule.graph.trace import is_number, trace_at
from chainrule.graph.trace_errors import check_function
from chainrule.graph.value_names import assigned_values, resolved
from chainrule.insight.explanation.derivation import Derivation, derive
from chainrule.insight.explanation.explanation import Explanation, Section
from chainrule.insight.explanation.network import explain_network
from chainrule.insight.explanation.school_rules import StepByStep, differentiate
from chainrule.insight.explanation.symbols import part_names, variable_name
from chainrule.insight.explanation.writer import Writer
from chainrule.insight.notation.expression import Name
from chainrule.insight.notation.from_graph import express
from chainrule.insight.notation.names import Names
from chainrule.insight.notation.rules import without_guards
from chainrule.train.network import Network

__all__ = ["explain"]


@answers_foreign_names(CORE_ALIASES)
def explain(function: Callable[..., Any], *args: Any) -> Explanation:
    """Return the equations of a function and of its derivatives, proved at a point.

    Each value that the code assigns to a variable has an equation of its own. A function of numbers
    is differentiated step by step too, by the rules of a calculus course.

    Parameters
    ----------
    function : callable
        Plain NumPy code that returns one array or number of floats; the sum of an array is
        differentiated. Where its code asks for a value, as in ``if x > 0``, it is the function of
        the branch taken at the point. A network with X and y is explained by ``net.explain``.
    *args
        The point; nested containers of arrays and numbers, computed with in float64.

    Returns
    -------
    Explanation
        Prints as text; ``.latex()`` is a document, ``.html()`` a page.

    Raises
    ------
    ArgumentError
        If no argument holds floats, or the function returns something else.

    Examples
    --------
    >>> import numpy as np
    >>> print(explain(lambda x: x**2 * np.sin(x), 2.0).steps[0])
    (x²)′ = 2 x                                        power rule: (xⁿ)′ = n xⁿ⁻¹
    (sin(x))′ = cos(x)                                 derivative of sin
    (x² sin(x))′ = 2 x sin(x) + x² cos(x)              product rule: (u v)′ = u′ v + u v′
    """
    if isinstance(function, Network) and len(args) != 1:
        return explain_network(function, *args)
    check_function("explain", function)
    leaves, structure = tree.flatten(args)
    args = tree.unflatten(structure, list(map(_widened, leaves)))
    graph = _summed(trace_at(function, args))
    named = _named_values(graph)
    sources = [each for each in graph.inputs if each.array_type.is_float]
    if not sources:
        raise ArgumentError(
            "explain: no argument holds floats, so there is no derivative; pass 2.0 for 2, or "
            "x.astype(float)"
        )
    derivation = _with_zeros(derive(graph, list(named), sources))
    inputs = [np.asarray(each) for each in map(_widened, leaves) if is_number(each)]
    _warn_where_not_finite(graph, inputs)
    result = Name(graph.name if graph.name.isidentifier() else "f")
    writer = Writer(derivation, derivation, inputs, result)
    variables = {x.serial: writer.name(x, variable_name(x.name)) for x in graph.inputs}
    named = {node: writer.name(node, name) for node, name in named.items()}
    final = resolved(graph.outputs[0])
    writer.name(final, result)
    for node in named:
        writer.define_function(node)
    loops = writer.bind_loops(lambda _: None)
    writer.own([""], final, part_names("uvwqr"))
    for node in [*named, final]:
        writer.cut(node)
    steps = _steps(graph, sources, variables)
    if steps:  # a course writes out the function of a number that its derivative contains
        writer.names.names.pop(final.serial)
    inner = [(i, node, name) for i, (node, name) in enumerate(named.items()) if node is not final]
    backward_parts = part_names("g")
    backward = [
        equation
        for position, _, name in reversed(inner)
        for equation in writer.cotangent(position, _cotangent_name(name), backward_parts)
    ]
    backward += [
        x for each in loops if not writer.loops.is_forward(each) for x in writer.recurrence(each)
    ]
    for position, each in enumerate(sources):
        backward += writer.gradient(position, variables[each.serial], each.name, backward_parts)
    writer.names.names[final.serial] = result
    forward = [
        x for each in loops if writer.loops.is_forward(each) for x in writer.recurrence(each)
    ]
    forward += [x for _, node, _ in inner for x in writer.definitions(node, node)]
    forward += writer.definitions(final, final)
    return Explanation(
        title=f"{result}({', '.join(each.name for each in graph.inputs)})",
        samples=None,
        sections=(Section("", tuple(forward)),),
        gradients=(Section("", tuple(backward)),),
        steps=steps,
    )


def _warn_where_not_finite(graph: Graph, inputs: list[Any]) -> None:
    """Warn of a point at which the function has no value, such as a pole."""
    with np.errstate(all="ignore"):
        value = float(evaluate(graph, inputs)[0])
    if not np.isfinite(value):
        warn(
            f"explain: the function is {value} at this point, and has no derivative there; the "
            "equations are those of points where it is finite"
        )


def _widened(leaf: Any) -> Any:
    """Compute in float64, as the proof does."""
    if isinstance(leaf, int | float) and not isinstance(leaf, bool):
        return float(leaf)
    is_float = isinstance(leaf, np.ndarray | np.generic) and leaf.dtype.kind == "f"
    return np.asarray(leaf, "float64") if is_float else leaf


def _with_zeros(derivation: Derivation) -> Derivation:
    """Return a derivation with the derivative 0 by inputs that the function does not depend on."""
    gradients = (
        constant(np.zeros(source.shape)) if each is None else each
        for source, each in zip(derivation.sources, derivation.gradients, strict=True)
    )
    return replace(derivation, gradients=tuple(gradients))


def _summed(graph: Graph) -> Graph:
    """Return the graph with the sum of its results, for a function of several numbers."""
    outputs = list(graph.outputs)
    kinds = ", ".join(str(each.array_type) for each in outputs) or "no array or number"
    remedy = ""
    if not outputs:
        remedy = "return the value that it computes"
    elif len(outputs) > 1:
        remedy = "explain one result, as lambda x: f(x)[0] does"
    elif not all(each.array_type.is_float for each in outputs):
        remedy = "an integer has no derivative, so compute with floats, as 3.0 for 3"
    if remedy:
        raise ArgumentError(
            f"explain: {graph.name} returns {kinds}; it must return one array or number of floats: "
            f"{remedy}"
        )
    (output,) = outputs
    total = as_node(np.sum(cast(Any, output))) if output.shape else output
    return Graph(graph.inputs, (total,), graph.name, graph.origin)


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
    return Name("δ", name.superscript, f"{name.base}{name.subscript}")


def _steps(graph: Graph, sources: list[Node], names: dict[int, Name]) -> tuple[StepByStep, ...]:
    """Return the steps of a calculus course, for a function of numbers alone."""
    nodes = [*graph.inputs, *graph.equations]
    if any(isinstance(each.type, tuple) or each.shape for each in nodes):
        return ()
    expression = without_guards(express(graph.outputs[0], (), Names(dict(names))))
    found = (differentiate(expression, names[each.serial]) for each in sources)
    return tuple(each for each in found if each is not None)
