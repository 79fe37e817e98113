"""The least-squares problem of a curve fit: data, weights, bounds and the first parameters."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from scipy import linalg
from scipy.optimize import Bounds

from chainrule.science.flat_function import FlatFunction, Vector
from chainrule.science.optimize.fits.model import Model

__all__ = ["Problem", "prepared"]

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Problem:
    """Residuals ``weights (f(x, p) - y)`` of the vector of parameters p, with their Jacobian."""

    flat: FlatFunction
    x: Any
    y: Array
    start: Vector
    bounds: tuple[Array, Array]
    method: str
    _last: dict[bytes, Array] = field(default_factory=dict[bytes, Array])

    def value(self, p: Vector) -> Array:
        """Return the residuals, (m,); those of the last parameters are not computed again."""
        key = p.tobytes()
        if key not in self._last:
            residuals = self.flat.value(p)
            self._last.clear()
            self._last[key] = residuals
        return self._last[key]

    def jacobian(self, p: Vector) -> Array:
        """Return the Jacobian of the residuals, (m, n)."""
        return self.flat.jacobian(p)


def prepared(
    model: Model, xdata: Any, ydata: Any, is_given: bool, settings: dict[str, Any]
) -> Problem | None:
    """Return the problem; None for arguments that SciPy refuses, which then raises its own error.

    References
    ----------
    The documentation of `scipy.optimize.curve_fit`.
    """
    limits = _limits(settings["bounds"], model.start.size)
    cleaned = _cleaned(xdata, ydata, settings)
    if limits is None or cleaned is None:
        return None
    x, y, sigma = cleaned
    is_bounded = bool(np.any(limits[0] > -np.inf) or np.any(limits[1] < np.inf))
    method = settings["method"] or ("trf" if is_bounded else "lm")
    is_short = y.size != 1 and model.start.size > y.size
    if method == "lm" and (is_bounded or is_short):
        return None
    weights = None
    if sigma is not None:
        weights = _weights(np.asarray(sigma), y.size)
        if weights is None:
            return None
    start = _inside(*limits) if is_bounded and not is_given else model.start
    return Problem(model.residuals(x, y, weights), x, y, start, limits, method)


def _limits(bounds: Any, count: int) -> tuple[Array, Array] | None:
    pair = (bounds.lb, bounds.ub) if isinstance(bounds, Bounds) else tuple(bounds)
    limits = [np.asarray(each, float) for each in pair]
    if len(limits) != 2 or any(each.shape not in ((), (1,), (count,)) for each in limits):
        return None
    lower, upper = (np.broadcast_to(each, (count,)).copy() for each in limits)
    return lower, upper


def _inside(lower: Array, upper: Array) -> Array:
    """Return the middle of bounds; a distance of 1 from a single one; 1 without any."""
    has_lower, has_upper = np.isfinite(lower), np.isfinite(upper)
    with np.errstate(invalid="ignore"):
        middle = np.where(has_upper, 0.5 * (lower + upper), lower + 1)
    return np.where(has_lower, middle, np.where(has_upper, upper - 1, 1.0))


def _cleaned(
    xdata: Any, ydata: Any, settings: dict[str, Any]
) -> tuple[Any, Array, Array | None] | None:
    """Return the data as float64, without NaN where the policy is to omit them."""
    policy, sigma = settings["nan_policy"], settings["sigma"]
    must_be_finite = settings["check_finite"]
    if must_be_finite is None:
        must_be_finite = policy is None
    y = np.asarray(ydata, float)
    is_array = isinstance(xdata, list | tuple | np.ndarray)
    x: Any = np.asarray(xdata, float) if is_array else xdata
    if y.size == 0 or y.ndim > 1 or policy not in (None, "raise", "omit"):
        return None
    if must_be_finite:
        is_finite = np.isfinite(y).all() and (not is_array or np.isfinite(x).all())
        return (x, y, sigma) if is_finite else None
    if policy is None:
        return x, y, sigma
    if not is_array or x.shape[-1:] != y.shape:
        return None
    is_missing = np.isnan(y) | np.isnan(x).any(axis=tuple(range(x.ndim - 1)))
    if not is_missing.any():
        return x, y, sigma
    if policy == "raise":
        return None
    if sigma is not None and np.ndim(sigma) > 0:
        sigma = np.asarray(sigma)
        if sigma.shape not in (y.shape, (y.size, y.size)):
            return None
        sigma = sigma[~is_missing] if sigma.ndim == 1 else sigma[~is_missing][:, ~is_missing]
    return x[..., ~is_missing], y[~is_missing], sigma


def _weights(sigma: Array, count: int) -> Array | None:
    """1 / σ, of shape () or (m,); or L, (m, m), where L Lᵀ is the covariance of the data."""
    if sigma.size == 1 or sigma.shape == (count,):
        return 1.0 / sigma
    if sigma.shape != (count, count):
        return None
    try:
        return cast(Any, linalg.cholesky)(sigma, lower=True)
    except linalg.LinAlgError:
        return None
