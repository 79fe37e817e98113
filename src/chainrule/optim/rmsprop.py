"""RMSprop: the gradient divided by the root of a moving average of its square."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from chainrule.arguments.aliases import OPTIMIZER_ALIASES
from chainrule.arguments.annotated import Fraction, Positive
from chainrule.arguments.keywords import answers_foreign_names
from chainrule.optim.moving_average import average
from chainrule.optim.optimizer import Array, Optimizer, Slots, zeros_like
from chainrule.optim.schedules.schedule import Rate

__all__ = ["RMSprop"]


@answers_foreign_names(OPTIMIZER_ALIASES)
@dataclass(frozen=True)
class RMSprop(Optimizer):
    """Divide the gradient by the root of a moving average of its square.

    ``v ← ρ·v + (1 - ρ)·g²`` and ``w ← w - η·g / (√v + ε)``. With momentum μ the step is a velocity,
    ``u ← μ·u + η·g / (√v + ε)`` and ``w ← w - u``. Centred, v is
    replaced by the variance of the gradient, v minus its squared moving average.

    Parameters
    ----------
    learning_rate : float > 0, Schedule, or function (epoch)
        η.
    rho : float in [0, 1)
        ρ, the decay rate of the average of squares.
    momentum : float in [0, 1)
        μ, the fraction of the velocity retained in each update.
    centered : bool
        Divide by the standard deviation instead of the root mean square.
    epsilon : float > 0
        ε, which keeps the division finite.
    clip_norm, clip_value : float > 0 or None
        Limits of the gradients, see `Optimizer`.

    Notes
    -----
    Defaults are those of the lecture, 0.001 and 0.9, and Keras's ε.

    References
    ----------
    Tieleman & Hinton (2012), "Neural Networks for Machine Learning", lecture 6.5, slide 29;
    centred: Graves (2013), "Generating Sequences With Recurrent Neural Networks", equations 38-40.

    Examples
    --------
    >>> rule = RMSprop(0.1, rho=0.75)
    >>> w, state = rule.update(np.array([2.0, -4.0]), rule.init(np.ones(2)), np.ones(2))
    >>> w.round(4), state["slots"]["square"]
    (array([0.8, 1.2]), array([1., 4.]))
    """

    learning_rate: Rate = 0.001
    rho: Fraction = 0.9
    momentum: Fraction = 0.0
    centered: bool = False
    epsilon: Positive = 1e-7

    def slots(self, parameter: Array) -> Slots:
        """Return the average of squares and, where used, the velocity and the average."""
        names = ["square"] + ["velocity"] * bool(self.momentum) + ["mean"] * self.centered
        return {name: zeros_like(parameter) for name in names}

    def update_parameter(
        self, parameter: Array, gradient: Array, slots: Slots, rate: Array, step: Array
    ) -> tuple[Array, Slots]:
        """Return the updated parameter and its slots."""
        new_slots = {"square": average(slots["square"], gradient * gradient, self.rho)}
        second_moment = new_slots["square"]
        if self.centered:
            new_slots["mean"] = average(slots["mean"], gradient, self.rho)
            # Rounding can make a variance of zero slightly negative.
            second_moment = np.maximum(second_moment - new_slots["mean"] * new_slots["mean"], 0)
        move = rate * gradient / (np.sqrt(second_moment) + self.epsilon)
        if self.momentum:
            move = new_slots["velocity"] = self.momentum * slots["velocity"] + move
        return parameter - move, {name: new_slots[name] for name in slots}
