"""Gauss-Newton steps that carry a least-squares solution to the limit of rounding."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Refined", "refine"]

Vector = NDArray[np.float64]

_MOST_STEPS = 60


class Refined(NamedTuple):
    """A point with its residuals, its Jacobian and the number of evaluations of each.

    `is_converged` says whether a further step is a few units of rounding.
    """

    x: Vector
    residuals: Vector
    jacobian: NDArray[np.float64]
    evaluations: int
    is_converged: bool


def refine(
    value: Callable[[Vector], Any],
    jacobian: Callable[[Vector], Any],
    x: Vector,
    is_feasible: Callable[[Vector], bool] = lambda x: True,
) -> Refined | None:
    """Take Gauss-Newton steps while each is shorter than the last; None if none is.

    A sum of squares cannot tell points apart whose distance is below the square root of the unit
    of rounding, so methods that compare sums end with half of the digits. With an exact Jacobian
    the condition Jᵀ r = 0 has nearly all of them: near a minimum the steps -(JᵀJ)⁻¹ Jᵀ r contract
    at the rate of |r| and the curvature, without a look at the sum.

    References
    ----------
    Björck (1996), "Numerical Methods for Least Squares Problems", section 9.2.
    """
    best: Refined | None = None
    start, last, count = np.inf, np.inf, 0
    for count in range(1, _MOST_STEPS + 1):
        residuals = np.atleast_1d(np.asarray(value(x), float)).ravel()
        J = np.asarray(jacobian(x), float)
        step = _step(J, residuals)
        if step is None or not np.isfinite(residuals).all():
            break
        squares = float(residuals @ residuals)
        # The norm of the change of the residuals; far from a minimum other methods are better.
        length = float(np.linalg.norm(J @ step))
        start = min(start, squares)
        with np.errstate(divide="ignore", invalid="ignore"):
            shares = np.where(step == 0, 0.0, np.abs(step) / np.abs(x))
        share = float(np.max(shares)) / np.finfo(float).eps
        # All further steps together are as long as this one times the rate.
        rate = length / last if best else 1.0
        is_last = share <= 4 or (0 < rate < 0.5 and 2 * rate * share <= 1)
        if not (is_last or length < (0.9 * last if best else 1e-3 * np.sqrt(squares))):
            is_converged = share <= 1e4 or length <= 1e-12 * np.sqrt(squares)
            best = best and best._replace(is_converged=is_converged)
            break
        if squares > start * (1 + 1e-8):
            return None
        best, last = Refined(x, residuals, J, count, is_last), length
        if is_last or not is_feasible(x + step):
            break
        x = x + step
    return best and best._replace(evaluations=count)


def _step(jacobian: NDArray[np.float64], residuals: Vector) -> Vector | None:
    """Return the solution of J p = -r by QR with columns of unit length; None if J is singular."""
    norms = np.linalg.norm(jacobian, axis=0)
    rows, columns = jacobian.shape
    if rows < columns or not (np.isfinite(norms).all() and np.all(norms > 0)):
        return None
    q, r = np.linalg.qr(jacobian / norms)
    if np.min(np.abs(np.diag(r))) < rows * np.finfo(float).eps:
        return None
    return -np.linalg.solve(r, q.T @ residuals) / norms
