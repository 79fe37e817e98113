"""Proof of printed equations on data: the formula evaluated, and differences of the function.

Two methods that share nothing with the derivative program but the function: the printed formula is
evaluated by NumPy, entry by entry, and compared with the program; and the directional derivative in
random directions is compared with extrapolated central differences (Ridders, 1982).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.testing.gradient import numerical_derivative

__all__ = ["FORMULA", "Certificate", "difference_error", "relative_error"]

_DIRECTIONS = 2
_ZERO = 1e-14
"""Below this a value is 0, but for rounding: differences are absolute."""
_STEP, _STEPS = 1e-4, (1e-2, 1e-6)
_SUFFICIENT = 1e-8
"""Error of one extrapolated difference that no other needs to confirm."""
FORMULA, DIFFERENCE = 1e-9, 1e-4
"""Errors up to which an equation counts as confirmed."""


@dataclass(frozen=True)
class Certificate:
    """What an equation was compared with, on which data.

    Parameters
    ----------
    formula_error : float
        Largest relative difference of the printed formula, evaluated by NumPy in float64, from the
        value that the program computes.
    difference_error : float or None
        The same of directional derivatives from central differences; None for a value that is no
        derivative.
    """

    formula_error: float
    difference_error: float | None = None

    @property
    def is_confirmed(self) -> bool:
        """Whether both errors are those of rounding."""
        difference = 0.0 if self.difference_error is None else self.difference_error
        return self.formula_error <= FORMULA and difference <= DIFFERENCE

    def __str__(self) -> str:
        parts = [
            f"{'' if self.is_confirmed else 'NOT CONFIRMED, '}formula {_shown(self.formula_error)}"
        ]
        if self.difference_error is not None:
            parts.append(f"central differences {_shown(self.difference_error)}")
        return ", ".join(parts)


def _shown(error: float) -> str:
    return f"{error:.0e}" if error else "0"


def relative_error(found: Any, expected: Any) -> float:
    """Return the largest absolute difference over the largest absolute value, unless that is 0."""
    found, expected = np.asarray(found, "float64"), np.asarray(expected, "float64")
    if not expected.size:
        return 0.0
    both_nan = np.isnan(found) & np.isnan(expected)
    difference = np.max(np.where(both_nan | (found == expected), 0.0, np.abs(found - expected)))
    scale = np.max(np.abs(expected[np.isfinite(expected)]), initial=0.0)
    return float(difference / scale) if scale > _ZERO else float(difference)


def difference_error(
    function: Callable[[Any], float], point: Any, gradient: Any, random: np.random.Generator
) -> float:
    """Compare a gradient with central differences of a function along random directions."""
    worst, norm = 0.0, float(np.linalg.norm(gradient))
    for _ in range(_DIRECTIONS):
        direction = random.standard_normal(np.shape(point))
        direction /= np.linalg.norm(direction) or 1.0
        if (
            norm > _ZERO
        ):  # a direction along which the function changes, so that the error is relative
            direction = direction * 0.5 + np.asarray(gradient) / norm

        def along(t: float, direction: Any = direction) -> float:
            return float(function(point + t * direction))

        exact = float(np.sum(gradient * direction))
        scale = abs(exact) if norm > _ZERO else 1.0
        error = abs(_central_difference(along) - exact) / scale
        if not error < _SUFFICIENT:
            # Of a function with kinks, a large step crosses some; a small one has fewer digits.
            numerical = [numerical_derivative(along, step)[0] for step in _STEPS]
            error = min([error, *(abs(each - exact) / scale for each in numerical)])
        worst = worst if error <= worst else error  # an error that is NaN counts
    return worst


def _central_difference(function: Callable[[float], float]) -> float:
    """Return a derivative at 0 by central differences of two steps, extrapolated to 4th order."""
    coarse, fine = ((function(h) - function(-h)) / (2 * h) for h in (_STEP, _STEP / 2))
    return (4 * fine - coarse) / 3
