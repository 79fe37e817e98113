"""Count of epochs and steps since the network was compiled."""

from __future__ import annotations

__all__ = ["StepCounter"]


class StepCounter:
    """Epochs and steps finished since ``compile``."""

    def __init__(self, epoch: int = 0, steps: int = 0) -> None:
        self.epoch = epoch  # finished epochs
        self.steps = steps  # finished steps

    def copy(self) -> StepCounter:
        """Return another one with the same counts."""
        return StepCounter(self.epoch, self.steps)
