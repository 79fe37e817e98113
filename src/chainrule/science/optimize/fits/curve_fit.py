"""Fits of curves to data by nonlinear least squares, with the exact Jacobian."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import optimize

from chainrule.science.optimize.fits.compiled_fit import compiled_minimum, message_of, reported
from chainrule.science.optimize.fits.covariance import parameter_covariance
from chainrule.science.optimize.fits.fit_problem import Problem, prepared
from chainrule.science.optimize.fits.fit_result import FitReport, FitResult
from chainrule.science.optimize.fits.least_squares import with_jacobian
from chainrule.science.optimize.fits.leastsq import levenberg_marquardt
from chainrule.science.optimize.fits.model import Model, is_start, parameter_count
from chainrule.science.optimize.fits.residuals import flat_like
from chainrule.tracebacks import boundary

__all__ = ["curve_fit"]

Array = NDArray[np.float64]


@boundary
def curve_fit(
    f: Callable[..., Any],
    xdata: Any,
    ydata: Any,
    p0: Any = None,
    sigma: Any = None,
    absolute_sigma: bool = False,
    check_finite: bool | None = None,
    bounds: Any = (-np.inf, np.inf),
    method: str | None = None,
    jac: str | Callable[..., Any] | None = None,
    *,
    full_output: bool = False,
    nan_policy: str | None = None,
    **kwargs: Any,
) -> FitResult:
    """Fit a model to data: minimise Σ ((f(xᵢ, p) - yᵢ) / σᵢ)² over the parameters p.

    Arguments are those of `scipy.optimize.curve_fit`, and the result is unpacked as its:
    ``popt, pcov = curve_fit(...)``. Without `jac` the Jacobian is exact, in the fit and in the
    covariance; the result prints as a table, and draws itself.

    Parameters
    ----------
    f : callable
        The model ``f(x, a, b, ...)``; or ``f(x, p)`` where `p0` is a tree.
    xdata : array, float, (m,) or (k, m), or any object that `f` takes
        Where the data were measured.
    ydata : array, float, (m,)
        The data.
    p0 : array, float, (n,), tree of arrays, or None
        The first parameters; None for ones, or the middle of the bounds. A dictionary, or a list
        or tuple of arrays, is given to `f` as it is, and ``result[0]`` has its structure.
    sigma : float, array, (m,) or (m, m), or None
        Standard deviations of the data, or their covariance.
    absolute_sigma : bool
        Whether `sigma` is known, and not only up to a factor, which the residuals then give.
    check_finite : bool or None
        Whether data that are NaN or infinite raise; None for yes, unless there is a `nan_policy`.
    bounds : pair of arrays or of trees, or `scipy.optimize.Bounds`
        Lower and upper bounds of the parameters.
    method : {"lm", "trf", "dogbox"} or None
        The method; None for ``"lm"``, or ``"trf"`` where there are bounds.
    jac : callable, "2-point", "3-point", "cs" or None
        ``jac(x, a, b, ...)``, (m, n), or a scheme of differences, in place of the exact Jacobian.
    full_output : bool
        Whether `infodict`, `mesg` and `ier` are unpacked too.
    nan_policy : {"raise", "omit"} or None
        What to do with NaN in the data.
    **kwargs
        Options of `leastsq` or `least_squares`.

    Returns
    -------
    FitResult
        A tuple ``(popt, pcov)``, or ``(popt, pcov, infodict, mesg, ier)`` with `full_output`.

    Raises
    ------
    ValueError
        As SciPy's, for data that are not finite and arguments that contradict each other.
    RuntimeError
        If the method does not converge.

    Warns
    -----
    OptimizeWarning
        If the data do not determine the covariance.

    References
    ----------
    Seber & Wild (2003), "Nonlinear Regression", chapter 5: covariance and confidence bands.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.linspace(0, 4, 9)
    >>> y = 2.5 * np.exp(-1.3 * x) + 0.5 + 0.05 * np.cos(5 * x)
    >>> fit = curve_fit(lambda x, a, b, c: a * np.exp(-b * x) + c, x, y)
    >>> popt, pcov = fit
    >>> popt.round(3)
    array([2.527, 1.352, 0.514])
    >>> lower, upper = fit.band(np.array([0.0, 1.0]))
    >>> (upper - lower).round(2)
    array([0.18, 0.11])
    """
    settings: dict[str, Any] = {
        "sigma": sigma, "absolute_sigma": absolute_sigma, "check_finite": check_finite,
        "bounds": bounds, "method": method, "jac": jac, "nan_policy": nan_policy, **kwargs,
    }  # fmt: skip
    count = parameter_count(f) if p0 is None else 0
    if not (count if p0 is None else is_start(p0)):  # refused by SciPy
        return optimize.curve_fit(f, xdata, ydata, p0, full_output=full_output, **settings)
    model = Model(f, np.ones(count) if p0 is None else p0)
    if model.is_tree and not isinstance(bounds, optimize.Bounds):
        settings["bounds"] = tuple(flat_like(each, p0, "curve_fit: bounds") for each in bounds)
    problem = None
    if jac is None and "args" not in kwargs:
        problem = prepared(model, xdata, ydata, p0 is not None, settings)
    if problem is not None and problem.flat.is_traced:
        fitted = _fitted(model, problem, absolute_sigma, full_output, kwargs)
    else:
        fitted = _fitted_by_scipy(model, xdata, ydata, p0, settings)
        if problem is not None:
            problem.flat.notice()
    popt, pcov, information, message, ier = fitted
    outputs = (model.restored(popt) if model.is_tree else popt, pcov)
    return FitResult(
        (*outputs, information, message, ier) if full_output else outputs,
        FitReport(
            model, popt, pcov, xdata if problem is None else problem.x,
            ydata if problem is None else problem.y, information["fvec"], message,
            method or ("lm" if problem is None else problem.method), bool(absolute_sigma),
        ),
    )  # fmt: skip


def _fitted(
    model: Model, problem: Problem, absolute_sigma: bool, full_output: bool, kwargs: dict[str, Any]
) -> tuple[Any, ...]:
    """Return SciPy's five results of a fit with the exact Jacobian."""
    start, minimum, cost = problem.start, None, None
    if problem.method == "lm":
        minimum = compiled_minimum(problem.flat, kwargs)
    if minimum is not None:
        popt, message, ier, is_found = minimum.x, message_of(minimum), int(minimum.status), True
        residuals, jacobian = minimum.residuals, minimum.factor
        information = reported(minimum).information if full_output else {"fvec": residuals}
    elif problem.method == "lm":
        found = levenberg_marquardt(problem.value, problem.jacobian, start, kwargs)
        popt, information, message, ier = found.x, found.information, found.message, found.ier
        is_found = ier in (1, 2, 3, 4)
        residuals, jacobian = information["fvec"], problem.jacobian(popt)
    else:
        options = dict(kwargs, bounds=problem.bounds, method=problem.method)
        options["max_nfev"] = options.pop("max_nfev", options.pop("maxfev", None))
        result = with_jacobian(problem.value, problem.jacobian, start, options)
        popt, message, ier, is_found = result.x, result.message, result.status, result.success
        residuals, jacobian = result.fun, result.jac
        information = {"nfev": result.nfev, "fvec": residuals}
        cost = 2 * result.cost
    if not is_found:
        raise RuntimeError("Optimal parameters not found: " + message)
    freedom = residuals.size - popt.size
    if freedom > 0 and not absolute_sigma:
        squares = float(residuals @ residuals) if cost is None else cost
        variance: float | None = squares / freedom
    else:
        variance = 1.0 if absolute_sigma else None
    covariance = parameter_covariance(
        jacobian, residuals.size, variance, lambda: model.names, problem.method != "lm"
    )
    return popt, covariance, information, message, ier


def _fitted_by_scipy(
    model: Model, xdata: Any, ydata: Any, p0: Any, settings: dict[str, Any]
) -> tuple[Any, ...]:
    """Return SciPy's five results of a fit by differences, or with the user's Jacobian."""
    if model.is_tree:
        if callable(settings["jac"]):
            settings = dict(settings, jac=model.spread_jacobian(settings["jac"]))
        return optimize.curve_fit(
            model.spread, xdata, ydata, model.start, full_output=True, **settings
        )
    return optimize.curve_fit(model.function, xdata, ydata, p0, full_output=True, **settings)
