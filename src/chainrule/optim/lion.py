"""Lion: sign updates of an interpolated momentum."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from chainrule.arguments.aliases import OPTIMIZER_ALIASES
from chainrule.arguments.annotated import Fraction, NonNegative
from chainrule.arguments.keywords import answers_foreign_names
from chainrule.optim.moving_average import average
from chainrule.optim.optimizer import Array, Optimizer, Slots, zeros_like
from chainrule.optim.schedules.schedule import Rate

__all__ = ["Lion"]


@answers_foreign_names(OPTIMIZER_ALIASES)
@dataclass(frozen=True)
class Lion(Optimizer):
    """Step by the sign of the interpolated momentum, with decoupled weight decay.

    ``w ← w - η·(sign(β₁·m + (1 - β₁)·g) + λ·w)`` and then ``m ← β₂·m + (1 - β₂)·g``. It needs
    half the state of Adam; as each coordinate moves by η, use a rate 3 to 10 times smaller.

    Parameters
    ----------
    learning_rate : float > 0, Schedule, or function (epoch)
        η, the magnitude of the step in each coordinate.
    beta_1 : float in [0, 1)
        β₁, the weight of the momentum in the step.
    beta_2 : float in [0, 1)
        β₂, the decay rate of the momentum.
    weight_decay : float >= 0
        λ; an update shrinks a parameter by the fraction η·λ.
    clip_norm, clip_value : float > 0 or None
        Limits of the gradients, see `Optimizer`.

    Notes
    -----
    Defaults are the paper's, but λ is 0, as in Keras.

    References
    ----------
    Chen et al. (2023), "Symbolic Discovery of Optimization Algorithms", Algorithm 2 and Program 1.

    Examples
    --------
    >>> rule = Lion(0.5)
    >>> rule.update(np.array([3.0, -0.01]), rule.init(np.ones(2)), np.ones(2))[0]
    array([0.5, 1.5])
    """

    learning_rate: Rate = 0.0001
    beta_1: Fraction = 0.9
    beta_2: Fraction = 0.99
    weight_decay: NonNegative = 0.0

    def slots(self, parameter: Array) -> Slots:
        """Return the momentum, initially zero."""
        return {"mean": zeros_like(parameter)}

    def update_parameter(
        self, parameter: Array, gradient: Array, slots: Slots, rate: Array, step: Array
    ) -> tuple[Array, Slots]:
        """Return the updated parameter and the momentum."""
        move = np.sign(average(slots["mean"], gradient, self.beta_1))
        if self.weight_decay:
            move = move + self.weight_decay * parameter
        return parameter - rate * move, {"mean": average(slots["mean"], gradient, self.beta_2)}
