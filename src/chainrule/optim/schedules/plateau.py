"""A learning rate that falls when the loss no longer does."""

from __future__ import annotations

import math
from dataclasses import KW_ONLY, dataclass, replace

from chainrule.arguments.annotated import (
    Finite,
    NonNegative,
    NonNegativeInt,
    OpenFraction,
    Positive,
    named_arguments,
)
from chainrule.optim.schedules.schedule import Schedule

__all__ = ["reduce_on_plateau"]


@named_arguments
@dataclass(frozen=True)
class reduce_on_plateau(Schedule):  # noqa: N801 (schedules are used, and read, as functions)
    """Multiply the learning rate by a factor once the loss has not improved for some epochs.

    The record does not change: `observe` returns the next one. So its state is plain data, saved
    and resumed with the rest.

    Parameters
    ----------
    learning_rate : float > 0
        The rate at first.
    factor : float in (0, 1)
        What the rate is multiplied by.
    patience : int >= 0
        The epochs without improvement that are waited for before the rate is reduced.
    min_delta : float >= 0
        What counts as improvement: a loss lower than the best by more than this.
    final : float >= 0
        The rate that is not gone below.
    best : float or None
        State: the lowest loss seen; None before the first epoch.
    waited : int >= 0
        State: the epochs since then, or since the last reduction.
    reductions : int >= 0
        State: how often the rate was reduced.

    Notes
    -----
    Defaults are those of Keras's ReduceLROnPlateau, with its ``min_lr`` called ``final``.

    Examples
    --------
    >>> schedule = reduce_on_plateau(0.5, factor=0.1, patience=2)
    >>> for loss in (3.0, 2.0, 2.0, 2.0):
    ...     schedule = schedule.observe(loss)
    >>> schedule(step=0, epoch=4), schedule.best
    (0.05, 2.0)
    """

    learning_rate: Positive
    factor: OpenFraction = 0.1
    patience: NonNegativeInt = 10
    _: KW_ONLY
    min_delta: NonNegative = 0.0001
    final: NonNegative = 0.0
    best: Finite | None = None
    waited: NonNegativeInt = 0
    reductions: NonNegativeInt = 0

    def __call__(self, step: int, epoch: int) -> float:
        """Return the learning rate after the reductions so far."""
        reduced = self.learning_rate * self.factor**self.reductions
        return max(reduced, min(self.final, self.learning_rate))

    def observe(self, value: float) -> Schedule:
        """Return the schedule after an epoch with this loss; one that is not finite is no gain."""
        if self._is_improved_by(float(value)):
            return replace(self, best=float(value), waited=0)
        if self.waited + 1 < self.patience:
            return replace(self, waited=self.waited + 1)
        return replace(self, waited=0, reductions=self.reductions + 1)

    def _is_improved_by(self, value: float) -> bool:
        if self.best is None:
            return math.isfinite(value)
        return value < self.best - self.min_delta
