"""Rosenbrock-Wanner methods for stiff equations, linearly implicit with the exact Jacobian.

A step factorizes W = I/(hγ) - ∂f/∂y once, and solves a linear system for each stage. There is no
Newton iteration that could fail to converge: a step is accepted or refused by its error alone, and
one of which nothing is finite (W singular, or f not defined) is tried again with a fraction of its
length.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.autodiff.jacobian import jacobian
from chainrule.autodiff.linearization import jvp
from chainrule.graph.node import Node, ancestors
from chainrule.ops.primitives.linear_algebra.linear_system import unchecked_solve
from chainrule.solvers.method import SAFETY, Attempt, Work, mean_square, weighted
from chainrule.solvers.rosenbrock_tableau import RODAS5P, RosenbrockTableau

__all__ = ["Rosenbrock"]

Function = Callable[[Any, Any], Any]


@dataclass(frozen=True)
class Rosenbrock:
    """A stiffly accurate pair with an interpolant of order 4.

    `jacobian` returns ∂f/∂y (t, y), a matrix; without it, it is derived from f. The derivative by
    t is always derived.
    """

    derivative: Function
    jacobian: Function | None = None
    tableau: RosenbrockTableau = RODAS5P
    damping: float = 0.0
    safety: float = SAFETY
    records: int = 3
    coefficients: int = 4
    first_work: Work = Work()  # noqa: RUF009 (a tuple)
    dense_work: Work = Work()  # noqa: RUF009

    @property
    def order_of_error(self) -> int:
        """The order of the embedded solution."""
        return self.tableau.order_of_error

    def first(self, t: Any, y: Any) -> Any:
        """Nothing goes from one step to the next."""
        return ()

    def step(self, t: Any, y: Any, h: Any, aux: Any) -> Attempt:
        """Factorize, and solve for the stages."""
        return self.step_and_matrix(t, y, h)[0]

    def step_and_matrix(self, t: Any, y: Any, h: Any, known: Any = None) -> tuple[Attempt, Any]:
        """Try a step; return its Jacobian too. `known` is f(t, y), if the caller has it."""
        table, inverse = self.tableau, 1 / h
        first, matrix, by_time = self._derivatives(t, y)
        if known is not None:
            first = known
        system = (1 / table.gamma * inverse) * np.eye(y.shape[0], dtype=y.dtype) - matrix
        stages: list[Any] = []
        value = y
        for number, (c, d) in enumerate(zip(table.c, table.d, strict=True)):
            side = first
            if stages:
                value = weighted((1, *table.a[number]), (y, *stages))
                side = self.derivative(t + c * h, value)
                side = side + inverse * weighted(table.g[number], stages)
            if d and by_time is not None:
                side = side + (d * h) * by_time
            stages.append(_solution(system, side))
        y_new = value + stages[-1]
        work = Work(len(stages) - (known is not None), 1, 1)
        record = tuple(weighted(weights, stages) for weights in table.interpolant)
        return Attempt(y_new, stages[-1], (), record, work), matrix

    def _derivatives(self, t: Any, y: Any) -> tuple[Any, Any, Any]:
        """Return f, ∂f/∂y and ∂f/∂t; None for the last where f does not depend on t."""

        def twice(y: Any) -> tuple[Any, Any]:
            value = self.derivative(t, y)
            return value, value

        if self.jacobian is None:
            matrix, value = jacobian(twice, has_aux=True)(y)
        else:
            value, matrix = self.derivative(t, y), self.jacobian(t, y)
        if type(t) is Node and not _depends(value, t):
            return value, matrix, None
        _, by_time = jvp(lambda t: self.derivative(t, y), (t,), (1 + 0 * t,))
        return value, matrix, by_time

    def error_square(self, error: Any, scale: Any) -> Any:
        """Return the mean square of the error over its scale."""
        return mean_square(error / scale)

    def growth(self, error: Any) -> tuple[float, float]:
        """Return the exponent and the factor of the length of the next step."""
        return 1 / (self.order_of_error + 1), self.safety

    def dense(self, t: Any, y: Any, y_new: Any, h: Any, record: Any) -> Any:
        """Return the coefficients of the powers of theta, lowest first."""
        first, second, third = record
        return (y_new - y + first, second - first, third - second, -third)

    def work_of_dense(self, record: Any) -> Work:
        """Return what `dense` costs."""
        return self.dense_work

    def interpolate(self, coefficients: Any, theta: Any, y: Any, y_new: Any, h: Any) -> Any:
        """Evaluate the polynomial by Horner's rule."""
        total = coefficients[-1]
        for each in reversed(coefficients[:-1]):
            total = each + theta * total
        return y + theta * total


def _depends(value: Any, source: Node) -> bool:
    """Whether the graph of a value contains a node."""
    return type(value) is Node and any(each is source for each in ancestors([value], _never))


def _never(node: Node) -> bool:
    return False


def _solution(matrix: Any, side: Any) -> Any:
    column = np.reshape(side, (-1, 1))
    return np.reshape(unchecked_solve(matrix, column, is_transposed=False), (-1,))
