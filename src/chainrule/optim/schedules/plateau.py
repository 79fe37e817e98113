"""Reduction of the learning rate on a plateau of the loss."""

from __future__ import annotations

import math
from dataclasses import KW_ONLY, dataclass, replace

from chainrule.arguments.aliases import OPTIMIZER_ALIASES
from chainrule.arguments.annotated import (
    Finite,
    NonNegative,
    NonNegativeInt,
    OpenFraction,
    Positive,
)
from chainrule.arguments.keywords import answers_foreign_names
from chainrule.optim.schedules.schedule import Schedule

__all__ = ["reduce_on_plateau"]


@answers_foreign_names(OPTIMIZER_ALIASES)
@dataclass(frozen=True)
class reduce_on_plateau(Schedule):  # noqa: N801 (schedules are used as functions)
    """Multiply the learning rate by a factor when the loss has stopped improving.

    The record is immutable: `observe` returns the next one, so that its state is saved and resumed
    as plain data.

    Parameters
    ----------
    learning_rate : float > 0
        The initial rate.
    factor : float in (0, 1)
        The factor of each reduction.
    patience : int >= 0
        The epochs without improvement before the rate is reduced.
    min_delta : float >= 0
        The decrease below the best loss that counts as an improvement.
    final : float >= 0
        The minimal rate.
    best : float or None
        State: the lowest loss so far; None before the first epoch.
    waited : int >= 0
        State: the epochs since that loss, or since the last reduction.
    reductions : int >= 0
        State: the number of reductions.

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
        """Return the next schedule; a loss that is not finite is no improvement."""
        if self._is_improved_by(float(value)):
            return replace(self, best=float(value), waited=0)
        if self.waited + 1 < self.patience:
            return replace(self, waited=self.waited + 1)
        return replace(self, waited=0, reductions=self.reductions + 1)

    def _is_improved_by(self, value: float) -> bool:
        if self.best is None:
            return math.isfinite(value)
        return value < self.best - self.min_delta
