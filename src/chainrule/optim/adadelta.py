"""Adadelta: a step size from running averages of squared updates and gradients."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from chainrule.arguments.aliases import OPTIMIZER_ALIASES
from chainrule.arguments.annotated import Fraction, Positive
from chainrule.arguments.keywords import answers_foreign_names
from chainrule.optim.moving_average import average
from chainrule.optim.optimizer import Array, Optimizer, Slots, zeros_like
from chainrule.optim.schedules.schedule import Rate

__all__ = ["Adadelta"]


@answers_foreign_names(OPTIMIZER_ALIASES)
@dataclass(frozen=True)
class Adadelta(Optimizer):
    """Scale the gradient by the ratio of the RMS of past updates to the RMS of past gradients.

    ``v ← ρ·v + (1 - ρ)·g²``, ``Δ = -√(d + ε) / √(v + ε)·g``, ``d ← ρ·d + (1 - ρ)·Δ²`` and
    ``w ← w + η·Δ``.

    Parameters
    ----------
    learning_rate : float > 0, Schedule, or function (epoch)
        η; the paper has none, that is, 1.
    rho : float in [0, 1)
        ρ, the decay rate of both averages of squares.
    epsilon : float > 0
        ε, which makes the first step nonzero and keeps the division finite.
    clip_norm, clip_value : float > 0 or None
        Limits of the gradients, see `Optimizer`.

    Notes
    -----
    Defaults are the paper's (section 4.1). Keras's default rate of 0.001 trains far more slowly.

    References
    ----------
    Zeiler (2012), "ADADELTA: An Adaptive Learning Rate Method", Algorithm 1.

    Examples
    --------
    >>> rule = Adadelta(epsilon=1.0, rho=0.0)
    >>> w, slots = rule.update_parameter(1.0, np.sqrt(3.0), {"square": 0.0, "move": 0.0}, 1.0, 1)
    >>> round(float(w), 4)
    0.134
    """

    learning_rate: Rate = 1.0
    rho: Fraction = 0.95
    epsilon: Positive = 1e-6

    def slots(self, parameter: Array) -> Slots:
        """Return the averages of squared gradients and of squared updates, initially zero."""
        return {"square": zeros_like(parameter), "move": zeros_like(parameter)}

    def update_parameter(
        self, parameter: Array, gradient: Array, slots: Slots, rate: Array, step: Array
    ) -> tuple[Array, Slots]:
        """Return the updated parameter and both averages."""
        square = average(slots["square"], gradient * gradient, self.rho)
        move = np.sqrt((slots["move"] + self.epsilon) / (square + self.epsilon)) * gradient
        new_slots = {"square": square, "move": average(slots["move"], move * move, self.rho)}
        return parameter - rate * move, new_slots
