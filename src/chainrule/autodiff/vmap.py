"""``vmap``: from a function of one sample, the function of a batch of samples.

The function is traced once, on the types of one entry of the batch. The batching rules of the
primitives make of its graph that of all entries (`batching`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

import numpy as np

from chainrule import tree
from chainrule.arguments.aliases import CORE_ALIASES
from chainrule.arguments.checks import checked_count, shown
from chainrule.arguments.keywords import answers_foreign_names
from chainrule.autodiff.batch_axes import (
    Argument,
    axes_of_arguments,
    batch_size,
    checked_axes,
    placed_axis,
)
from chainrule.autodiff.passes.batching import batched
from chainrule.autodiff.recompilation import recompiled
from chainrule.autodiff.results import evaluate_results
from chainrule.errors import DTypeError
from chainrule.graph.array_type import type_of
from chainrule.graph.environment import Environment, current_environment
from chainrule.graph.filled_arrays import with_filled_arrays
from chainrule.graph.kept_trace import traced_once
from chainrule.graph.node import Node, as_node, next_serial, variable
from chainrule.graph.trace import is_number
from chainrule.graph.trace_errors import check_function
from chainrule.ops.primitives.axes import check_known
from chainrule.tracebacks import boundary

__all__ = ["vmap"]


@answers_foreign_names(CORE_ALIASES)
def vmap(
    function: Callable[..., Any],
    in_axes: Any = 0,
    out_axes: Any = 0,
    axis_size: int | None = None,
) -> Callable[..., Any]:
    """Return the function that computes `function` for each entry of a batch.

    Parameters
    ----------
    function : callable
        Plain NumPy code for one entry. Its steps depend on shapes and dtypes alone, not on values.
    in_axes : int, None, or tuple of them
        The axis of each positional argument along which its entries lie, counted from the end if
        negative; None for an argument that all entries share. One for all arguments, or a tuple
        with one for each; for an argument that is a dict, list or tuple, one for all its arrays, or
        a container of them with the same structure. Keyword arguments are taken along axis 0.
    out_axes : int, None, or nested containers of them
        Where the axis of the batch is in each result; None for a result that is the same for all
        entries.
    axis_size : int, optional
        The number of entries; required where no argument has an axis of them.

    Returns
    -------
    callable
        Takes the arguments of all entries and returns their results, with the axis of the batch.

    Raises
    ------
    ArgumentError
        If `in_axes` or `out_axes` do not fit the arguments or results.
    ShapeError
        If an argument lacks its axis, or the arguments differ in the number of entries.
    TraceError
        If the steps depend on a value, as in ``if x > 0``.

    Examples
    --------
    The gradient of each sample:

    >>> import numpy as np
    >>> from chainrule.autodiff.derivative import grad
    >>> loss = lambda w, x, y: (x @ w - y) ** 2
    >>> vmap(grad(loss), in_axes=(None, 0, 0))(np.ones(2), np.eye(2), np.zeros(2))
    array([[2., 0.],
           [0., 2.]])
    """
    check_function("vmap", function)
    checked_axes("in_axes", in_axes)
    checked_axes("out_axes", out_axes)
    if axis_size is not None:
        check_known("vmap", axis_size, "axis_size")
        axis_size = checked_count("vmap", "axis_size", axis_size, 0)
    jitted = recompiled(function, lambda source: vmap(source, in_axes, out_axes, axis_size))
    if jitted is not None:
        return jitted

    @boundary
    @wraps(function)
    def of_batch(*args: Any, **kwargs: Any) -> Any:
        arguments = axes_of_arguments(function, in_axes, args, kwargs)
        mapped = [each for each in arguments if each is not None]
        size = batch_size(mapped, axis_size)
        variables = [variable(each.type_of_entry, name=each.name) for each in mapped]
        names = {node.serial: node.name for node in variables}

        def run() -> Any:
            entry, keywords = _entry(arguments, variables, (args, kwargs))
            environment = Environment(function, next_serial(), True, names, "refuse")
            with traced_once("vmap", function), environment:
                return tree.map_leaves(_output, environment.function(*entry, **keywords))

        result = with_filled_arrays(run, function)
        sources = [(each.to_front(_constant(each.value)), True) for each in mapped]
        outputs, structure = tree.flatten(result)
        results = zip(
            batched(outputs, variables, sources, size),
            tree.broadcast_prefix(out_axes, result, "vmap: out_axes"),
            tree.paths(result, "the result"),
            strict=True,
        )
        placed = [placed_axis(*pair, axis, size, name) for pair, axis, name in results]
        return tree.unflatten(structure, evaluate_results(placed, []))

    name = getattr(function, "graph_name", getattr(function, "__name__", "the function"))
    vars(of_batch)["graph_name"] = f"batch of {name}"
    return of_batch


def _entry(arguments: Sequence[Argument | None], variables: Sequence[Node], call: Any) -> Any:
    """The arguments of one entry; an array that all share is a constant of the trace.

    A traced integer can be an index of a node, and not of an array.
    """
    remaining = iter(variables)
    leaves, structure = tree.flatten(call)
    filled: list[Any] = []
    for leaf, each in zip(leaves, arguments, strict=True):
        is_array = type(leaf) is np.ndarray and leaf.ndim > 0
        shared = _constant(leaf) if each is None and is_array else leaf
        filled.append(shared if each is None else next(remaining))
    return tree.unflatten(structure, filled)


def _constant(value: Any) -> Node:
    """The node of an array; outside of traces it is evaluated at once and need not be copied."""
    if type(value) is Node or current_environment() is not None:
        return as_node(value)
    type_ = type_of(value)
    return Node(None, (), {}, type_, np.asarray(value, type_.dtype), is_constant=True)


def _output(leaf: Any) -> Node:
    """The content of a result; refuse what is no array."""
    if type(leaf) is Node or is_number(leaf):
        return as_node(leaf)
    raise DTypeError(
        f"vmap: the function returned {shown(leaf)}; it must return arrays and numbers, or nested "
        "dicts, lists and tuples of them, which are put together along the axis of the batch"
    )
