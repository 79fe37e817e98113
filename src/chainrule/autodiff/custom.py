"""Custom derivative rules: ``custom_vjp`` and ``stop_gradient``."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from chainrule import tree
from chainrule.arguments.aliases import CORE_ALIASES
from chainrule.arguments.keywords import answers_foreign_names
from chainrule.errors import ArgumentError, type_in_words
from chainrule.graph.node import Node
from chainrule.graph.trace_errors import check_function
from chainrule.ops.primitives.custom_derivative import with_backward
from chainrule.ops.primitives.selection import stop_gradient as _stop
from chainrule.tracebacks import boundary

__all__ = ["custom_vjp", "stop_gradient"]


@answers_foreign_names(CORE_ALIASES)
def custom_vjp(forward: Callable[..., Any], backward: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function with a derivative rule written by hand.

    Parameters
    ----------
    forward : callable
        ``forward(*args)`` returns ``(output, residuals)``: the value, and whatever the derivative
        will need (nested containers of arrays).
    backward : callable
        ``backward(residuals, cotangent)`` returns a tuple with one cotangent for each argument,
        nested as the argument; None for an argument without derivative. For a function of one
        argument the cotangent alone will do.

    Returns
    -------
    callable
        ``f(*args)`` returns the output alone.

    Raises
    ------
    ArgumentError
        If `forward` does not return a pair, or `backward` not one cotangent for each argument.

    Examples
    --------
    A logarithm whose derivative stays finite:

    >>> import numpy as np
    >>> from chainrule.autodiff.derivative import grad
    >>> safe_log = custom_vjp(
    ...     lambda x: (np.log(x), x), lambda x, cotangent: cotangent / np.maximum(x, 0.1)
    ... )
    >>> float(grad(safe_log)(0.001))
    10.0
    """
    check_function("custom_vjp", forward)
    check_function("custom_vjp", backward)
    name = getattr(forward, "__name__", "forward")

    @boundary
    @wraps(forward)
    def function(*args: Any) -> Any:
        result = forward(*args)
        if not isinstance(result, tuple) or len(result) != 2:
            raise ArgumentError(
                f"custom_vjp: {name} must return a pair (output, residuals), "
                f"got {type_in_words(result)}"
            )
        output, residuals = result
        if not tree.flatten(output)[0]:
            raise ArgumentError(
                f"custom_vjp: {name} returned the output {output!r}, which holds no array; return "
                "(output, residuals) with the value first"
            )
        leaves = tree.flatten(args)[0]
        return with_backward(
            output, leaves, lambda ct: _flat(backward(residuals, ct), args, backward)
        )

    return function


def _flat(returned: Any, args: tuple[Any, ...], backward: Callable[..., Any]) -> list[Any]:
    """The cotangents of all leaves; None for an argument is None for each of its leaves."""
    name = getattr(backward, "__name__", "backward")
    if returned is None:
        zero = "(None,)" if len(args) == 1 else "a tuple with None for each argument without one"
        raise ArgumentError(
            f"custom_vjp: {name} returned None, the result of a function without return; return "
            f"the cotangent of each argument ({zero} if there is no derivative)"
        )
    if len(args) == 1 and not (isinstance(returned, tuple) and len(returned) == 1):
        returned = (returned,)
    if not isinstance(returned, tuple | list) or len(returned) != len(args):
        raise ArgumentError(
            f"custom_vjp: {name} must return a tuple of {len(args)} cotangents, one for each "
            f"argument, got {type(returned).__name__}"
        )
    flat: list[Any] = []
    for argument, cotangent in zip(args, returned, strict=True):
        leaves, structure = tree.flatten(argument)
        is_zero = cotangent is None
        flat += [None] * len(leaves) if is_zero else tree.flatten_like(structure, cotangent)
    return flat


@answers_foreign_names(CORE_ALIASES)
def stop_gradient(values: Any) -> Any:
    """Return `values` unchanged, with derivative zero.

    Parameters
    ----------
    values : nested containers of arrays or numbers
        The values.

    Examples
    --------
    >>> from chainrule.autodiff.derivative import grad
    >>> float(grad(lambda x: x * stop_gradient(x))(3.0))
    3.0
    """
    return tree.map_leaves(lambda x: _stop(x) if isinstance(x, Node) else x, values)
