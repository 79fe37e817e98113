"""Warm-up before another schedule, and the one-cycle policy."""

from __future__ import annotations

import math
from dataclasses import KW_ONLY, dataclass, replace
from typing import Annotated, Any

from chainrule.arguments.aliases import OPTIMIZER_ALIASES
from chainrule.arguments.annotated import NonNegative, OpenFraction, Positive
from chainrule.arguments.checks import Range
from chainrule.arguments.keywords import answers_foreign_names
from chainrule.errors import ArgumentError
from chainrule.optim.schedules.schedule import (
    Schedule,
    Timed,
    checked_rate,
    choose,
    cosine_of,
    limited,
)

__all__ = ["one_cycle", "warmup"]

_AtLeastOne = Annotated[float, Range("a number, 1 or more", lambda x: x >= 1)]


@answers_foreign_names(OPTIMIZER_ALIASES)
@dataclass(frozen=True)
class warmup(Timed):  # noqa: N801 (schedules are used as functions)
    """Increase the learning rate linearly to the start of another schedule, then follow it.

    After t updates (or epochs), ``s + (η - s)·(t + 1) / T`` for t < T; from T on the other
    schedule, whose time starts at T.

    Parameters
    ----------
    then : float > 0, or Schedule
        The schedule that follows; η is its initial rate.
    start : float >= 0
        s, the rate before the warm-up; the first update is one increment above it.
    steps, epochs : int >= 1
        T, the duration of the warm-up, in the unit of the schedule that follows.

    References
    ----------
    Goyal et al. (2017), "Accurate, Large Minibatch SGD: Training ImageNet in 1 Hour", section 2.2.

    Examples
    --------
    >>> from chainrule import optim
    >>> schedule = optim.warmup(then=optim.cosine(0.5, steps=100), steps=5)
    >>> [round(schedule(step, 0), 6) for step in (0, 1, 4, 5, 55, 105)]
    [0.1, 0.2, 0.5, 0.5, 0.25, 0.0]
    """

    then: float | Schedule
    _: KW_ONLY
    start: NonNegative = 0.0

    def __post_init__(self) -> None:
        Timed.__post_init__(self)
        object.__setattr__(self, "then", checked_rate("warmup", self.then, "then"))
        unit = "epochs" if self.steps is None else "steps"
        if isinstance(self.then, Timed) and getattr(self.then, unit) is None:
            raise ArgumentError(
                f"warmup: it counts in {unit}, but {type(self.then).__name__}, which follows, does "
                "not; count both in steps or both in epochs"
            )

    def __call__(self, step: int, epoch: int) -> float:
        """Return the learning rate at this time."""
        fraction = limited(self.elapsed(step + 1, epoch + 1))
        return choose(
            self.elapsed(step, epoch) < 1,
            lambda: self.start + (self._following(0, 0) - self.start) * fraction,
            lambda: self._following(step - (self.steps or 0), epoch - (self.epochs or 0)),
        )

    def observe(self, value: float) -> Schedule:
        """Return this schedule with the one that follows updated by the loss."""
        if not isinstance(self.then, Schedule):
            return self
        then = self.then.observe(value)
        return self if then is self.then else replace(self, then=then)

    def _following(self, step: int, epoch: int) -> float:
        return self.then(step, epoch) if isinstance(self.then, Schedule) else self.then


@answers_foreign_names(OPTIMIZER_ALIASES)
@dataclass(frozen=True)
class one_cycle(Timed):  # noqa: N801
    """Increase the learning rate to its peak, then anneal it to nearly zero.

    Both along half a cosine: from ``η / start_divisor``, in the first update, to η, and on to
    ``η / start_divisor / final_divisor`` in the last one, and afterwards. Counted in epochs, that
    is the first and the last epoch.

    Parameters
    ----------
    learning_rate : float > 0
        η, the peak.
    rise : float in (0, 1)
        The fraction of the duration up to the peak.
    start_divisor : float >= 1
        The peak over the initial rate.
    final_divisor : float >= 1
        The initial over the final rate.
    steps, epochs : int >= 1
        The duration, counted in updates or in epochs; one of the two.

    Notes
    -----
    Defaults, and the rate of each update, are those of PyTorch's OneCycleLR. Momentum is not
    varied.

    References
    ----------
    Smith & Topin (2018), "Super-Convergence: Very Fast Training of Neural Networks Using Large
    Learning Rates", section 3.

    Examples
    --------
    >>> schedule = one_cycle(1.0, rise=0.5, start_divisor=4, final_divisor=10, steps=6)
    >>> [round(schedule(step, 0), 3) for step in range(7)]
    [0.25, 0.625, 1.0, 0.756, 0.269, 0.025, 0.025]
    """

    learning_rate: Positive
    _: KW_ONLY
    rise: OpenFraction = 0.3
    start_divisor: _AtLeastOne = 25.0
    final_divisor: _AtLeastOne = 10_000.0

    def __call__(self, step: int, epoch: int) -> float:
        """Return the learning rate at this time."""
        duration, time = self.steps or self.epochs or 1, step if self.steps else epoch
        # As in PyTorch: the peak is one update before the fraction `rise` of all has passed.
        last = duration - 1
        peak, time = self.rise * duration - 1, limited(time, last)
        first = self.learning_rate / self.start_divisor
        return choose(
            time <= peak,
            lambda: _annealed(first, self.learning_rate, time / peak if peak else 1.0),
            lambda: _annealed(
                self.learning_rate, first / self.final_divisor, (time - peak) / (last - peak)
            ),
        )


def _annealed(start: float, end: float, fraction: Any) -> Any:
    """Interpolate from start to end along half a cosine, at a fraction in [0, 1]."""
    return start + (end - start) * (1 - cosine_of(math.pi * fraction)) / 2
