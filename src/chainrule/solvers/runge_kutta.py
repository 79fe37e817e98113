"""Explicit Runge-Kutta methods, over their Butcher tableaux."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.solvers import dop853_tableau
from chainrule.solvers.butcher_tableau import ButcherTableau
from chainrule.solvers.dop853_tableau import DOP853
from chainrule.solvers.method import SAFETY, Attempt, Work, mean_square, weighted

__all__ = ["Dop853", "ExplicitPair"]

_NO_WORK, _ONE_EVALUATION = Work(), Work(evaluations=1)
_EXTRA_STAGES = Work(evaluations=len(dop853_tableau.EXTRA))


@dataclass(frozen=True)
class ExplicitPair:
    """An embedded pair whose continuous extension is made of its own stages."""

    derivative: Callable[[Any, Any], Any]
    tableau: ButcherTableau
    damping: float = 0.04
    safety: float = SAFETY
    first_work: Work = _ONE_EVALUATION
    dense_work: Work = _NO_WORK

    @property
    def order_of_error(self) -> int:
        """The order of the embedded solution."""
        return self.tableau.order_of_error

    @property
    def records(self) -> int:
        """All stages."""
        return len(self.tableau.c)

    @property
    def coefficients(self) -> int:
        """The degree of the continuous extension."""
        return len(self.tableau.interpolant[0])

    def first(self, t: Any, y: Any) -> Any:
        """Evaluate the first stage."""
        return self.derivative(t, y)

    def step(self, t: Any, y: Any, h: Any, aux: Any) -> Attempt:
        """Compute the stages; the first one is the last of the step before."""
        y_new, stages = _stages(self.tableau, self.derivative, t, y, h, aux)
        error = h * weighted(self.tableau.error, stages)
        return Attempt(y_new, error, stages[-1], tuple(stages), Work(len(stages) - 1))

    def error_square(self, error: Any, scale: Any) -> Any:
        """Return the mean square of the error over its scale."""
        return mean_square(error / scale)

    def growth(self, error: Any) -> tuple[float, float]:
        """Return the exponent and the factor of the length of the next step."""
        return 1 / (self.order_of_error + 1), self.safety

    def dense(self, t: Any, y: Any, y_new: Any, h: Any, record: Any) -> Any:
        """Return the coefficients of the powers of theta: h Σᵢ bᵢ(θ) kᵢ, lowest first."""
        rows = zip(*self.tableau.interpolant, strict=True)
        return tuple(h * weighted(weights, record) for weights in rows)

    def work_of_dense(self, record: Any) -> Work:
        """Return what `dense` costs."""
        return self.dense_work

    def interpolate(self, coefficients: Any, theta: Any, y: Any, y_new: Any, h: Any) -> Any:
        """Evaluate the polynomial by Horner's rule."""
        total = coefficients[-1]
        for each in reversed(coefficients[:-1]):
            total = each + theta * total
        return y + theta * total


@dataclass(frozen=True)
class Dop853:
    """The method of order 8 of Dormand and Prince with the error estimate of Hairer.

    References
    ----------
    Hairer, Norsett & Wanner (1993), Solving Ordinary Differential Equations I, section II.5 (the
    formulae), II.10 (the error estimate) and II.6 (the continuous extension of order 7).
    """

    derivative: Callable[[Any, Any], Any]
    order_of_error: int = DOP853.order_of_error
    damping: float = 0.0
    safety: float = 0.8
    records: int = len(DOP853.c)
    coefficients: int = 3 + len(dop853_tableau.CONTINUOUS)
    first_work: Work = _ONE_EVALUATION
    dense_work: Work = _EXTRA_STAGES

    def first(self, t: Any, y: Any) -> Any:
        """Evaluate the first stage."""
        return self.derivative(t, y)

    def step(self, t: Any, y: Any, h: Any, aux: Any) -> Attempt:
        """Compute the stages; the first one is the last of the step before."""
        y_new, stages = _stages(DOP853, self.derivative, t, y, h, aux)
        errors = [h * weighted(each, stages) for each in (DOP853.error, dop853_tableau.ERROR_3)]
        return Attempt(y_new, tuple(errors), stages[-1], tuple(stages), Work(len(stages) - 1))

    def error_square(self, error: Any, scale: Any) -> Any:
        """Return the square of e₅² / √(e₅² + 0.01 e₃²), where e is a root mean square."""
        fifth, third = [mean_square(each / scale) for each in error]
        both = fifth + 0.01 * third
        return fifth * (fifth / np.where(both == 0, 1, both))

    def growth(self, error: Any) -> tuple[float, float]:
        """Return the exponent and the factor of the length of the next step."""
        return 1 / (self.order_of_error + 1), self.safety

    def dense(self, t: Any, y: Any, y_new: Any, h: Any, record: Any) -> Any:
        """Evaluate three more stages; return the coefficients in the basis of `interpolate`."""
        stages = list(record)
        for c, weights in dop853_tableau.EXTRA:
            stages.append(self.derivative(t + c * h, y + h * weighted(weights, stages)))
        change = y_new - y
        lower = (change, h * stages[0] - change, 2 * change - h * (stages[0] + record[-1]))
        return (*lower, *(h * weighted(each, stages) for each in dop853_tableau.CONTINUOUS))

    def work_of_dense(self, record: Any) -> Work:
        """Return what `dense` costs."""
        return self.dense_work

    def interpolate(self, coefficients: Any, theta: Any, y: Any, y_new: Any, h: Any) -> Any:
        """Evaluate y + θ (F₀ + (1-θ) (F₁ + θ (F₂ + (1-θ) (...))))."""
        total, factors = coefficients[-1], (theta, 1 - theta)
        for number, each in reversed(list(enumerate(coefficients[:-1]))):
            total = each + factors[(number + 1) % 2] * total
        return y + theta * total


def _stages(
    tableau: ButcherTableau,
    derivative: Callable[[Any, Any], Any],
    t: Any,
    y: Any,
    h: Any,
    first: Any,
) -> tuple[Any, list[Any]]:
    """Return the new value and the derivatives of all stages, the last one at the new value."""
    stages, value = [first], y
    for c, weights in zip(tableau.c[1:], tableau.a[1:], strict=True):
        value = y + h * weighted(weights, stages)
        stages.append(derivative(t + c * h, value))
    return value, stages
