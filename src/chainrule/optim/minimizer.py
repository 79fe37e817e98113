"""The interface of full-batch methods: minimisers of the loss of all samples."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, ClassVar, NoReturn

from chainrule.arguments.aliases import OPTIMIZER_ALIASES, OPTIMIZER_ATTRIBUTES
from chainrule.arguments.attributes import refuse_missing
from chainrule.arguments.keywords import answers_foreign_names
from chainrule.errors import ArgumentError, MissingAttributeError
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

    # Settings of update rules, which no minimiser has.
    learning_rate: ClassVar[Any]  # pyright: ignore[reportIncompatibleVariableOverride]
    clip_norm: ClassVar[None] = None  # pyright: ignore[reportIncompatibleVariableOverride]
    clip_value: ClassVar[None] = None  # pyright: ignore[reportIncompatibleVariableOverride]

    def __getattr__(self, name: str) -> Any:
        """Say that there is no learning rate; answer the names of other libraries."""
        if name not in ("learning_rate", "lr"):
            refuse_missing(self, self._held_as, name, OPTIMIZER_ATTRIBUTES)
        kind, settings = type(self).__name__, ", ".join(each.name for each in fields(self))
        raise MissingAttributeError(
            lambda: (
                f"{kind} has no learning rate: it chooses the length of each step itself; it has "
                f"{settings}"
            ),
            name,
        )

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
