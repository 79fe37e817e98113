"""Nadam: Adam with Nesterov's accelerated gradient."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from chainrule.arguments.aliases import OPTIMIZER_ALIASES
from chainrule.arguments.annotated import Fraction, NonNegative, Positive
from chainrule.arguments.keywords import answers_foreign_names
from chainrule.optim.moving_average import average, bias_corrected
from chainrule.optim.optimizer import Array, Optimizer, Slots, zeros_like
from chainrule.optim.schedules.schedule import Rate

__all__ = ["Nadam"]


@answers_foreign_names(OPTIMIZER_ALIASES)
@dataclass(frozen=True)
class Nadam(Optimizer):
    """Step as Adam along the first moment that Nesterov's momentum anticipates.

    With m and v as in `Adam` and the momentum schedule ``μₜ = β₁·(1 - 0.96^(ψ·t) / 2)``::

        m̂ = μₜ₊₁·m / (1 - μ₁⋯μₜ₊₁) + (1 - μₜ)·g / (1 - μ₁⋯μₜ)
        w ← w - η·m̂ / (√v̂ + ε)

    Parameters
    ----------
    learning_rate : float > 0, Schedule, or function (epoch)
        η.
    beta_1 : float in [0, 1)
        β₁, the decay rate of the first moment, and the limit of μₜ.
    beta_2 : float in [0, 1)
        β₂, the decay rate of the second moment.
    epsilon : float > 0
        ε, which keeps the division finite.
    momentum_decay : float >= 0
        ψ, the rate at which μₜ approaches its limit.
    clip_norm, clip_value : float > 0 or None
        Limits of the gradients, see `Optimizer`.

    Notes
    -----
    ψ is the paper's 1/250, as in PyTorch; Keras has 1. The other defaults are those of `Adam`.

    References
    ----------
    Dozat (2016), "Incorporating Nesterov Momentum into Adam", Algorithm 2 and section 3.2.

    Examples
    --------
    >>> rule = Nadam(0.5)
    >>> w, state = rule.update(np.array([3.0, -0.01]), rule.init(np.ones(2)), np.ones(2))
    >>> w.round(4)
    array([0.4718, 1.5282])
    """

    learning_rate: Rate = 0.001
    beta_1: Fraction = 0.9
    beta_2: Fraction = 0.999
    epsilon: Positive = 1e-8
    momentum_decay: NonNegative = 0.004

    def slots(self, parameter: Array) -> Slots:
        """Return both moments, initially zero, and the product of all μₜ, a scalar."""
        return {
            "mean": zeros_like(parameter),
            "square": zeros_like(parameter),
            "product": np.ones((), parameter.dtype),
        }

    def update_parameter(
        self, parameter: Array, gradient: Array, slots: Slots, rate: Array, step: Array
    ) -> tuple[Array, Slots]:
        """Return the updated parameter, both moments and the product."""
        mean = average(slots["mean"], gradient, self.beta_1)
        square = average(slots["square"], gradient * gradient, self.beta_2)
        now, soon = self._momentum(step), self._momentum(step + 1)
        product = slots["product"] * now
        ahead = soon * mean / (1 - product * soon) + (1 - now) * gradient / (1 - product)
        denominator = np.sqrt(bias_corrected(square, self.beta_2, step)) + self.epsilon
        new_slots = {"mean": mean, "square": square, "product": product}
        return parameter - rate * ahead / denominator, new_slots

    def _momentum(self, step: Array) -> Array:
        exponent = step * (self.momentum_decay * math.log(0.96))
        # A Python float stays one: NumPy's float64 would widen float32 arrays.
        power = math.exp(exponent) if type(exponent) is float else np.exp(exponent)
        return self.beta_1 * (1 - 0.5 * power)
