"""Minimisation of a scalar function, by the methods of `scipy.optimize.minimize`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, cast

import numpy as np
from scipy import optimize

from chainrule.science.flat_function import is_tree, refuse_traced
from chainrule.science.optimize.minimizers.barrier import until_the_barrier_is_small
from chainrule.science.optimize.minimizers.constraints import exact_constraints
from chainrule.science.optimize.minimizers.objective import Objective, method_name
from chainrule.science.optimize.minimizers.tree_settings import (
    bounds_of_vector,
    options_of_vector,
)

__all__ = ["minimize", "supplied"]


def minimize(
    fun: Callable[..., Any],
    x0: Any,
    args: Any = (),
    method: Any = None,
    jac: Any = None,
    hess: Any = None,
    hessp: Any = None,
    bounds: Any = None,
    constraints: Any = (),
    tol: float | None = None,
    callback: Callable[..., Any] | None = None,
    options: dict[str, Any] | None = None,
) -> Any:
    """Minimise a scalar function of one or more variables: `scipy.optimize.minimize`, but exact.

    Arguments, methods and results are SciPy's. A method that can use a gradient, a Hessian, or the
    product of the Hessian and a vector gets the exact one, compiled, unless it is given.

    Parameters
    ----------
    fun : callable
        ``fun(x, *args)`` returns one number; plain NumPy code.
    x0 : number, array of shape (n,), list of n numbers, or tree of arrays
        The start. Of a dictionary, list or tuple of arrays, `fun` gets the same structure.
    args : tuple
        Further arguments of `fun`, `jac`, `hess` and `hessp`.
    method : str or callable, optional
        Nelder-Mead, Powell, CG, BFGS, Newton-CG, L-BFGS-B, TNC, COBYLA, COBYQA, SLSQP,
        trust-constr, dogleg, trust-ncg, trust-exact or trust-krylov, in any case. By default SLSQP
        with constraints, else L-BFGS-B with bounds, else BFGS.
    jac : bool, str or callable, optional
        The gradient, if it is not to be derived: ``jac(x, *args)``; True if `fun` returns value
        and gradient; ``"2-point"``, ``"3-point"`` or ``"cs"`` for differences.
    hess, hessp : callable, str or scipy.optimize.HessianUpdateStrategy, optional
        The Hessian and its product with a vector, if they are not to be derived.
    bounds : sequence of (lower, upper) or scipy.optimize.Bounds, optional
        Bounds of the variables; of a tree, those of its vector.
    constraints : dict, scipy.optimize.LinearConstraint or NonlinearConstraint, or list of them
        For SLSQP and trust-constr they get exact Jacobians, and for trust-constr exact Hessians.
        So ``jac="2-point"`` and ``hess=BFGS()``, defaults of `NonlinearConstraint`, are replaced.
        Their functions get a tree where `x0` is one.
    tol : float, optional
        Tolerance of the method.
    callback : callable, optional
        ``callback(x)`` or ``callback(intermediate_result=...)`` after each iteration;
        StopIteration ends the minimisation.
    options : dict, optional
        Options of the method, such as ``maxiter`` and ``disp``; those of each variable, such as
        ``scale`` of TNC, may be trees as `x0` is.

    Returns
    -------
    scipy.optimize.OptimizeResult
        Its `x`, `jac` and `allvecs` have the structure of `x0`.

    Raises
    ------
    TraceError
        If `x0` or `args` are traced values; `solvers.lbfgs` can be differentiated and compiled.
    ValueError
        As SciPy raises it.

    Notes
    -----
    A function whose steps depend on values is differentiated at each point anew, without a
    compiled program. One that cannot be traced is minimised with SciPy's differences, of which a
    `ChainruleWarning` tells. One that counts its calls, stores or prints is called as under SciPy
    for each value. Where a derivative is infinite or NaN, differences take its place.

    Examples
    --------
    >>> found = minimize(lambda x: (x[0] - 1) ** 2 + np.exp(x[1]) - 2 * x[1], [0.0, 2.0])
    >>> bool(found.success), np.round(found.x, 4).tolist()
    (True, [1.0, 0.6931])
    >>> found = minimize(lambda p: np.sum((p["w"] - 2) ** 2), {"w": np.zeros(2)}, method="CG")
    >>> np.round(found.x["w"], 6).tolist()
    [2.0, 2.0]
    """
    refuse_traced("minimize", (x0, args))
    args = args if isinstance(args, tuple) else (args,)
    given = {"jac": jac, "hess": hess, "hessp": hessp, "bounds": bounds, "constraints": constraints}
    fun, start, given, objective = supplied("minimize", fun, x0, args, method, given)
    bounds, name = given["bounds"], method_name(method, bounds, constraints)
    if objective is not None:
        callback = objective.callback(callback)
        options = options_of_vector("minimize", options, objective.flat)
        if name == "trust-constr" and hess is None and hessp is None and objective.is_exact:
            callback = until_the_barrier_is_small(callback, tol, options)
    found = optimize.minimize(
        fun, start, args, method, tol=tol, callback=callback, options=options, **given
    )
    if objective is None:
        return found
    if name in ("slsqp", "l-bfgs-b") and bounds is not None and "jac" in found:
        _mark_fixed(found, bounds, jac, constraints)
    return objective.result(found)


def _mark_fixed(found: Any, bounds: Any, jac: Any, constraints: Any) -> None:
    """Set the gradient of fixed variables to NaN where it is NaN in SciPy's result.

    That is where a gradient or a Jacobian was not given: SciPy leaves these variables out then.
    """
    several = constraints if isinstance(constraints, list | tuple) else [constraints]
    needs = [each for each in several if not isinstance(each, optimize.LinearConstraint)]
    jacobians = [
        each.get("jac") if isinstance(each, Mapping) else getattr(each, "jac", None)
        for each in needs
    ]
    if (callable(jac) or jac is True) and all(map(callable, jacobians)):
        return
    if isinstance(bounds, optimize.Bounds):
        lower, upper = bounds.lb, bounds.ub
    else:
        lower, upper = np.array([[*each] for each in bounds], np.float64).T
    is_fixed = np.broadcast_to(np.asarray(lower) == np.asarray(upper), found.jac.shape)
    if not is_fixed.all():
        found.jac[is_fixed] = np.nan


def supplied(
    operation: str,
    fun: Callable[..., Any],
    x0: Any,
    args: tuple[Any, ...],
    method: Any,
    given: dict[str, Any],
) -> tuple[Callable[..., Any], Any, dict[str, Any], Objective | None]:
    """Add exact derivatives to what is given to a method of `scipy.optimize.minimize`.

    Returns the function, the start, the further arguments, and the view of the function; what is
    wrong is left as it is, so that SciPy raises.
    """
    bounds, constraints = given.get("bounds"), given.get("constraints", ())
    if isinstance(bounds, Iterator):  # it is read more than once
        given = {**given, "bounds": list(cast("Iterator[Any]", bounds))}
    if not callable(fun) or (not is_tree(x0) and not _is_real_vector(x0)):
        return fun, x0, given, None
    name = method_name(method, bounds, constraints)
    objective = Objective(operation, fun, x0, args, given.get("jac") is True)
    names = ("jac", "hess", "hessp")
    found = objective.derivatives(name, *(given.get(each) for each in names))
    own = {each: found[each] for each in names if found[each] is not None or each in given}
    if bounds is not None and objective.flat.is_tree:
        own["bounds"] = bounds_of_vector(operation, given["bounds"], objective.flat)
    if np.size(constraints) > 0 or isinstance(constraints, dict):
        own["constraints"] = exact_constraints(operation, constraints, x0, name)
    flat = objective.flat
    is_unchanged = not (flat.is_tree or flat.is_notice_due) and found["fun"] == objective.function
    return fun if is_unchanged else found["fun"], objective.start, {**given, **own}, objective


def _is_real_vector(x0: Any) -> bool:
    try:
        x = np.asarray(x0)
    except ValueError:  # ragged
        return False
    return x.ndim < 2 and x.dtype.kind in "fiub"
