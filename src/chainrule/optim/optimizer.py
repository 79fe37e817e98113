"""What an optimiser is: a rule that turns a parameter and its gradient into the next parameter."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import KW_ONLY, dataclass, replace
from typing import Any

import numpy as np

from chainrule.arguments.annotated import Positive, check_fields
from chainrule.optim.config import describe
from chainrule.optim.schedules.schedule import Schedule, checked_rate

__all__ = ["Array", "Optimizer", "Slots", "zeros_like"]

Array = Any
"""An array, or a node of a graph: rules are plain NumPy and mean the same on both."""

Slots = dict[str, Array]
"""What a rule remembers of one parameter from update to update."""


@dataclass(frozen=True)
class Optimizer(ABC):
    """A rule that updates a parameter by its gradient.

    An optimiser is an immutable record of numbers; what it remembers of each parameter, its slots,
    is held by whoever trains. Rules are plain NumPy, change nothing in place and keep the dtype.

    Parameters
    ----------
    learning_rate : float > 0, or Schedule
        The size of a step.
    clip_norm : float > 0 or None
        All gradients are shrunk together to at most this Euclidean norm.
    clip_value : float > 0 or None
        Each element of a gradient is held in [-clip_value, clip_value].

    Examples
    --------
    A rule of one's own, here gradient descent by the sign alone:

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

    learning_rate: float | Schedule
    _: KW_ONLY
    clip_norm: Positive | None = None
    clip_value: Positive | None = None

    def __post_init__(self) -> None:
        rate = checked_rate(type(self).__name__, self.learning_rate)
        object.__setattr__(self, "learning_rate", rate)
        check_fields(self)

    @abstractmethod
    def slots(self, parameter: Array) -> Slots:
        """Return what is remembered of a parameter before its first update.

        Parameters
        ----------
        parameter : array, float
            Only its shape and dtype count.

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
            The parameter, and the derivative of the loss by it.
        slots : dict of str to array
            What `slots` or the update before returned.
        rate : scalar, float
            The learning rate: a Python number, or a scalar of the parameter's dtype.
        step : scalar, float
            The number of this update, 1 for the first: a Python number, or a scalar of the
            parameter's dtype.

        Returns
        -------
        parameter : array or node
            The new value; what came in is not changed.
        slots : dict of str to array
            The new slots, with the same keys.
        """

    def rate(self, step: int, epoch: int) -> float:
        """Return the learning rate after `step` updates and `epoch` epochs (both 0 at first)."""
        rate = self.learning_rate
        return rate(step, epoch) if isinstance(rate, Schedule) else rate

    def observe(self, value: float) -> Optimizer:
        """Return the optimiser to go on with after an epoch that ended with this loss.

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
