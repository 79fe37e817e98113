"""Derivatives of Python functions: ``grad``, ``value_and_grad``, ``vjp``.

Arguments that are differentiated by become variables (nodes); the function is run on them, the
graph this leaves is pulled back, and where no outer derivative or trace is waiting for the result
it is evaluated by NumPy.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

import numpy as np

from chainrule import tree
from chainrule.autodiff.reverse import cotangents, zeros_like
from chainrule.errors import ArgumentError, DTypeError, ShapeError, type_in_words
from chainrule.graph.array_type import ArrayType, type_of
from chainrule.graph.node import Node, ancestors, as_node, compute, constant, variable
from chainrule.graph.trace_errors import check_function
from chainrule.ops.primitives.selection import identity

__all__ = ["grad", "value_and_grad", "vjp"]


def grad(
    function: Callable[..., Any], argnums: int | Sequence[int] = 0, has_aux: bool = False
) -> Callable[..., Any]:
    """Make the function that computes the gradient of a scalar function.

    Parameters
    ----------
    function : callable
        Plain NumPy code that returns one float.
    argnums : int or sequence of int
        Which positional arguments to differentiate by; each may be a nested container of float
        arrays or numbers. A Python int counts as a real number.
    has_aux : bool
        Whether the function returns ``(value, anything else)``; the rest is then returned too.

    Returns
    -------
    callable
        Takes the same arguments and returns the gradient, nested as the argument and with its
        dtypes; a tuple of them for a sequence of `argnums`; ``(gradient, rest)`` with `has_aux`.

    Raises
    ------
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

    @wraps(function)
    def gradient(*args: Any, **kwargs: Any) -> Any:
        value, result = both(*args, **kwargs)
        return (result, value[1]) if has_aux else result

    return gradient


def value_and_grad(
    function: Callable[..., Any], argnums: int | Sequence[int] = 0, has_aux: bool = False
) -> Callable[..., Any]:
    """Make the function that computes value and gradient in one go; parameters as for `grad`.

    Examples
    --------
    >>> value, slope = value_and_grad(np.sin)(0.0)
    >>> float(value), float(slope)
    (0.0, 1.0)
    """
    check_function("value_and_grad", function)
    positions = (argnums,) if isinstance(argnums, int) else tuple(argnums)

    @wraps(function)
    def derivative(*args: Any, **kwargs: Any) -> Any:
        variables, arguments = _lift(function, args, positions)
        result = function(*arguments, **kwargs)
        value, rest = _split_aux(result, has_aux)
        output = _scalar(value, function)
        nodes = [node for node, _ in variables]
        found = cotangents([output], [constant(np.ones((), output.dtype))], nodes)
        flat = [zeros_like(n) if g is None else g for n, g in zip(nodes, found, strict=True)]
        output, rest, flat = _settle((output, rest, flat), nodes)
        trees = _regroup(flat, args, positions)
        gradient = trees[0] if isinstance(argnums, int) else tuple(trees)
        return ((output, rest) if has_aux else output), gradient

    return derivative


def vjp(function: Callable[..., Any], *args: Any) -> tuple[Any, Callable[[Any], tuple[Any, ...]]]:
    """Evaluate a function and prepare the pullback of cotangents.

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
        From a cotangent (nested and shaped as the value) to a tuple with one cotangent for each
        argument: the vector-Jacobian products.

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
    leaves, structure = tree.flatten(function(*arguments))
    outputs = [as_node(leaf) for leaf in leaves]

    def pullback(cotangent: Any) -> tuple[Any, ...]:
        given = tree.flatten_like(structure, cotangent, "cotangent")
        seeds = [_seed(each, output) for each, output in zip(given, outputs, strict=True)]
        found = cotangents(outputs, seeds, nodes)
        flat = [zeros_like(n) if g is None else g for n, g in zip(nodes, found, strict=True)]
        return tuple(_regroup(_settle(flat, nodes), args, positions))

    return tree.unflatten(structure, _settle(outputs, nodes)), pullback


def _lift(
    function: Callable[..., Any], args: tuple[Any, ...], positions: tuple[int, ...]
) -> tuple[list[tuple[Node, str]], list[Any]]:
    """Replace the leaves of the chosen arguments by variables that stand for them."""
    name = getattr(function, "__name__", "the function")
    variables: list[tuple[Node, str]] = []
    lifted = list(args)
    for position in positions:
        if not -len(args) <= position < len(args):
            raise ArgumentError(
                f"argnums={position}, but {name} was called with {len(args)} positional arguments"
            )
        leaves, structure = tree.flatten(args[position])
        names = tree.paths(args[position], f"argument {position} of {name}")
        nodes = [_variable(leaf, path) for leaf, path in zip(leaves, names, strict=True)]
        variables += zip(nodes, names, strict=True)
        lifted[position] = tree.unflatten(structure, nodes)
    return variables, lifted


def _variable(leaf: Any, name: str) -> Node:
    if isinstance(leaf, Node):
        _check_float(leaf.array_type, name)
        return identity(leaf)
    if isinstance(leaf, int) and not isinstance(leaf, bool):
        leaf = float(leaf)
    kind = type_of(leaf, name)
    _check_float(kind, name)
    return variable(kind, np.asarray(leaf, kind.dtype))


def _check_float(kind: ArrayType, name: str) -> None:
    if not kind.is_float:
        raise DTypeError(
            f"grad: {name} is {kind}; derivatives are by real numbers: pass x.astype(float), or "
            "choose other arguments with argnums"
        )


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
    output = as_node(value)
    if output.shape != () or not output.array_type.is_float:
        raise ShapeError(
            f"grad: {name} must return one float, got {output.type}; sum or average it, or use "
            "cr.vjp or cr.jacobian"
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


def _settle(results: Any, own: Sequence[Node]) -> Any:
    """Evaluate results, unless an outer derivative or trace still needs them as nodes."""
    leaves, structure = tree.flatten(results)
    nodes = [leaf for leaf in leaves if isinstance(leaf, Node)]
    if not _depends_on_others(nodes, own):
        compute(nodes)
        taken = {id(node.known_value) for node in own}
        leaves = [_own_array(leaf, taken) if isinstance(leaf, Node) else leaf for leaf in leaves]
    return tree.unflatten(structure, leaves)


def _depends_on_others(nodes: Sequence[Node], own: Sequence[Node]) -> bool:
    """Whether a variable of someone else lies behind `nodes`."""
    mine = {node.serial for node in own if node.primitive is None}
    return any(
        node.primitive is None and not node.is_constant and node.serial not in mine
        for node in ancestors(nodes, lambda node: False)
    )


def _own_array(node: Node, taken: set[int]) -> Any:
    """The value as an array of its own, which the user may write to; a scalar for shape ()."""
    value = node.known_value
    if not node.shape:
        return node.dtype.type(value)
    if not value.flags.owndata or not value.flags.writeable or id(value) in taken:
        return np.array(value)
    taken.add(id(value))
    return np.array(value) if node.is_constant else value
