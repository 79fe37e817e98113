"""MINPACK's Levenberg-Marquardt method with the exact Jacobian, by SciPy's `leastsq`."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import linalg, optimize

from chainrule.science.flat_function import Vector
from chainrule.science.optimize.fits.compiled_fit import (
    Solution,
    compiled_minimum,
    inverse_of_squares,
    reported,
)
from chainrule.science.optimize.fits.defaults import DefaultNumber, is_default
from chainrule.science.optimize.fits.gauss_newton import refine
from chainrule.science.optimize.fits.least_squares import EXACT_TOLERANCE
from chainrule.science.optimize.fits.residuals import Residuals, is_real_vector
from chainrule.tracebacks import boundary

__all__ = ["leastsq", "levenberg_marquardt"]

_FTOL, _XTOL = DefaultNumber(1.49012e-8), DefaultNumber(1.49012e-8)
_GTOL, _FACTOR = DefaultNumber(0.0), DefaultNumber(100)

_FAILURES = (5, 6, 7, 8)
_SUCCESSES = (1, 2, 3, 4)


@boundary
def leastsq(
    func: Callable[..., Any],
    x0: Any,
    args: Any = (),
    Dfun: Callable[..., Any] | None = None,
    full_output: bool = False,
    col_deriv: bool = False,
    ftol: float = _FTOL,
    xtol: float = _XTOL,
    gtol: float = _GTOL,
    maxfev: int = 0,
    epsfcn: float | None = None,
    factor: float = _FACTOR,
    diag: Any = None,
) -> tuple[Any, ...]:
    """Minimise Σ func(x)² by MINPACK's Levenberg-Marquardt method, with the exact Jacobian.

    Arguments and results are those of `scipy.optimize.leastsq`. Without `Dfun` the Jacobian is
    exact; tolerances that are not given are then those of rounding, `maxfev` is 1000 (n + 1), and
    `factor` is 1: a first step without a limit loses some problems that have a solution. Without
    options the whole search is one compiled program.

    Parameters
    ----------
    func : callable
        ``func(x, *args)``: residuals, array of shape (m,), m at least n.
    x0 : array, float, (n,), or tree of arrays
        The first point.
    args : tuple
        Further arguments of `func` and `Dfun`.
    Dfun : callable or None
        The Jacobian, (m, n), or (n, m) with `col_deriv`, if it is not to be derived from `func`.
    full_output : bool
        Whether to return `cov_x`, `infodict` and `mesg` too.
    col_deriv : bool
        Whether `Dfun` returns derivatives down its columns.
    ftol, xtol, gtol : float
        Tolerances by the sum, by the point, and by the cosine of residuals and Jacobian.
    maxfev : int
        Most evaluations of `func`; 0 for a number by n.
    epsfcn : float or None
        Step of differences; without effect where the Jacobian is exact.
    factor : float
        Limit of the first step, in lengths of `x0`.
    diag : array, (n,), or None
        Scales of the variables.

    Returns
    -------
    x : array, float, (n,), or tree
        The solution.
    cov_x : array, float, (n, n), or None
        (JᵀJ)⁻¹; None if J is singular. With `full_output`, as the next two.
    infodict : dict
        ``nfev``, ``fvec``, ``fjac``, ``ipvt``, ``qtf``.
    mesg : str
        Why the method ended.
    ier : int
        1 to 4 for success.

    Raises
    ------
    TypeError
        As SciPy's, if there are fewer residuals than variables.

    References
    ----------
    Moré (1977), "The Levenberg-Marquardt algorithm: implementation and theory".

    Examples
    --------
    >>> leastsq(lambda x: 2 * (x - 3) ** 2 + 1, 0)
    (array([3.]), 1)
    """
    options: dict[str, Any] = {
        "ftol": ftol, "xtol": xtol, "gtol": gtol, "maxfev": maxfev, "epsfcn": epsfcn,
        "factor": factor, "diag": diag, "col_deriv": col_deriv,
    }  # fmt: skip
    args = args if isinstance(args, tuple) else (args,)
    is_tree = isinstance(x0, dict | list | tuple)
    if not (is_real_vector(x0) or is_tree) or (Dfun is not None and not is_tree):
        return optimize.leastsq(func, x0, args, Dfun, full_output, **options)
    residuals = Residuals("leastsq", func, x0, args)
    if Dfun is not None:
        given = Dfun if not residuals.flat.is_tree else residuals.given_jacobian(Dfun, {})
        found = optimize.leastsq(residuals.value, residuals.flat.start, (), given, True, **options)
        solution = Solution(*found)
    elif (minimum := compiled_minimum(residuals.flat, options)) is not None:
        if not full_output:
            return residuals.flat.restored(minimum.x), int(minimum.status)
        solution = reported(minimum)
    elif residuals.is_traced:
        solution = levenberg_marquardt(
            residuals.value, residuals.jacobian, residuals.flat.start, options
        )
    else:
        residuals.flat.notice_with_value()
        found = optimize.leastsq(residuals.value, residuals.flat.start, full_output=True, **options)
        solution = Solution(*found)
    x = residuals.flat.restored(solution.x)
    if full_output:
        return (x, *solution[1:])
    if solution.ier in _FAILURES:
        warnings.warn(solution.message, RuntimeWarning, stacklevel=3)
    elif solution.ier == 0:
        raise TypeError(solution.message)
    return x, solution.ier


def levenberg_marquardt(
    value: Callable[[Vector], Any],
    jacobian: Callable[[Vector], Any],
    start: Vector,
    options: dict[str, Any],
) -> Solution:
    """Return the solution with an exact Jacobian, refined to the limit of rounding."""
    given, options = options, dict(options, col_deriv=False)
    is_refined = is_default(options.get("xtol", _XTOL)) and is_default(options.get("ftol", _FTOL))
    for name in ("ftol", "xtol", "gtol"):
        if is_default(options.get(name, _FTOL)):
            options[name] = EXACT_TOLERANCE
    if is_default(options.get("factor", _FACTOR)):
        options["factor"] = 1.0
    options["maxfev"] = options.get("maxfev") or 1000 * (start.size + 1)
    found = Solution(*optimize.leastsq(value, start, (), jacobian, True, **options))
    if not is_refined:
        return found
    if found.ier in (6, 7, 8):  # tolerances of rounding are met as far as they can be
        found = found._replace(ier={6: 1, 7: 2, 8: 4}[found.ier])
    if found.ier not in _SUCCESSES:
        # A fit that creeps, as where parameters go to infinity, ends by SciPy's tolerances.
        given = dict(given, col_deriv=False)
        by_default = Solution(*optimize.leastsq(value, start, (), jacobian, True, **given))
        return by_default if by_default.ier in _SUCCESSES else found
    refined = refine(value, jacobian, found.x)
    if refined is None:
        return found
    pivoted: Any = linalg.qr
    q, r, permutation = pivoted(refined.jacobian, mode="economic", pivoting=True)
    information = found.information
    information.update(
        fvec=refined.residuals, ipvt=permutation.astype(np.int32), qtf=q.T @ refined.residuals,
        fjac=np.pad(r.T, ((0, 0), (0, len(refined.jacobian) - len(r)))),
        nfev=information["nfev"] + refined.evaluations,
        njev=information["njev"] + refined.evaluations,
    )  # fmt: skip
    return found._replace(
        x=refined.x, covariance=inverse_of_squares(r, permutation), information=information
    )
