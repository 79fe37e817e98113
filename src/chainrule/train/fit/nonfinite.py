"""The end of a training whose numbers have left the finite ones."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

__all__ = ["NotFinite"]

Array = NDArray[Any]


class NotFinite(Exception):  # noqa: N818 (caught within the room: no error that users see)
    """A loss or a parameter is not finite any more.

    Parameters
    ----------
    loss : float
        The loss of the step; NaN where only its update is not finite.
    losses : list of float
        Those before it, oldest first.
    step : int
        Its number in the epoch, from 0.
    learning_rate : float
        Its rate.
    parameters : dict of str to array
        The parameters that gave this loss, or that the update led to.

    Attributes
    ----------
    finished : dict of str to array, (epochs,), or list of float
        The results of epochs that were made in the same go before it.
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
