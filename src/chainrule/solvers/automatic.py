"""Automatic switching between an explicit pair and a stiff method, by an estimate of stiffness.

An explicit step costs least, until its length is bounded by stability in place of accuracy: that is
where h ρ, with ρ the spectral radius of the Jacobian, comes near the boundary of the region of
stability. From the explicit stages ρ is estimated without a Jacobian, from the stiff step by norms
of the Jacobian, which are larger. Both methods have the same order, so that the length of a step
remains the right one where they change.

References
----------
Hairer & Wanner (1996), Solving Ordinary Differential Equations II, section IV.2 (equation 2.20).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from chainrule.autodiff.control_flow.cond import cond
from chainrule.autodiff.custom import stop_gradient
from chainrule.solvers.butcher_tableau import TSITOURAS
from chainrule.solvers.method import Attempt, Work, weighted
from chainrule.solvers.rosenbrock import Rosenbrock
from chainrule.solvers.runge_kutta import ExplicitPair

__all__ = ["Automatic"]

_STIFF, _NOT_STIFF = 2.0, 1.5
"""Bounds of h ρ for a change. The region of stability of Tsitouras' pair ends at 3.5 on the real
axis, and the control of the error keeps the lengths of steps from 2.8 to 4.2 over ρ there."""

_TO_STIFF, _TO_EXPLICIT = 10, 3
"""By how many accepted steps those with a verdict for a change are to outnumber the others."""


class _State(NamedTuple):
    """What goes from one accepted step to the next."""

    derivative: Any
    is_stiff: Any
    verdicts: Any  # for a change, less those against it


@dataclass(frozen=True)
class Automatic:
    """Tsitouras' pair where the equation is not stiff, Rodas5P where it is."""

    derivative: Callable[[Any, Any], Any]
    jacobian: Callable[[Any, Any], Any] | None = None
    damping: float = 0.04
    records: int = 4
    coefficients: int = 4
    first_work: Work = Work(evaluations=1)  # noqa: RUF009 (a tuple)
    dense_work: Work = Work()  # noqa: RUF009

    @property
    def explicit(self) -> ExplicitPair:
        """The method for equations that are not stiff."""
        return ExplicitPair(self.derivative, TSITOURAS)

    @property
    def stiff(self) -> Rosenbrock:
        """The method for stiff equations."""
        return Rosenbrock(self.derivative, self.jacobian)

    @property
    def order_of_error(self) -> int:
        """That of both methods."""
        return TSITOURAS.order_of_error

    def first(self, t: Any, y: Any) -> Any:
        """Evaluate the first stage; begin with the explicit pair."""
        return _State(self.derivative(t, y), False, 0)

    def step(self, t: Any, y: Any, h: Any, aux: Any) -> Attempt:
        """Take a step by the method chosen; change it after some verdicts for the other one."""
        is_stiff = aux.is_stiff
        y_new, error, derivative, record, size, work = cond(
            is_stiff, self._stiff_step, self._explicit_step, t, y, h, aux.derivative
        )
        is_other = np.where(is_stiff, size < _NOT_STIFF, size > _STIFF)
        verdicts = np.maximum(aux.verdicts + np.where(is_other, 1, -1), 0)
        changes = verdicts >= np.where(is_stiff, _TO_EXPLICIT, _TO_STIFF)
        state = _State(derivative, is_stiff != changes, np.where(changes, 0, verdicts))
        return Attempt(y_new, error, state, record, Work(*work))

    def _explicit_step(self, t: Any, y: Any, h: Any, derivative: Any) -> Any:
        """Take an explicit step; h ρ is estimated from its last two stages, both at t + h."""
        method = self.explicit
        tried = method.step(t, y, h, derivative)
        stages = tried.record
        before = y + h * weighted(TSITOURAS.a[-2], stages)
        size = stop_gradient(
            np.abs(h) * _ratio(stages[-1] - stages[-2], tried.y - before, np.abs(tried.y))
        )
        record = method.dense(t, y, tried.y, h, stages)
        return tried.y, tried.error, tried.aux, record, size, tuple(tried.work)

    def _stiff_step(self, t: Any, y: Any, h: Any, derivative: Any) -> Any:
        """Take a stiff step; ρ is at most the sum of the sizes of a row, or of a column."""
        tried, matrix = self.stiff.step_and_matrix(t, y, h)
        size = stop_gradient(np.abs(h) * _bound_of_radius(matrix, np.abs(tried.y)))
        record = self.stiff.dense(t, y, tried.y, h, tried.record)
        following = self.derivative(t + h, tried.y)
        work = tried.work.plus(Work(evaluations=1))
        return tried.y, tried.error, following, record, size, tuple(work)

    def error_square(self, error: Any, scale: Any) -> Any:
        """Return the mean square of the error over its scale."""
        return self.explicit.error_square(error, scale)

    def dense(self, t: Any, y: Any, y_new: Any, h: Any, record: Any) -> Any:
        """Return the coefficients of the powers of theta, which the step has computed."""
        return record

    def interpolate(self, coefficients: Any, theta: Any, y: Any, y_new: Any, h: Any) -> Any:
        """Evaluate the polynomial by Horner's rule."""
        return self.explicit.interpolate(coefficients, theta, y, y_new, h)


def _ratio(change: Any, distance: Any, scale: Any) -> Any:
    """Divide the norms of two vectors, of which each component is relative to its scale."""
    is_zero = scale == 0
    weight = np.where(is_zero, 0, 1 / np.where(is_zero, 1, scale))
    numerator, denominator = (np.sum((weight * x) ** 2) for x in (change, distance))
    is_known = denominator > 0
    return np.where(is_known, np.sqrt(numerator / np.where(is_known, denominator, 1)), 0)


def _bound_of_radius(matrix: Any, scale: Any) -> Any:
    """Bound the spectral radius by sums of rows, of columns, and of rows relative to scales."""
    sizes = np.abs(matrix)
    rows, columns = np.max(np.sum(sizes, axis=1)), np.max(np.sum(sizes, axis=0))
    is_relative = np.all(scale > 0)
    relative = np.sum(sizes * scale, axis=1) / np.where(is_relative, scale, 1)
    return np.minimum(np.minimum(rows, columns), np.where(is_relative, np.max(relative), np.inf))
