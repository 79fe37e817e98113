"""Differential evolution by SciPy; the search that ends it gets the exact gradient."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import optimize

from chainrule.science.flat_function import refuse_traced
from chainrule.science.optimize.global_search.local_search import random_source
from chainrule.science.optimize.minimizers.barrier import until_the_barrier_is_small
from chainrule.science.optimize.minimizers.minimize import supplied
from chainrule.tracebacks import boundary

__all__ = ["differential_evolution"]


@boundary
def differential_evolution(
    func: Callable[..., Any],
    bounds: Any,
    args: Any = (),
    strategy: Any = "best1bin",
    maxiter: int = 1000,
    popsize: int = 15,
    tol: float = 0.01,
    mutation: Any = (0.5, 1),
    recombination: float = 0.7,
    rng: Any = None,
    callback: Callable[..., Any] | None = None,
    disp: bool = False,
    polish: Any = True,
    init: Any = "latinhypercube",
    atol: Any = 0,
    updating: str = "immediate",
    workers: Any = 1,
    constraints: Any = (),
    x0: Any = None,
    *,
    integrality: Any = None,
    vectorized: bool = False,
    **seed: Any,
) -> Any:
    """Find the global minimum of a function within bounds by differential evolution.

    Called as `scipy.optimize.differential_evolution`; the search that polishes the best member has
    the exact gradient, and exact Jacobians of constraints.

    Parameters
    ----------
    func : callable
        ``func(x, *args)`` returns one number.
    bounds : sequence of (lower, upper) or scipy.optimize.Bounds
        Bounds of the variables.
    args : tuple
        Further arguments of `func`.
    strategy : str or callable
        How trial vectors are made.
    maxiter, popsize : int
        Largest number of generations; members for each variable.
    tol : float
        Relative spread of the values at which to end.
    mutation : float or (float, float)
        Factor of differences, or the range from which it is drawn.
    recombination : float in [0, 1]
        The probability of crossing over.
    rng : numpy.random.Generator or int, optional
        Where random numbers come from.
    callback : callable, optional
        Called after each generation.
    disp : bool
        Whether each generation is reported.
    polish : bool or callable
        Whether a local search follows, L-BFGS-B or trust-constr, or which.
    init : str or array
        The first population.
    atol : float
        Absolute spread of the values at which to end.
    updating : str
        ``"immediate"`` or ``"deferred"``.
    workers : int or map-like callable
        Processes that evaluate a population.
    constraints : constraint or sequence of them
        Of `scipy.optimize`.
    x0 : array, (n,), optional
        A member of the first population.
    integrality : array of bool, optional
        Which variables are integers.
    vectorized : bool
        Whether `func` takes a population at once.
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
    Storn & Price (1997), Differential evolution, Journal of Global Optimization 11.

    Examples
    --------
    >>> def ackley(x):
    ...     return 20 + np.e - 20 * np.exp(-0.2 * np.sqrt(x @ x / 2)) - np.exp(np.cos(6 * x).mean())
    >>> found = differential_evolution(ackley, [(-5, 5)] * 2, rng=1)
    >>> bool(found.success)
    True
    """
    refuse_traced("differential_evolution", (x0, args))
    if polish is True and not vectorized and _takes_polisher():
        polish = _Polisher(func, args if isinstance(args, tuple) else (args,), disp)
    return optimize.differential_evolution(
        func, bounds, args, strategy, maxiter, popsize, tol, mutation, recombination,
        callback=callback, disp=disp, polish=polish, init=init, atol=atol, updating=updating,
        workers=workers, constraints=constraints, x0=x0, integrality=integrality,
        vectorized=vectorized, **random_source(rng, seed),
    )  # fmt: skip


class _Polisher:
    """The search that ends a differential evolution, for a function with further arguments."""

    def __init__(self, function: Callable[..., Any], args: tuple[Any, ...], disp: bool) -> None:
        self._function, self._args, self._disp = function, args, disp

    def __call__(self, function: Any, x0: Any, bounds: Any, constraints: Any) -> Any:
        """Minimise as SciPy does where `polish` is True, with exact derivatives.

        With exact Hessians, trust-constr may end beyond a constraint by rounding, which the
        evolution rejects. So it runs with approximated ones, too, and the better one counts.
        """
        given = {"jac": None, "bounds": bounds, "constraints": constraints}
        method = "trust-constr" if np.size(constraints) > 0 else "L-BFGS-B"
        if self._disp:
            print(f"Polishing solution with '{method}'")  # noqa: T201 - as SciPy reports it
        if method == "L-BFGS-B":
            return self._minimized(method, x0, given, "l-bfgs-b")
        both = [self._minimized(method, x0, given, each) for each in ("trust-constr", "slsqp")]

        def order(found: Any) -> tuple[bool, bool, float]:
            is_inside = np.all((bounds.lb <= found.x) & (found.x <= bounds.ub))
            return not found.success, found.constr_violation > 0 or not is_inside, found.fun

        best = min(both, key=order)
        best.nfev = sum(each.nfev for each in both)
        return best

    def _minimized(self, method: str, x0: Any, given: dict[str, Any], uses: str) -> Any:
        """Minimise with the derivatives that the method `uses` can use; SLSQP uses no Hessians."""
        fun, start, exact, _ = supplied(
            "differential_evolution", self._function, x0, self._args, uses, given
        )
        is_barrier = method == "trust-constr"
        callback = until_the_barrier_is_small(None, None, None) if is_barrier else None
        return optimize.minimize(fun, start, self._args, method, callback=callback, **exact)


def _takes_polisher() -> bool:
    """Whether SciPy's `polish` may be callable, as from 1.15 on."""
    return (
        "callable"
        in (optimize.differential_evolution.__doc__ or "")
        .partition("polish : ")[2]
        .partition("\n")[0]
    )
