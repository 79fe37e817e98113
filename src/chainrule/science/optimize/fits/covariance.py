"""The covariance of fitted parameters, and which of them the data do not determine."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import OptimizeWarning

__all__ = ["parameter_covariance"]

Array = NDArray[np.float64]

_UNKNOWN = "Covariance of the parameters could not be estimated"

_SHARE = 1e-6  # of a parameter in a direction that leaves the model as it is


def parameter_covariance(
    jacobian: Array,
    count: int,
    variance: float | None,
    names: Callable[[], list[str]],
    is_pseudo: bool,
) -> Array:
    """Return the covariance, (n, n), infinite with a warning where it is unknown, as SciPy does.

    Parameters
    ----------
    jacobian : array, (m, n) or (n, n)
        The Jacobian at the solution, or its triangular factor.
    count : int
        The number of data.
    variance : float or None
        That of the data in units of σ²; None if it is unknown.
    names : callable
        Returns the names of the parameters, for the warning.
    is_pseudo : bool
        Whether the covariance is the pseudoinverse where the rank is not full.
    """
    inverse, undetermined = _inverse_of_squares(jacobian, count, is_pseudo)
    message = _UNKNOWN
    if undetermined.any():
        which = ", ".join(
            name for name, is_one in zip(names(), undetermined, strict=True) if is_one
        )
        message += f": the data do not determine {which}"
    if inverse is None or variance is None or not np.isfinite(variance):
        warnings.warn(message, OptimizeWarning, stacklevel=5)
        return np.full((jacobian.shape[1],) * 2, np.inf)
    if undetermined.any():
        warnings.warn(f"{message}; it is the pseudoinverse", OptimizeWarning, stacklevel=5)
    return variance * inverse


def _inverse_of_squares(
    jacobian: Array, count: int, is_pseudo: bool
) -> tuple[Array | None, NDArray[np.bool_]]:
    """Return (JᵀJ)⁻¹ by the SVD of J with columns of unit length, and what J does not determine.

    Columns of unit length make the rank, and so the covariance, independent of the units of the
    parameters. Where the rank is not full, it is SciPy's: the pseudoinverse of JᵀJ, or None.
    """
    rows, columns = jacobian.shape
    norms = np.sqrt(np.einsum("ij,ij->j", jacobian, jacobian))
    if not np.isfinite(norms).all():
        return None, np.zeros(columns, bool)
    norms = np.where(norms == 0, 1.0, norms)
    least = np.finfo(float).eps * max(count, columns)
    _, s, vt = np.linalg.svd(jacobian / norms, full_matrices=rows < columns)
    rank = int(np.sum(s > least * s[0]))
    if rank == columns:
        scaled = vt.T / norms[:, None] / s
        return scaled @ scaled.T, np.zeros(columns, bool)
    undetermined = np.any(np.abs(vt[rank:]) > _SHARE, axis=0)
    if not is_pseudo:
        return None, undetermined
    _, s, vt = np.linalg.svd(jacobian, full_matrices=False)
    is_kept = s > least * s[0]
    return (vt[is_kept].T / s[is_kept] ** 2) @ vt[is_kept], undetermined
