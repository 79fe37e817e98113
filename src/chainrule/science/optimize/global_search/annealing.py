"""Dual annealing by SciPy, the local searches of which get the exact gradient."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import optimize

from chainrule.science.flat_function import refuse_traced
from chainrule.science.optimize.global_search.local_search import (
    middle_of,
    random_source,
    with_derivatives,
)
from chainrule.tracebacks import boundary

__all__ = ["anneal", "dual_annealing"]


@boundary
def dual_annealing(
    func: Callable[..., Any],
    bounds: Any,
    args: Any = (),
    maxiter: int = 1000,
    minimizer_kwargs: dict[str, Any] | None = None,
    initial_temp: float = 5230.0,
    restart_temp_ratio: float = 2e-5,
    visit: float = 2.62,
    accept: float = -5.0,
    maxfun: float = 1e7,
    rng: Any = None,
    no_local_search: bool = False,
    callback: Callable[..., Any] | None = None,
    x0: Any = None,
    **seed: Any,
) -> Any:
    """Find the global minimum of a function within bounds by annealing and local searches.

    Called as `scipy.optimize.dual_annealing`; local searches have the exact gradient.

    Parameters
    ----------
    func : callable
        ``func(x, *args)`` returns one number; plain NumPy code.
    bounds : sequence of (lower, upper) or scipy.optimize.Bounds
        Bounds of the variables.
    args : tuple
        Further arguments of `func`.
    maxiter : int
        Largest number of iterations.
    minimizer_kwargs : dict, optional
        Arguments of `minimize` for local searches; L-BFGS-B by default.
    initial_temp, restart_temp_ratio : float
        First temperature, and the part of it at which to start anew.
    visit, accept : float
        Parameters of the distribution of steps and of acceptance.
    maxfun : int
        Largest number of evaluations.
    rng : numpy.random.Generator or int, optional
        Where random numbers come from.
    no_local_search : bool
        Whether there is annealing alone.
    callback : callable, optional
        ``callback(x, value, context)``; a true result ends the search.
    x0 : array, (n,), optional
        The start.
    **seed
        ``seed``, the older name of `rng`.

    Returns
    -------
    scipy.optimize.OptimizeResult
        As of SciPy.

    Raises
    ------
    TraceError
        If `x0` or `args` are traced values.

    References
    ----------
    Xiang, Sun, Fan & Gong (1997), Generalized simulated annealing algorithm, Physics Letters A 233.

    Examples
    --------
    >>> def rastrigin(x):
    ...     return np.sum(x**2 - 10 * np.cos(2 * np.pi * x)) + 10 * x.size
    >>> found = dual_annealing(rastrigin, [(-5, 5)] * 2, rng=1, maxiter=50)
    >>> np.abs(found.x).round(6).tolist()
    [0.0, 0.0]
    """
    refuse_traced("dual_annealing", (x0, args))
    if not no_local_search and (middle := middle_of(bounds)) is not None:
        given = dict(minimizer_kwargs) if minimizer_kwargs else _local_search(bounds, middle)
        found = with_derivatives("dual_annealing", func, middle, args, given)
        minimizer_kwargs = found if "jac" in found else minimizer_kwargs
    return optimize.dual_annealing(
        func, bounds, args, maxiter, minimizer_kwargs, initial_temp, restart_temp_ratio, visit,
        accept, maxfun, no_local_search=no_local_search, callback=callback, x0=x0,
        **random_source(rng, seed),
    )  # fmt: skip


def anneal(func: Callable[..., Any], bounds: Any, *args: Any, **settings: Any) -> Any:
    """Find the global minimum of a function within bounds: `dual_annealing` by its older name.

    Parameters
    ----------
    func : callable
        ``func(x, *args)`` returns one number; plain NumPy code.
    bounds : sequence of (lower, upper) or scipy.optimize.Bounds
        Bounds of the variables.
    *args, **settings
        Further arguments of `dual_annealing`.

    Returns
    -------
    scipy.optimize.OptimizeResult
        As of SciPy.

    Raises
    ------
    TraceError
        If arguments are traced values.

    Examples
    --------
    >>> found = anneal(lambda x: np.sum(x**2 + np.cos(8 * x)), [(-3, 3)], rng=1, maxiter=50)
    >>> round(float(found.fun), 4)
    -0.8505
    """
    return dual_annealing(func, bounds, *args, **settings)


def _local_search(bounds: Any, middle: Any) -> dict[str, Any]:
    """SciPy's own local search of `dual_annealing`, to the accuracy of an exact gradient."""
    if isinstance(bounds, optimize.Bounds):
        bounds = list(zip(np.broadcast_to(bounds.lb, middle.shape),
                          np.broadcast_to(bounds.ub, middle.shape), strict=True))  # fmt: skip
    maxiter = min(max(6 * middle.size, 100), 1000)
    options = {"maxiter": maxiter, "ftol": 1e-14, "gtol": 1e-8}
    return {"method": "L-BFGS-B", "options": options, "bounds": bounds}
