"""Iterations of Levenberg-Marquardt: the Jacobian, and steps until the sum of squares decreases.

References
----------
Moré (1978), The Levenberg-Marquardt algorithm: implementation and theory, sections 2, 3, 4 and 6.
Nielsen (1999), Damping parameter in Marquardt's method, equation 2.5.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from chainrule.autodiff.control_flow.while_loop import while_loop
from chainrule.autodiff.jacobian import jacobian
from chainrule.ops.primitives.linear_algebra.triangular import triangular_solve

__all__ = [
    "NO_DECREASE",
    "NO_STEP",
    "ORTHOGONAL",
    "SHORT_STEP",
    "DampedSearch",
    "DampingLimits",
    "damped_iteration",
    "first_damped_search",
]

ORTHOGONAL, NO_DECREASE, NO_STEP, SHORT_STEP = 1, 2, 3, 4
"""Why a search has ended, see `DampedSearch`."""

_LEAST_RATIO = 1e-4  # of the decrease of the sum to that of its model, for a step to be taken


class DampedSearch(NamedTuple):
    """Where the minimisation stands.

    Attributes
    ----------
    x : array, (n,)
        The parameters.
    rest : tuple
        What else the residuals return there.
    damping, growth : float
        λ of the next step, and its factor if that is rejected.
    scale : array, (n,)
        D: the largest norm so far of each column of the Jacobian.
    steps, evaluations : int
        As in `LeastSquares`.
    status : int
        0 as long as the search goes on; else why it has ended: `ORTHOGONAL` (residuals and
        Jacobian), `NO_DECREASE`, `SHORT_STEP`, or `NO_STEP` if none was found that decreases the
        sum.
    """

    x: Any
    rest: tuple[Any, ...]
    damping: Any
    growth: Any
    scale: Any
    steps: Any
    evaluations: Any
    status: Any


class DampingLimits(NamedTuple):
    """The settings of `levenberg_marquardt`."""

    gtol: float
    ftol: float
    xtol: float
    max_trials: int


class _Trial(NamedTuple):
    """A step tried from x: where it leads, and how λ goes on."""

    x: Any
    rest: tuple[Any, ...]
    damping: Any
    growth: Any
    evaluations: Any
    is_taken: Any
    status: Any


def first_damped_search(x: Any, damping: float, rest: tuple[Any, ...] = ()) -> DampedSearch:
    """Return the state before the first iteration."""
    zero = np.zeros((), x.dtype)
    return DampedSearch(x, rest, zero + damping, zero + 2, x * 0, 0, 0, 0)


def damped_iteration(
    search: DampedSearch,
    residuals: Callable[[Any], tuple[Any, tuple[Any, ...]]],
    limits: DampingLimits,
    stays: Any = False,
    linearized: Callable[[Any], tuple[Any, Any, tuple[Any, ...]]] | None = None,
) -> DampedSearch:
    """Compute the Jacobian, and try steps with growing λ until the sum decreases.

    `residuals` returns them and what else is wanted at a point, and `linearized` the Jacobian with
    both, where the caller knows how to compute it best. Where `stays`, no step is tried.
    """
    x = search.x

    def with_values(x: Any) -> Any:
        values, rest = residuals(x)
        return values, (values, rest)

    if linearized is None:
        matrix, (r, rest) = jacobian(with_values, has_aux=True)(x)
    else:
        matrix, r, rest = linearized(x)
    norms, length = _column_norms(matrix), _norm(r)
    scale = np.maximum(search.scale, norms)
    d = np.where(scale == 0, 1, scale)
    # The last column of this triangular factor of [J r] is Qᵀr.
    factor = np.linalg.qr(np.concatenate([matrix, r[:, None]], axis=1), mode="r")
    cosines = np.abs(r @ matrix) / _nonzero(norms * length)
    is_orthogonal = np.max(cosines, initial=0) <= limits.gtol

    def attempt(trial: _Trial) -> _Trial:
        return _attempted(trial, x, r, factor, d, residuals, limits)

    end = while_loop(
        lambda trial: ~trial.is_taken & (trial.status == 0),
        attempt,
        _Trial(
            x, rest, search.damping, search.growth, 0, stays | is_orthogonal,
            np.where(is_orthogonal, ORTHOGONAL, 0),
        ),
        limits.max_trials,
    )  # fmt: skip
    status = np.where((end.status == 0) & ~end.is_taken, NO_STEP, end.status)
    return DampedSearch(
        end.x, end.rest, end.damping, end.growth, scale, search.steps + 1,
        search.evaluations + end.evaluations, status,
    )  # fmt: skip


def _attempted(
    trial: _Trial,
    x: Any,
    r: Any,
    factor: Any,
    d: Any,
    residuals: Callable[[Any], tuple[Any, tuple[Any, ...]]],
    limits: DampingLimits,
) -> _Trial:
    """Try a step; take it if the sum decreases as by the model, else let λ grow."""
    step, linear = _damped_step(factor, d, trial.damping)
    new, rest = residuals(x + step)
    length = _nonzero(_norm(r))
    actual = 1 - (_norm(new) / length) ** 2
    # Moré (1978), section 4: both terms are positive, where their difference would cancel.
    of_model = (_norm(linear) / length) ** 2
    predicted = of_model + 2 * trial.damping * (_norm(d * step) / length) ** 2
    ratio = actual / _nonzero(predicted)
    is_taken = ratio > _LEAST_RATIO
    least = np.finfo(x.dtype).eps
    ftol, xtol = max(limits.ftol, least), max(limits.xtol, least)
    is_flat = (np.abs(actual) <= ftol) & (predicted <= ftol) & (ratio <= 2)
    is_short = _norm(d * step) <= xtol * _norm(d * x)
    status = np.where(is_flat, NO_DECREASE, np.where(is_short, SHORT_STEP, 0))
    # Nielsen (1999), equation 2.5.
    shrunk = trial.damping * np.maximum(1 / 3, 1 - (2 * ratio - 1) ** 3)
    return _Trial(
        np.where(is_taken, x + step, trial.x),
        tuple(np.where(is_taken, a, b) for a, b in zip(rest, trial.rest, strict=True)),
        np.where(is_taken, np.maximum(shrunk, least * least), trial.damping * trial.growth),
        np.where(is_taken, 2, 2 * trial.growth).astype(x.dtype),
        trial.evaluations + 1,
        is_taken,
        status,
    )


def _damped_step(factor: Any, d: Any, damping: Any) -> tuple[Any, Any]:
    """Minimise ``‖r + J p‖² + λ ‖D p‖²`` by the factor R of [J r]; return p and J p.

    The lengths of what R maps to are those of what J maps to. Moré (1978), section 3.
    """
    n = d.shape[0]
    below = np.concatenate([np.diag(np.sqrt(damping) * d), np.zeros((n, 1), d.dtype)], axis=1)
    damped: Any = np.linalg.qr(np.concatenate([factor, below]), mode="r")
    step = -triangular_solve(
        damped[:n, :n], damped[:n, n:], lower=False, is_transposed=False, unit_diagonal=False
    )[:, 0]
    return step, factor[:, :n] @ step


def _column_norms(matrix: Any) -> Any:
    return np.sqrt(np.sum(matrix * matrix, axis=0))


def _norm(x: Any) -> Any:
    return np.sqrt(np.sum(x * x))


def _nonzero(x: Any) -> Any:
    return np.where(x == 0, 1, x)
