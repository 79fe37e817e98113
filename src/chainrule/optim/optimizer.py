"""The interface of optimisers: slots, and the update of a parameter by its gradient."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import KW_ONLY, dataclass, replace
from typing import Any, ClassVar

import numpy as np

from chainrule.arguments.aliases import OPTIMIZER_ALIASES, OPTIMIZER_ATTRIBUTES
from chainrule.arguments.annotated import Positive, check_fields
from chainrule.arguments.attributes import refuse_missing
from chainrule.arguments.keywords import answers_foreign_names
from chainrule.optim.config import describe
from chainrule.optim.schedules.schedule import Rate, Schedule, checked_rate
from chainrule.pickling import versioned_pickles

__all__ = ["Array", "Optimizer", "Slots", "zeros_like"]

Array = Any
"""An array, or a node of a graph: updates are plain NumPy and accept both."""

Slots = dict[str, Array]
"""The optimiser state of one parameter, such as its velocity or moments."""


@versioned_pickles
@answers_foreign_names(OPTIMIZER_ALIASES)
@dataclass(frozen=True)
class Optimizer(ABC):
    """An update rule: parameter and gradient to the next parameter.

    An optimiser is an immutable record of hyperparameters; the state of each parameter, its slots,
    is held by the caller. Updates are plain NumPy, change nothing in place and preserve the dtype.

    Parameters
    ----------
    learning_rate : float > 0, Schedule, or function (epoch)
        The step size.
    clip_norm : float > 0 or None
        Maximal Euclidean norm of all gradients together, see `clip`.
    clip_value : float > 0 or None
        Each element of a gradient is clipped to [-clip_value, clip_value].

    Examples
    --------
    A custom optimiser, here gradient descent by the sign alone:

    >>> from chainrule import optim
    >>> @dataclass(frozen=True)
    ... class SignDescent(optim.Optimizer):
    ...     def slots(self, parameter):
    ...         return {}
    ...     def update(self, parameter, gradient, slots, rate, step):
    ...         return parameter - rate * np.sign(gradient), slots
    >>> rule = SignDescent(learning_rate=0.5)
    >>> rule.update(np.array([1.0, 1.0]), np.array([0.2, -7.0]), {}, rule.rate(0, 0), 1)
    (array([0.5, 1.5]), {})
    """

    _held_as: ClassVar[str] = "net.optimizer"  # see `refuse_change`

    learning_rate: Rate
    _: KW_ONLY
    clip_norm: Positive | None = None
    clip_value: Positive | None = None

    def __post_init__(self) -> None:
        rate = checked_rate(type(self).__name__, self.learning_rate)
        object.__setattr__(self, "learning_rate", rate)
        check_fields(self)

    def __getattr__(self, name: str) -> Any:
        """Answer the names of other libraries."""
        refuse_missing(self, self._held_as, name, OPTIMIZER_ATTRIBUTES)

    @abstractmethod
    def slots(self, parameter: Array) -> Slots:
        """Return the initial slots of a parameter.

        Parameters
        ----------
        parameter : array, float
            Only its shape and dtype are used.

        Returns
        -------
        dict of str to array
            New arrays of the parameter's dtype, of its shape or of shape ().
        """

    @abstractmethod
    def update(
        self, parameter: Array, gradient: Array, slots: Slots, rate: Array, step: Array
    ) -> tuple[Array, Slots]:
        """Return the parameter and its slots after one update.

        Parameters
        ----------
        parameter, gradient : array or node, float, of one shape and dtype
            The parameter, and the gradient of the loss with respect to it.
        slots : dict of str to array
            As returned by `slots` or by the previous update.
        rate : scalar, float
            The learning rate: a Python number, or a scalar of the parameter's dtype.
        step : scalar, float
            The number of this update, 1 for the first: a Python number, or a scalar of the
            parameter's dtype.

        Returns
        -------
        parameter : array or node
            The new value; the arguments are not modified.
        slots : dict of str to array
            The new slots, with the same keys.
        """

    def rate(self, step: int, epoch: int) -> float:
        """Return the learning rate after `step` updates and `epoch` epochs, both counted from 0."""
        rate: Any = self.learning_rate  # no function any more, see `checked_rate`
        return rate(step, epoch) if isinstance(rate, Schedule) else rate

    def observe(self, value: float) -> Optimizer:
        """Return the optimiser for the next epoch, given the loss of the last one.

        It is this one, unless its schedule is `chainrule.optim.reduce_on_plateau`.
        """
        if not isinstance(self.learning_rate, Schedule):
            return self
        schedule = self.learning_rate.observe(value)
        return self if schedule is self.learning_rate else replace(self, learning_rate=schedule)

    def config(self) -> dict[str, Any]:
        """Return the optimiser as plain data, for `chainrule.optim.from_config`.

        Examples
        --------
        >>> from chainrule import optim
        >>> optim.Lion(0.5).config()["kind"]
        'Lion'
        """
        return describe(self)


def zeros_like(parameter: Array) -> Array:
    """Return zeros of the shape and dtype of an array, a node or a parameter."""
    return np.zeros(parameter.shape, parameter.dtype)
