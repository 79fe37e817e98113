"""Moré's Levenberg-Marquardt method: steps within an ellipsoid, for sums of squares.

A step p minimises ``‖r + J p‖`` subject to ``‖D p‖ <= Δ``, where D has the largest norms so far of
the columns of the Jacobian J, and Δ grows or shrinks with how well the linear model predicts the
sum. Steps are computed scaled, as D p, with the triangular factor of J D⁻¹.

References
----------
Moré (1978), The Levenberg-Marquardt algorithm: implementation and theory.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from chainrule.autodiff.control_flow.while_loop import while_loop
from chainrule.ops.primitives.linear_algebra.triangular import triangular_solve

__all__ = ["Linearized", "Region", "chosen", "first_region", "linear_step", "norm", "search_step"]

_EPS = np.finfo(np.float64).eps
_LEAST_RATIO = 1e-4  # of the decrease of the sum to that of its model, for a step to be taken
_MOST_TRIALS = 10  # of λ, each of which solves for one step


class Linearized(NamedTuple):
    """A point x, (n,), with ‖r‖ there, the factor R of J, (n, n), and Qᵀ r and norms, (n,)."""

    x: Any
    length: Any
    factor: Any
    projected: Any
    norms: Any

    @classmethod
    def of(cls, x: Any, r: Any, jacobian: Any) -> Linearized:
        """Return them for residuals and their Jacobian; the last column of R of [J r] is Qᵀ r."""
        n = x.shape[0]
        factor: Any = np.linalg.qr(np.concatenate([jacobian, r[:, None]], axis=1), mode="r")
        norms = np.sqrt(np.sum(factor[:n, :n] ** 2, axis=0))
        return cls(x, norm(r), factor[:n, :n], factor[:n, n], norms)

    @property
    def is_finite(self) -> Any:
        """Whether all residuals and derivatives are finite."""
        return self.length + np.sum(self.norms) < np.inf


class Region(NamedTuple):
    """The trust region, and the step that was tried last.

    Attributes
    ----------
    radius, damping : float
        Δ and λ.
    scale : array, (n,)
        D.
    size : float
        ‖D p‖.
    of_model, of_region : float
        ‖J p‖² and λ ‖D p‖², divided by ‖r‖².
    """

    radius: Any
    damping: Any
    scale: Any
    size: Any
    of_model: Any
    of_region: Any


def first_region(n: int) -> Region:
    """Return the region before the first step."""
    zero = np.float64(0)
    return Region(zero, zero, np.zeros(n), zero, zero, zero)


def norm(x: Any) -> Any:
    """Return the Euclidean norm."""
    return np.sqrt(np.sum(x * x))


def linear_step(factor: Any, projected: Any) -> Any:
    """Return the solution of R p = -Qᵀ r, (n,); a large one if R is singular."""
    n = factor.shape[0]
    return -_solved(np.where(np.eye(n, dtype=bool) & (factor == 0), _EPS**2, factor), projected)


def search_step(
    new: Linearized, kept: Linearized, region: Region, tolerance: Any, is_first: Any
) -> tuple[Linearized, Region, Any, Any]:
    """Take the step that was tried, if it has decreased the sum; try the next one.

    Returns
    -------
    kept, region : Linearized and Region
        The point after it, and the region there.
    x : array, (n,)
        The point to try next.
    status : int
        0, or the number by which MINPACK says which test was met: 1 the sum and its model change by
        no more than `tolerance`, 2 Δ is at most `tolerance` times ‖D x‖, 3 both, 4 the residuals
        are orthogonal to the columns of J.
    """
    is_less = new.is_finite & (0.1 * new.length < kept.length)
    actual = np.where(is_less, 1 - (new.length / kept.length) ** 2, -1.0)
    # Section 4: both terms are positive, where their difference would cancel.
    predicted = region.of_model + 2 * region.of_region
    ratio = np.where(predicted == 0, 0.0, actual / _nonzero(predicted))
    radius, damping = _updated(region, actual, ratio, ~is_less)
    kept = chosen(is_first | (ratio >= _LEAST_RATIO), new, kept)
    scale = np.maximum(region.scale, kept.norms)
    d = _nonzero(scale)
    start = norm(d * kept.x)
    is_flat = (np.abs(actual) <= tolerance) & (predicted <= tolerance) & (ratio <= 2)
    is_short = radius <= tolerance * start
    cosines = np.abs(kept.projected @ kept.factor) / _nonzero(kept.norms * kept.length)
    status = is_flat * np.int64(1) + is_short * np.int64(2)
    status = np.where(is_first, np.int64(0), status)
    status = np.where(np.max(cosines, initial=0) <= _EPS, np.int64(4), status)
    # The first step is at most as long as the start, so that no distant valley is reached by it.
    radius = np.where(is_first, _nonzero(start), radius)
    factor = kept.factor / d
    damping, p = _step(factor, kept.projected, radius, damping)
    size, length = norm(p), _nonzero(kept.length)
    radius = np.where(is_first, np.minimum(radius, size), radius)
    of_model, of_region = (norm(factor @ p) / length) ** 2, damping * (size / length) ** 2
    region = Region(radius, damping, scale, size, of_model, of_region)
    return kept, region, kept.x + p / d, status


def _updated(region: Region, actual: Any, ratio: Any, is_far: Any) -> tuple[Any, Any]:
    """Return Δ and λ by how well the decrease of the sum was predicted (section 4)."""
    derivative = -(region.of_model + region.of_region)
    shrunk = np.where(actual >= 0, 0.5, 0.5 * derivative / _nonzero(derivative + 0.5 * actual))
    shrunk = np.where(is_far | (shrunk < 0.1), 0.1, shrunk)
    is_poor, is_good = ~(ratio > 0.25), (region.damping == 0) | (ratio >= 0.75)
    radius = np.where(
        is_poor,
        shrunk * np.minimum(region.radius, 10 * region.size),
        np.where(is_good, 2 * region.size, region.radius),
    )
    factor = np.where(is_poor, 1 / shrunk, np.where(is_good, 0.5, 1.0))
    return radius, factor * region.damping


def _step(factor: Any, projected: Any, radius: Any, damping: Any) -> tuple[Any, Any]:
    """Return λ and a step of a length within a tenth of Δ, or the Gauss-Newton step with λ = 0.

    λ is a zero of ‖p(λ)‖ - Δ, by Newton's method for its reciprocal (section 5).
    """
    newton = linear_step(factor, projected)
    size = norm(newton)
    excess, gradient = size - radius, norm(projected @ factor)
    is_full = np.min(np.abs(np.diag(factor))) > 0
    safe = np.where(is_full, factor, np.eye(factor.shape[0]))
    least = np.where(is_full, excess / (radius * _derivative_of_norm(safe, newton)), 0.0)
    most = gradient / radius
    first = np.minimum(np.maximum(damping, least), most)
    first = np.where(first == 0, gradient / _nonzero(size), first)
    is_inside = excess <= 0.1 * radius

    def trial(state: tuple[Any, ...]) -> tuple[Any, ...]:
        count, least, damping, most, _, before, _ = state
        damping = np.where(damping == 0, np.maximum(1e-300, 0.001 * most), damping)
        triangle, p = _damped(factor, projected, damping)
        excess = norm(p) - radius
        is_falling = (least == 0) & (excess <= before) & (before < 0)
        is_last = (np.abs(excess) <= 0.1 * radius) | is_falling
        change = excess / (radius * _derivative_of_norm(triangle, p))
        least = np.where(excess > 0, np.maximum(least, damping), least)
        most = np.where(excess < 0, np.minimum(most, damping), most)
        further = np.where(is_last, damping, np.maximum(least, damping + change))
        return count + 1, least, further, most, p, excess, is_last

    found = while_loop(
        lambda state: ~state[-1] & (state[0] < _MOST_TRIALS),
        trial,
        (np.int64(0), least, first, most, newton, excess, is_inside),
    )
    return np.where(is_inside, 0.0, found[2]), found[4]


def _derivative_of_norm(factor: Any, p: Any) -> Any:
    """Minus the derivative of ‖p‖ by λ, divided by ‖p‖ (equation 5.8)."""
    solved = _solved(factor, p / _nonzero(norm(p)), is_transposed=True)
    return _nonzero(np.sum(solved * solved))


def _damped(factor: Any, projected: Any, damping: Any) -> tuple[Any, Any]:
    """Minimise ``‖r + J p‖² + λ ‖p‖²``; return the triangular factor, and p."""
    n = projected.shape[0]
    above = np.concatenate([factor, projected[:, None]], axis=1)
    stacked: Any = np.concatenate([above, np.sqrt(damping) * np.eye(n, n + 1)])
    triangle: Any = np.linalg.qr(stacked, mode="r")
    return triangle[:n, :n], -_solved(triangle[:n, :n], triangle[:n, n])


def _solved(factor: Any, right: Any, is_transposed: bool = False) -> Any:
    return triangular_solve(
        factor, right[:, None], lower=False, is_transposed=is_transposed, unit_diagonal=False
    )[:, 0]


def _nonzero(x: Any) -> Any:
    return np.where(x == 0, 1, x)


def chosen(condition: Any, a: Any, b: Any) -> Any:
    """Return one of two trees of arrays."""
    if isinstance(a, tuple):
        parts = [chosen(condition, *each) for each in zip(a, b, strict=True)]
        return type(a)(*parts) if hasattr(a, "_fields") else tuple(parts)
    return np.where(condition, a, b)
