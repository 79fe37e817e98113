"""``brute``, ``basinhopping`` and ``shgo`` by SciPy, with exact derivatives in local searches."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from scipy import optimize

from chainrule.science.flat_function import refuse_traced
from chainrule.science.optimize.global_search.local_search import (
    LocalSearches,
    middle_of,
    random_source,
    with_derivatives,
)
from chainrule.science.optimize.minimizers.constraints import exact_constraints
from chainrule.science.optimize.minimizers.direct_search import fmin
from chainrule.tracebacks import boundary

__all__ = ["basinhopping", "brute", "shgo"]


def brute(
    func: Callable[..., Any],
    ranges: Any,
    args: Any = (),
    Ns: int = 20,
    full_output: int = 0,
    finish: Callable[..., Any] | None = fmin,
    disp: bool = False,
    workers: Any = 1,
) -> Any:
    """Minimise a function over a grid, and from its best point on.

    Called as `scipy.optimize.brute`. With ``finish=science.fmin_bfgs`` or ``science.minimize`` the
    last search has the exact gradient.

    Parameters
    ----------
    func : callable
        ``func(x, *args)`` returns one number.
    ranges : tuple
        Of each variable ``slice(start, stop, step)``, or ``(start, stop)``.
    args : tuple
        Further arguments of `func`.
    Ns : int
        Number of points in each variable without a step.
    full_output : bool
        Whether to return the grid, too.
    finish : callable, optional
        The minimiser that starts from the best point; None for none.
    disp : bool
        Whether it reports.
    workers : int or map-like callable
        Processes that evaluate the grid.

    Returns
    -------
    array or tuple
        The minimum; with `full_output`, ``(x, value, grid, values)``.

    Raises
    ------
    TraceError
        If `args` are traced values.

    Examples
    --------
    >>> import numpy as np
    >>> x = brute(lambda x: (x[0] - 1) ** 2 + np.cos(9 * x[1]), ((-2, 2), (0, 0.6)))
    >>> x.round(3).tolist()
    [1.0, 0.349]
    """
    refuse_traced("brute", (ranges, args))
    return optimize.brute(func, ranges, args, Ns, full_output, finish, disp, workers)


@boundary
def basinhopping(
    func: Callable[..., Any],
    x0: Any,
    niter: int = 100,
    T: float = 1.0,
    stepsize: float = 0.5,
    minimizer_kwargs: dict[str, Any] | None = None,
    take_step: Callable[..., Any] | None = None,
    accept_test: Callable[..., Any] | None = None,
    callback: Callable[..., Any] | None = None,
    interval: int = 50,
    disp: bool = False,
    niter_success: int | None = None,
    rng: Any = None,
    *,
    target_accept_rate: float = 0.5,
    stepwise_factor: float = 0.9,
    **seed: Any,
) -> Any:
    """Find the global minimum of a function by random steps and local searches.

    Called as `scipy.optimize.basinhopping`; local searches have exact derivatives.

    Parameters
    ----------
    func : callable
        ``func(x, *args)`` returns one number; plain NumPy code.
    x0 : array, (n,), or tree of arrays
        The start; of a tree, functions and results have trees.
    niter : int
        Number of steps.
    T, stepsize : float
        Temperature of the acceptance, and largest first step.
    minimizer_kwargs : dict, optional
        Arguments of `minimize`, with ``args``; BFGS by default.
    take_step, accept_test : callable, optional
        Other steps, and other tests of them.
    callback : callable, optional
        ``callback(x, f, accepted)``; a true result ends the search.
    interval : int
        How often the size of steps is adapted.
    disp : bool
        Whether each step is reported.
    niter_success : int, optional
        End after that many steps without improvement.
    rng : numpy.random.Generator or int, optional
        Where random numbers come from.
    target_accept_rate, stepwise_factor : float in (0, 1)
        How the size of steps is adapted.
    **seed
        ``seed``, the older name of `rng`.

    Returns
    -------
    scipy.optimize.OptimizeResult
        As of SciPy.

    Raises
    ------
    TraceError
        If `x0` or arguments are traced values.

    References
    ----------
    Wales & Doye (1997), Global optimization by basin-hopping, J. Phys. Chem. A 101.

    Examples
    --------
    >>> import numpy as np
    >>> found = basinhopping(lambda x: np.cos(14.5 * x[0] - 0.3) + (x[0] + 0.2) * x[0], 1.0, rng=1)
    >>> found.x.round(4).tolist()
    [-0.1951]
    """
    given = dict(minimizer_kwargs or {})
    refuse_traced("basinhopping", (x0, given.get("args")))
    searches = LocalSearches("basinhopping", func, x0, given)
    found = optimize.basinhopping(
        searches.function, searches.start, niter, T, stepsize, searches.arguments,
        searches.step(take_step), searches.test(accept_test), searches.callback(callback),
        interval, disp, niter_success, target_accept_rate=target_accept_rate,
        stepwise_factor=stepwise_factor, **random_source(rng, seed),
    )  # fmt: skip
    return searches.result(found)


@boundary
def shgo(
    func: Callable[..., Any],
    bounds: Any,
    args: Any = (),
    constraints: Any = None,
    n: int = 100,
    iters: int = 1,
    callback: Callable[..., Any] | None = None,
    minimizer_kwargs: dict[str, Any] | None = None,
    options: dict[str, Any] | None = None,
    sampling_method: Any = "simplicial",
    *,
    workers: Any = 1,
) -> Any:
    """Find the global minimum of a function within bounds by simplicial homology.

    Called as `scipy.optimize.shgo`; local searches have the exact gradient.

    Parameters
    ----------
    func : callable
        ``func(x, *args)`` returns one number; plain NumPy code.
    bounds : sequence of (lower, upper) or scipy.optimize.Bounds
        Bounds of the variables.
    args : tuple
        Further arguments of `func`.
    constraints : constraint or sequence of them, optional
        As of `minimize`.
    n, iters : int
        Number of sampling points, and of iterations.
    callback : callable, optional
        ``callback(x)`` after each iteration.
    minimizer_kwargs : dict, optional
        Arguments of `minimize` for local searches; SLSQP by default.
    options : dict, optional
        Options of SciPy's method.
    sampling_method : str or callable
        ``"simplicial"``, ``"halton"``, ``"sobol"``, or a function.
    workers : int or map-like callable
        Processes that evaluate points.

    Returns
    -------
    scipy.optimize.OptimizeResult
        As of SciPy, with all local minima found: `xl` and `funl`.

    Raises
    ------
    TraceError
        If `args` are traced values.

    References
    ----------
    Endres, Sandrock & Focke (2018), A simplicial homology algorithm for Lipschitz optimisation.

    Examples
    --------
    >>> import numpy as np
    >>> found = shgo(lambda x: np.sum(x**4 - 3 * x**2 + x), [(-2, 2)] * 2, n=60)
    >>> found.x.round(3).tolist()
    [-1.301, -1.301]
    """
    refuse_traced("shgo", args)
    given = dict(minimizer_kwargs or {"options": {"ftol": 1e-12}})
    is_given = "jac" in given or (options is not None and "jac" in options)
    if not is_given and (middle := middle_of(bounds)) is not None:
        known = {"method": "SLSQP", **given}
        found = with_derivatives("shgo", func, middle, args, known)
        if "jac" in found:
            minimizer_kwargs = found
        is_here = workers in (1, None)  # other processes get what can be pickled
        if is_here and constraints is not None and str(known["method"]).lower() == "slsqp":
            constraints = exact_constraints("shgo", constraints, middle, "slsqp")
    return optimize.shgo(
        func, bounds, args, constraints, n, iters, callback, minimizer_kwargs, options,
        sampling_method, workers=workers,
    )  # fmt: skip
