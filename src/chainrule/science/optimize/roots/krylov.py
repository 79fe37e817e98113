"""Newton's method with Krylov solvers, which get exact products with the Jacobian."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import optimize
from scipy.optimize._nonlin import nonlin_solve  # pyright: ignore[reportPrivateUsage] - see below

from chainrule.science.optimize.roots.derivative import NoStepError, attempt
from chainrule.science.optimize.roots.system import System
from chainrule.tracebacks import boundary

KRYLOV_FAILURES = (NoStepError, optimize.NoConvergence, ValueError)
"""ValueError: where a solution of the linear equations is zero, or not finite."""

__all__ = ["KRYLOV_FAILURES", "krylov_root", "newton_krylov"]

# SciPy's public functions make their own `KrylovJacobian`, of differences. `nonlin_solve`, which
# they call, takes any.

_NAMES = {
    "nit": "iter", "disp": "verbose", "maxiter": "maxiter", "ftol": "f_rtol", "fatol": "f_tol",
    "xtol": "x_rtol", "xatol": "x_tol", "tol_norm": "tol_norm", "line_search": "line_search",
}  # fmt: skip
"""The options of `root` by the names that `newton_krylov` has for them."""


def _exact_jacobian(system: System, args: tuple[Any, ...], options: dict[str, Any]) -> Any:
    """Return SciPy's Krylov solver, whose matrix is the exact Jacobian at its point."""
    jacobian: Any = optimize.KrylovJacobian(**options)
    shape = np.shape(system.start)

    def product(vector: Any) -> Any:
        x = np.reshape(jacobian.x0, shape)
        return np.ravel(system.product(x, np.reshape(vector, shape), *args))

    jacobian.matvec = product
    solve = jacobian.solve

    def solved(right: Any, tol: float = 0) -> Any:
        """Solve again without the vectors that "lgmres" has kept, where these do not help.

        Where they are dependent it breaks down, which the noise of differences hides.
        """
        solution = solve(right, tol)
        kept = jacobian.method_kw.get("outer_v")
        if kept and _norm(product(solution) - right) > max(tol, 0.5) * _norm(right):
            kept.clear()
            return solve(right, tol)
        return solution

    jacobian.solve = solved
    return jacobian


def _norm(vector: Any) -> float:
    return float(np.linalg.norm(vector))


def krylov_root(
    system: System, args: tuple[Any, ...], tol: float | None, callback: Any, options: dict[str, Any]
) -> Any:
    """Return the result of ``root(..., method="krylov")``; None where it asks for differences."""
    options = dict(options)
    further = options.pop("jac_options", None) or {}
    if further.get("rdiff") is not None or not options.keys() <= _NAMES.keys():
        return None
    if tol is not None:
        options = {"xtol": tol, "xatol": np.inf, "ftol": np.inf, "fatol": np.inf, **options}
    evaluations = 0

    def counted(x: Any) -> Any:
        nonlocal evaluations
        evaluations += 1
        return system.function(x, *args)

    x, details = nonlin_solve(
        counted, system.start, _exact_jacobian(system, args, further), callback=callback,
        full_output=True, raise_exception=False,
        **{_NAMES[name]: value for name, value in options.items()},
    )  # fmt: skip
    return optimize.OptimizeResult(x=x, method="krylov", **details, nfev=evaluations)


@boundary
def newton_krylov(
    F: Callable[..., Any],
    xin: Any,
    iter: int | None = None,
    rdiff: float | None = None,
    method: Any = "lgmres",
    inner_maxiter: int = 20,
    inner_M: Any = None,
    outer_k: int = 10,
    verbose: bool = False,
    maxiter: int | None = None,
    f_tol: float | None = None,
    f_rtol: float | None = None,
    x_tol: float | None = None,
    x_rtol: float | None = None,
    tol_norm: Callable[..., Any] | None = None,
    line_search: str | None = "armijo",
    callback: Callable[..., Any] | None = None,
    **kw: Any,
) -> Any:
    """Find a root of a large system by Newton's method, whose equations a Krylov method solves.

    Called as `scipy.optimize.newton_krylov`. The products of the Jacobian and vectors are exact,
    unless `rdiff` asks for differences, the method fails with exact ones, or the function cannot be
    traced, which is warned of.

    Parameters
    ----------
    F : callable
        ``F(x)``, as many numbers as x has.
    xin : array or tree of arrays
        Where to begin.
    iter : int or None
        The number of iterations; None for as many as the tolerances need.
    rdiff : float or None
        Relative step of differences; None for exact products.
    method : str or callable
        "lgmres", "gmres", "bicgstab", "cgs", "minres", "tfqmr", or a function called like those of
        ``scipy.sparse.linalg``.
    inner_maxiter : int
        The largest number of iterations of the Krylov method.
    inner_M : operator or None
        A preconditioner; its ``update(x, f)``, if there is one, is called after each iteration.
    outer_k : int
        The number of vectors that "lgmres" keeps.
    verbose : bool
        Whether to print each iteration.
    maxiter : int or None
        The largest number of iterations of Newton's method.
    f_tol, f_rtol : float or None
        Absolute and relative tolerance of the residual.
    x_tol, x_rtol : float or None
        Absolute and relative tolerance of the step.
    tol_norm : callable or None
        The norm of the tolerances; None for the largest component.
    line_search : str or None
        "armijo", "wolfe" or None.
    callback : callable or None
        ``callback(x, f)`` after each iteration.
    **kw : Any
        Further options of the Krylov method, with the prefix ``inner_``.

    Returns
    -------
    array or tree
        The solution, as `xin` is nested.

    Raises
    ------
    NoConvergence
        If there is no convergence; its argument is the last x.

    References
    ----------
    Knoll & Keyes (2004), Jacobian-free Newton-Krylov methods, J. Comp. Phys. 193, section 2.

    Examples
    --------
    >>> def f(x):  # -x'' = exp(x), x = 0 at both ends
    ...     inner = np.concatenate([np.zeros(1), x, np.zeros(1)])
    ...     return 99**2 * np.diff(inner, 2) + np.exp(x)
    >>> newton_krylov(f, np.zeros(98)).max().round(4)
    np.float64(0.1405)
    """
    system = System("newton_krylov", F, xin)
    inner = {"method": method, "inner_maxiter": inner_maxiter, "inner_M": inner_M, **kw}
    inner["outer_k"] = outer_k
    outer: dict[str, Any] = {
        "iter": iter, "verbose": verbose, "maxiter": maxiter, "f_tol": f_tol, "f_rtol": f_rtol,
        "x_tol": x_tol, "x_rtol": x_rtol, "tol_norm": tol_norm, "line_search": line_search,
        "callback": system.callback(callback),
    }  # fmt: skip
    found = None
    if rdiff is None:
        found = attempt(
            "newton_krylov", F, "its products with the Jacobian are SciPy's differences",
            lambda: nonlin_solve(
                system.function, system.start, _exact_jacobian(system, (), inner), **outer
            ),
            KRYLOV_FAILURES,
        )  # fmt: skip
    if found is None:
        with system.restoring():
            found = optimize.newton_krylov(
                system.function, system.start, rdiff=rdiff, **inner, **outer
            )  # fmt: skip
    return system.restored(found)
