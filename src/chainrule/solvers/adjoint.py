"""The continuous adjoint: gradients of a solution by a second differential equation.

With L a function of the values y(tᵢ), the adjoint a(t) = ∂L/∂y(t) obeys, backwards in time,

    da/dt = -(∂f/∂y)ᵀ a,    dg/dt = -(∂f/∂θ)ᵀ a,    a(tᵢ) += ∂L/∂y(tᵢ),    g(t_end) = 0,

and ends with ∂L/∂y₀ = a(t₀), ∂L/∂θ = g(t₀). The solution, which f and its derivatives are taken
at, is integrated backwards along with them, from the stored value at each output time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from chainrule import tree
from chainrule.autodiff.control_flow.body_batching import inlined
from chainrule.autodiff.control_flow.loop_body import captured_nodes, traced_body, type_of_leaf
from chainrule.autodiff.control_flow.scan import scan
from chainrule.autodiff.custom import custom_vjp
from chainrule.autodiff.derivative import vjp
from chainrule.errors import ArgumentError
from chainrule.graph.graph import Graph
from chainrule.graph.node import Node, as_node, variable
from chainrule.graph.trace_errors import check_function
from chainrule.ops.primitives.promotion import as_array
from chainrule.solvers.flat_vector import ravel
from chainrule.solvers.initial_value import integrate

__all__ = ["adjoint"]


def adjoint(
    function: Callable[..., Any],
    y0: Any,
    t: Any,
    args: Any = (),
    method: str = "tsit5",
    rtol: Any = 1.4e-8,
    atol: Any = 1.4e-8,
) -> Any:
    """Solve dy/dt = f(t, y), with gradients by the continuous adjoint in constant memory.

    They have the error of an integration, where those of `integrate` are exact for the steps that
    were taken; both agree as the tolerances decrease. Derivatives are of first order, in reverse
    mode, by `y0`, `t` and `args`.

    Parameters
    ----------
    function : callable
        ``function(t, y, *args)`` returns dy/dt, nested as `y`: plain NumPy code.
    y0 : nested containers of float arrays
        The initial value, at ``t[0]``; a list of numbers is an array.
    t : array, float, (times,)
        The output times, increasing or decreasing, no two of them equal.
    args : tuple
        Further arguments of `function`, nested containers of float arrays. Traced values of floats
        that it reads besides have derivatives too.
    method : {"tsit5", "dormand_prince", "dop853", "rosenbrock", "auto"}
        The method of both integrations, as of `integrate`.
    rtol, atol : float >= 0, or nested as `y0`
        Bounds of the estimated error of a step in both integrations, as of `integrate`.

    Returns
    -------
    nested containers of arrays, each (times, ...)
        The solution at the output times.

    Raises
    ------
    ArgumentError
        If `function` reads a traced value that is none of its arguments, and is not of floats.

    References
    ----------
    Pontryagin et al. (1962), The Mathematical Theory of Optimal Processes. Chen, Rubanova,
    Bettencourt & Duvenaud (2018), "Neural ordinary differential equations", appendix B and C.

    Examples
    --------
    >>> from chainrule.autodiff.derivative import grad
    >>> def end(rate):
    ...     return adjoint(lambda t, y, rate: -rate * y, 1.0, np.array([0.0, 2.0]), (rate,))[-1]
    >>> print(np.round(grad(end)(0.5), 5))  # -2 exp(-1)
    -0.73576
    """
    check_function("adjoint", function)
    args = args if isinstance(args, tuple) else (args,)
    options: dict[str, Any] = {"method": method, "rtol": rtol, "atol": atol}
    start, unravel = ravel(y0, "adjoint: y0")

    def rates(t: Any, y: Any, *given: Any) -> Any:
        return ravel(function(t, unravel(y), *given), "adjoint: dy/dt")[0].astype(y.dtype)

    captured, closed = _closed(rates, as_array(t), start, args)
    every = (args, captured)
    is_constant = not tree.flatten(every)[0]
    parameters, unravel_all = (
        (np.zeros(0, start.dtype), None) if is_constant else ravel(every, "adjoint: args")
    )

    def derivative(t: Any, y: Any, parameters: Any) -> Any:
        given, nodes = every if unravel_all is None else unravel_all(parameters)
        return closed(t, y, given, nodes)

    def forward(y0: Any, t: Any, parameters: Any) -> Any:
        rows = integrate(derivative, y0, t, (parameters,), **options).y
        return rows, (rows, t, parameters)

    def backward(residuals: Any, cotangents: Any) -> Any:
        rows, t, parameters = residuals
        return _backward(derivative, rows, t, parameters, cotangents, options)

    return unravel(custom_vjp(forward, backward)(start, t, parameters))


def _closed(
    rates: Callable[..., Any], t: Any, y: Any, args: Any
) -> tuple[list[Node], Callable[..., Any]]:
    """Return the traced values that a function captures, and the function of these too.

    What it captures, as the weights of layers, has a derivative as its arguments have.
    """
    leaves, structure = tree.flatten(args)
    types = [type_of_leaf(each, "adjoint") for each in (t, y, *leaves)]
    own = [variable(each) for each in (types[0].with_shape(()), *types[1:])]
    arguments = [*own[:2], *tree.unflatten(structure, own[2:])]
    value = traced_body("adjoint", rates, arguments, own, as_node)
    captured = captured_nodes([value], own)
    if not captured:
        return [], lambda t, y, given, _: rates(t, y, *given)
    for node in captured:
        if not node.array_type.is_float:
            raise ArgumentError(
                f"adjoint: the function reads a traced value of {node.type}, which is none of its "
                "arguments; pass it in args as floats, and convert it inside"
            )
    graph = Graph((*captured, *own), (value,), "dy/dt")

    def closed(t: Any, y: Any, given: Any, nodes: Sequence[Any]) -> Any:
        operands = [*nodes, t, y, *tree.flatten(given)[0]]
        return inlined(graph, [as_node(each) for each in operands])[0]

    return captured, closed


def _backward(
    derivative: Callable[[Any, Any, Any], Any],
    rows: Any,
    t: Any,
    parameters: Any,
    cotangents: Any,
    options: dict[str, Any],
) -> tuple[Any, Any, Any]:
    """Integrate the adjoint from the last output time to the first."""

    def augmented(time: Any, state: Any, parameters: Any) -> Any:
        rates, pullback = vjp(lambda y, p: derivative(time, y, p), state["y"], parameters)
        d_y, d_parameters = pullback(state["adjoint"])
        return {"y": rates, "adjoint": -d_y, "parameters": -d_parameters}

    def interval(carry: Any, given: Any) -> Any:
        a, g = carry
        y, cotangent, end, start = given
        d_end = np.sum(derivative(end, y, parameters) * cotangent)
        state = {"y": y, "adjoint": a + cotangent, "parameters": g}
        found = integrate(augmented, state, np.stack([end, start]), (parameters,), **options).y
        a, g = found["adjoint"][-1].astype(a.dtype), found["parameters"][-1].astype(g.dtype)
        return (a, g), d_end

    reverse = slice(None, None, -1)
    given = rows[1:][reverse], cotangents[1:][reverse], t[1:][reverse], t[:-1][reverse]
    (a, g), d_ends = scan(interval, (rows[0] * 0, parameters * 0), given)
    d_start = -np.sum(derivative(t[0], rows[0], parameters) * a)
    return a + cotangents[0], np.concatenate([np.reshape(d_start, (1,)), d_ends[reverse]]), g
