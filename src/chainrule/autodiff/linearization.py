"""Forward mode on Python functions: ``jvp``, and ``linearize`` for many directions at one point."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from chainrule import tree
from chainrule.arguments.aliases import CORE_ALIASES
from chainrule.arguments.checks import bad_argument, checked_flag
from chainrule.arguments.keywords import answers_foreign_names
from chainrule.autodiff.passes.batching import batched
from chainrule.autodiff.passes.forward import tangents as push_forward
from chainrule.autodiff.passes.masked import Cotangent, Masked
from chainrule.autodiff.point import Point, varied
from chainrule.autodiff.results import depends_on_others, evaluate_results, unaliased
from chainrule.autodiff.variables import has_tangent
from chainrule.errors import DTypeError, ShapeError
from chainrule.graph.array_type import ArrayType, type_of
from chainrule.graph.evaluate import prepare
from chainrule.graph.graph import Graph
from chainrule.graph.node import Node, ancestors, as_node, compute, constant, variable
from chainrule.graph.trace_errors import check_function
from chainrule.ops.primitives.rules import zeros_of
from chainrule.tracebacks import boundary

__all__ = ["derivative_along", "jvp", "linearize"]


@answers_foreign_names(CORE_ALIASES)
def jvp(
    function: Callable[..., Any],
    args: Sequence[Any],
    tangents: Sequence[Any],
    has_aux: bool = False,
) -> tuple[Any, ...]:
    """Evaluate a function and its derivative along a direction, the Jacobian-vector product.

    Parameters
    ----------
    function : callable
        Plain NumPy code; its arguments and results are nested containers of arrays and numbers.
    args : tuple
        Where to differentiate.
    tangents : tuple
        The direction ẋ: for each argument, nested as it is, arrays of its shapes and dtypes. None
        holds an argument fixed, as it does one of integers.
    has_aux : bool
        Whether the function returns ``(value, anything else)``; the rest is then returned too.

    Returns
    -------
    value
        ``function(*args)``.
    tangent
        The Jacobian-vector product (∂y/∂x) ẋ, nested and shaped as the value.
    aux
        The rest, with `has_aux` only.

    Raises
    ------
    ArgumentError
        If `args` or `tangents` is no tuple, or their nesting differs.
    ShapeError, DTypeError
        If a tangent has not the shape or the dtype of its argument.

    References
    ----------
    Griewank & Walther (2008), Evaluating Derivatives, section 3.1.

    Examples
    --------
    >>> y, dy = jvp(np.sin, (0.0,), (2.0,))
    >>> float(y), float(dy)
    (0.0, 2.0)
    """
    check_function("jvp", function)
    checked_flag("jvp", "has_aux", has_aux)
    for name, each in (("args", args), ("tangents", tangents)):
        if not isinstance(each, tuple | list):  # pyright: ignore[reportUnnecessaryIsInstance]
            rule = "a tuple with one for each argument, as in jvp(f, (x,), (dx,))"
            raise bad_argument("jvp", name, each, rule)
    return derivative_along("jvp", function, args, tangents, has_aux)


def derivative_along(
    name: str,
    function: Callable[..., Any],
    args: Sequence[Any],
    tangents: Sequence[Any],
    has_aux: bool,
) -> tuple[Any, ...]:
    """Compute the value and the tangent of `jvp`; errors begin with `name`."""
    directions = _directions(name, args, tangents)
    leaves = tree.flatten(tuple(args))[0]
    is_varied = [direction is not None for direction in directions]
    point = Point.of(name, function, args, is_varied, has_aux)
    chosen = [
        _seed(each, leaf) for each, leaf in zip(directions, leaves, strict=True) if each is not None
    ]

    def make() -> tuple[Any, ...]:
        found = push_forward(point.outputs, point.variables, chosen)
        return point.outputs, _with_zeros(found, point.outputs), point.aux

    outputs, derivatives, aux = point.evaluated(make)
    value = tree.unflatten(point.structure, outputs)
    tangent = tree.unflatten(point.structure, derivatives)
    return (value, tangent, aux) if has_aux else (value, tangent)


@answers_foreign_names(CORE_ALIASES)
def linearize(function: Callable[..., Any], *args: Any, has_aux: bool = False) -> tuple[Any, ...]:
    """Evaluate a function and return its linear approximation there, for many directions.

    Parameters
    ----------
    function : callable
        Plain NumPy code; its arguments and results are nested containers of arrays and numbers.
    *args
        Where to differentiate.
    has_aux : bool
        Whether the function returns ``(value, anything else)``; the rest is then returned too.

    Returns
    -------
    value
        ``function(*args)``.
    linear : callable
        From a tangent for each argument to the Jacobian-vector product, as `jvp`. The function is
        not run again; what does not depend on the tangents has been computed once.
    aux
        The rest, with `has_aux` only.

    Raises
    ------
    ArgumentError
        If the nesting of the tangents differs from that of the arguments.
    ShapeError, DTypeError
        If a tangent has not the shape or the dtype of its argument.

    Examples
    --------
    >>> y, linear = linearize(lambda x: x**2, 3.0)
    >>> float(y), float(linear(1.0)), float(linear(2.0))
    (9.0, 6.0, 12.0)
    """
    check_function("linearize", function)
    checked_flag("linearize", "has_aux", has_aux)
    leaves, structure = tree.flatten(args)
    is_varied = [has_tangent(leaf) for leaf in leaves]
    point = Point.of("linearize", function, args, is_varied, has_aux)
    seeds = [variable(node.array_type, name="tangent") for node in point.variables]
    masks = [variable(ArrayType(np.dtype(bool), node.shape)) for node in seeds]
    masked = [Masked(*pair, is_clean=True) for pair in zip(masks, seeds, strict=True)]
    found = tuple(_with_zeros(push_forward(point.outputs, point.variables, masked), point.outputs))
    run = _prepared([*seeds, *masks], found, point.variables)

    @boundary
    def linear(*tangents: Any) -> Any:
        point.check_usable("linearize: the linear map")
        chosen = tree.flatten_up_to(structure, tangents, "linearize: the tangents")
        paths = tree.paths(args, "tangents")
        checked = [_checked("linearize", *each) for each in zip(chosen, leaves, paths, strict=True)]
        directions = [
            np.zeros(node.shape, node.dtype) if each is None else each
            for each, node in zip(varied(checked, is_varied), point.variables, strict=True)
        ]
        if run is not None and not any(type(each) is Node for each in directions):
            are_present = [each != 0 for each in directions]
            given = {id(each) for each in directions}
            results: list[Any] = [
                unaliased(each, given) for each in run([*directions, *are_present])
            ]
        else:
            nodes = [as_node(each) for each in directions]
            nodes += [constant(np.ones(each.shape, bool)) for each in masks]
            replacements = [(node, False) for node in nodes]
            results = [node for node, _ in batched(found, [*seeds, *masks], replacements, 1)]
            results = evaluate_results(results, point.variables)
        return tree.unflatten(point.structure, results)

    outputs, aux = point.evaluated(lambda: (point.outputs, point.aux))
    value = tree.unflatten(point.structure, outputs)
    return (value, linear, aux) if has_aux else (value, linear)


def _directions(name: str, args: Sequence[Any], tangents: Sequence[Any]) -> list[Any]:
    """For each leaf of the arguments, its tangent; None where it is not varied."""
    leaves, structure = tree.flatten(tuple(args))
    chosen = [None] * len(leaves)
    if any(each is not None for each in tangents) or len(tangents) != len(args):
        filled = [
            tree.map_leaves(lambda _: None, each) if tangent is None else tangent
            for each, tangent in zip(args, tangents, strict=False)
        ]
        whole = (*filled, *tangents[len(filled) :])
        chosen = tree.flatten_up_to(structure, whole, f"{name}: the tangents")
    paths = tree.paths(tuple(args), "tangents")
    return [_checked(name, *each) for each in zip(chosen, leaves, paths, strict=True)]


def _checked(name: str, tangent: Any, leaf: Any, path: str) -> Any:
    """Check a tangent against its argument; None where it is absent, or the zero of integers."""
    if tangent is None:
        return None
    type_ = leaf.array_type if type(leaf) is Node else type_of(leaf, path)
    own = tangent.array_type if type(tangent) is Node else type_of(tangent, path)
    if own.shape != type_.shape:
        raise ShapeError(
            f"{name}: {path} is {own} and its argument {type_}; a tangent has the shape of its "
            "argument"
        )
    if not has_tangent(leaf):
        if type(tangent) is not Node and not np.any(tangent):
            return None
        raise DTypeError(
            f"{name}: {path} is not 0, but its argument is {type_}, and derivatives are by real "
            "numbers; pass None as its tangent, or the argument as x.astype(float)"
        )
    dtype = np.dtype(float) if type_.dtype.kind != "f" else type_.dtype
    if own.dtype != dtype and not own.weak:
        raise DTypeError(
            f"{name}: {path} is {own} and its argument {type_}; a tangent has the dtype of its "
            f"argument: pass it as np.asarray(tangent, {dtype.name!r})"
        )
    if type(tangent) is Node:
        return as_node(tangent) if own.dtype == dtype else as_node(tangent).astype(dtype)
    return np.asarray(tangent, dtype)


def _seed(direction: Any, leaf: Any) -> Cotangent:
    """A tangent as a node; where it is known to be 0, the argument is held fixed."""
    if type(direction) is Node:
        return direction
    node, is_present = constant(direction), np.asarray(direction) != 0
    return node if is_present.all() else Masked(constant(is_present), node, is_clean=True)


def _with_zeros(found: Sequence[Node | None], outputs: Sequence[Node]) -> list[Node]:
    return [zeros_of(y) if t is None else t for y, t in zip(outputs, found, strict=True)]


def _prepared(
    seeds: Sequence[Node], outputs: Sequence[Node], variables: Sequence[Node]
) -> Callable[[Sequence[Any]], list[Any]] | None:
    """Prepare the linear map, all else computed; None where it belongs to an outer trace."""
    if depends_on_others(outputs, [*seeds, *variables]):
        return None
    own = {node.serial for node in seeds}
    nodes = ancestors(outputs, lambda each: each.serial in own or each.is_known)
    known = {
        each.serial: each
        for node in (*nodes, Node(None, tuple(outputs), {}, ()))
        for each in node.inputs
        if each.is_known
    }
    compute(known.values())
    replacements = [(constant(each.known_value), False) for each in known.values()]
    fixed = batched(outputs, list(known.values()), replacements, 1)
    return prepare(Graph(tuple(seeds), tuple(node for node, _ in fixed), "linear"))
