"""``fmin_bfgs``, ``fmin_cg`` and ``fmin_ncg`` with exact gradients and products with Hessians.

Each is SciPy's own function of that name, with its arguments, results and reports.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import optimize

from chainrule.science.optimize.minimizers.classic_call import call

__all__ = ["fmin_bfgs", "fmin_cg", "fmin_ncg"]

_STEP = float(np.sqrt(np.finfo(np.float64).eps))


def fmin_bfgs(
    f: Callable[..., Any],
    x0: Any,
    fprime: Callable[..., Any] | None = None,
    args: Any = (),
    gtol: float = 1e-5,
    norm: float = np.inf,
    epsilon: Any = _STEP,
    maxiter: int | None = None,
    full_output: int = 0,
    disp: int = 1,
    retall: int = 0,
    callback: Callable[..., Any] | None = None,
    xrtol: float = 0,
    c1: float = 1e-4,
    c2: float = 0.9,
    hess_inv0: Any = None,
) -> Any:
    """Minimise a function by the quasi-Newton method of Broyden, Fletcher, Goldfarb and Shanno.

    Called as `scipy.optimize.fmin_bfgs`, but the gradient is exact; `x0` may be a tree.

    Parameters
    ----------
    f : callable
        ``f(x, *args)`` returns one number; plain NumPy code.
    x0 : number, array of shape (n,) or tree of arrays
        The start.
    fprime : callable, optional
        The gradient, if it is not to be derived.
    args : tuple
        Further arguments of `f` and `fprime`.
    gtol : float
        The norm of the gradient at which to end.
    norm : float
        Order of that norm.
    epsilon : float or array
        Step of the differences, for a function that cannot be traced.
    maxiter : int, optional
        Largest number of iterations; 200 n by default.
    full_output, disp, retall : bool
        Whether to return details, to print the report, and to return the iterates.
    callback : callable, optional
        ``callback(x)`` after each iteration.
    xrtol : float
        Relative step at which to end.
    c1, c2 : float
        Parameters of Armijo's and the curvature condition.
    hess_inv0 : array, (n, n), optional
        First estimate of the inverse Hessian.

    Returns
    -------
    array, tree or tuple
        The minimum; with `full_output`, ``(x, value, gradient, inverse Hessian, evaluations,
        gradients, warnflag)``; with `retall`, the iterates after that.

    Raises
    ------
    TraceError
        If `x0` or `args` are traced values.

    References
    ----------
    Nocedal & Wright (2006), Numerical Optimization, Algorithm 6.1.

    Examples
    --------
    >>> x = fmin_bfgs(lambda x: x**2 - 4 * x + 8, 0)
    Optimization terminated successfully.
             Current function value: 4.000000
             Iterations: 2
             Function evaluations: 3
             Gradient evaluations: 3
    """
    return call(
        optimize.fmin_bfgs,
        "bfgs",
        (f, x0, args),
        callback,
        {"gtol": gtol, "norm": norm, "epsilon": epsilon, "maxiter": maxiter,
         "full_output": full_output, "disp": disp, "retall": retall, "xrtol": xrtol,
         "c1": c1, "c2": c2, "hess_inv0": hess_inv0},
        {"fprime": fprime},
    )  # fmt: skip


def fmin_cg(
    f: Callable[..., Any],
    x0: Any,
    fprime: Callable[..., Any] | None = None,
    args: Any = (),
    gtol: float = 1e-5,
    norm: float = np.inf,
    epsilon: Any = _STEP,
    maxiter: int | None = None,
    full_output: int = 0,
    disp: int = 1,
    retall: int = 0,
    callback: Callable[..., Any] | None = None,
    c1: float = 1e-4,
    c2: float = 0.4,
) -> Any:
    """Minimise a function by nonlinear conjugate gradients (Polak and Ribière).

    Called as `scipy.optimize.fmin_cg`, but the gradient is exact; `x0` may be a tree.

    Parameters
    ----------
    f : callable
        ``f(x, *args)`` returns one number; plain NumPy code.
    x0 : number, array of shape (n,) or tree of arrays
        The start.
    fprime : callable, optional
        The gradient, if it is not to be derived.
    args : tuple
        Further arguments of `f` and `fprime`.
    gtol : float
        The norm of the gradient at which to end.
    norm : float
        Order of that norm.
    epsilon : float or array
        Step of the differences, for a function that cannot be traced.
    maxiter : int, optional
        Largest number of iterations; 200 n by default.
    full_output, disp, retall : bool
        Whether to return details, to print the report, and to return the iterates.
    callback : callable, optional
        ``callback(x)`` after each iteration.
    c1, c2 : float
        Parameters of Armijo's and the curvature condition.

    Returns
    -------
    array, tree or tuple
        The minimum; with `full_output`, ``(x, value, evaluations, gradients, warnflag)``; with
        `retall`, the iterates after that.

    Raises
    ------
    TraceError
        If `x0` or `args` are traced values.

    References
    ----------
    Nocedal & Wright (2006), Numerical Optimization, section 5.2.

    Examples
    --------
    >>> x, value, *_ = fmin_cg(lambda x: x**2 - 4 * x + 8, 0, full_output=True, disp=False)
    >>> x.round(6).tolist(), float(value)
    ([2.0], 4.0)
    """
    return call(
        optimize.fmin_cg,
        "cg",
        (f, x0, args),
        callback,
        {"gtol": gtol, "norm": norm, "epsilon": epsilon, "maxiter": maxiter,
         "full_output": full_output, "disp": disp, "retall": retall, "c1": c1, "c2": c2},
        {"fprime": fprime},
    )  # fmt: skip


def fmin_ncg(
    f: Callable[..., Any],
    x0: Any,
    fprime: Callable[..., Any] | None = None,
    fhess_p: Callable[..., Any] | None = None,
    fhess: Callable[..., Any] | None = None,
    args: Any = (),
    avextol: float = 1e-5,
    epsilon: Any = _STEP,
    maxiter: int | None = None,
    full_output: int = 0,
    disp: int = 1,
    retall: int = 0,
    callback: Callable[..., Any] | None = None,
    c1: float = 1e-4,
    c2: float = 0.9,
) -> Any:
    """Minimise a function by Newton's method, its equations solved by conjugate gradients.

    Called as `scipy.optimize.fmin_ncg`, but neither gradient nor Hessian have to be given: exact
    gradients and products with the Hessian are derived. `x0` may be a tree.

    Parameters
    ----------
    f : callable
        ``f(x, *args)`` returns one number; plain NumPy code.
    x0 : number, array of shape (n,) or tree of arrays
        The start.
    fprime : callable, optional
        The gradient, if it is not to be derived.
    fhess_p, fhess : callable, optional
        ``fhess_p(x, p, *args)``, the Hessian times p, and ``fhess(x, *args)``, the Hessian; at most
        one of them.
    args : tuple
        Further arguments of these functions.
    avextol : float
        Mean error of the components at which to end.
    epsilon : float or array
        Step of the differences, for a gradient that was given and cannot be traced.
    maxiter : int, optional
        Largest number of iterations; 200 n by default.
    full_output, disp, retall : bool
        Whether to return details, to print the report, and to return the iterates.
    callback : callable, optional
        ``callback(x)`` after each iteration.
    c1, c2 : float
        Parameters of Armijo's and the curvature condition.

    Returns
    -------
    array, tree or tuple
        The minimum; with `full_output`, ``(x, value, evaluations, gradients, Hessians, warnflag)``;
        with `retall`, the iterates after that.

    Raises
    ------
    TraceError
        If `x0` or `args` are traced values.

    References
    ----------
    Nocedal & Wright (2006), Numerical Optimization, Algorithm 7.1.

    Examples
    --------
    >>> x = fmin_ncg(lambda x: np.sum(np.cosh(x - 1)), [0.0, 3.0], disp=False)
    >>> x.round(6).tolist()
    [1.0, 1.0]
    """
    return call(
        optimize.fmin_ncg,
        "newton-cg",
        (f, x0, args),
        callback,
        {"avextol": avextol, "epsilon": epsilon, "maxiter": maxiter,
         "full_output": full_output, "disp": disp, "retall": retall, "c1": c1, "c2": c2},
        {"fprime": fprime, "fhess": fhess, "fhess_p": fhess_p},
    )  # fmt: skip
