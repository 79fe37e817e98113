"""The exception of a train step whose loss or update is NaN or infinite."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

__all__ = ["NotFinite"]

Array = NDArray[Any]


class NotFinite(Exception):  # noqa: N818 (caught within the room: no error that users see)
    """A loss or a parameter is NaN or infinite.

    Step `step` of its epoch, from 0, had this `loss`, or NaN where only its update is not finite,
    after those in `losses`, oldest first. `parameters` are those that gave the loss, or that the
    update led to. `finished` are the results of the epochs completed before, in the same call of
    the trainer: arrays of shape (epochs,).
    """

    def __init__(
        self,
        loss: float,
        losses: list[float],
        step: int,
        learning_rate: float,
        parameters: dict[str, Array],
    ) -> None:
        super().__init__(loss)
        self.loss, self.losses, self.step = loss, losses, step
        self.learning_rate, self.parameters = learning_rate, parameters
        self.finished: dict[str, Array | list[float]] = {}
