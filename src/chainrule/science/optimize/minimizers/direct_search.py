"""``fmin``, ``fmin_powell`` and ``fmin_cobyla``: no derivatives; SciPy's arguments and reports."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from scipy import optimize

from chainrule.science.flat_function import refuse_traced
from chainrule.science.optimize.minimizers.classic_call import call
from chainrule.science.optimize.minimizers.minimize import supplied
from chainrule.science.optimize.minimizers.objective import Objective

__all__ = ["fmin", "fmin_cobyla", "fmin_powell"]


def fmin(
    func: Callable[..., Any],
    x0: Any,
    args: Any = (),
    xtol: float = 1e-4,
    ftol: float = 1e-4,
    maxiter: int | None = None,
    maxfun: int | None = None,
    full_output: int = 0,
    disp: int = 1,
    retall: int = 0,
    callback: Callable[..., Any] | None = None,
    initial_simplex: Any = None,
) -> Any:
    """Minimise a function by the downhill simplex method, without derivatives.

    Called as `scipy.optimize.fmin`; `x0` may be a tree.

    Parameters
    ----------
    func : callable
        ``func(x, *args)`` returns one number.
    x0 : number, array of shape (n,) or tree of arrays
        The start.
    args : tuple
        Further arguments of `func`.
    xtol, ftol : float
        Largest absolute error of the minimum and of its value.
    maxiter, maxfun : int, optional
        Largest number of iterations and of evaluations; 200 n by default.
    full_output, disp, retall : bool
        Whether to return details, to print the report, and to return the iterates.
    callback : callable, optional
        ``callback(x)`` after each iteration.
    initial_simplex : array, (n + 1, n), optional
        Replaces `x0`.

    Returns
    -------
    array, tree or tuple
        The minimum; with `full_output`, ``(x, value, iterations, evaluations, warnflag)``; with
        `retall`, the iterates after that.

    Raises
    ------
    TraceError
        If `x0` or `args` are traced values.

    References
    ----------
    Nelder & Mead (1965), A simplex method for function minimization, Computer Journal 7.

    Examples
    --------
    >>> x = fmin(lambda x: x**2 - 4 * x + 8, 0)
    Optimization terminated successfully.
             Current function value: 4.000000
             Iterations: 27
             Function evaluations: 54
    >>> x.round(3).tolist()
    [2.0]
    """
    return call(
        optimize.fmin,
        "nelder-mead",
        (func, x0, args),
        callback,
        {"xtol": xtol, "ftol": ftol, "maxiter": maxiter, "maxfun": maxfun,
         "full_output": full_output, "disp": disp, "retall": retall,
         "initial_simplex": initial_simplex},
    )  # fmt: skip


def fmin_powell(
    func: Callable[..., Any],
    x0: Any,
    args: Any = (),
    xtol: float = 1e-4,
    ftol: float = 1e-4,
    maxiter: int | None = None,
    maxfun: int | None = None,
    full_output: int = 0,
    disp: int = 1,
    retall: int = 0,
    callback: Callable[..., Any] | None = None,
    direc: Any = None,
) -> Any:
    """Minimise a function by Powell's method of conjugate directions, without derivatives.

    Called as `scipy.optimize.fmin_powell`; `x0` may be a tree.

    Parameters
    ----------
    func : callable
        ``func(x, *args)`` returns one number.
    x0 : number, array of shape (n,) or tree of arrays
        The start.
    args : tuple
        Further arguments of `func`.
    xtol, ftol : float
        Error of the line searches, and relative error of the value.
    maxiter, maxfun : int, optional
        Largest number of iterations and of evaluations; 1000 n by default.
    full_output, disp, retall : bool
        Whether to return details, to print the report, and to return the iterates.
    callback : callable, optional
        ``callback(x)`` after each iteration.
    direc : array, (n, n), optional
        The first directions.

    Returns
    -------
    array, tree or tuple
        The minimum; with `full_output`, ``(x, value, directions, iterations, evaluations,
        warnflag)``; with `retall`, the iterates after that.

    Raises
    ------
    TraceError
        If `x0` or `args` are traced values.

    References
    ----------
    Powell (1964), An efficient method for finding the minimum of a function of several variables
    without calculating derivatives, Computer Journal 7.

    Examples
    --------
    >>> x = fmin_powell(lambda x: x**2 - 4 * x + 8, 0, disp=False)
    >>> x.round(6).tolist()
    [2.0]
    """
    return call(
        optimize.fmin_powell,
        "powell",
        (func, x0, args),
        callback,
        {"xtol": xtol, "ftol": ftol, "maxiter": maxiter, "maxfun": maxfun,
         "full_output": full_output, "disp": disp, "retall": retall, "direc": direc},
    )  # fmt: skip


def fmin_cobyla(
    func: Callable[..., Any],
    x0: Any,
    cons: Any,
    args: Any = (),
    consargs: Any = None,
    rhobeg: float = 1.0,
    rhoend: float = 1e-4,
    maxfun: int = 1000,
    disp: int | None = None,
    catol: float = 2e-4,
    *,
    callback: Callable[..., Any] | None = None,
) -> Any:
    """Minimise a function under constraints by linear approximations, without derivatives.

    Called as `scipy.optimize.fmin_cobyla`; `x0` may be a tree.

    Parameters
    ----------
    func : callable
        ``func(x, *args)`` returns one number.
    x0 : array of shape (n,) or tree of arrays
        The start.
    cons : callable or sequence of callables
        Constraints, which must be at least 0.
    args : tuple
        Further arguments of `func`.
    consargs : tuple, optional
        Further arguments of the constraints; `args` by default.
    rhobeg, rhoend : float
        First and last size of the changes of the variables.
    maxfun : int
        Largest number of evaluations.
    disp : int, optional
        What to print, from 0 to 3.
    catol : float
        By how much constraints may be violated.
    callback : callable, optional
        ``callback(x)`` after each iteration.

    Returns
    -------
    array or tree
        The minimum.

    Raises
    ------
    TraceError
        If `x0` or `args` are traced values.

    References
    ----------
    Powell (1994), A direct search optimization method that models the objective and constraint
    functions by linear interpolation.

    Examples
    --------
    >>> x = fmin_cobyla(lambda x: x[0] + x[1], [0.0, 0.5], lambda x: 1 - x[0]**2 - x[1]**2)
    >>> x.round(2).tolist()
    [-0.71, -0.71]
    """
    refuse_traced("fmin_cobyla", (x0, args, consargs))
    args = args if isinstance(args, tuple) else (args,)
    fun, start, _, objective = supplied("fmin_cobyla", func, x0, args, "cobyla", {})
    if objective is not None:
        callback = objective.callback(callback)
        if objective.flat.is_tree:
            several = [cons] if callable(cons) else list(cons)
            cons = [_of_vector(each, objective) for each in several]
    found = optimize.fmin_cobyla(
        fun, start, cons, args, consargs, rhobeg, rhoend, maxfun, disp, catol, callback=callback
    )
    return found if objective is None else objective.flat.restored(found)


def _of_vector(function: Callable[..., Any], objective: Objective) -> Callable[..., Any]:
    def of_vector(x: Any, *args: Any) -> Any:
        return function(objective.flat.restored(x), *args)

    return of_vector
