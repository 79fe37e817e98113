"""Count of epochs and steps since the network was compiled."""

from __future__ import annotations

__all__ = ["StepCounter"]


class StepCounter:
    """Epochs and steps finished since ``compile``."""

    def __init__(self) -> None:
        self.epoch = 0  # finished epochs
        self.steps = 0  # finished steps
