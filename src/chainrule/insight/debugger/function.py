"""``cr.debug(f, *args)``: the walk through any function of arrays and its gradient."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn, cast

import numpy as np

from chainrule import tree
from chainrule.arguments.aliases import CORE_ALIASES
from chainrule.arguments.keywords import answers_foreign_names
from chainrule.errors import ArgumentError
from chainrule.graph.graph import Graph
from chainrule.graph.node import as_node
from chainrule.graph.trace import is_number, trace_at
from chainrule.graph.trace_errors import check_function
from chainrule.insight.debugger.session import DebugSession
from chainrule.insight.debugger.walk import walk

__all__ = ["debug"]


@answers_foreign_names(CORE_ALIASES)
def debug(function: Callable[..., Any], *args: Any) -> DebugSession:
    """Return a session that walks through a function and its gradient, value by value.

    Parameters
    ----------
    function : callable
        Plain NumPy code that returns one array or number of floats; the sum of an array is
        differentiated. Where its code asks for a value, as in ``if x > 0``, it is the function of
        the branch taken at the point.
    *args
        Its arguments; nested containers of arrays and numbers.

    Returns
    -------
    DebugSession
        A stop for each value and each derivative; ``interact()`` walks by commands.

    Raises
    ------
    ArgumentError
        If no argument holds floats, or the function returns something else.

    Examples
    --------
    >>> import numpy as np
    >>> def f(x):
    ...     y = np.log(x)
    ...     return np.sum(x * y)
    >>> session = debug(f, np.array([1.0, 0.0]))
    >>> session.run_until("inf").name
    'y'
    """
    check_function("debug", function)
    leaves, _ = tree.flatten(args)
    graph = trace_at(function, args)
    sources = [each for each in graph.inputs if each.array_type.is_float]
    if not sources:
        raise ArgumentError(
            "debug: no argument holds floats, so there is no derivative; pass 2.0 for 2, or "
            "x.astype(float)"
        )
    graph = _summed(graph)
    inputs = [np.asarray(each) for each in leaves if is_number(each)]
    return DebugSession(graph.name, walk(graph, inputs, sources, {}), _refuse_samples)


def _summed(graph: Graph) -> Graph:
    """Return the graph with the sum of its result."""
    types = ", ".join(repr(each.type) for each in graph.outputs)
    if len(graph.outputs) != 1 or not graph.outputs[0].array_type.is_float:
        raise ArgumentError(
            f"debug: {graph.name} returns {types or 'no array'}; it must return one array or "
            "number of floats"
        )
    (output,) = graph.outputs
    total = as_node(np.sum(cast(Any, output))) if output.shape else output
    return Graph(graph.inputs, (total,), graph.name, graph.origin)


def _refuse_samples(parameter: str, index: Any, n: int) -> NoReturn:
    raise ArgumentError(
        "samples: a function has no samples; net.debug(X, y) of a network has, and cr.vmap of "
        "cr.grad gives the gradients of each entry of a batch"
    )
