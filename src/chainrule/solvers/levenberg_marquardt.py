"""Levenberg-Marquardt: minimisation of a sum of squares by damped Gauss-Newton steps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from chainrule.arguments.checks import POSITIVE, checked_count, checked_number
from chainrule.autodiff.control_flow.while_loop import while_loop
from chainrule.autodiff.jacobian import jacobian
from chainrule.errors import ShapeError
from chainrule.graph.trace_errors import check_function
from chainrule.ops.primitives.linear_algebra.triangular import triangular_solve
from chainrule.solvers.flat_vector import ravel

__all__ = [
    "NO_DECREASE",
    "NO_STEP",
    "ORTHOGONAL",
    "SHORT_STEP",
    "DampedSearch",
    "DampingLimits",
    "LeastSquares",
    "damped_iteration",
    "first_damped_search",
    "levenberg_marquardt",
]

ORTHOGONAL, NO_DECREASE, NO_STEP, SHORT_STEP = 1, 2, 3, 4
"""Why a search has ended, see `DampedSearch`."""

_LEAST_RATIO = 1e-4  # of the decrease of the sum to that of its model, for a step to be taken


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
