"""Adam: steps of about the same size for every parameter, whatever the scale of its gradient."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from chainrule.arguments.annotated import Fraction, Positive, named_arguments
from chainrule.optim.moving_average import average, unbiased
from chainrule.optim.optimizer import Array, Optimizer, Slots, zeros_like
from chainrule.optim.schedules.schedule import Schedule

__all__ = ["Adam"]


@named_arguments
@dataclass(frozen=True)
class Adam(Optimizer):
    """Divide the mean of the gradients by the root of the mean of their squares.

    ``m ← β₁·m + (1 - β₁)·g``, ``v ← β₂·v + (1 - β₂)·g²``, and with the bias of the zero start taken
    out, ``m̂ = m / (1 - β₁ᵗ)``, ``v̂ = v / (1 - β₂ᵗ)``: ``w ← w - η·m̂ / (√v̂ + ε)``.

    Parameters
    ----------
    learning_rate : float > 0, or Schedule
        η, nearly the length of a step in each coordinate.
    beta_1 : float in [0, 1)
        β₁, how slowly the mean forgets.
    beta_2 : float in [0, 1)
        β₂, how slowly the mean of squares forgets.
    epsilon : float > 0
        ε, which keeps the division finite.
    clip_norm, clip_value : float > 0 or None
        Limits of the gradients, see `Optimizer`.

    Notes
    -----
    Defaults are the paper's.

    References
    ----------
    Kingma & Ba (2015), "Adam: A Method for Stochastic Optimization", Algorithm 1.

    Examples
    --------
    The first step has the length of the learning rate, whatever the gradient:

    >>> rule = Adam(0.5)
    >>> w, slots = rule.update(np.ones(2), np.array([3.0, -0.01]), rule.slots(np.ones(2)), 0.5, 1)
    >>> w.round(4)
    array([0.5, 1.5])
    """

    learning_rate: float | Schedule = 0.001
    beta_1: Fraction = 0.9
    beta_2: Fraction = 0.999
    epsilon: Positive = 1e-8

    def slots(self, parameter: Array) -> Slots:
        """Return the mean of the gradients and of their squares, zero at first."""
        return {"mean": zeros_like(parameter), "square": zeros_like(parameter)}

    def update(
        self, parameter: Array, gradient: Array, slots: Slots, rate: Array, step: Array
    ) -> tuple[Array, Slots]:
        """Return the parameter a step further, and the two means."""
        mean = average(slots["mean"], gradient, self.beta_1)
        square = average(slots["square"], gradient * gradient, self.beta_2)
        spread = np.sqrt(unbiased(square, self.beta_2, step)) + self.epsilon
        move = rate * unbiased(mean, self.beta_1, step) / spread
        return parameter - move, {"mean": mean, "square": square}
