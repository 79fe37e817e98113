"""Learning-rate decay: step, exponential, inverse time, cosine."""

from __future__ import annotations

import math
from dataclasses import KW_ONLY, dataclass

import numpy as np

from chainrule.arguments.aliases import OPTIMIZER_ALIASES
from chainrule.arguments.annotated import NonNegative, Positive
from chainrule.arguments.keywords import answers_foreign_names
from chainrule.optim.schedules.schedule import Timed, cosine_of, limited

__all__ = ["cosine", "exponential", "inverse_time", "step"]


@answers_foreign_names(OPTIMIZER_ALIASES)
@dataclass(frozen=True)
class step(Timed):  # noqa: N801 (schedules are used as functions)
    """Multiply the learning rate by a factor at the end of each period: ``η·f^⌊t / T⌋``.

    Parameters
    ----------
    learning_rate : float > 0
        η, the initial rate.
    factor : float > 0
        f.
    steps, epochs : int >= 1
        T, the period, counted in updates or in epochs; one of the two.

    Examples
    --------
    >>> schedule = step(0.5, factor=0.1, epochs=2)
    >>> [round(schedule(0, epoch), 6) for epoch in range(5)]
    [0.5, 0.5, 0.05, 0.05, 0.005]
    """

    learning_rate: Positive
    factor: Positive = 0.1

    def __call__(self, step: int, epoch: int) -> float:
        """Return the learning rate of the period."""
        time = self.elapsed(step, epoch)
        periods = (math.floor if type(time) is float else np.floor)(time)
        return self.learning_rate * self.factor**periods


@answers_foreign_names(OPTIMIZER_ALIASES)
@dataclass(frozen=True)
class exponential(Timed):  # noqa: N801
    """Decay the learning rate exponentially, by a factor per period: ``η·f^(t / T)``.

    Parameters
    ----------
    learning_rate : float > 0
        η, the initial rate.
    factor : float > 0
        f.
    steps, epochs : int >= 1
        T, the period, counted in updates or in epochs; one of the two.

    Examples
    --------
    >>> exponential(0.5, factor=0.25, steps=100)(step=50, epoch=0)
    0.25
    """

    learning_rate: Positive
    factor: Positive

    def __call__(self, step: int, epoch: int) -> float:
        """Return the learning rate at this time."""
        return self.learning_rate * self.factor ** self.elapsed(step, epoch)


@answers_foreign_names(OPTIMIZER_ALIASES)
@dataclass(frozen=True)
class inverse_time(Timed):  # noqa: N801
    """Decay the learning rate as one over the time, 1/t decay: ``η / (1 + rate·t / T)``.

    Parameters
    ----------
    learning_rate : float > 0
        η, the initial rate.
    rate : float > 0
        The decay in each period: with ``epochs=1``, ``η / (1 + rate·epoch)``.
    steps, epochs : int >= 1
        T, the period, counted in updates or in epochs; one of the two.

    References
    ----------
    Robbins & Monro (1951), "A stochastic approximation method", section 2.

    Examples
    --------
    >>> schedule = inverse_time(0.5, rate=0.25, epochs=1)
    >>> [schedule(0, epoch) for epoch in (0, 4, 12)]
    [0.5, 0.25, 0.125]
    """

    learning_rate: Positive
    rate: Positive

    def __call__(self, step: int, epoch: int) -> float:
        """Return the learning rate at this time."""
        return self.learning_rate / (1 + self.rate * self.elapsed(step, epoch))


@answers_foreign_names(OPTIMIZER_ALIASES)
@dataclass(frozen=True)
class cosine(Timed):  # noqa: N801
    """Decay the learning rate along half a cosine: ``e + (η - e)·(1 + cos πt/T)/2``.

    Parameters
    ----------
    learning_rate : float > 0
        η, the initial rate.
    final : float >= 0
        e, the rate at the end of the duration and afterwards.
    steps, epochs : int >= 1
        T, the duration, counted in updates or in epochs; one of the two.

    References
    ----------
    Loshchilov & Hutter (2017), "SGDR: Stochastic Gradient Descent with Warm Restarts", equation 5.

    Examples
    --------
    >>> schedule = cosine(0.5, final=0.125, steps=100)
    >>> [round(schedule(step, 0), 6) for step in (0, 50, 100, 1000)]
    [0.5, 0.3125, 0.125, 0.125]
    """

    learning_rate: Positive
    _: KW_ONLY
    final: NonNegative = 0.0

    def __call__(self, step: int, epoch: int) -> float:
        """Return the learning rate at this time."""
        weight = (1 + cosine_of(math.pi * limited(self.elapsed(step, epoch)))) / 2
        return self.final + (self.learning_rate - self.final) * weight
