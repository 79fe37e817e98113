"""AdamW: Adam with decoupled weight decay."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from chainrule.arguments.aliases import OPTIMIZER_ALIASES
from chainrule.arguments.annotated import Fraction, NonNegative, Positive
from chainrule.arguments.keywords import answers_foreign_names
from chainrule.optim.moving_average import average, bias_corrected
from chainrule.optim.optimizer import Array, Optimizer, Slots, zeros_like
from chainrule.optim.schedules.schedule import Rate

__all__ = ["AdamW"]


@answers_foreign_names(OPTIMIZER_ALIASES)
@dataclass(frozen=True)
class AdamW(Optimizer):
    """Step as Adam, with decoupled weight decay: ``w ← w - η·(m̂ / (√v̂ + ε) + λ·w)``.

    m̂ and v̂ are those of `Adam`. An l2 penalty in the loss would be divided by √v̂ with the rest of
    the gradient and so be weak for parameters with large gradients; decoupled decay shrinks all
    parameters at the same rate, biases too.

    Parameters
    ----------
    learning_rate : float > 0, Schedule, or function (epoch)
        η.
    weight_decay : float >= 0
        λ; an update shrinks a parameter by the fraction η·λ.
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
    Defaults are the paper's; λ, which it leaves open, and its product with η are Keras's.

    References
    ----------
    Loshchilov & Hutter (2019), "Decoupled Weight Decay Regularization", Algorithm 2; there the
    schedule multiplies λ, but η does not.

    Examples
    --------
    >>> rule = AdamW(0.5, weight_decay=0.1)
    >>> w, state = rule.update(np.zeros(2), rule.init(np.ones(2)), np.ones(2))
    >>> w
    array([0.95, 0.95])
    """

    learning_rate: Rate = 0.001
    weight_decay: NonNegative = 0.004
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
        move = bias_corrected(mean, self.beta_1, step) / denominator + self.weight_decay * parameter
        return parameter - rate * move, {"mean": mean, "square": square}
