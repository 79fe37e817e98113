"""Epochs and steps since the network was compiled."""

from __future__ import annotations

__all__ = ["StepCounter"]


class StepCounter:
    """How long a network has been trained since it was compiled.

    Attributes
    ----------
    epoch : int
        Epochs finished.
    count : int
        Steps finished.
    """

    def __init__(self) -> None:
        self.epoch = 0
        self.count = 0
