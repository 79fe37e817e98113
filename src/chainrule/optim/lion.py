"""Lion: the sign of an interpolated momentum, so that every step has the same size."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from chainrule.arguments.annotated import Fraction, NonNegative, named_arguments
from chainrule.optim.moving_average import average
from chainrule.optim.optimizer import Array, Optimizer, Slots, zeros_like
from chainrule.optim.schedules.schedule import Schedule

__all__ = ["Lion"]


@named_arguments
@dataclass(frozen=True)
class Lion(Optimizer):
    """Step by the sign of a mean of the gradients, and shrink the parameter.

    ``w ← w - η·(sign(β₁·m + (1 - β₁)·g) + λ·w)`` and then ``m ← β₂·m + (1 - β₂)·g``. Half the
    memory of Adam; as each coordinate moves by η, it wants a rate 3 to 10 times smaller.

    Parameters
    ----------
    learning_rate : float > 0, or Schedule
        η, the length of a step in each coordinate.
    beta_1 : float in [0, 1)
        β₁, the weight of the past in the step.
    beta_2 : float in [0, 1)
        β₂, how slowly the mean forgets.
    weight_decay : float >= 0
        λ, the share of itself that a parameter loses in an update, over η.
    clip_norm, clip_value : float > 0 or None
        Limits of the gradients, see `Optimizer`.

    Notes
    -----
    Defaults are the paper's, with the λ of Keras, none.

    References
    ----------
    Chen et al. (2023), "Symbolic Discovery of Optimization Algorithms", Algorithm 2 and Program 1.

    Examples
    --------
    >>> rule = Lion(0.5)
    >>> rule.update(np.ones(2), np.array([3.0, -0.01]), rule.slots(np.ones(2)), 0.5, 1)[0]
    array([0.5, 1.5])
    """

    learning_rate: float | Schedule = 0.0001
    beta_1: Fraction = 0.9
    beta_2: Fraction = 0.99
    weight_decay: NonNegative = 0.0

    def slots(self, parameter: Array) -> Slots:
        """Return the mean of the gradients, zero at first."""
        return {"mean": zeros_like(parameter)}

    def update(
        self, parameter: Array, gradient: Array, slots: Slots, rate: Array, step: Array
    ) -> tuple[Array, Slots]:
        """Return the parameter a step further, and the mean."""
        move = np.sign(average(slots["mean"], gradient, self.beta_1))
        if self.weight_decay:
            move = move + self.weight_decay * parameter
        return parameter - rate * move, {"mean": average(slots["mean"], gradient, self.beta_2)}
