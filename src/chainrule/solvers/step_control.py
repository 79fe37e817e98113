"""Step length: the scale of errors, the first step, and the next one after each attempt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.autodiff.custom import stop_gradient
from chainrule.solvers.method import Method, Work, root_mean_square

__all__ = ["StepControl"]

_LEAST_FACTOR, _MOST_FACTOR = 0.2, 10.0
_LEAST_BEFORE = float(np.log(1e-4) * 2)
"""Of the error before, as the logarithm of its square: dopri5.f of Hairer & Wanner."""


@dataclass(frozen=True)
class StepControl:
    """PI control of the step length by the estimated error.

    References
    ----------
    Hairer, Norsett & Wanner (1993), Solving Ordinary Differential Equations I, section II.4.
    Hairer & Wanner (1996), Solving Ordinary Differential Equations II, section IV.2 (PI control).
    """

    method: Method
    rtol: Any
    atol: Any
    first_step: Any = None
    max_step: Any = None

    @property
    def first_work(self) -> Work:
        """What the choice of the first step costs, besides f at the start."""
        return Work(evaluations=int(self.first_step is None))

    def scale(self, y: Any, y_new: Any) -> Any:
        """Return what an error of each component may be: atol + rtol max(|y|, |y_new|)."""
        return self.atol + np.maximum(np.abs(y), np.abs(y_new)) * self.rtol

    def first(self, t: Any, y: Any, direction: Any) -> Any:
        """Return the first step, with its sign."""
        step = self.first_step
        if step is None:
            step = stop_gradient(self._first_length(t, y, direction))
        return direction * self.bounded(step)

    def bounded(self, step: Any) -> Any:
        """Bound the length of a step by `max_step`."""
        return step if self.max_step is None else np.clip(step, -self.max_step, self.max_step)

    def factor(
        self, square: Any, before: Any, growth: tuple[Any, Any], may_grow: Any
    ) -> tuple[Any, Any]:
        """Return the factor of the next step, and the logarithm of the square of the error.

        With error e and error before p, both over the tolerance, and the `growth` (a, s) of the
        method, it is s e^(-a + 0.75 β) p^β, in [0.2, 10], and at most 1 after a rejected step.
        """
        exponent, safety = growth
        damping = self.method.damping
        logarithm = np.log(np.maximum(square, np.finfo(square.dtype).tiny))
        power = -0.5 * (exponent - 0.75 * damping) * logarithm
        if damping:
            power = power + 0.5 * damping * before
        factor = np.clip(safety * np.exp(power), _LEAST_FACTOR, _MOST_FACTOR)
        factor = np.where(may_grow, factor, np.minimum(factor, 1))
        # After a step of which nothing is finite, the next one is tried with a fraction of it.
        factor = np.where(np.isfinite(square), factor, _LEAST_FACTOR)
        return factor, np.maximum(logarithm, _LEAST_BEFORE)

    def _first_length(self, t: Any, y: Any, direction: Any) -> Any:
        """Choose a length by the size of y, f and the change of f: section II.4."""
        derivative = self.method.derivative
        first = derivative(t, y)
        scale = self.scale(y, y)
        size, speed = root_mean_square(y / scale), root_mean_square(first / scale)
        is_small = (size < 1e-5) | (speed < 1e-5)
        trial = np.where(is_small, 1e-6, 0.01 * size / np.where(is_small, 1, speed))
        trial = self.bounded(trial)
        change = derivative(t + direction * trial, y + direction * trial * first) - first
        most = np.maximum(speed, root_mean_square(change / scale) / trial)
        exponent = 1 / (self.method.order_of_error + 1)
        by_change = (0.01 / np.maximum(most, 1e-15)) ** exponent
        length = np.where(most <= 1e-15, np.maximum(1e-6, trial * 1e-3), by_change)
        return np.minimum(100 * trial, length)
