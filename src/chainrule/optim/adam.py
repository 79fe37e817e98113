"""Adam: adaptive moment estimation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from chainrule.arguments.aliases import OPTIMIZER_ALIASES
from chainrule.arguments.annotated import Fraction, Positive
from chainrule.arguments.keywords import answers_foreign_names
from chainrule.optim.moving_average import average, bias_corrected
from chainrule.optim.optimizer import Array, Optimizer, Slots, zeros_like
from chainrule.optim.schedules.schedule import Rate

__all__ = ["Adam"]


@answers_foreign_names(OPTIMIZER_ALIASES)
@dataclass(frozen=True)
class Adam(Optimizer):
    """Divide the first moment of the gradient by the root of its second moment.

    ``m ← β₁·m + (1 - β₁)·g``, ``v ← β₂·v + (1 - β₂)·g²``; corrected for their bias towards the
    initial zero, ``m̂ = m / (1 - β₁ᵗ)``, ``v̂ = v / (1 - β₂ᵗ)``: ``w ← w - η·m̂ / (√v̂ + ε)``.

    Parameters
    ----------
    learning_rate : float > 0, Schedule, or function (epoch)
        η, an approximate bound of the step in each coordinate.
    beta_1 : float in [0, 1)
        β₁, the decay rate of the first moment.
    beta_2 : float in [0, 1)
        β₂, the decay rate of the second moment.
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
    The magnitude of the first step is the learning rate, whatever the gradient:

    >>> rule = Adam(0.5)
    >>> w, state = rule.update(np.array([3.0, -0.01]), rule.init(np.ones(2)), np.ones(2))
    >>> w.round(4)
    array([0.5, 1.5])
    """

    learning_rate: Rate = 0.001
    beta_1: Fraction = 0.9
    beta_2: Fraction = 0.999
    epsilon: Positive = 1e-8

    def slots(self, parameter: Array) -> Slots:
        """Return both moments, initially zero."""
        return {"mean": zeros_like(parameter), "square": zeros_like(parameter)}

    def update_parameter(
        self, parameter: Array, gradient: Array, slots: Slots, rate: Array, step: Array
    ) -> tuple[Array, Slots]:
        """Return the updated parameter and both moments."""
        mean = average(slots["mean"], gradient, self.beta_1)
        square = average(slots["square"], gradient * gradient, self.beta_2)
        denominator = np.sqrt(bias_corrected(square, self.beta_2, step)) + self.epsilon
        move = rate * bias_corrected(mean, self.beta_1, step) / denominator
        return parameter - move, {"mean": mean, "square": square}
