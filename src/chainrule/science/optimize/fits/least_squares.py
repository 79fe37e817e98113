"""Nonlinear least squares with the exact Jacobian, by the methods of SciPy's `least_squares`."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from scipy import optimize

from chainrule.science.flat_function import Vector
from chainrule.science.optimize.fits.compiled_fit import compiled_minimum
from chainrule.science.optimize.fits.defaults import DefaultNumber, DefaultText, is_default
from chainrule.science.optimize.fits.gauss_newton import refine
from chainrule.science.optimize.fits.residuals import Residuals, flat_like, is_real_vector
from chainrule.solvers.squares_to_rounding import SquaresMinimum
from chainrule.tracebacks import boundary

__all__ = ["EXACT_TOLERANCE", "least_squares", "with_jacobian"]

_JAC = DefaultText("2-point")
_FTOL, _XTOL, _GTOL = (DefaultNumber(1e-8) for _ in range(3))

_METHOD = DefaultText("trf")
_WITHOUT_EFFECT = ("loss", "bounds", "f_scale", "diff_step", "workers")
"""Options of differences, and those that are as they are by default."""

_STATUS = {1: 2, 2: 3, 3: 4, 4: 1}
"""SciPy's number of a test that MINPACK numbers otherwise."""

_MESSAGES = {
    1: "`gtol` termination condition is satisfied.",
    2: "`ftol` termination condition is satisfied.",
    3: "`xtol` termination condition is satisfied.",
    4: "Both `ftol` and `xtol` termination conditions are satisfied.",
}
"""SciPy's reports of success."""

EXACT_TOLERANCE = 1e-15
"""Where the user gives none, and the Jacobian is exact: a few units of rounding.

SciPy's tolerances are for differences. With an exact Jacobian the last iterations converge fast, so
the limit costs little; certified regression problems keep 3 to 6 digits without it.
"""


@boundary
def least_squares(
    fun: Callable[..., Any],
    x0: Any,
    jac: str | Callable[..., Any] = _JAC,
    bounds: Any = (-np.inf, np.inf),
    method: str = _METHOD,
    ftol: float | None = _FTOL,
    xtol: float | None = _XTOL,
    gtol: float | None = _GTOL,
    x_scale: Any = None,
    loss: str | Callable[..., Any] = "linear",
    f_scale: float = 1.0,
    diff_step: Any = None,
    tr_solver: str | None = None,
    tr_options: Mapping[str, Any] | None = None,
    jac_sparsity: Any = None,
    max_nfev: int | None = None,
    verbose: int = 0,
    args: tuple[Any, ...] = (),
    kwargs: Mapping[str, Any] | None = None,
    callback: Callable[..., Any] | None = None,
    workers: Any = None,
) -> Any:
    """Minimise ½ Σ ρ(fᵢ(x)²) within bounds, with the exact Jacobian of the residuals f.

    Arguments, methods and results are those of `scipy.optimize.least_squares`. Without `jac` the
    Jacobian is exact; tolerances that are not given are then those of rounding, and `max_nfev` is
    1000 n. A `jac` that is given is used as it is, ``jac="2-point"`` too. Without a method, bounds,
    a loss or tolerances the whole search is one compiled program, by Moré's method.

    Parameters
    ----------
    fun : callable
        ``fun(x, *args, **kwargs)``: residuals, array of shape (m,) or a number.
    x0 : array, float, (n,), or tree of arrays
        The first point. A dictionary, a list or a tuple of arrays keeps its structure in `fun`, in
        ``result.x``, and where `bounds` and `x_scale` have it too.
    jac : {"2-point", "3-point", "cs"} or callable
        The Jacobian, (m, n), if it is not to be derived from `fun`.
    bounds : pair of arrays or of trees, or `scipy.optimize.Bounds`
        Lower and upper bounds.
    method : {"trf", "dogbox", "lm"}
        Trust region reflective, dogleg in rectangles, or MINPACK's Levenberg-Marquardt, each by
        SciPy if it is given.
    ftol, xtol, gtol : float or None
        Tolerances by the sum, by the point and by the gradient; None switches one off.
    x_scale : float, array, "jac" or None
        Scale of each variable.
    loss : {"linear", "soft_l1", "huber", "cauchy", "arctan"} or callable
        ρ, which limits the influence of outliers.
    f_scale : float
        Residuals below it are taken as inliers.
    diff_step : float, array or None
        Step of differences; without effect where the Jacobian is exact.
    tr_solver : {"exact", "lsmr"} or None
        How subproblems are solved.
    tr_options : mapping or None
        Options of `tr_solver`.
    jac_sparsity : array or sparse array, (m, n), or None
        Where the Jacobian may differ from 0. It is then sparse, and computed along as many
        directions as the pattern needs colors.
    max_nfev : int or None
        Most evaluations of `fun`.
    verbose : {0, 1, 2}
        What is printed.
    args, kwargs : tuple, mapping
        Further arguments of `fun` and `jac`.
    callback : callable or None
        Called after each iteration, as in SciPy.
    workers : int, callable or None
        Parallel map of differences; without effect where the Jacobian is exact.

    Returns
    -------
    scipy.optimize.OptimizeResult
        ``x``, ``cost``, ``fun``, ``jac``, ``grad``, ``optimality``, ``active_mask``, ``nfev``,
        ``njev``, ``status``, ``message`` and ``success``.

    Raises
    ------
    ValueError
        As SciPy's, for arguments that contradict each other.

    References
    ----------
    Branch, Coleman & Li (1999); Moré (1977); Voglis & Lagaris (2004).

    Examples
    --------
    >>> import numpy as np
    >>> found = least_squares(lambda x: np.stack([10 * (x[1] - x[0] ** 2), 1 - x[0]]), [2.0, 2.0])
    >>> found.x
    array([1., 1.])
    >>> t = np.array([0.0, 1.0, 2.0])
    >>> line = least_squares(
    ...     lambda p: p["slope"] * t + p["level"] - np.array([1.0, 3.0, 5.0]),
    ...     {"slope": np.zeros(1), "level": np.zeros(1)},
    ... )
    >>> line.x["slope"].round(6), line.x["level"].round(6)
    (array([2.]), array([1.]))
    """
    options: dict[str, Any] = {
        "jac": jac, "bounds": bounds, "method": method, "ftol": ftol, "xtol": xtol, "gtol": gtol,
        "x_scale": x_scale, "loss": loss, "f_scale": f_scale, "diff_step": diff_step,
        "tr_solver": tr_solver, "tr_options": tr_options, "jac_sparsity": jac_sparsity,
        "max_nfev": max_nfev, "verbose": verbose, "callback": callback, "workers": workers,
    }  # fmt: skip
    if not is_real_vector(x0):  # refused by SciPy
        return optimize.least_squares(fun, x0, args=args, kwargs=kwargs, **options)
    residuals = Residuals("least_squares", fun, x0, tuple(args), dict(kwargs or {}))
    if residuals.flat.is_tree:
        _flatten(options, residuals, x0, dict(kwargs or {}))
    elif not is_default(jac):
        return optimize.least_squares(fun, x0, args=args, kwargs=kwargs, **options)
    result = _solved(residuals, options)
    result.x = residuals.flat.restored(result.x)
    return result


def _solved(residuals: Residuals, options: dict[str, Any]) -> Any:
    """Return SciPy's result for residuals of a vector, with their exact Jacobian."""
    minimum = None
    if options["loss"] == "linear" and _are_infinite(options["bounds"], residuals.size):
        choices = {name: value for name, value in options.items() if name not in _WITHOUT_EFFECT}
        minimum = compiled_minimum(residuals.flat, choices)
    if minimum is not None:
        return _reported(minimum)
    sparsity = options["jac_sparsity"]
    if is_default(options["jac"]) and residuals.is_traced:
        if sparsity is not None and options["method"] == "lm":
            raise ValueError("method='lm' does not support `jac_sparsity`.")
        jacobian = residuals.jacobian
        if sparsity is not None:
            jacobian = residuals.sparse_jacobian(sparsity)
        return with_jacobian(residuals.value, jacobian, residuals.flat.start, options)
    if is_default(options["jac"]):
        residuals.flat.notice_with_value()
    return optimize.least_squares(residuals.value, residuals.flat.start, **options)


def _are_infinite(bounds: Any, count: int) -> bool:
    pair = (bounds.lb, bounds.ub) if isinstance(bounds, optimize.Bounds) else bounds
    return len(pair) == 2 and all(
        np.shape(each) in ((), (count,)) and np.all(each == limit)
        for each, limit in zip(map(np.asarray, pair), (-np.inf, np.inf), strict=True)
    )


def _reported(found: SquaresMinimum) -> Any:
    """Return a minimum as SciPy's methods do."""
    status = _STATUS[int(found.status)]
    gradient, count = found.jacobian.T @ found.residuals, int(found.evaluations)
    return optimize.OptimizeResult(
        x=found.x, cost=0.5 * float(found.residuals @ found.residuals), fun=found.residuals,
        jac=found.jacobian, grad=gradient, optimality=float(np.max(np.abs(gradient))),
        active_mask=np.zeros(found.x.size, int), nfev=count, njev=count, status=status,
        message=_MESSAGES[status], success=True,
    )  # fmt: skip


def with_jacobian(
    value: Callable[[Vector], Any],
    jacobian: Callable[[Vector], Any],
    start: Vector,
    options: dict[str, Any],
) -> Any:
    """Return SciPy's result with an exact Jacobian, refined to the limit of rounding.

    First by SciPy's tolerances; by those of rounding where Gauss-Newton steps do not converge.
    """
    given = dict(options, jac=jacobian)
    names = ("ftol", "xtol", "gtol")
    defaults = [name for name in names if name not in given or is_default(given[name])]
    is_watched = bool(given.get("verbose")) or given.get("callback") is not None
    may_refine = given.get("loss", "linear") == "linear"
    first: Any = None
    if may_refine and not is_watched and len(defaults) == len(names):
        first = optimize.least_squares(value, start, **given)
        if first.status > 0 and _refine(value, jacobian, first, given):
            return _counted(first, given)
    tight = dict(given, **dict.fromkeys(defaults, EXACT_TOLERANCE))
    tight["max_nfev"] = given.get("max_nfev") or 1000 * start.size
    result = optimize.least_squares(value, start, **tight)
    if result.status == 0 and not given.get("max_nfev"):
        # A fit that creeps, as where parameters go to infinity, ends by SciPy's tolerances.
        first = first or optimize.least_squares(value, start, **given)
        result = first if first.success else result
    if may_refine and result.status > 0:
        _refine(value, jacobian, result, given)
    return _counted(result, given)


def _counted(result: Any, options: dict[str, Any]) -> Any:
    """Return a result with the counts of SciPy, which has none of Jacobians for ``"lm"``."""
    if options.get("method") == "lm":
        result.njev = None
    return result


def _refine(
    value: Callable[[Vector], Any],
    jacobian: Callable[[Vector], Any],
    result: Any,
    options: dict[str, Any],
) -> bool:
    """Carry a result to the limit of rounding, on the bounds that are active; whether it is there.

    A variable stays on its bound if the gradient there points out of the region.
    """
    free = result.active_mask == 0
    if not (isinstance(result.jac, np.ndarray) and free.any()):
        return False
    bounds = options.get("bounds", (-np.inf, np.inf))
    pair = (bounds.lb, bounds.ub) if isinstance(bounds, optimize.Bounds) else bounds
    lower, upper = (np.broadcast_to(np.asarray(each, float), result.x.shape) for each in pair)
    at_bounds = np.where(result.active_mask < 0, lower, np.where(free, result.x, upper))

    def whole(x: Vector) -> Vector:
        at_bounds[free] = x
        return at_bounds.copy()

    refined = refine(
        lambda x: value(whole(x)), lambda x: np.asarray(jacobian(whole(x)))[:, free],
        result.x[free], lambda x: bool(np.all(x >= lower[free]) and np.all(x <= upper[free])),
    )  # fmt: skip
    if refined is None:
        return False
    x = whole(refined.x)
    derivatives = refined.jacobian if free.all() else np.asarray(jacobian(x))
    gradient = derivatives.T @ refined.residuals
    if np.any(gradient * result.active_mask > 0):
        return False
    distance = np.where(gradient < 0, upper - x, x - lower)  # Branch, Coleman & Li (1999)
    scaled = gradient * np.where(np.isfinite(distance), distance, 1.0)
    result.update(
        x=x, fun=refined.residuals, jac=derivatives, grad=gradient,
        cost=0.5 * float(refined.residuals @ refined.residuals),
        optimality=float(np.max(np.abs(scaled))),
        nfev=result.nfev + refined.evaluations,
    )  # fmt: skip
    if result.njev is not None:
        result.njev += refined.evaluations
    return refined.is_converged


def _flatten(
    options: dict[str, Any], residuals: Residuals, x0: Any, kwargs: dict[str, Any]
) -> None:
    """Make options of a tree options of its vector."""
    bounds = options["bounds"]
    if not isinstance(bounds, optimize.Bounds) and len(bounds) == 2:
        options["bounds"] = tuple(flat_like(each, x0, "least_squares: bounds") for each in bounds)
    if options["x_scale"] is not None and not isinstance(options["x_scale"], str):
        options["x_scale"] = flat_like(options["x_scale"], x0, "least_squares: x_scale")
    if callable(options["jac"]):
        options["jac"] = residuals.given_jacobian(options["jac"], kwargs)
    callback, restored = options["callback"], residuals.flat.restored
    if callback is None:
        return
    if set(inspect.signature(callback).parameters) == {"intermediate_result"}:

        def with_result(intermediate_result: Any) -> Any:
            intermediate_result.x = restored(intermediate_result.x)
            return callback(intermediate_result=intermediate_result)

        options["callback"] = with_result
    else:

        def with_point(x: Any) -> Any:
            return callback(restored(x))

        options["callback"] = with_point
