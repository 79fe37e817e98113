"""``line_search`` and ``check_grad`` of SciPy, to which the gradient need not be given."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import optimize

from chainrule.errors import ArgumentError, TraceError
from chainrule.science.flat_function import FlatFunction, refuse_traced
from chainrule.science.optimize.minimizers.objective import Objective

__all__ = ["check_grad", "line_search"]

_STEP = float(np.sqrt(np.finfo(np.float64).eps))


def line_search(
    f: Callable[..., Any],
    myfprime: Callable[..., Any] | None = None,
    xk: Any = None,
    pk: Any = None,
    gfk: Any = None,
    old_fval: float | None = None,
    old_old_fval: float | None = None,
    args: Any = (),
    c1: float = 1e-4,
    c2: float = 0.9,
    amax: float | None = None,
    extra_condition: Callable[..., Any] | None = None,
    maxiter: int = 10,
) -> Any:
    """Find a step along a direction that fulfils the strong Wolfe conditions.

    Called as `scipy.optimize.line_search`; without `myfprime`, the gradient is derived.

    Parameters
    ----------
    f : callable
        ``f(x, *args)`` returns one number.
    myfprime : callable, optional
        The gradient, if it is not to be derived.
    xk, pk : array, (n,)
        The point and the direction.
    gfk : array, (n,), optional
        The gradient at `xk`.
    old_fval, old_old_fval : float, optional
        The values at `xk` and at the point before.
    args : tuple
        Further arguments of `f` and `myfprime`.
    c1, c2 : float
        Parameters of Armijo's and the curvature condition.
    amax : float, optional
        The largest step.
    extra_condition : callable, optional
        ``extra_condition(alpha, x, f, g)`` says whether a step is acceptable.
    maxiter : int
        Largest number of iterations.

    Returns
    -------
    alpha : float or None
        The step, of `pk`; None if the search failed.
    fc, gc : int
        Number of evaluations and of gradients.
    new_fval, old_fval : float or None
        The values at the new and at the old point.
    new_slope : array or None
        The gradient at the new point.

    Raises
    ------
    ArgumentError
        If `xk` or `pk` is missing.
    TraceError
        If `xk` or `args` are traced values, or a gradient that is not given cannot be derived.

    References
    ----------
    Nocedal & Wright (2006), Numerical Optimization, Algorithms 3.5 and 3.6.

    Examples
    --------
    >>> step, *_ = line_search(lambda x: x @ x, xk=np.array([1.8, 1.7]), pk=np.array([-1.0, -1.0]))
    >>> step
    1.0
    """
    if xk is None or pk is None:
        raise ArgumentError(
            "line_search: the point xk or the direction pk is missing; call it as "
            "line_search(f, myfprime, xk, pk), with None for a gradient that is to be derived"
        )
    refuse_traced("line_search", (xk, pk, args))
    args = args if isinstance(args, tuple) else (args,)
    if myfprime is None:
        objective = Objective("line_search", f, xk, args)
        _require(objective.flat, "line_search", "myfprime")
        f, myfprime = objective.value, objective.gradient
    return optimize.line_search(
        f, myfprime, np.asarray(xk), np.asarray(pk), gfk, old_fval, old_old_fval, args, c1, c2,
        amax, extra_condition, maxiter,
    )  # fmt: skip


def check_grad(
    func: Callable[..., Any],
    grad: Callable[..., Any] | None = None,
    x0: Any = None,
    *args: Any,
    epsilon: float = _STEP,
    direction: str = "all",
    **rng: Any,
) -> Any:
    """Return the distance of a gradient from differences to one side.

    Called as `scipy.optimize.check_grad`; without `grad`, the exact one is compared.

    Parameters
    ----------
    func : callable
        ``func(x, *args)``, a number or an array.
    grad : callable, optional
        ``grad(x, *args)``, the gradient or Jacobian.
    x0 : array, (n,)
        Where to compare.
    *args
        Further arguments of both.
    epsilon : float
        Step of the differences.
    direction : str
        ``"all"`` for each variable, ``"random"`` for one random direction.
    **rng
        ``rng`` or ``seed``, where random numbers come from.

    Returns
    -------
    float
        The 2-norm of the difference.

    Raises
    ------
    ArgumentError
        If `x0` is missing.
    TraceError
        If `x0` or `args` are traced values, or a gradient that is not given cannot be derived.

    Examples
    --------
    >>> bool(check_grad(lambda x: np.sum(np.sin(x)), np.cos, np.array([0.5, 2.0])) < 1e-7)
    True
    >>> bool(check_grad(lambda x: np.sum(np.sin(x)), None, np.array([0.5, 2.0])) < 1e-7)
    True
    """
    if x0 is None:
        raise ArgumentError(
            "check_grad: the point x0 is missing; call it as check_grad(func, grad, x0), with None "
            "for the derived gradient"
        )
    refuse_traced("check_grad", (x0, args))
    if grad is None:
        flat = FlatFunction("check_grad", func, x0, args)
        _require(flat, "check_grad", "grad")
        grad = _derived(flat)
    return optimize.check_grad(func, grad, x0, *args, epsilon=epsilon, direction=direction, **rng)


def _derived(flat: FlatFunction) -> Callable[..., Any]:
    def gradient(x: Any, *args: Any) -> Any:
        x = np.atleast_1d(x)
        return flat.gradient(x) if flat.size == 1 else flat.jacobian(x)

    return gradient


def _require(flat: FlatFunction, operation: str, name: str) -> None:
    if not flat.is_traced:
        raise TraceError(
            f"{operation}: the function cannot be traced, so its gradient is not known; give "
            f"{name}: {flat.reason}"
        )
