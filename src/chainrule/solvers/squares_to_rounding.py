"""Sums of squares to the limit of rounding: a trust region, then Gauss-Newton steps.

A sum of squares cannot tell points apart whose distance is below the square root of the unit of
rounding, so methods that compare sums end with half of the digits. With an exact Jacobian the
condition Jᵀ r = 0 has nearly all of them: near a minimum the steps -(JᵀJ)⁻¹ Jᵀ r contract at the
rate of ‖r‖ and the curvature, without a look at the sum.

::

    SEARCH    trust region, to MINPACK's tolerances
    STEPS     Gauss-Newton steps while they contract
    CLOSER    where they do not: trust region, to the unit of rounding
    LAST      Gauss-Newton steps
    AGAIN     one more evaluation, if the last point tried is not the best one

Each iteration computes residuals and Jacobian once, at the point that the one before it proposed:
the code of the function, which takes most of the time to compile, is in the program once.

References
----------
Björck (1996), "Numerical Methods for Least Squares Problems", section 9.2.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from chainrule.autodiff.control_flow.while_loop import while_loop
from chainrule.autodiff.jacobian import jacobian
from chainrule.solvers.trust_region import (
    Linearized,
    Region,
    chosen,
    first_region,
    linear_step,
    norm,
    search_step,
)

__all__ = ["SquaresMinimum", "least_squares_to_rounding"]

_SEARCH, _STEPS, _CLOSER, _LAST, _AGAIN, _END = range(6)
_EPS = np.finfo(np.float64).eps
_TOLERANCE, _CLOSEST = 1.49012e-8, 1e-15
_MOST_STEPS = 60


class SquaresMinimum(NamedTuple):
    """Where a minimisation of a sum of squares ended.

    Attributes
    ----------
    x : array, (n,)
        The point.
    residuals, jacobian : array, (m,) and (m, n)
        The residuals r and their Jacobian J there.
    factor, projected : array, (n, n) and (n,)
        The triangular factor R of J, and Qᵀ r.
    evaluations : int
        How often residuals and their Jacobian were computed.
    status : int
        Which of MINPACK's tests 1 to 4 ended the search; 0 if none did.
    """

    x: Any
    residuals: Any
    jacobian: Any
    factor: Any
    projected: Any
    evaluations: Any
    status: Any


class _State(NamedTuple):
    """Where the minimisation stands: the next point, and the last that was no step too far.

    Residuals and Jacobian are those of the point tried last, as to choose between large arrays
    takes longer than to compute them.
    """

    x: Any
    residuals: Any
    jacobian: Any
    kept: Linearized
    region: Region
    phase: Any
    status: Any
    evaluations: Any
    steps: Any
    length: Any


def least_squares_to_rounding(
    function: Callable[[Any], Any], x0: Any, max_evaluations: int | None = None
) -> SquaresMinimum:
    """Minimise the sum of squares of ``function(x)``, m values, m at least n, from x0, (n,)."""
    n, size = x0.shape[0], np.ravel(function(x0)).size
    most = max_evaluations or 1000 * (n + 1)

    def with_values(x: Any) -> Any:
        values = np.ravel(function(x)).astype(np.float64)
        return values, values

    def iteration(state: _State) -> _State:
        matrix, r = jacobian(with_values, has_aux=True)(state.x)
        new = Linearized.of(state.x, r, matrix)
        is_search = (state.phase == _SEARCH) | (state.phase == _CLOSER)
        found = chosen(is_search, _searched(state, new), _stepped(state, new))
        evaluations = state.evaluations + 1
        is_again = state.phase == _AGAIN
        is_over = is_again | (found.phase == _END) | (evaluations >= most) | ~found.kept.is_finite
        is_best = is_again | np.all(found.kept.x == state.x)
        end = np.where(is_best, np.int64(_END), np.int64(_AGAIN))
        return found._replace(
            x=np.where(is_over, found.kept.x, found.x), residuals=r, jacobian=matrix,
            phase=np.where(is_over, end, found.phase), evaluations=evaluations,
        )  # fmt: skip

    nothing, zero, infinite = np.zeros(n), np.int64(0), np.float64(np.inf)
    none = Linearized(x0, infinite, np.zeros((n, n)), nothing, nothing)
    first = _State(
        x0, np.zeros(size), np.zeros((size, n)), none, first_region(n), zero, zero, zero, zero,
        infinite,
    )  # fmt: skip
    end = while_loop(lambda state: state.phase != _END, iteration, first)
    return SquaresMinimum(
        end.kept.x, end.residuals, end.jacobian, end.kept.factor, end.kept.projected,
        end.evaluations, end.status,
    )  # fmt: skip


def _searched(state: _State, new: Linearized) -> _State:
    """Take a step of the trust region; go over to Gauss-Newton steps where a test is met."""
    is_search = state.phase == _SEARCH
    tolerance = np.where(is_search, _TOLERANCE, _CLOSEST)
    is_first = state.evaluations == 0
    kept, region, x, status = search_step(new, state.kept, state.region, tolerance, is_first)
    is_met = status > 0
    return state._replace(
        x=np.where(is_met, kept.x, x), kept=kept, region=region,
        phase=state.phase + is_met, status=np.where(is_search, status, state.status),
        steps=np.int64(0), length=np.float64(np.inf),
    )  # fmt: skip


def _stepped(state: _State, new: Linearized) -> _State:
    """Take a Gauss-Newton step while each is shorter than the last."""
    step = linear_step(new.factor, new.projected)
    least = np.min(np.abs(np.diag(new.factor)) - state.residuals.size * _EPS * new.norms)
    size, share = norm(new.projected), np.max(np.abs(step) / np.abs(new.x))  # ‖J p‖ = ‖Qᵀ r‖
    # All further steps together are as long as this one times the rate.
    is_first, rate = state.steps == 0, size / state.length
    is_last = (share <= 4 * _EPS) | ((rate > 0) & (rate < 0.5) & (2 * rate * share <= _EPS))
    # Far from a minimum other methods are better.
    is_shorter = np.where(is_first, size < 1e-3 * new.length, rate < 0.9)
    is_kept = (least > 0) & (new.length <= state.kept.length * (1 + 1e-8)) & (is_shorter | is_last)
    is_rounding = (share <= 1e4 * _EPS) | (size <= 1e-12 * new.length)
    is_converged = np.where(is_kept, is_last, ~is_first & is_rounding)
    goes_on = is_kept & ~is_last & (state.steps < _MOST_STEPS)
    kept = chosen(is_kept, new, state.kept)
    phase = np.where(is_converged | (state.phase == _LAST), np.int64(_END), np.int64(_CLOSER))
    return state._replace(
        x=np.where(goes_on, new.x + step, kept.x), kept=kept, steps=state.steps + 1, length=size,
        phase=np.where(goes_on, state.phase, phase),
    )  # fmt: skip
