"""Derivatives of Python functions: ``grad``, ``value_and_grad``, ``vjp``.

The arguments to differentiate by are replaced by nodes of known value, the function is run on them,
and reverse mode is applied to the graph recorded. The result is evaluated by NumPy, unless an outer
derivative or trace contains this call: then it remains a graph.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial, wraps
from typing import Any

import numpy as np

from chainrule import tree
from chainrule.arguments.aliases import CORE_ALIASES
from chainrule.arguments.checks import checked_flag
from chainrule.arguments.keywords import answers_foreign_names
from chainrule.autodiff.passes.reverse import cotangents, zeros_like
from chainrule.autodiff.recompilation import recompiled
from chainrule.autodiff.results import close, content_of, evaluate_results, split_aux
from chainrule.autodiff.variables import (
    checked_argnums,
    environment_of,
    graph_name,
    has_tangent,
    lift,
    regroup,
)
from chainrule.errors import ShapeError, type_in_words, warn
from chainrule.graph.filled_arrays import with_filled_arrays
from chainrule.graph.leftover_nodes import (
    reference_counts,
    replace_leftovers,
    replace_unreachable_leftovers,
)
from chainrule.graph.node import (
    Node,
    ancestors,
    as_node,
    constant,
)
from chainrule.graph.trace_errors import check_function
from chainrule.tracebacks import boundary

__all__ = ["grad", "value_and_grad", "vjp"]


@answers_foreign_names(CORE_ALIASES)
def grad(
    function: Callable[..., Any], argnums: int | Sequence[int] = 0, has_aux: bool = False
) -> Callable[..., Any]:
    """Return the function that computes the gradient of a scalar function.

    Parameters
    ----------
    function : callable
        Plain NumPy code that returns one float.
    argnums : int or sequence of int
        Which positional arguments to differentiate by, counted from 0, or from the end if negative;
        each may be a nested container of float arrays or numbers. A Python int is converted to
        float.
    has_aux : bool
        Whether the function returns ``(value, anything else)``; the rest is then returned too.

    Returns
    -------
    callable
        Takes the same arguments and returns the gradient, nested as the argument and with its
        dtypes; a tuple of them for a sequence of `argnums`; ``(gradient, rest)`` with `has_aux`.

    Raises
    ------
    ArgumentError
        If `argnums` is no integer, or there is no such argument.
    ShapeError
        If the function returns anything but one float.
    DTypeError
        If an argument to differentiate by holds integers or booleans.

    Examples
    --------
    >>> float(grad(lambda x: x**3)(2.0))
    12.0
    """
    check_function("grad", function)
    jitted = recompiled(function, lambda source: grad(source, argnums, has_aux))
    if jitted is not None:
        return jitted
    both = value_and_grad(function, argnums, has_aux)

    @boundary
    @wraps(function)
    def gradient(*args: Any, **kwargs: Any) -> Any:
        value, result = both(*args, **kwargs)
        return (result, value[1]) if has_aux else result

    vars(gradient)["graph_name"] = f"derivative of {graph_name(function)}"
    return gradient


@answers_foreign_names(CORE_ALIASES)
def value_and_grad(
    function: Callable[..., Any], argnums: int | Sequence[int] = 0, has_aux: bool = False
) -> Callable[..., Any]:
    """Return the function that computes value and gradient together; parameters as for `grad`.

    Examples
    --------
    >>> value, gradient = value_and_grad(np.sin)(0.0)
    >>> float(value), float(gradient)
    (0.0, 1.0)
    """
    check_function("value_and_grad", function)
    positions, is_single = checked_argnums(argnums)
    checked_flag("grad", "has_aux", has_aux)
    jitted = recompiled(function, lambda source: value_and_grad(source, argnums, has_aux))
    if jitted is not None:
        return jitted

    @boundary
    @wraps(function)
    def derivative(*args: Any, **kwargs: Any) -> Any:
        return with_filled_arrays(partial(differentiated, args, kwargs), function, args, kwargs)

    def differentiated(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        variables, arguments = lift(function, args, positions)
        nodes = [node for node, _ in variables]
        environment = environment_of(function, variables)

        def differentiate() -> tuple[Any, Any, Any]:
            with environment:
                result = environment.function(*arguments, **kwargs)
                value, rest = split_aux(result, has_aux)
                output = _scalar(value, function)
                output.role = "value" if output.role is None else output.role
                rest = tree.map_leaves(content_of, rest)
            found = cotangents([output], [constant(np.ones((), output.dtype))], nodes)
            if not any(g is not None for g in found) and _are_of_network(args, positions):
                _warn_if_unused(function, output, nodes)
            flat = [zeros_like(n) if g is None else g for n, g in zip(nodes, found, strict=True)]
            return evaluate_results((output, rest, flat), nodes)

        counts = reference_counts(nodes)
        try:
            output, rest, flat = differentiate()
        except BaseException:
            if environment.parent is None:
                replace_leftovers((function, args, kwargs), nodes, environment)
            raise
        may_be_left = environment.has_stores or reference_counts(nodes) != counts
        if may_be_left and type(output) is not Node:
            replace_leftovers((function, args, kwargs), nodes, environment)
            if not environment.has_stores and reference_counts(nodes) != counts:
                replace_unreachable_leftovers(nodes, counts, environment)
        close(nodes)
        trees = regroup(flat, args, positions)
        gradient = trees[0] if is_single else tuple(trees)
        return ((output, rest) if has_aux else output), gradient

    vars(derivative)["graph_name"] = f"derivative of {graph_name(function)}"
    return derivative


@answers_foreign_names(CORE_ALIASES)
def vjp(function: Callable[..., Any], *args: Any, has_aux: bool = False) -> tuple[Any, ...]:
    """Evaluate a function and return its pullback, the vector-Jacobian product.

    Parameters
    ----------
    function : callable
        Plain NumPy code; its arguments and results are nested containers of float arrays.
    *args
        Where to differentiate. Arrays of integers and booleans are constants.
    has_aux : bool
        Whether the function returns ``(value, anything else)``; the rest is then returned too.

    Returns
    -------
    value
        ``function(*args)``.
    pullback : callable
        From a cotangent ȳ (nested and shaped as the value) to a tuple with the vector-Jacobian
        product ȳᵀ ∂y/∂x for each argument x; None for integers and booleans, which have none.
    aux
        The rest, with `has_aux` only.

    Raises
    ------
    ShapeError
        If a cotangent has not the shape of the value.
    DTypeError
        If no argument holds floats.

    References
    ----------
    Griewank & Walther (2008), Evaluating Derivatives, section 3.2.

    Examples
    --------
    >>> y, pullback = vjp(np.multiply, 3.0, 5.0)
    >>> [float(x) for x in pullback(1.0)]
    [5.0, 3.0]
    """
    from chainrule.autodiff.point import Point  # here, as most programs call grad alone

    check_function("vjp", function)
    checked_flag("vjp", "has_aux", has_aux)
    leaves, of_arguments = tree.flatten(args)
    is_varied = [has_tangent(leaf) for leaf in leaves]
    if leaves and not any(is_varied):
        is_varied[0] = True  # which is refused
    point = Point.of("vjp", function, args, is_varied, has_aux)
    nodes = point.variables

    @boundary
    def pullback(cotangent: Any) -> tuple[Any, ...]:
        point.check_usable("vjp: the pullback")
        leaves = tree.flatten_like(point.structure, cotangent, "cotangent")
        seeds = [_seed(leaf, output) for leaf, output in zip(leaves, point.outputs, strict=True)]
        found = cotangents(point.outputs, seeds, nodes)
        flat = [zeros_like(n) if g is None else g for n, g in zip(nodes, found, strict=True)]
        flat = evaluate_results(flat, nodes)
        close(nodes)
        remaining = iter(flat)
        each = [next(remaining) if varies else None for varies in is_varied]
        return tree.unflatten(of_arguments, each)

    results, rest = point.evaluated_open(lambda: (point.outputs, point.aux))
    value = tree.unflatten(point.structure, results)
    return (value, pullback, rest) if has_aux else (value, pullback)


def _scalar(value: Any, function: Callable[..., Any]) -> Node:
    name = getattr(function, "__name__", "the function")
    if tree.flatten(value)[1] != tree.LEAF:
        raise ShapeError(f"grad: {name} must return one number, got {type_in_words(value)}")
    output: Any = as_node(value)
    if output.size == 1 and output.shape:
        output = np.reshape(output, ())  # a matrix product of a row and a column, say
    if output.shape == () and not output.array_type.is_float:
        raise ShapeError(
            f"grad: {name} must return one float, got {output.type}, whose derivative is 0 or "
            "undefined; leave out what makes integers of its numbers, such as astype(int)"
        )
    if output.shape != ():
        raise ShapeError(
            f"grad: {name} must return one float, got {output.type}; sum or average it, or use "
            "cr.vjp"
        )
    return output


def _seed(cotangent: Any, output: Node) -> Node:
    seed = as_node(cotangent)
    if seed.shape != output.shape:
        raise ShapeError(
            f"pullback: the cotangent has shape {seed.shape}, the value {output.shape}"
        )
    return seed if seed.dtype == output.dtype else seed.astype(output.dtype)


def _are_of_network(args: Sequence[Any], positions: Sequence[int]) -> bool:
    """Whether the variables are ``net.params``, which no function is constant in on purpose."""
    return all(
        isinstance(args[each], Mapping) and not isinstance(args[each], dict) for each in positions
    )


def _warn_if_unused(function: Callable[..., Any], output: Node, nodes: Sequence[Node]) -> None:
    """Warn of a value that is computed without the variables; steps, such as sign, use them."""
    used = {each.serial for each in ancestors([output], lambda _: False)}
    if used.isdisjoint(each.serial for each in nodes):
        warn(
            f"grad: what {graph_name(function)} returns does not depend on its argument, "
            "net.params, so its gradient is 0; compute with net.apply, not with net"
        )
