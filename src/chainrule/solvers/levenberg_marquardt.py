"""Levenberg-Marquardt: minimisation of a sum of squares by damped Gauss-Newton steps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from chainrule.arguments.checks import POSITIVE, checked_count, checked_number
from chainrule.autodiff.control_flow.while_loop import while_loop
from chainrule.errors import ShapeError
from chainrule.graph.trace_errors import check_function
from chainrule.solvers.damped_iteration import (
    NO_STEP,
    DampingLimits,
    damped_iteration,
    first_damped_search,
)
from chainrule.solvers.flat_vector import ravel

__all__ = ["LeastSquares", "levenberg_marquardt"]


class LeastSquares(NamedTuple):
    """What a minimisation of a sum of squares found.

    Attributes
    ----------
    x : nested containers of arrays
        The point with the least sum.
    value : float
        The sum of the squares there.
    residuals : array, (m,)
        The residuals there.
    steps, evaluations : int
        Number of iterations, each of which computes the Jacobian once, and of evaluations of the
        residuals by themselves.
    success : bool
        Whether one of the tolerances is met.
    """

    x: Any
    value: Any
    residuals: Any
    steps: Any
    evaluations: Any
    success: Any


def levenberg_marquardt(
    residuals: Callable[..., Any],
    x0: Any,
    args: Any = (),
    damping: float = 1e-3,
    gtol: float = 1e-8,
    ftol: float = 1e-8,
    xtol: float = 1e-8,
    max_steps: int = 1000,
    max_trials: int = 20,
) -> LeastSquares:
    """Minimise a sum of squares with the exact Jacobian of its residuals.

    A step p minimises ``‖r + J p‖² + λ ‖D p‖²``, where D has the norms of the columns of J. How
    the decrease compares with that of the model decides whether the step is taken, and the next λ.

    Parameters
    ----------
    residuals : callable
        ``residuals(x, *args)`` returns an array of floats r: plain NumPy code.
    x0 : nested containers of float arrays
        The first point.
    args : tuple
        Further arguments of `residuals`; what is no tuple is the only one.
    damping : float > 0
        The first λ.
    gtol : float > 0
        Stop where the cosine of the angle between r and each column of J is at most this in size.
    ftol : float > 0
        Stop where the sum and its model decrease by no more than this, relative to the sum.
    xtol : float > 0
        Stop after a step with ``‖D p‖ <= xtol ‖D x‖``.
    max_steps : int >= 1
        The largest number of iterations.
    max_trials : int >= 1
        The largest number of steps tried in one.

    Returns
    -------
    LeastSquares
        ``x``, ``value``, ``residuals``, ``steps``, ``evaluations``, ``success``.

    Raises
    ------
    ArgumentError
        If an argument is out of range.
    ShapeError
        If `residuals` returns no number.

    References
    ----------
    Marquardt (1963), An algorithm for least-squares estimation of nonlinear parameters. Moré
    (1978), The Levenberg-Marquardt algorithm: implementation and theory, sections 2, 3 and 6
    (orthogonal factorization, gain ratio, scale). Nielsen (1999), Damping parameter in Marquardt's
    method, equation 2.5 (λ by the gain ratio).

    Examples
    --------
    >>> t = np.linspace(0, 1, 5)
    >>> y = 3 * np.exp(-2 * t)
    >>> found = levenberg_marquardt(lambda p: p[0] * np.exp(-p[1] * t) - y, np.ones(2))
    >>> print(np.round(found.x, 6))
    [3. 2.]
    """
    check_function("levenberg_marquardt", residuals)
    args = args if isinstance(args, tuple) else (args,)
    limits = DampingLimits(
        checked_number("levenberg_marquardt", "gtol", gtol, POSITIVE),
        checked_number("levenberg_marquardt", "ftol", ftol, POSITIVE),
        checked_number("levenberg_marquardt", "xtol", xtol, POSITIVE),
        checked_count("levenberg_marquardt", "max_trials", max_trials),
    )
    damping = checked_number("levenberg_marquardt", "damping", damping, POSITIVE)
    max_steps = checked_count("levenberg_marquardt", "max_steps", max_steps)
    x, unravel = ravel(x0, "levenberg_marquardt: x0")

    def of_vector(x: Any) -> tuple[Any, ...]:
        values, _ = ravel(residuals(unravel(x), *args), "levenberg_marquardt: the residuals")
        if not values.size:
            raise ShapeError("levenberg_marquardt: the function must return residuals, got none")
        return values.astype(x.dtype), ()

    end = while_loop(
        lambda search: search.status == 0,
        lambda search: damped_iteration(search, of_vector, limits),
        first_damped_search(x, damping),
        max_steps,
    )
    found, _ = of_vector(end.x)
    return LeastSquares(
        unravel(end.x), np.sum(found * found), found, end.steps, end.evaluations,
        (end.status != 0) & (end.status != NO_STEP),
    )  # fmt: skip
