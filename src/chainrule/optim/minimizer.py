"""The interface of full-batch methods: minimisers of the loss of all samples."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NoReturn

from chainrule.arguments.aliases import OPTIMIZER_ALIASES
from chainrule.arguments.keywords import answers_foreign_names
from chainrule.errors import ArgumentError
from chainrule.optim.optimizer import Array, Optimizer, Slots

__all__ = ["Minimizer"]


@answers_foreign_names(OPTIMIZER_ALIASES)
@dataclass(frozen=True)
class Minimizer(Optimizer):
    """A method that minimises the loss of all samples: each epoch of ``fit`` is an iteration.

    It evaluates the loss and its gradient as often as it needs in an iteration, such as in a line
    search. So it has no learning rate, and there is no update by one gradient: a loop by hand calls
    `chainrule.solvers`, or `chainrule.science.minimize`.
    """

    learning_rate: float = field(default=1.0, init=False, repr=False)
    clip_norm: None = field(default=None, init=False, repr=False)
    clip_value: None = field(default=None, init=False, repr=False)

    def slots(self, parameter: Array) -> Slots:
        """Refuse: a minimiser has a state of all parameters together."""
        self._refuse("init")

    def update_parameter(
        self, parameter: Array, gradient: Array, slots: Slots, rate: Array, step: Array
    ) -> tuple[Array, Slots]:
        """Refuse: a minimiser evaluates the loss itself."""
        self._refuse("update")

    def _refuse(self, method: str) -> NoReturn:
        name = type(self).__name__
        raise ArgumentError(
            f"{name}.{method}: {name} evaluates the loss itself, several times in an iteration, "
            "and has no update by one gradient; call net.fit, or for a function of your own "
            "solvers.lbfgs(function, params) or science.minimize(function, params)"
        )
