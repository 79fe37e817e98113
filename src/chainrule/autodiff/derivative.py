"""Derivatives of Python functions: ``grad``, ``value_and_grad``, ``vjp``.

The arguments to differentiate by are replaced by nodes of known value, the function is run on them,
and reverse mode is applied to the graph recorded. The result is evaluated by NumPy, unless an outer
derivative or trace contains this call: then it remains a graph.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import Any

import numpy as np

from chainrule import tree
from chainrule.arguments.aliases import CORE_ALIASES
from chainrule.arguments.checks import as_position, bad_argument, checked_flag, checked_number
from chainrule.arguments.keywords import answers_foreign_names
from chainrule.autodiff.reverse import cotangents, zeros_like
from chainrule.errors import ArgumentError, DTypeError, ShapeError, type_in_words, warn
from chainrule.graph.array_type import ArrayType, type_of
from chainrule.graph.environment import Environment
from chainrule.graph.leftover_nodes import (
    reference_counts,
    replace_leftovers,
    replace_unreachable_leftovers,
)
from chainrule.graph.node import (
    Node,
    ancestors,
    as_node,
    compute,
    constant,
    next_serial,
    variable,
)
from chainrule.graph.trace_errors import check_function
from chainrule.ops.primitives.selection import identity
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
    both = value_and_grad(function, argnums, has_aux)

    @boundary
    @wraps(function)
    def gradient(*args: Any, **kwargs: Any) -> Any:
        value, result = both(*args, **kwargs)
        return (result, value[1]) if has_aux else result

    vars(gradient)["graph_name"] = f"derivative of {_graph_name(function)}"
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
    positions, is_single = _checked_argnums(argnums)
    checked_flag("grad", "has_aux", has_aux)

    @boundary
    @wraps(function)
    def derivative(*args: Any, **kwargs: Any) -> Any:
        variables, arguments = _lift(function, args, positions)
        nodes = [node for node, _ in variables]
        environment = _environment(function, variables)

        def differentiate() -> tuple[Any, Any, Any]:
            with environment:
                result = function(*arguments, **kwargs)
                value, rest = _split_aux(result, has_aux)
                output = _scalar(value, function)
                output.role = "value" if output.role is None else output.role
                rest = tree.map_leaves(_content, rest)
            found = cotangents([output], [constant(np.ones((), output.dtype))], nodes)
            if not any(g is not None for g in found) and _are_of_network(args, positions):
                _warn_if_unused(function, output, nodes)
            flat = [zeros_like(n) if g is None else g for n, g in zip(nodes, found, strict=True)]
            return _evaluate_results((output, rest, flat), nodes)

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
                replace_unreachable_leftovers(nodes, environment)
        _close(nodes)
        trees = _regroup(flat, args, positions)
        gradient = trees[0] if is_single else tuple(trees)
        return ((output, rest) if has_aux else output), gradient

    vars(derivative)["graph_name"] = f"derivative of {_graph_name(function)}"
    return derivative


@answers_foreign_names(CORE_ALIASES)
def vjp(function: Callable[..., Any], *args: Any) -> tuple[Any, Callable[[Any], tuple[Any, ...]]]:
    """Evaluate a function and return its pullback, the vector-Jacobian product.

    Parameters
    ----------
    function : callable
        Plain NumPy code; its arguments and results are nested containers of float arrays.
    *args
        Where to differentiate.

    Returns
    -------
    value
        ``function(*args)``.
    pullback : callable
        From a cotangent ȳ (nested and shaped as the value) to a tuple with the vector-Jacobian
        product ȳᵀ ∂y/∂x for each argument x.

    Examples
    --------
    >>> y, pullback = vjp(np.multiply, 3.0, 5.0)
    >>> [float(x) for x in pullback(1.0)]
    [5.0, 3.0]
    """
    check_function("vjp", function)
    positions = tuple(range(len(args)))
    variables, arguments = _lift(function, args, positions)
    nodes = [node for node, _ in variables]
    environment = _environment(function, variables)
    try:
        with environment:
            leaves, structure = tree.flatten(function(*arguments))
            outputs = [as_node(leaf) for leaf in leaves]
    except BaseException:
        if environment.parent is None:
            replace_leftovers((function, args), nodes, environment)
        raise

    @boundary
    def pullback(cotangent: Any) -> tuple[Any, ...]:
        leaves = tree.flatten_like(structure, cotangent, "cotangent")
        seeds = [_seed(leaf, output) for leaf, output in zip(leaves, outputs, strict=True)]
        found = cotangents(outputs, seeds, nodes)
        flat = [zeros_like(n) if g is None else g for n, g in zip(nodes, found, strict=True)]
        flat = _evaluate_results(flat, nodes)
        _close(nodes)
        return tuple(_regroup(flat, args, positions))

    results = _evaluate_results(outputs, nodes)
    if not any(type(each) is Node for each in results):
        replace_leftovers((function, args), nodes, environment)
    return tree.unflatten(structure, results), pullback


def _close(variables: Sequence[Node]) -> None:
    """Make constants of variables once the derivative by them is taken.

    What an outer derivative computes from it depends on them no longer.
    """
    for node in variables:
        # What replaces nodes that are left over may have reached this list.
        if type(node) is Node and node.primitive is None and node.is_known:
            node.is_constant = True


def _environment(
    function: Callable[..., Any], variables: Sequence[tuple[Node, str]]
) -> Environment:
    """The environment in which a function is run; a store into an argument is into a copy."""
    arguments = {node.serial: path for node, path in variables}
    return Environment(function, next_serial(), False, arguments, argument_stores="warn")


def _content(leaf: Any) -> Any:
    return as_node(leaf) if type(leaf) is Node else leaf


def _checked_argnums(argnums: Any) -> tuple[tuple[int, ...], bool]:
    """The positions to differentiate by, and whether a single one was given, not a sequence."""
    is_single = not isinstance(argnums, tuple | list | range)
    positions: list[int] = []
    for each in (argnums,) if is_single else argnums:
        if (position := as_position(each)) is None:
            rule = (
                "the number of a positional argument, an integer counted from 0, or a tuple of "
                "them, as in argnums=(0, 1)"
                + (", and no float, even if it is whole" * isinstance(each, float))
            )
            raise bad_argument("grad", "argnums", argnums, rule)
        positions.append(position)
    return tuple(positions), is_single


def _lift(
    function: Callable[..., Any], args: tuple[Any, ...], positions: tuple[int, ...]
) -> tuple[list[tuple[Node, str]], list[Any]]:
    """Replace the leaves of the arguments at `positions` by nodes; list the nodes with names.

    An argument that is named twice, perhaps as 1 and as -1, is replaced once and listed twice.
    """
    name = getattr(function, "__name__", "the function")
    variables: list[tuple[Node, str]] = []
    lifted = list(args)
    replaced: dict[int, list[tuple[Node, str]]] = {}
    for position in positions:
        if not -len(args) <= position < len(args):
            raise ArgumentError(
                f"argnums={position}, but {name} was called with {len(args)} positional arguments"
            )
        key = position % len(args)
        if args[key] is None:
            raise ArgumentError(
                f"grad: argument {key} of {name} is None; derivatives are by real numbers, so pass "
                "an array, or choose other arguments with argnums"
            )
        if key not in replaced:
            leaves, structure = tree.flatten(args[key])
            names = tree.paths(args[key], f"argument {key} of {name}")
            nodes = [_variable(leaf, path) for leaf, path in zip(leaves, names, strict=True)]
            replaced[key] = list(zip(nodes, names, strict=True))
            lifted[key] = tree.unflatten(structure, nodes)
        variables += replaced[key]
    return variables, lifted


def _variable(leaf: Any, name: str) -> Node:
    if type(leaf) is Node:
        _check_float(leaf.array_type, name)
        lifted = identity(leaf)
        lifted.python_type = leaf.python_type
        return lifted
    if isinstance(leaf, int) and not isinstance(leaf, bool):
        leaf = checked_number("grad", name, leaf)
    type_ = type_of(leaf, name)
    _check_float(type_, name)
    lifted = variable(type_, np.asarray(leaf, type_.dtype))
    lifted.python_type = type(leaf) if not type_.shape else None
    return lifted


def _check_float(type_: ArrayType, name: str) -> None:
    if not type_.is_float:
        raise DTypeError(
            f"grad: {name} is {type_}; derivatives are by real numbers: pass x.astype(float), or "
            "choose other arguments with argnums"
        )


def _graph_name(function: Callable[..., Any]) -> str:
    return getattr(function, "graph_name", getattr(function, "__name__", "the function"))


def _split_aux(result: Any, has_aux: bool) -> tuple[Any, Any]:
    if not has_aux:
        return result, None
    if not isinstance(result, tuple) or len(result) != 2:
        raise ArgumentError("grad: with has_aux=True the function must return (value, the rest)")
    return result


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


def _regroup(flat: Sequence[Any], args: tuple[Any, ...], positions: tuple[int, ...]) -> list[Any]:
    remaining = iter(flat)
    trees: list[Any] = []
    for position in positions:
        leaves, structure = tree.flatten(args[position])
        trees.append(tree.unflatten(structure, [next(remaining) for _ in leaves]))
    return trees


def _evaluate_results(results: Any, own: Sequence[Node]) -> Any:
    """Evaluate nodes, unless they depend on variables of an outer derivative or trace."""
    leaves, structure = tree.flatten(results)
    nodes = [leaf for leaf in leaves if type(leaf) is Node]
    if not _depends_on_others(nodes, own):
        compute(nodes)
        shared = {id(node.known_value) for node in own}
        leaves = [_unaliased(leaf, shared) if type(leaf) is Node else leaf for leaf in leaves]
    return tree.unflatten(structure, leaves)


def _depends_on_others(nodes: Sequence[Node], own: Sequence[Node]) -> bool:
    """Whether `nodes` depend on variables other than `own`."""
    variables = {node.serial for node in own if node.primitive is None}
    return any(
        node.primitive is None and not node.is_constant and node.serial not in variables
        for node in ancestors(nodes, lambda node: False)
    )


def _unaliased(node: Node, shared: set[int]) -> Any:
    """The value as a writable array that aliases none in `shared`; a scalar for shape ()."""
    value = node.known_value
    if not node.shape:
        return node.dtype.type(value)
    if not value.flags.owndata or not value.flags.writeable or id(value) in shared:
        return np.array(value)
    shared.add(id(value))
    return np.array(value) if node.is_constant else value


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
            f"grad: what {_graph_name(function)} returns does not depend on its argument, "
            "net.params, so its gradient is 0; compute with net.apply, not with net"
        )
