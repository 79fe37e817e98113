"""Stochastic gradient descent, plain or with momentum."""

from __future__ import annotations

from dataclasses import dataclass

from chainrule.arguments.aliases import OPTIMIZER_ALIASES
from chainrule.arguments.annotated import Fraction
from chainrule.arguments.keywords import answers_foreign_names
from chainrule.errors import ArgumentError
from chainrule.optim.optimizer import Array, Optimizer, Slots, zeros_like
from chainrule.optim.schedules.schedule import Rate

__all__ = ["SGD"]


@answers_foreign_names(OPTIMIZER_ALIASES)
@dataclass(frozen=True)
class SGD(Optimizer):
    """Step along the negative gradient: ``w ← w - η·g``.

    With momentum μ the step is a velocity, ``v ← μ·v - η·g`` and ``w ← w + v``; with Nesterov's
    momentum the gradient is evaluated ahead along it, ``w ← w + μ·v - η·g``.

    Parameters
    ----------
    learning_rate : float > 0, Schedule, or function (epoch)
        η.
    momentum : float in [0, 1)
        μ, the fraction of the velocity retained in each update.
    nesterov : bool
        Use Nesterov's momentum; needs a momentum above 0.
    clip_norm, clip_value : float > 0 or None
        Limits of the gradients, see `Optimizer`.

    Raises
    ------
    ArgumentError
        For an argument outside its range, and for ``nesterov=True`` without momentum.

    Notes
    -----
    Defaults are Keras's.

    References
    ----------
    Sutskever, Martens, Dahl & Hinton (2013), "On the importance of initialization and momentum in
    deep learning", equations 1 and 2; Nesterov's equations 3 and 4 in the form of Bengio,
    Boulanger-Lewandowski & Pascanu (2013), equations 6 and 7.

    Examples
    --------
    >>> rule = SGD(0.1, momentum=0.9)
    >>> rule.update_parameter(1.0, 2.0, {"velocity": 0.5}, rate=0.1, step=1)
    (1.25, {'velocity': 0.25})
    """

    learning_rate: Rate = 0.01
    momentum: Fraction = 0.0
    nesterov: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.nesterov and not self.momentum:
            raise ArgumentError(
                "SGD: nesterov=True needs momentum, but momentum is 0; give one, as in momentum=0.9"
            )

    def slots(self, parameter: Array) -> Slots:
        """Return the velocity, initially zero; nothing without momentum."""
        return {"velocity": zeros_like(parameter)} if self.momentum else {}

    @property
    def keeps_at_zero_gradient(self) -> bool:
        """Whether an element whose gradient is zero keeps its value: without momentum."""
        return type(self).update_parameter is SGD.update_parameter and not self.momentum

    def update_parameter(
        self, parameter: Array, gradient: Array, slots: Slots, rate: Array, step: Array
    ) -> tuple[Array, Slots]:
        """Return the updated parameter and its velocity."""
        if not self.momentum:
            return parameter - rate * gradient, slots
        velocity = self.momentum * slots["velocity"] - rate * gradient
        move = self.momentum * velocity - rate * gradient if self.nesterov else velocity
        return parameter + move, {"velocity": velocity}
