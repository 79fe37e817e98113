"""Automatic switching between an explicit and a stiff method, by an estimate of stiffness.

An explicit step costs least, until its length is bounded by stability in place of accuracy: that is
where h ρ, with ρ the spectral radius of the Jacobian, comes near the boundary of the region of
stability. From the explicit stages ρ is estimated without a Jacobian, from the stiff step by norms
of the Jacobian, which are larger.

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
from chainrule.solvers.dop853_tableau import DOP853
from chainrule.solvers.method import Attempt, Work, weighted
from chainrule.solvers.rosenbrock import Rosenbrock
from chainrule.solvers.runge_kutta import Dop853

__all__ = ["Automatic"]

_STIFF, _NOT_STIFF = 3.5, 2.5
"""Bounds of h ρ for a change. The region of stability of DOP853 ends at 6.1 on the real axis; where
the tolerance is small, steps of stiff equations are refused for their errors before."""

_TO_STIFF, _TO_EXPLICIT = 10, 3
"""By how many accepted steps those with a verdict for a change are to outnumber the others."""

_WEIGHT = 0.1
"""Of the squares of estimated errors of stiff steps: the error at the end is then as that of
explicit steps, in the problems of the tests."""


class _State(NamedTuple):
    """What goes from one accepted step to the next."""

    derivative: Any
    is_stiff: Any
    verdicts: Any  # for a change, less those against it


@dataclass(frozen=True)
class Automatic:
    """DOP853 where the equation is not stiff, Rodas5P where it is.

    A record is that of DOP853, in which a stiff step has the three vectors of its own, and a vector
    that is 1 for a stiff step and 0 for others.
    """

    derivative: Callable[[Any, Any], Any]
    jacobian: Callable[[Any, Any], Any] | None = None
    order_of_error: int = Dop853.order_of_error
    damping: float = 0.0
    records: int = Dop853.records + 1
    coefficients: int = Dop853.coefficients
    first_work: Work = Dop853.first_work
    dense_work: Work = Dop853.dense_work

    @property
    def explicit(self) -> Dop853:
        """The method for equations that are not stiff."""
        return Dop853(self.derivative)

    @property
    def stiff(self) -> Rosenbrock:
        """The method for stiff equations."""
        return Rosenbrock(self.derivative, self.jacobian)

    def first(self, t: Any, y: Any) -> Any:
        """Evaluate the first stage; begin with the explicit method."""
        return _State(self.derivative(t, y), np.False_, np.int64(0))

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
        flag = np.where(is_stiff, 1, 0) + 0 * y
        return Attempt(y_new, (is_stiff, *error), state, (*record, flag), Work(*work))

    def _explicit_step(self, t: Any, y: Any, h: Any, derivative: Any) -> Any:
        """Take an explicit step; h ρ is estimated from its last two stages, both at t + h."""
        method = self.explicit
        tried = method.step(t, y, h, derivative)
        stages = tried.record
        before = y + h * weighted(DOP853.a[-2], stages)
        size = stop_gradient(
            np.abs(h) * _ratio(stages[-1] - stages[-2], tried.y - before, np.abs(tried.y))
        )
        return tried.y, tried.error, tried.aux, stages, size, tuple(tried.work)

    def _stiff_step(self, t: Any, y: Any, h: Any, derivative: Any) -> Any:
        """Take a stiff step; ρ is at most the sum of the sizes of a row, or of a column."""
        tried, matrix = self.stiff.step_and_matrix(t, y, h, derivative)
        size = stop_gradient(np.abs(h) * _bound_of_radius(matrix, np.abs(tried.y)))
        record = (*tried.record, *(y * 0,) * (self.explicit.records - self.stiff.records))
        following = self.derivative(t + h, tried.y)
        work = tried.work.plus(Work(evaluations=1))
        return tried.y, (tried.error, tried.error), following, record, size, tuple(work)

    def error_square(self, error: Any, scale: Any) -> Any:
        """Return the square of the norm of the method that took the step."""
        is_stiff, *errors = error
        explicit = self.explicit.error_square(errors, scale)
        stiff = _WEIGHT * self.stiff.error_square(errors[0], scale)
        return np.where(is_stiff, stiff, explicit)

    def growth(self, error: Any) -> tuple[Any, Any]:
        """Return those of the method that took the step."""
        is_stiff, *_ = error
        pairs = zip(self.stiff.growth(error), self.explicit.growth(error), strict=True)
        exponent, safety = [np.where(is_stiff, *each) for each in pairs]
        return exponent, safety

    def dense(self, t: Any, y: Any, y_new: Any, h: Any, record: Any) -> Any:
        """Return the coefficients of either method, in the basis of DOP853."""
        *stages, flag = record

        def stiff(y: Any, y_new: Any, stages: Any) -> Any:
            first, second, third = stages[: self.stiff.records]
            rest = (y * 0,) * (self.coefficients - 4)
            return (y_new - y, first, second + third, -third, *rest)

        def explicit(y: Any, y_new: Any, stages: Any) -> Any:
            return self.explicit.dense(t, y, y_new, h, stages)

        return cond(np.sum(flag) > 0, stiff, explicit, y, y_new, stages)

    def work_of_dense(self, record: Any) -> Work:
        """Return what `dense` costs: nothing for a stiff step."""
        is_stiff = np.sum(record[-1]) > 0
        return Work(*[np.where(is_stiff, 0, each) for each in self.dense_work])

    def interpolate(self, coefficients: Any, theta: Any, y: Any, y_new: Any, h: Any) -> Any:
        """Evaluate the polynomial in the basis of DOP853."""
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
