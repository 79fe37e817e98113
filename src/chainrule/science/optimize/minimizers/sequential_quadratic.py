"""``fmin_slsqp``: minima under constraints, by SciPy, with exact gradients and Jacobians."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from scipy import optimize

from chainrule.science.flat_function import FlatFunction, refuse_traced
from chainrule.science.optimize.minimizers.minimize import supplied
from chainrule.science.optimize.minimizers.objective import Objective
from chainrule.science.optimize.minimizers.tree_settings import bounds_of_vector

__all__ = ["fmin_slsqp"]

_STEP = float(np.sqrt(np.finfo(np.float64).eps))


def fmin_slsqp(
    func: Callable[..., Any],
    x0: Any,
    eqcons: Sequence[Callable[..., Any]] = (),
    f_eqcons: Callable[..., Any] | None = None,
    ieqcons: Sequence[Callable[..., Any]] = (),
    f_ieqcons: Callable[..., Any] | None = None,
    bounds: Any = (),
    fprime: Callable[..., Any] | None = None,
    fprime_eqcons: Callable[..., Any] | None = None,
    fprime_ieqcons: Callable[..., Any] | None = None,
    args: Any = (),
    iter: int = 100,
    acc: float = 1e-6,
    iprint: int = 1,
    disp: int | None = None,
    full_output: int = 0,
    epsilon: float = _STEP,
    callback: Callable[..., Any] | None = None,
) -> Any:
    """Minimise a function under constraints by sequential least squares programming.

    Called as `scipy.optimize.fmin_slsqp`, but the gradient and the Jacobians of the constraints are
    exact; `x0` may be a tree.

    Parameters
    ----------
    func : callable
        ``func(x, *args)`` returns one number.
    x0 : array of shape (n,) or tree of arrays
        The start.
    eqcons : sequence of callables
        Numbers ``f(x, *args)`` that must be 0.
    f_eqcons : callable, optional
        An array that must be 0, too.
    ieqcons : sequence of callables
        Numbers that must be at least 0.
    f_ieqcons : callable, optional
        An array that must be at least 0, too.
    bounds : sequence of (lower, upper)
        Bounds of the variables.
    fprime, fprime_eqcons, fprime_ieqcons : callable, optional
        Gradient and Jacobians, if they are not to be derived.
    args : tuple
        Further arguments of all these functions.
    iter : int
        Largest number of iterations.
    acc : float
        Accuracy of the value at which to end.
    iprint : int
        0 for no report, 1 for a summary, 2 for a line for each iteration.
    disp : int, optional
        Replaces `iprint`.
    full_output : bool
        Whether to return details.
    epsilon : float
        Step of the differences.
    callback : callable, optional
        ``callback(x)`` after each iteration.

    Returns
    -------
    array, tree or tuple
        The minimum; with `full_output`, ``(x, value, iterations, exit mode, message)``.

    Raises
    ------
    TraceError
        If `x0` or `args` are traced values.

    References
    ----------
    Kraft (1988), A software package for sequential quadratic programming, DFVLR-FB 88-28.

    Examples
    --------
    >>> x = fmin_slsqp(lambda x: x[0] + x[1], [0.0, -0.5], [lambda x: x @ x - 1], iprint=0)
    >>> x.round(4).tolist()
    [-0.7071, -0.7071]
    """
    refuse_traced("fmin_slsqp", (x0, args))
    args = args if isinstance(args, tuple) else (args,)
    fun, start, found, objective = supplied("fmin_slsqp", func, x0, args, "slsqp", {"jac": fprime})
    if objective is not None:
        callback = objective.callback(callback)
        bounds = bounds_of_vector("fmin_slsqp", bounds, objective.flat)
        eqcons, f_eqcons, fprime_eqcons = _joined(eqcons, f_eqcons, fprime_eqcons, objective, args)
        ieqcons, f_ieqcons, fprime_ieqcons = _joined(
            ieqcons, f_ieqcons, fprime_ieqcons, objective, args
        )
    result = optimize.fmin_slsqp(
        fun, start, eqcons, f_eqcons, ieqcons, f_ieqcons, bounds, found.get("jac"), fprime_eqcons,
        fprime_ieqcons, args, iter, acc, iprint, disp, full_output, epsilon, callback
    )  # fmt: skip
    if objective is None or not objective.flat.is_tree:
        return result
    restored = objective.flat.restored
    return (restored(result[0]), *result[1:]) if full_output else restored(result)


def _of_vector(function: Callable[..., Any], objective: Objective) -> Callable[..., Any]:
    def of_vector(x: Any, *args: Any) -> Any:
        return function(objective.flat.restored(x), *args)

    return of_vector


def _joined(
    several: Any, array: Any, jacobian: Any, objective: Objective, args: tuple[Any, ...]
) -> tuple[Any, Any, Any]:
    """Constraints of a kind: those without a Jacobian; the others as one array, its Jacobian.

    SciPy takes the Jacobian of an array only.
    """
    if not np.iterable(several) or not all(map(callable, several)):
        return several, array, jacobian
    without: list[Any] = []
    pieces: list[tuple[Any, Any]] = []
    given = [(each, None) for each in several] + ([(array, jacobian)] if array else [])
    for function, derivative in given:
        flat = FlatFunction("fmin_slsqp", function, _tree_of(objective), args)
        if callable(derivative):
            pieces.append((_of_vector(function, objective), _of_vector(derivative, objective)))
            continue
        flat.notice_with_value()
        if flat.is_traced:
            pieces.append((_without_args(flat.value), _without_args(flat.jacobian)))
        else:
            without.append(_without_args(flat.value))
    if not pieces:
        return without, None, None

    def value(x: Any, *args: Any) -> Any:
        return np.concatenate([np.ravel(each(x, *args)) for each, _ in pieces])

    def jacobian_of_all(x: Any, *args: Any) -> Any:
        return np.concatenate([np.reshape(each(x, *args), (-1, x.size)) for _, each in pieces])

    return without, value, jacobian_of_all


def _tree_of(objective: Objective) -> Any:
    flat = objective.flat
    return flat.restored(flat.start) if flat.is_tree else objective.start


def _without_args(function: Callable[[Any], Any]) -> Callable[..., Any]:
    return lambda x, *args: function(x)
