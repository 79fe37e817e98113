"""Adagrad: a learning rate per parameter, divided by the root of all squared gradients."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from chainrule.arguments.aliases import OPTIMIZER_ALIASES
from chainrule.arguments.annotated import NonNegative, Positive
from chainrule.arguments.keywords import answers_foreign_names
from chainrule.optim.optimizer import Array, Optimizer, Slots, zeros_like
from chainrule.optim.schedules.schedule import Rate

__all__ = ["Adagrad"]


@answers_foreign_names(OPTIMIZER_ALIASES)
@dataclass(frozen=True)
class Adagrad(Optimizer):
    """Divide the gradient by the root of the sum of all squared gradients.

    ``s ← s + g²`` and ``w ← w - η·g / (√s + ε)``. The effective rate decreases monotonically, most
    for parameters with large gradients; those of rare features retain a high rate.

    Parameters
    ----------
    learning_rate : float > 0, Schedule, or function (epoch)
        η.
    initial_accumulator : float >= 0
        The value of s before the first update.
    epsilon : float > 0
        ε, which keeps the division finite.
    clip_norm, clip_value : float > 0 or None
        Limits of the gradients, see `Optimizer`.

    Notes
    -----
    The paper gives no defaults; these are Keras's.

    References
    ----------
    Duchi, Hazan & Singer (2011), "Adaptive Subgradient Methods for Online Learning and Stochastic
    Optimization", section 1.1, the update with a diagonal matrix.

    Examples
    --------
    >>> rule = Adagrad(0.5, initial_accumulator=0.0)
    >>> w, state = rule.update(np.array([3.0, -4.0]), rule.init(np.ones(2)), np.ones(2))
    >>> w.round(4), state["slots"]["sum"]
    (array([0.5, 1.5]), array([ 9., 16.]))
    """

    learning_rate: Rate = 0.001
    initial_accumulator: NonNegative = 0.1
    epsilon: Positive = 1e-7

    def slots(self, parameter: Array) -> Slots:
        """Return the initial sum of squares."""
        return {"sum": zeros_like(parameter) + self.initial_accumulator}

    @property
    def keeps_at_zero_gradient(self) -> bool:
        """Whether an element whose gradient is zero keeps its value and its sum of squares."""
        return type(self).update_parameter is Adagrad.update_parameter

    def update_parameter(
        self, parameter: Array, gradient: Array, slots: Slots, rate: Array, step: Array
    ) -> tuple[Array, Slots]:
        """Return the updated parameter and the sum of squares."""
        total = slots["sum"] + gradient * gradient
        return parameter - rate * gradient / (np.sqrt(total) + self.epsilon), {"sum": total}
