"""What a one-step method offers to the driver of an integration."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np

__all__ = ["SAFETY", "Attempt", "Method", "Work", "mean_square", "root_mean_square", "weighted"]

SAFETY = 0.9
"""The usual factor of the length of the next step, so that few steps are refused."""


class Work(NamedTuple):
    """Counts of what an integration costs.

    Attributes
    ----------
    evaluations : int
        Calls of the right-hand side f(t, y); those for a Jacobian are not among them.
    jacobians : int
        Jacobians ∂f/∂y.
    factorizations : int
        LU factorizations of a matrix of the size of y.
    """

    evaluations: Any = 0
    jacobians: Any = 0
    factorizations: Any = 0

    def plus(self, other: Work) -> Work:
        """Add the counts."""
        return Work(*[a + b for a, b in zip(self, other, strict=True)])


class Attempt(NamedTuple):
    """One step of a method from (t, y) to (t + h, y_new), not yet accepted.

    Attributes
    ----------
    y : array, float, (n,)
        The new value.
    error : nested containers of arrays
        What `Method.error_square` reads: the vector of the embedded estimate, times h.
    aux : nested containers of arrays
        What the next step needs if this one is accepted, structured as `Method.first` returns it.
    record : tuple of arrays, each float, (n,)
        What `Method.dense` needs for the continuous extension of this step: stages.
    work : Work
        What the step has cost.
    """

    y: Any
    error: Any
    aux: Any
    record: Any
    work: Work


class Method(Protocol):
    """A one-step method with an error estimate, applied to one equation dy/dt = f(t, y).

    The driver calls it on vectors y, float, (n,). A method holds f and its coefficients, and no
    state: what goes from one accepted step to the next is `aux`.
    """

    @property
    def order_of_error(self) -> int:
        """The order q of the embedded solution: the estimate is O(h^(q+1))."""
        ...

    @property
    def damping(self) -> float:
        """The exponent β of the error before, in the PI control of the step; 0 for none."""
        ...

    @property
    def records(self) -> int:
        """The number of vectors in `Attempt.record`."""
        ...

    @property
    def coefficients(self) -> int:
        """The number of vectors that `dense` returns."""
        ...

    @property
    def first_work(self) -> Work:
        """What `first` costs."""
        ...

    @property
    def dense_work(self) -> Work:
        """What `dense` costs at most."""
        ...

    @property
    def derivative(self) -> Callable[[Any, Any], Any]:
        """The function f(t, y)."""
        ...

    def first(self, t: Any, y: Any) -> Any:
        """Return `aux` of the first step."""
        ...

    def step(self, t: Any, y: Any, h: Any, aux: Any) -> Attempt:
        """Try a step of length h, which is negative backwards in time."""
        ...

    def error_square(self, error: Any, scale: Any) -> Any:
        """Return the square of the norm of the estimated error, divided by the tolerances."""
        ...

    def growth(self, error: Any) -> tuple[Any, Any]:
        """Return a = 1/(q+1) and s < 1: after a step with error e, the next is s e^(-a) as long."""
        ...

    def dense(self, t: Any, y: Any, y_new: Any, h: Any, record: Any) -> Any:
        """Return the coefficients of the continuous extension of an accepted step: vectors."""
        ...

    def work_of_dense(self, record: Any) -> Work:
        """Return what `dense` costs for the record of a step."""
        ...

    def interpolate(self, coefficients: Any, theta: Any, y: Any, y_new: Any, h: Any) -> Any:
        """Evaluate the continuous extension at t + theta h, for theta in [0, 1]."""
        ...


def mean_square(x: Any) -> Any:
    """Mean of the squares, by a product in place of a division, which takes longer."""
    return np.sum(x * x) * (1 / x.size)


def root_mean_square(x: Any) -> Any:
    """Square root of the mean of the squares."""
    return np.sqrt(np.mean(x * x))


def weighted(weights: Sequence[float], stages: Sequence[Any]) -> Any:
    """Sum the stages with the weights that are not 0, the last one last."""
    terms = [k if w == 1 else w * k for w, k in zip(weights, stages, strict=False) if w]
    total = terms[0]
    for term in terms[1:]:
        total = total + term
    return total
