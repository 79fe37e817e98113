"""The continuous adjoint: gradients of a solution by a second differential equation.

With L a function of the values y(tᵢ), the adjoint a(t) = ∂L/∂y(t) obeys, backwards in time,

    da/dt = -(∂f/∂y)ᵀ a,    dg/dt = -(∂f/∂θ)ᵀ a,    a(tᵢ) += ∂L/∂y(tᵢ),    g(t_end) = 0,

and ends with ∂L/∂y₀ = a(t₀), ∂L/∂θ = g(t₀). The solution, which f and its derivatives are taken
at, is integrated backwards along with them, from the stored value at each output time.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule import tree
from chainrule.autodiff.control_flow.scan import scan
from chainrule.autodiff.custom import custom_vjp
from chainrule.autodiff.derivative import vjp
from chainrule.errors import ArgumentError
from chainrule.graph.node import Node
from chainrule.graph.reachable_state import find_reachable_state
from chainrule.graph.trace_errors import check_function
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
        Further arguments of `function`, nested containers of float arrays.
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
        If `function` reads a traced value that is none of its arguments.

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
    _refuse_captured(function)
    args = args if isinstance(args, tuple) else (args,)
    options: dict[str, Any] = {"method": method, "rtol": rtol, "atol": atol}
    start, unravel = ravel(y0, "adjoint: y0")
    parameters, unravel_args = ravel(args, "adjoint: args") if args else (np.zeros(0), tuple)

    def derivative(t: Any, y: Any, parameters: Any) -> Any:
        given = unravel_args(parameters) if args else ()
        return ravel(function(t, unravel(y), *given), "adjoint: dy/dt")[0].astype(y.dtype)

    def forward(y0: Any, t: Any, parameters: Any) -> Any:
        rows = integrate(derivative, y0, t, (parameters,), **options).y
        return rows, (rows, t, parameters)

    def backward(residuals: Any, cotangents: Any) -> Any:
        rows, t, parameters = residuals
        return _backward(derivative, rows, t, parameters, cotangents, options)

    return unravel(custom_vjp(forward, backward)(start, t, parameters))


def _refuse_captured(function: Callable[..., Any]) -> None:
    """Raise for a traced value in a closure, by which there would be no derivative."""
    for place, value in find_reachable_state(function).values():
        if any(type(leaf) is Node for leaf in tree.flatten(value)[0]):
            raise ArgumentError(
                f"adjoint: the function reads {place.label}, which is traced and none of its "
                "arguments, so the gradient by it would be lost; pass it in args, as in "
                "adjoint(lambda t, y, a: a * y, y0, t, args=(a,))"
            )


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
        return (found["adjoint"][-1], found["parameters"][-1]), d_end

    reverse = slice(None, None, -1)
    given = rows[1:][reverse], cotangents[1:][reverse], t[1:][reverse], t[:-1][reverse]
    (a, g), d_ends = scan(interval, (rows[0] * 0, parameters * 0), given)
    d_start = -np.sum(derivative(t[0], rows[0], parameters) * a)
    return a + cotangents[0], np.concatenate([np.reshape(d_start, (1,)), d_ends[reverse]]), g
