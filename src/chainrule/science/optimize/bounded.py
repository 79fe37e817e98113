"""``fmin_l_bfgs_b``, ``fmin_tnc``, ``fmin_cobyla``, ``fmin_slsqp``: bounds and constraints.

SciPy's own functions of these names, with exact gradients and Jacobians.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from scipy import optimize

from chainrule.science.flat_function import FlatFunction, refuse_traced
from chainrule.science.optimize.minimize import supplied
from chainrule.science.optimize.objective import Objective

__all__ = ["fmin_cobyla", "fmin_l_bfgs_b", "fmin_slsqp", "fmin_tnc"]

_STEP = float(np.sqrt(np.finfo(np.float64).eps))

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
    >>> x = fmin_cobyla(lambda x: x[0] + x[1], [0.0, 0.5], lambda x: 1 - x @ x, rhoend=1e-7)
    >>> x.round(4).tolist()
    [-0.7071, -0.7071]
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


def fmin_slsqp(
    func: Callable[..., Any],
    x0: Any,
    eqcons: Sequence[Callable[..., Any]] = (),
    f_eqcons: Callable[..., Any] | None = None,
    ieqcons: Sequence[Callable[..., Any]] = (),
    f_ieqcons: Callable[..., Any] | None = None,
    bounds: Any = (),
    fprime: Callable[..., Any] | None = None,
    fprime_eqcons: Callable[..., Any] | None = None,
    fprime_ieqcons: Callable[..., Any] | None = None,
    args: Any = (),
    iter: int = 100,
    acc: float = 1e-6,
    iprint: int = 1,
    disp: int | None = None,
    full_output: int = 0,
    epsilon: float = _STEP,
    callback: Callable[..., Any] | None = None,
) -> Any:
    """Minimise a function under constraints by sequential least squares programming.

    Called as `scipy.optimize.fmin_slsqp`, but the gradient and the Jacobians of the constraints are
    exact; `x0` may be a tree.

    Parameters
    ----------
    func : callable
        ``func(x, *args)`` returns one number.
    x0 : array of shape (n,) or tree of arrays
        The start.
    eqcons : sequence of callables
        Numbers ``f(x, *args)`` that must be 0.
    f_eqcons : callable, optional
        An array that must be 0, too.
    ieqcons : sequence of callables
        Numbers that must be at least 0.
    f_ieqcons : callable, optional
        An array that must be at least 0, too.
    bounds : sequence of (lower, upper)
        Bounds of the variables.
    fprime, fprime_eqcons, fprime_ieqcons : callable, optional
        Gradient and Jacobians, if they are not to be derived.
    args : tuple
        Further arguments of all these functions.
    iter : int
        Largest number of iterations.
    acc : float
        Accuracy of the value at which to end.
    iprint : int
        0 for no report, 1 for a summary, 2 for a line for each iteration.
    disp : int, optional
        Replaces `iprint`.
    full_output : bool
        Whether to return details.
    epsilon : float
        Step of the differences.
    callback : callable, optional
        ``callback(x)`` after each iteration.

    Returns
    -------
    array, tree or tuple
        The minimum; with `full_output`, ``(x, value, iterations, exit mode, message)``.

    Raises
    ------
    TraceError
        If `x0` or `args` are traced values.

    References
    ----------
    Kraft (1988), A software package for sequential quadratic programming, DFVLR-FB 88-28.

    Examples
    --------
    >>> x = fmin_slsqp(lambda x: x[0] + x[1], [0.0, -0.5], [lambda x: x @ x - 1], iprint=0)
    >>> x.round(4).tolist()
    [-0.7071, -0.7071]
    """
    refuse_traced("fmin_slsqp", (x0, args))
    args = args if isinstance(args, tuple) else (args,)
    fun, start, found, objective = supplied("fmin_slsqp", func, x0, args, "slsqp", {"jac": fprime})
    if objective is not None:
        callback = objective.callback(callback)
        eqcons, f_eqcons, fprime_eqcons = _joined(eqcons, f_eqcons, fprime_eqcons, objective, args)
        ieqcons, f_ieqcons, fprime_ieqcons = _joined(
            ieqcons, f_ieqcons, fprime_ieqcons, objective, args
        )
    result = optimize.fmin_slsqp(
        fun, start, eqcons, f_eqcons, ieqcons, f_ieqcons, bounds, found.get("jac"), fprime_eqcons,
        fprime_ieqcons, args, iter, acc, iprint, disp, full_output, epsilon, callback
    )  # fmt: skip
    if objective is None or not objective.flat.is_tree:
        return result
    restored = objective.flat.restored
    return (restored(result[0]), *result[1:]) if full_output else restored(result)


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


def _of_vector(function: Callable[..., Any], objective: Objective) -> Callable[..., Any]:
    def of_vector(x: Any, *args: Any) -> Any:
        return function(objective.flat.restored(x), *args)

    return of_vector


def _joined(
    several: Any, array: Any, jacobian: Any, objective: Objective, args: tuple[Any, ...]
) -> tuple[Any, Any, Any]:
    """Constraints of a kind: those without a Jacobian; the others as one array, its Jacobian.

    SciPy takes the Jacobian of an array only.
    """
    if not np.iterable(several) or not all(map(callable, several)):
        return several, array, jacobian
    without: list[Any] = []
    pieces: list[tuple[Any, Any]] = []
    given = [(each, None) for each in several] + ([(array, jacobian)] if array else [])
    for function, derivative in given:
        flat = FlatFunction("fmin_slsqp", function, _tree_of(objective), args)
        if callable(derivative):
            pieces.append((_of_vector(function, objective), _of_vector(derivative, objective)))
            continue
        flat.notice()
        if flat.is_traced:
            pieces.append((_without_args(flat.value), _without_args(flat.jacobian)))
        else:
            without.append(_of_vector(function, objective))
    if not pieces:
        return without, None, None

    def value(x: Any, *args: Any) -> Any:
        return np.concatenate([np.ravel(each(x, *args)) for each, _ in pieces])

    def jacobian_of_all(x: Any, *args: Any) -> Any:
        return np.concatenate([np.reshape(each(x, *args), (-1, x.size)) for _, each in pieces])

    return without, value, jacobian_of_all


def _tree_of(objective: Objective) -> Any:
    flat = objective.flat
    return flat.restored(flat.start) if flat.is_tree else objective.start


def _without_args(function: Callable[[Any], Any]) -> Callable[..., Any]:
    return lambda x, *args: function(x)
