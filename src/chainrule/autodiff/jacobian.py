"""``jacobian``, ``hessian`` and ``hvp``: first and second derivatives of Python functions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

import numpy as np

from chainrule import tree
from chainrule.arguments.aliases import CORE_ALIASES
from chainrule.arguments.checks import checked_flag
from chainrule.arguments.keywords import answers_foreign_names
from chainrule.autodiff.derivative import grad
from chainrule.autodiff.jacobian_graph import jacobian_blocks
from chainrule.autodiff.linearization import derivative_along
from chainrule.autodiff.point import Point
from chainrule.autodiff.recompilation import recompiled
from chainrule.autodiff.variables import checked_argnums, graph_name, lift
from chainrule.errors import ArgumentError, counted
from chainrule.graph.node import Node, constant
from chainrule.graph.trace_errors import check_function
from chainrule.ops.primitives.broadcasting import broadcast_to
from chainrule.tracebacks import boundary

__all__ = ["hessian", "hvp", "jacobian"]


@answers_foreign_names(CORE_ALIASES)
def jacobian(
    function: Callable[..., Any], argnums: int | Sequence[int] = 0, has_aux: bool = False
) -> Callable[..., Any]:
    """Return the function that computes the Jacobian, all partial derivatives of all outputs.

    Parameters
    ----------
    function : callable
        Plain NumPy code that returns an array of floats, or nested containers of them.
    argnums : int or sequence of int
        Which positional arguments to differentiate by, as for `grad`.
    has_aux : bool
        Whether the function returns ``(value, anything else)``; the rest is then returned too.

    Returns
    -------
    callable
        Takes the same arguments and returns ∂y/∂x of shape ``y.shape + x.shape``: for nested values
        nested as the value, and within as the argument; ``(jacobian, rest)`` with `has_aux`.

    Raises
    ------
    ArgumentError
        If `argnums` is no integer, or there is no such argument.
    DTypeError
        If an argument to differentiate by holds integers or booleans.

    Notes
    -----
    Forward or reverse mode, whichever takes fewer operations, runs once for all columns or rows.
    Where the graph shows that most entries are 0, such as off the band of a banded Jacobian, a few
    sums of columns or rows are computed in place of all.

    References
    ----------
    Griewank & Walther (2008), Evaluating Derivatives, chapters 3, 7 and 8.

    Examples
    --------
    >>> jacobian(lambda x: x**2)(np.array([1.0, 2.0]))
    array([[2., 0.],
           [0., 4.]])
    """
    return _derivative("jacobian", function, argnums, has_aux, _first_blocks, 1)


@answers_foreign_names(CORE_ALIASES)
def hessian(
    function: Callable[..., Any], argnums: int | Sequence[int] = 0, has_aux: bool = False
) -> Callable[..., Any]:
    """Return the function that computes the Hessian, all second derivatives of all outputs.

    It is computed by forward mode over reverse mode.

    Parameters
    ----------
    function : callable
        Plain NumPy code that returns a float, an array of floats, or nested containers of them.
    argnums : int or sequence of int
        Which positional arguments to differentiate by, as for `grad`.
    has_aux : bool
        Whether the function returns ``(value, anything else)``; the rest is then returned too.

    Returns
    -------
    callable
        Takes the same arguments and returns ∂²y/∂x² of shape ``y.shape + x.shape + x.shape``;
        nested as the value, and within twice as the argument.

    Raises
    ------
    ArgumentError
        If `argnums` is no integer, or there is no such argument.
    DTypeError
        If an argument to differentiate by holds integers or booleans.

    References
    ----------
    Griewank & Walther (2008), Evaluating Derivatives, section 5.1.

    Examples
    --------
    >>> hessian(lambda x: x[0] ** 2 * x[1])(np.array([1.0, 3.0]))
    array([[6., 2.],
           [2., 0.]])
    """
    return _derivative("hessian", function, argnums, has_aux, _second_blocks, 2)


@answers_foreign_names(CORE_ALIASES)
def hvp(
    function: Callable[..., Any], argnums: int | Sequence[int] = 0, has_aux: bool = False
) -> Callable[..., Any]:
    """Return the function that multiplies the Hessian of a scalar function by a vector.

    Parameters
    ----------
    function : callable
        Plain NumPy code that returns one float.
    argnums : int or sequence of int
        Which positional arguments to differentiate by, as for `grad`.
    has_aux : bool
        Whether the function returns ``(value, anything else)``; the rest is then returned too.

    Returns
    -------
    callable
        Takes the arguments of the function and, last, the vector, nested as the argument (a tuple
        of them for a sequence of `argnums`); returns the product, nested alike, at about the cost
        of two gradients. ``(product, rest)`` with `has_aux`.

    Raises
    ------
    ArgumentError
        If `argnums` is no integer, or there is no such argument, or no vector.
    ShapeError, DTypeError
        If the function returns anything but one float, the vector has not the shape or the dtype of
        its argument, or an argument to differentiate by holds integers or booleans.

    References
    ----------
    Pearlmutter (1994), Fast exact multiplication by the Hessian, Neural Computation 6(1).

    Examples
    --------
    >>> hvp(lambda x: x[0] ** 2 * x[1])(np.array([1.0, 3.0]), np.array([1.0, 0.0]))
    array([6., 2.])
    """
    check_function("hvp", function)
    positions, is_single = checked_argnums(argnums, "hvp")
    checked_flag("hvp", "has_aux", has_aux)
    jitted = recompiled(function, lambda source: hvp(source, argnums, has_aux))
    if jitted is not None:
        return jitted
    gradient = grad(function, argnums, has_aux)

    @boundary
    @wraps(function)
    def product(*args: Any, **kwargs: Any) -> Any:
        if len(args) < 2:
            raise ArgumentError(
                f"hvp: {graph_name(function)} was called with "
                f"{counted(len(args), 'positional argument')}; "
                "give its arguments and, last, the vector, as in hvp(f)(x, v)"
            )
        *point, vector = args
        chosen = [position % len(point) for position in positions]

        def restricted(*varied: Any) -> Any:
            inputs = list(point)
            for position, each in zip(chosen, varied, strict=True):
                inputs[position] = each
            return gradient(*inputs, **kwargs)

        direction = (vector,) if is_single else vector
        varied = [point[each] for each in chosen]
        found = derivative_along("hvp", restricted, varied, direction, has_aux)
        return found[1:] if has_aux else found[1]

    vars(product)["graph_name"] = f"Hessian of {graph_name(function)} times a vector"
    return product


def _first_blocks(
    outputs: Sequence[Node], inputs: Sequence[Node], mode: str = "either"
) -> list[list[Node]]:
    """Blocks of the Jacobian; those that are zero too."""
    return [
        [_or_zeros(block, y, x) for block, x in zip(row, inputs, strict=True)]
        for row, y in zip(jacobian_blocks(outputs, inputs, mode), outputs, strict=True)
    ]


def _second_blocks(outputs: Sequence[Node], inputs: Sequence[Node]) -> list[list[Any]]:
    """Jacobians of the blocks of the Jacobian: one row of blocks in place of each block."""
    first = _first_blocks(outputs, inputs, "reverse")
    flat = [block for row in first for block in row]
    second = iter(jacobian_blocks(flat, inputs, "forward"))
    return [
        [
            [_or_zeros(each, block, x) for each, x in zip(next(second), inputs, strict=True)]
            for block in row
        ]
        for row in first
    ]


def _or_zeros(block: Node | None, y: Node, x: Node) -> Node:
    if block is not None:
        return block
    dtype = y.dtype if y.array_type.is_float else x.dtype
    return broadcast_to(constant(np.zeros((), dtype)), (*y.shape, *x.shape))


def _derivative(
    name: str,
    function: Callable[..., Any],
    argnums: int | Sequence[int],
    has_aux: bool,
    differentiate: Callable[[Sequence[Node], Sequence[Node]], list[list[Any]]],
    order: int,
) -> Callable[..., Any]:
    """Make the function that computes derivatives, nested `order` times as the arguments."""
    check_function(name, function)
    positions, is_single = checked_argnums(argnums, name)
    checked_flag(name, "has_aux", has_aux)
    jitted = recompiled(
        function,
        lambda each: _derivative(name, each, argnums, has_aux, differentiate, order),
    )
    if jitted is not None:
        return jitted

    @boundary
    @wraps(function)
    def derivative(*args: Any, **kwargs: Any) -> Any:
        variables, arguments = lift(function, args, positions, name)
        point = Point.lifted(name, function, variables, (arguments, kwargs), args, has_aux)
        blocks, rest = point.evaluated(
            lambda: (differentiate(point.outputs, point.variables), point.aux)
        )
        chosen = args[positions[0]] if is_single else tuple(args[each] for each in positions)
        inner = tree.flatten(chosen)[1]
        nested = [_nested(row, inner, order) for row in blocks]
        result = tree.unflatten(point.structure, nested)
        return (result, rest) if has_aux else result

    vars(derivative)["graph_name"] = f"{name} of {graph_name(function)}"
    return derivative


def _nested(blocks: list[Any], structure: tree.Structure, depth: int) -> Any:
    """Nest blocks as the arguments are, `depth` times."""
    if depth > 1:
        blocks = [_nested(each, structure, depth - 1) for each in blocks]
    return tree.unflatten(structure, blocks)
