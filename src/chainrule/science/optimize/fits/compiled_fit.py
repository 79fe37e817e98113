"""Levenberg-Marquardt and Gauss-Newton steps as one compiled program, reported as by MINPACK."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from chainrule.science.flat_function import FlatFunction, Vector
from chainrule.science.optimize.fits.defaults import is_default
from chainrule.solvers.squares_to_rounding import SquaresMinimum

__all__ = ["Solution", "compiled_minimum", "inverse_of_squares", "message_of", "reported"]

Matrix = NDArray[np.float64]

_MESSAGES = {
    1: "Both actual and predicted relative reductions in the sum of squares\n"
    "  are at most 0.000000",
    2: "The relative error between two consecutive iterates is at most 0.000000",
    3: "Both actual and predicted relative reductions in the sum of squares\n"
    "  are at most 0.000000 and the relative error between two consecutive "
    "iterates is at \n  most 0.000000",
    4: "The cosine of the angle between func(x) and any column of the\n"
    "  Jacobian is at most 0.000000 in absolute value",
}
"""MINPACK's reports of success, as SciPy words them."""

_WITHOUT_EFFECT = ("epsfcn", "col_deriv")


class Solution(NamedTuple):
    """What MINPACK returns: the point, its covariance but for the variance, and a report."""

    x: Vector
    covariance: Matrix | None
    information: dict[str, Any]
    message: str
    ier: int


def compiled_minimum(flat: FlatFunction, options: Mapping[str, Any]) -> SquaresMinimum | None:
    """Return the least sum of squares; None if options are given, or where none is found."""
    is_usual = all(
        is_default(value) or value is None or (isinstance(value, int | float) and not value)
        for name, value in options.items()
        if name not in _WITHOUT_EFFECT
    )
    n = flat.start.size
    if not (is_usual and flat.is_compiled and (flat.size or 0) >= n > 0):
        return None
    found = flat.least_squares()
    return found if found.status and np.isfinite(found.residuals).all() else None


def reported(found: SquaresMinimum) -> Solution:
    """Return a minimum as MINPACK does, with its covariance and the factors of its Jacobian."""
    pivoted: Any = linalg.qr
    q, r, permutation = pivoted(found.factor, pivoting=True)
    status, m = int(found.status), found.residuals.size
    information = {
        "fvec": found.residuals, "nfev": int(found.evaluations), "njev": int(found.evaluations),
        "fjac": np.pad(r.T, ((0, 0), (0, m - len(r)))), "ipvt": permutation.astype(np.int32),
        "qtf": q.T @ found.projected,
    }  # fmt: skip
    return Solution(
        found.x, inverse_of_squares(r, permutation), information, message_of(found), status
    )


def message_of(found: SquaresMinimum) -> str:
    """Return why the search ended, in SciPy's words."""
    return _MESSAGES[int(found.status)]


def inverse_of_squares(r: Matrix, permutation: NDArray[np.int32]) -> Matrix | None:
    """Return (JᵀJ)⁻¹ from the triangular factor of J with columns permuted; None if singular."""
    if not np.diag(r).all():
        return None
    inverse = np.linalg.inv(r)
    inverse[permutation] = inverse.copy()
    return inverse @ inverse.T
