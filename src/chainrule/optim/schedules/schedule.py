"""The interface of schedules: the learning rate as a function of step and epoch, or of one."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import KW_ONLY, dataclass
from typing import Any

import numpy as np

from chainrule.arguments.aliases import OPTIMIZER_ALIASES
from chainrule.arguments.annotated import (
    Positive,
    PositiveInt,
    check_fields,
)
from chainrule.arguments.checks import NON_NEGATIVE, POSITIVE, checked_number, shown
from chainrule.arguments.keywords import answers_foreign_names
from chainrule.arguments.signature import check_call
from chainrule.errors import ArgumentError
from chainrule.optim.config import describe
from chainrule.pickling import versioned_pickles

__all__ = [
    "EpochFunction",
    "Rate",
    "Schedule",
    "Timed",
    "checked_rate",
    "choose",
    "constant",
    "cosine_of",
    "limited",
]


@versioned_pickles
@answers_foreign_names(OPTIMIZER_ALIASES)
@dataclass(frozen=True)
class Schedule(ABC):
    """The learning rate as a function of the updates and epochs completed.

    A schedule is an immutable record. A custom one is a frozen dataclass with a ``__call__``; it
    trains like the others, but cannot be saved with a network. Nor can a plain function of the
    epoch, which may stand in the place of a schedule: ``learning_rate=lambda epoch: 0.1 / (1 +
    epoch)``.

    Examples
    --------
    >>> from chainrule import optim
    >>> halved = optim.exponential(0.1, factor=0.5, epochs=1)
    >>> [halved(step=0, epoch=epoch) for epoch in range(3)]
    [0.1, 0.05, 0.025]
    """

    def __post_init__(self) -> None:
        check_fields(self)

    @abstractmethod
    def __call__(self, step: int, epoch: int) -> float:
        """Return the learning rate of one update.

        Parameters
        ----------
        step : int or node
            The number of updates before this one: 0 for the first. A node where a loop by hand is
            traced, as by ``jit``.
        epoch : int
            The number of epochs completed: 0 during the first.

        Returns
        -------
        float
            The learning rate, 0 or more.
        """

    def observe(self, value: float) -> Schedule:
        """Return the schedule for the next epoch, given the loss of the last one.

        Only `chainrule.optim.reduce_on_plateau` depends on it; others return themselves.
        """
        del value
        return self

    def config(self) -> dict[str, Any]:
        """Return the schedule as plain data, for `chainrule.optim.from_config`."""
        return describe(self)


@answers_foreign_names(OPTIMIZER_ALIASES)
@dataclass(frozen=True)
class Timed(Schedule):
    """A schedule with a duration, counted in updates or in epochs.

    Parameters
    ----------
    steps : int >= 1 or None
        The duration in updates (batches).
    epochs : int >= 1 or None
        The duration in epochs; the rate then changes between epochs only.
    """

    _: KW_ONLY
    steps: PositiveInt | None = None
    epochs: PositiveInt | None = None

    def __post_init__(self) -> None:
        check_fields(self)
        if (self.steps is None) == (self.epochs is None):
            raise ArgumentError(
                f"{type(self).__name__}: steps is {self.steps} and epochs is {self.epochs}; give "
                "one of them, the duration counted in updates or in epochs"
            )

    def elapsed(self, step: int, epoch: int) -> float:
        """Return the time in units of the duration, 1 at its end."""
        return step / self.steps if self.steps else epoch / (self.epochs or 1)


@answers_foreign_names(OPTIMIZER_ALIASES)
@dataclass(frozen=True)
class constant(Schedule):  # noqa: N801 (schedules are used as functions)
    """A constant learning rate.

    Parameters
    ----------
    learning_rate : float > 0
        The rate of every update.

    Examples
    --------
    >>> constant(0.1)(step=1000, epoch=10)
    0.1
    """

    learning_rate: Positive

    def __call__(self, step: int, epoch: int) -> float:
        """Return the learning rate."""
        return self.learning_rate


@dataclass(frozen=True)
class EpochFunction(Schedule):
    """A function of the epoch as a schedule, called once an epoch.

    Examples
    --------
    >>> EpochFunction(lambda epoch: 0.1 / (1 + epoch))(step=70, epoch=1)
    0.05
    """

    function: Callable[[int], Any]

    def __post_init__(self) -> None:
        check_call("learning_rate", self.function, ("epoch",))
        if not self(0, 0):
            raise ArgumentError(
                f"learning_rate: {self.name} returned 0 for epoch 0, in which nothing would be "
                "learned; epochs are counted from 0: write epoch + 1"
            )

    def __call__(self, step: int, epoch: int) -> float:
        """Return what the function returns for the epoch."""
        known, rate = getattr(self, "_latest", (None, 0.0))
        if known != epoch:
            value = self.function(epoch)
            value = value.item() if isinstance(value, np.ndarray) and not value.ndim else value
            what = f"{self.name} for epoch {epoch}"
            rate = checked_number("learning_rate", what, value, NON_NEGATIVE)
            object.__setattr__(self, "_latest", (epoch, rate))  # it may print, or take long
        return rate

    @property
    def name(self) -> str:
        """What messages call it."""
        return getattr(self.function, "__name__", repr(self.function))


Rate = float | Schedule | Callable[[int], float]
"""A learning rate as it may be given: a number, a schedule, or a function of the epoch."""

_STEP_FUNCTIONS = ("keras", "optax", "tensorflow", "tf_keras")
"""Libraries whose schedules are functions of the step."""


def choose(condition: Any, if_true: Callable[[], Any], if_false: Callable[[], Any]) -> Any:
    """Return one of two values; of a traced condition, their selection."""
    if type(condition) is bool:  # a node answers to be one
        return if_true() if condition else if_false()
    return np.where(condition, if_true(), if_false())


def cosine_of(angle: Any) -> Any:
    """Return the cosine of a number, as a Python float, or of a node."""
    return (math.cos if type(angle) is float else np.cos)(angle)


def limited(time: Any, limit: float = 1.0) -> Any:
    """Return a time, at most a limit: a number or a node."""
    return min(time, limit) if type(time) in (int, float) else np.minimum(time, limit)


def checked_rate(name: str, rate: Any, argument: str = "learning_rate") -> float | Schedule:
    """Return a learning rate: a schedule, also of a function, or a number greater than 0."""
    if isinstance(rate, Schedule):
        return rate
    module = str(getattr(rate if hasattr(rate, "__name__") else type(rate), "__module__", ""))
    if isinstance(rate, type) or module.split(".")[0] in _STEP_FUNCTIONS:
        raise ArgumentError(
            f"{name}: {argument} is {shown(rate)}; it must be a number, a function of the epoch, "
            "or a schedule such as optim.cosine(0.1, epochs=20) or a subclass of optim.Schedule"
        )
    if isinstance(rate, Mapping | list | tuple | Iterator):
        raise ArgumentError(
            f"{name}: {argument} is {shown(rate, 60)}; it must be a number greater than 0, and "
            "parameters are not given to an optimiser, as the network passes them"
        )
    if callable(rate):
        return EpochFunction(rate)
    return checked_number(name, argument, rate, POSITIVE)
