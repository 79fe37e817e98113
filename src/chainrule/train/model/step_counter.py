"""Count of epochs and steps since the network was compiled."""

from __future__ import annotations

__all__ = ["UNKNOWN", "StepCounter"]

UNKNOWN = 2**52
"""Steps of an epoch whose end is not known before: more than it has."""


class StepCounter:
    """Epochs and steps finished since ``compile``.

    In a call of ``fit``, each of whose epochs has `steps_per_epoch`, the epochs follow from the
    steps: one assignment counts both, so that an interrupt cannot come between. Where they are
    `UNKNOWN`, `end_epoch` counts it.
    """

    def __init__(self, epoch: int = 0, steps: int = 0, steps_per_epoch: int = 0) -> None:
        self.steps = steps  # finished steps
        self.steps_per_epoch = steps_per_epoch
        self._start = epoch, steps

    @property
    def epoch(self) -> int:
        """Number of finished epochs."""
        epoch, steps = self._start
        return epoch + (self.steps - steps) // (self.steps_per_epoch or 1)

    @property
    def step(self) -> int:
        """Number of finished steps of the present epoch."""
        return (self.steps - self._start[1]) % (self.steps_per_epoch or 1)

    def end_epoch(self) -> None:
        """Count the present epoch, whose end was not known before, as finished."""
        self._start = self.epoch + 1, self.steps

    def copy(self) -> StepCounter:
        """Return another one with the same counts."""
        other = StepCounter(*self._start, self.steps_per_epoch)
        other.steps = self.steps
        return other

    def begin(self, steps_per_epoch: int) -> StepCounter:
        """Return one that goes on with a new epoch, of so many steps."""
        return StepCounter(self.epoch, self.steps, steps_per_epoch)

    def as_list(self) -> list[int]:
        """Return the counts as integers, for `of_list`: where the present epoch began, and now.

        They are the same whether the training was interrupted or not.
        """
        return [self.epoch, self.steps - self.step, self.steps_per_epoch, self.steps]

    @staticmethod
    def of_list(counts: list[int]) -> StepCounter:
        """Return the counter that `as_list` has described."""
        counter = StepCounter(*counts[:3])
        counter.steps = counts[3]
        return counter
