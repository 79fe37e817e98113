"""Tracing: run a function on abstract nodes and return the graph of its computation."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial, wraps
from types import GeneratorType
from typing import Any, Literal

import numpy as np

from chainrule import tree
from chainrule.arguments.aliases import CORE_ALIASES
from chainrule.arguments.keywords import answers_foreign_names
from chainrule.errors import TraceError
from chainrule.graph.array_type import ArrayType, type_of
from chainrule.graph.captured_arrays import CapturedArrays, capturing_in
from chainrule.graph.environment import Environment
from chainrule.graph.filled_arrays import with_filled_arrays
from chainrule.graph.graph import Graph, check
from chainrule.graph.node import Node, as_node, next_serial, variable
from chainrule.graph.source_location import frame_at, user_instruction
from chainrule.graph.trace_errors import check_function
from chainrule.tracebacks import boundary

__all__ = ["Traced", "is_number", "trace", "trace_at", "trace_call"]


@dataclass(frozen=True)
class Traced:
    """The graph of a function for given argument types, and the tree structure of its results.

    `leaves` are the flattened results, with None in place of each output of the graph.
    """

    graph: Graph
    structure: tree.Structure
    leaves: tuple[Any, ...]

    def nest(self, outputs: list[Any]) -> Any:
        """Unflatten the graph's outputs into the structure of the function's results."""
        computed = iter(outputs)
        leaves = [next(computed) if leaf is None else leaf for leaf in self.leaves]
        return tree.unflatten(self.structure, leaves)


@answers_foreign_names(CORE_ALIASES)
def trace(function: Callable[..., Any]) -> Callable[..., Graph]:
    """Return a function that traces `function` for the types of its arguments.

    Parameters
    ----------
    function : callable
        Plain NumPy code.

    Returns
    -------
    callable
        Takes the same arguments (only shapes and dtypes count) and returns a `Graph`.

    Examples
    --------
    >>> print(trace(lambda x: x * x + 1)(2.0))
    graph <lambda>(x: f64[]) {
      a: f64[] = multiply(x, x)
      b: f64[] = add(a, 1.0)
      return b
    }
    """
    check_function("trace", function)

    @boundary
    @wraps(function)
    def traced(*args: Any, **kwargs: Any) -> Graph:
        return trace_call(function, args, kwargs).graph

    return traced


def trace_call(
    function: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any] | None = None,
    argument_stores: Literal["refuse", "warn", "allow"] = "allow",
    captured: CapturedArrays | None = None,
    is_known: bool = False,
) -> Traced:
    """Trace one call: arrays and numbers become inputs; other arguments are static.

    The last inputs are the captured arrays that were used, if `captured` is given. With `is_known`
    the inputs have values, as under ``grad``: an `if` takes the branch of these.
    """
    run = partial(_trace_call, function, args, kwargs or {}, argument_stores, captured, is_known)
    return with_filled_arrays(run, function, args, kwargs)


def _trace_call(
    function: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    argument_stores: Literal["refuse", "warn", "allow"],
    captured: CapturedArrays | None,
    is_known: bool,
) -> Traced:
    leaves, structure = tree.flatten((args, kwargs))
    names = _leaf_names(function, args, kwargs)
    lifted = [_input(leaf, name, is_known) for leaf, name in zip(leaves, names, strict=True)]
    arguments, keywords = tree.unflatten(structure, lifted)
    inputs = [leaf for leaf in lifted if type(leaf) is Node]
    name = getattr(function, "graph_name", getattr(function, "__name__", "f"))
    named = {node.serial: node.name for node in inputs}
    environment = Environment(function, next_serial(), True, named, argument_stores)
    with environment, capturing_in(captured):
        results, result_structure = tree.flatten(environment.function(*arguments, **keywords))
        outputs = [as_node(leaf) for leaf in results if _is_computed(leaf)]
    if captured is not None:
        inputs += [node for each in captured.inputs() for node in each.nodes]
    origin = user_instruction(frame_at(3))
    graph = check(Graph(tuple(inputs), tuple(outputs), name, origin))
    static = tuple(None if _is_computed(leaf) else leaf for leaf in results)
    return Traced(graph, result_structure, static)


def trace_at(function: Callable[..., Any], args: tuple[Any, ...]) -> Graph:
    """Trace a function for any point, or where its code asks for values, for the one given."""
    try:
        return trace_call(function, args).graph
    except TraceError:
        return trace_call(function, args, is_known=True).graph


def is_number(leaf: Any) -> bool:
    """Whether an argument is an array or a number; any other is static."""
    return isinstance(leaf, np.ndarray | np.generic | int | float | complex)


def _is_computed(leaf: Any) -> bool:
    if isinstance(leaf, GeneratorType):
        raise TraceError(
            "a traced function returns a generator, which would compute its values after the "
            "trace has ended; return list(...) of it"
        )
    return type(leaf) is Node or is_number(leaf)


def _input(leaf: Any, name: str, is_known: bool = False) -> Any:
    if isinstance(leaf, ArrayType):
        return variable(leaf, name=name)
    if type(leaf) is Node or not is_number(leaf):
        return leaf
    kind = type_of(leaf, name)
    node = variable(kind, np.asarray(leaf, kind.dtype) if is_known else None, name)
    node.python_type = type(leaf) if not node.shape else None
    return node


def _leaf_names(
    function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> list[str]:
    """Name leaves by parameter and path: ``params.W1``."""
    try:
        bound = inspect.signature(function).bind(*args, **kwargs)
    except (TypeError, ValueError):
        return tree.paths((args, kwargs), "input")
    names: list[str] = []
    for name, value in bound.arguments.items():
        kind = bound.signature.parameters[name].kind
        root = "" if kind is inspect.Parameter.VAR_KEYWORD else name
        names += tree.paths(value, root)
    return names
