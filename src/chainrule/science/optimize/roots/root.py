"""Roots of systems of equations, by the methods of `scipy.optimize.root`, and ``fsolve``."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

from scipy import optimize

from chainrule.science.optimize.roots.derivative import attempt
from chainrule.science.optimize.roots.krylov import KRYLOV_FAILURES, krylov_root
from chainrule.science.optimize.roots.system import System, first_of
from chainrule.tracebacks import boundary

__all__ = ["fsolve", "root"]

_DIFFERENCES = "its Jacobian is computed by SciPy's differences"


@boundary
def root(
    fun: Callable[..., Any],
    x0: Any,
    args: Any = (),
    method: str = "hybr",
    jac: Callable[..., Any] | bool | None = None,
    tol: float | None = None,
    callback: Callable[..., Any] | None = None,
    options: dict[str, Any] | None = None,
) -> Any:
    """Find a root of a system of equations, with exact derivatives.

    Called as `scipy.optimize.root`. "hybr" and "lm" get the exact Jacobian, "krylov" its exact
    products with vectors; the other methods use no derivatives. Where the method fails with them,
    at a point where the Jacobian is singular or infinite, say, or the function cannot be traced,
    which is warned of, differences are used as in SciPy.

    Parameters
    ----------
    fun : callable
        ``fun(x, *args)``, as many numbers as x has, in an array, a list or a tree.
    x0 : number, array or tree of arrays
        Where to begin. `fun` gets a number or an array as SciPy gives it, a tree as it is.
    args : tuple
        Further arguments of `fun` and `jac`.
    method : str
        "hybr", "lm", "krylov", "df-sane", "broyden1", "broyden2", "anderson", "linearmixing",
        "diagbroyden" or "excitingmixing".
    jac : callable, bool or None
        The Jacobian ``jac(x, *args)``, of shape (n, n); True if `fun` returns it after its value;
        False for differences. Derived unless given.
    tol : float or None
        Tolerance for termination.
    callback : callable or None
        ``callback(x, f)`` after each iteration, except of "hybr" and "lm".
    options : dict or None
        Options of the method.

    Returns
    -------
    OptimizeResult
        ``x``, as `x0` is nested, ``fun``, ``success``, ``message``, ``nfev`` and what else SciPy
        has.

    Raises
    ------
    TypeError
        If `fun` returns another number of components than x has.
    ValueError
        If there is no such method.
    TraceError
        If `x0` or `args` hold a traced value.

    References
    ----------
    Moré, Garbow & Hillstrom (1980), User Guide for MINPACK-1.

    Examples
    --------
    >>> import numpy as np
    >>> def f(x):
    ...     return [x[0] * np.cos(x[1]) - 4, x[1] * x[0] - x[1] - 5]
    >>> found = root(f, [1, 1])
    >>> found.x.round(8), found.success
    (array([6.50409711, 0.90841421]), True)
    >>> def equations(p):
    ...     return {"sum": p["a"] + p["b"] - 3, "cube": p["b"] ** 3 - 8}
    >>> x = root(equations, {"a": 0.0, "b": 1.0}).x
    >>> print(x["a"].round(6), x["b"].round(6))
    1.0 2.0
    """
    args = args if isinstance(args, tuple) else (args,)
    kind, options = method.lower(), dict(options or {})
    if kind == "krylov" and jac is not None:
        warnings.warn(f"Method {method} does not use the jacobian (jac).", RuntimeWarning, 3)
        fun, jac = (first_of(fun) if jac is True else fun), None
    system = System("root", fun, x0, args, is_square=kind != "lm")
    rest: dict[str, Any] = {"method": method, "tol": tol, "callback": system.callback(callback)}
    found = None
    if jac is None and kind in ("hybr", "lm"):
        exact = {**options, "col_deriv": 0}
        found = attempt("root", fun, _DIFFERENCES, lambda: optimize.root(
            system.function, system.start, args, jac=system.jacobian, options=exact, **rest
        ))  # fmt: skip
    elif kind == "krylov":
        found = attempt("root", fun, _DIFFERENCES, lambda: krylov_root(
            system, args, tol, rest["callback"], options
        ), KRYLOV_FAILURES)  # fmt: skip
    if found is None or not found.success:
        function = system.of_vector(fun) if jac is True else system.function
        jac = system.of_vector(jac)
        found = optimize.root(function, system.start, args, jac=jac, options=options, **rest)  # pyright: ignore[reportArgumentType]
    found.x = system.restored(found.x)
    return found


@boundary
def fsolve(
    func: Callable[..., Any],
    x0: Any,
    args: Any = (),
    fprime: Callable[..., Any] | None = None,
    full_output: bool | int = 0,
    col_deriv: bool | int = 0,
    xtol: float = 1.49012e-8,
    maxfev: int = 0,
    band: tuple[int, int] | None = None,
    epsfcn: float | None = None,
    factor: float = 100,
    diag: Any = None,
) -> Any:
    """Find a root of a system of equations by Powell's hybrid method, with the exact Jacobian.

    Called as `scipy.optimize.fsolve`. Differences are used as there where the method fails with
    exact derivatives, or the function cannot be traced, which is warned of.

    Parameters
    ----------
    func : callable
        ``func(x, *args)``, as many numbers as x has, in an array, a list or a tree.
    x0 : number, array or tree of arrays
        Where to begin.
    args : tuple
        Further arguments of `func` and `fprime`.
    fprime : callable or None
        The Jacobian, of shape (n, n). Derived unless given.
    full_output : bool
        Whether to return the details, too.
    col_deriv : bool
        Whether `fprime` returns the transpose.
    xtol : float
        Relative error of the solution.
    maxfev : int
        The largest number of evaluations; 0 for 100 (n + 1).
    band : tuple of two integers or None
        Numbers of diagonals below and above the main one, for differences.
    epsfcn : float or None
        Relative step of differences.
    factor : float
        Bound of the first step.
    diag : sequence of floats or None
        Scales of the variables.

    Returns
    -------
    array or tree, or a tuple
        The solution, as `x0` is nested; with `full_output`, ``(x, infodict, ier, mesg)``.

    Raises
    ------
    TypeError
        If `func` returns another number of components than x has, or `x0` or `args` hold a traced
        value (TraceError).

    References
    ----------
    Powell (1970), A hybrid method for nonlinear equations.

    Examples
    --------
    >>> import numpy as np
    >>> def f(x, a):
    ...     return x**2 - a
    >>> x, details, _, message = fsolve(f, [1, 1], (np.array([4.0, 9.0]),), full_output=True)
    >>> print(x, message, details["njev"])
    [2. 3.] The solution converged. 1
    """
    args = args if isinstance(args, tuple) else (args,)
    system = System("fsolve", func, x0, args)
    settings: dict[str, Any] = {
        "xtol": xtol, "maxfev": maxfev, "band": band, "epsfcn": epsfcn, "factor": factor,
        "diag": diag,
    }  # fmt: skip
    f, start = system.function, system.start
    found: Any = None
    if fprime is None:
        found = attempt("fsolve", func, _DIFFERENCES, lambda: optimize.fsolve(
            f, start, args, system.jacobian, full_output=1, **settings
        ))  # fmt: skip
    if found is None or found[2] != 1:
        found = optimize.fsolve(
            f, start, args, system.of_vector(fprime), full_output, col_deriv, **settings
        )  # fmt: skip
        if not full_output:
            return system.restored(found)
    x, *details = found
    return (system.restored(x), *details) if full_output else system.restored(x)
