"""``fmin_l_bfgs_b`` and ``fmin_tnc``: minima within bounds, by SciPy, with exact gradients."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from scipy import optimize

from chainrule.science.flat_function import FlatFunction, refuse_traced
from chainrule.science.optimize.minimizers.minimize import supplied
from chainrule.science.optimize.minimizers.objective import Objective
from chainrule.science.optimize.minimizers.tree_settings import (
    bounds_of_vector,
    options_of_vector,
)

__all__ = ["fmin_l_bfgs_b", "fmin_tnc"]

_defaults = inspect.signature(optimize.fmin_l_bfgs_b).parameters
_IPRINT: Any = _defaults["iprint"].default
_DISP: Any = _defaults["disp"].default


def fmin_l_bfgs_b(
    func: Callable[..., Any],
    x0: Any,
    fprime: Callable[..., Any] | None = None,
    args: Any = (),
    approx_grad: int = 0,
    bounds: Any = None,
    m: int = 10,
    factr: float = 1e7,
    pgtol: float = 1e-5,
    epsilon: float = 1e-8,
    iprint: Any = _IPRINT,
    maxfun: int = 15000,
    maxiter: int = 15000,
    disp: Any = _DISP,
    callback: Callable[..., Any] | None = None,
    maxls: int = 20,
) -> Any:
    """Minimise a function within bounds by L-BFGS-B.

    Called as `scipy.optimize.fmin_l_bfgs_b`. If `func` returns one number and `fprime` is not
    given, the gradient is derived, with `approx_grad` or without.

    Parameters
    ----------
    func : callable
        ``func(x, *args)`` returns one number, or value and gradient.
    x0 : number, array of shape (n,) or tree of arrays
        The start.
    fprime : callable, optional
        The gradient, if it is not to be derived.
    args : tuple
        Further arguments of `func` and `fprime`.
    approx_grad : bool
        Whether `func` returns one number; differences are taken only if it cannot be traced.
    bounds : sequence of (lower, upper), optional
        Bounds of the variables; None for none.
    m : int
        The number of corrections kept.
    factr, pgtol : float
        Relative change of the value, in units of rounding, and projected gradient at which to end.
    epsilon : float
        Step of the differences.
    iprint : int, optional
        Deprecated by SciPy.
    maxfun, maxiter : int
        Largest number of evaluations and of iterations.
    disp : int, optional
        Deprecated by SciPy.
    callback : callable, optional
        ``callback(x)`` after each iteration.
    maxls : int
        Largest number of steps of a line search.

    Returns
    -------
    x : array or tree
        The minimum.
    f : float
        Its value.
    d : dict
        ``grad``, ``task``, ``funcalls``, ``nit`` and ``warnflag``, as of SciPy.

    Raises
    ------
    TraceError
        If `x0` or `args` are traced values.

    References
    ----------
    Byrd, Lu, Nocedal & Zhu (1995), A limited memory algorithm for bound constrained optimization.

    Examples
    --------
    >>> x, f, d = fmin_l_bfgs_b(lambda x: x**2 - 4 * x + 8, [0.0], bounds=[(0, 1)])
    >>> x.tolist(), float(f), d["warnflag"]
    ([1.0], 5.0, 0)
    """
    settings = {"bounds": bounds, "m": m, "factr": factr, "pgtol": pgtol, "epsilon": epsilon,
                "iprint": iprint, "maxfun": maxfun, "maxiter": maxiter, "disp": disp,
                "maxls": maxls}  # fmt: skip
    problem = (func, x0, fprime, args, approx_grad)
    result, objective = _run(optimize.fmin_l_bfgs_b, "l-bfgs-b", problem, callback, settings)
    if objective is None or not objective.flat.is_tree:
        return result
    x, f, details = result
    restored = objective.flat.restored
    return restored(x), f, {**details, "grad": restored(details["grad"])}


def fmin_tnc(
    func: Callable[..., Any],
    x0: Any,
    fprime: Callable[..., Any] | None = None,
    args: Any = (),
    approx_grad: int = 0,
    bounds: Any = None,
    epsilon: float = 1e-8,
    scale: Any = None,
    offset: Any = None,
    messages: int = 15,
    maxCGit: int = -1,
    maxfun: int | None = None,
    eta: float = -1,
    stepmx: float = 0,
    accuracy: float = 0,
    fmin: float = 0,
    ftol: float = -1,
    xtol: float = -1,
    pgtol: float = -1,
    rescale: float = -1,
    disp: int | None = None,
    callback: Callable[..., Any] | None = None,
) -> Any:
    """Minimise a function within bounds by a truncated Newton method.

    Called as `scipy.optimize.fmin_tnc`. If `func` returns one number and `fprime` is not given, the
    gradient is derived, with `approx_grad` or without.

    Parameters
    ----------
    func : callable
        ``func(x, *args)`` returns one number, or value and gradient.
    x0 : number, array of shape (n,) or tree of arrays
        The start.
    fprime : callable, optional
        The gradient, if it is not to be derived.
    args : tuple
        Further arguments of `func` and `fprime`.
    approx_grad : bool
        Whether `func` returns one number; differences are taken only if it cannot be traced.
    bounds : sequence of (lower, upper), optional
        Bounds of the variables; None for none.
    epsilon : float
        Step of the differences.
    scale, offset : array, (n,), optional
        Factors and offsets of the variables.
    messages : int
        What to print.
    maxCGit : int
        Largest number of products with the Hessian in an iteration.
    maxfun : int, optional
        Largest number of evaluations; max(100, 10 n) by default.
    eta, stepmx, accuracy : float
        Severity and largest step of the line search, and relative error of the differences.
    fmin : float
        An estimate of the least value.
    ftol, xtol, pgtol : float
        Changes of value and variables, and projected gradient, at which to end.
    rescale : float
        When the value is scaled anew.
    disp : int, optional
        Replaces `messages`.
    callback : callable, optional
        ``callback(x)`` after each iteration.

    Returns
    -------
    x : array or tree
        The minimum.
    nfeval : int
        The number of evaluations.
    rc : int
        SciPy's return code.

    Raises
    ------
    TraceError
        If `x0` or `args` are traced values.

    References
    ----------
    Nash (1984), Newton-type minimization via the Lanczos method, SIAM J. Numer. Anal. 21.

    Examples
    --------
    >>> x, evaluations, code = fmin_tnc(lambda x: x**2 - 4 * x + 8, [0.0], messages=0)
    >>> x.round(6).tolist()
    [2.0]
    """
    settings = {"bounds": bounds, "epsilon": epsilon, "scale": scale, "offset": offset,
                "messages": messages, "maxCGit": maxCGit, "maxfun": maxfun, "eta": eta,
                "stepmx": stepmx, "accuracy": accuracy, "fmin": fmin, "ftol": ftol, "xtol": xtol,
                "pgtol": pgtol, "rescale": rescale, "disp": disp}  # fmt: skip
    problem = (func, x0, fprime, args, approx_grad)
    result, objective = _run(optimize.fmin_tnc, "tnc", problem, callback, settings)
    if objective is None or not objective.flat.is_tree:
        return result
    return objective.flat.restored(result[0]), *result[1:]


def _run(
    function: Callable[..., Any],
    method: str,
    problem: tuple[Callable[..., Any], Any, Any, Any, Any],
    callback: Any,
    settings: dict[str, Any],
) -> tuple[Any, Objective | None]:
    """Call a function whose `func` returns value and gradient, unless there is another gradient."""
    func, x0, fprime, args, is_approximated = problem
    refuse_traced(function.__name__, (x0, args))
    args = args if isinstance(args, tuple) else (args,)
    if fprime is None and not is_approximated and _returns_pair(func, x0, args):
        fun, start, found, objective = supplied(
            function.__name__, func, x0, args, method, {"jac": True}
        )
        fprime = None
    else:
        given = {"jac": None if is_approximated else fprime}
        fun, start, found, objective = supplied(function.__name__, func, x0, args, method, given)
        fprime = found.get("jac")
        is_approximated = fprime is None
    if objective is not None:
        callback = objective.callback(callback)
        bounds = bounds_of_vector(function.__name__, settings.pop("bounds"), objective.flat)
        settings = options_of_vector(function.__name__, settings, objective.flat)
        settings = {**settings, "bounds": bounds}
    result = function(fun, start, fprime, args, is_approximated, callback=callback, **settings)
    return result, objective


def _returns_pair(func: Any, x0: Any, args: tuple[Any, ...]) -> bool:
    """Whether a function returns anything but one number that can be traced."""
    if not callable(func):
        return True
    try:
        flat = FlatFunction("fmin", func, x0, args)
    except (TypeError, ValueError):
        return True
    return not flat.is_traced or flat.size != 1
