"""Newton's and Halley's methods with exact derivatives, as `scipy.optimize.newton` is called."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from scipy import optimize

from chainrule.science.optimize.roots.derivative import attempt
from chainrule.science.optimize.roots.scalar_function import ScalarFunction
from chainrule.tracebacks import boundary

__all__ = ["newton"]


class _ArrayResult(NamedTuple):
    root: Any
    converged: Any
    zero_der: Any


@boundary
def newton(
    func: Callable[..., Any],
    x0: Any,
    fprime: Callable[..., Any] | None = None,
    args: Any = (),
    tol: float = 1.48e-8,
    maxiter: int = 50,
    fprime2: Callable[..., Any] | bool | None = None,
    x1: Any = None,
    rtol: float = 0.0,
    full_output: bool = False,
    disp: bool = True,
) -> Any:
    """Find a root near a point by Newton's method, or Halley's, with exact derivatives.

    Newton's step is x - f/f', Halley's x - f/f' / (1 - f f'' / (2 f'²)). Called as
    `scipy.optimize.newton`, which has the secant method where `fprime` is not given. It is used
    here, too, where Newton's method fails: f' is 0 or infinite, the iteration does not converge, or
    f cannot be traced, which is warned of.

    Parameters
    ----------
    func : callable
        ``func(x, *args)``, a number for a number; of an array, one value for each of its elements.
    x0 : float or array
        Where to begin; of an array, each element is the start of a search.
    fprime : callable or None
        The first derivative, ``fprime(x, *args)``; derived unless given.
    args : tuple
        Further arguments of the three functions.
    tol : float > 0
        The size of the last step.
    maxiter : int >= 1
        The largest number of iterations.
    fprime2 : callable, bool or None
        The second derivative, for Halley's method; True derives it.
    x1 : float or None
        A second point: it asks for the secant method, unless `fprime` is given.
    rtol : float
        The size of the last step relative to x.
    full_output : bool
        Whether to return the details, too.
    disp : bool
        Whether a RuntimeError is raised where the method does not converge.

    Returns
    -------
    float or array, or a tuple
        The root; with `full_output`, ``(root, RootResults)`` for a number, and the named tuple
        ``(root, converged, zero_der)`` for an array.

    Raises
    ------
    RuntimeError
        If there is no convergence, and `disp`.
    ValueError
        If an argument is out of range.

    References
    ----------
    Traub (1964), Iterative Methods for the Solution of Equations, sections 1.1 and 5.2.

    Examples
    --------
    >>> root, details = newton(lambda x: x**3 - 8, 3.0, full_output=True)
    >>> print(root, details.method, details.iterations)
    2.0 newton 6
    >>> root, details = newton(lambda x: x**3 - 8, 3.0, fprime2=True, full_output=True)
    >>> print(root, details.method, details.iterations)
    2.0 halley 4
    >>> newton(lambda x, a: x**2 - a, np.ones(3), args=(np.array([1.0, 4.0, 9.0]),))
    array([1., 2., 3.])
    """
    settings = {"tol": tol, "maxiter": maxiter, "rtol": rtol}
    rest: dict[str, Any] = {**settings, "x1": x1, "full_output": full_output, "disp": disp}
    if fprime is not None and fprime2 is True:
        return _with_second(func, x0, fprime, args, rest)
    if fprime is None and x1 is None and tol > 0 and maxiter > 0:
        function = ScalarFunction(func, 2 if fprime2 is True else 1, is_strict=True)
        fprime2 = function.second if fprime2 is True else fprime2
        solve = _of_array if np.size(x0) > 1 else _of_number
        found = attempt(
            "newton", func, "the root is found by SciPy's secant method",
            lambda: solve(function, x0, args, fprime2 or None, settings),
            Exception,  # raised again by the secant method, or caused by a step of Newton's
        )  # fmt: skip
        if found is not None:
            return found if full_output else found[0]
        fprime2 = None
    return optimize.newton(func, x0, fprime, args, fprime2=fprime2, **rest)


def _with_second(
    func: Callable[..., Any], x0: Any, fprime: Callable[..., Any], args: Any, rest: dict[str, Any]
) -> Any:
    """Halley's method with the user's first derivative and the exact second one."""
    function = ScalarFunction(func, 2)

    def solve() -> tuple[Any]:
        return (optimize.newton(function.value, x0, fprime, args, fprime2=function.second, **rest),)

    found = attempt("newton", func, "the root is found by Newton's method", solve)
    return optimize.newton(func, x0, fprime, args, **rest) if found is None else found[0]


def _of_number(
    function: ScalarFunction, x0: Any, args: Any, fprime2: Any, settings: dict[str, Any]
) -> Any:
    """Return root and details by SciPy's loop, None where it does not converge."""
    found: Any = optimize.newton(
        function.value, x0, function.first, args, fprime2=fprime2, full_output=True, disp=False,
        **settings,
    )  # fmt: skip
    return found if found[1].converged else None


def _of_array(
    function: ScalarFunction, x0: Any, args: Any, fprime2: Any, settings: dict[str, Any]
) -> Any:
    """Return the roots from all points, None where one of them does not converge."""
    x = np.array(x0)
    for _ in range(settings["maxiter"]):
        value = np.asarray(function.value(x, *args))
        if not np.any(value):
            return _all_converged(x)
        first = np.asarray(function.first(x, *args))
        step = np.divide(value, first, out=np.zeros(x.shape), where=value != 0)
        if fprime2 is not None:
            second = np.asarray(fprime2(x, *args))
            adjustment = np.divide(step * second, 2 * first, out=np.zeros(x.shape), where=step != 0)
            step = np.where(np.abs(adjustment) < 1, step / (1 - adjustment), step)
        x = np.asarray(x - step, np.result_type(x, step, np.float64))
        if np.all(np.abs(step) < settings["tol"]):
            return _all_converged(x)
    return None


def _all_converged(x: Any) -> Any:
    return _ArrayResult(x, np.ones(x.shape, bool), np.zeros(x.shape, bool))
