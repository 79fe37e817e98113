"""What may watch a training run and end it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from numpy.typing import NDArray

from chainrule.arguments.checks import NON_NEGATIVE, checked_choice, checked_count, checked_number
from chainrule.arguments.lookup import refuse_unknown
from chainrule.errors import ArgumentError

__all__ = ["Callback", "EarlyStopping", "resolve_callbacks"]


class Callback:
    """Something that is told how training goes; a subclass writes the methods it needs.

    While a callback runs, the network's parameters are those of the last finished step, and what a
    callback writes into them counts for the steps to come. Epochs are numbered from 0 and go on
    counting over repeated calls of ``fit``. An exception ends training and reaches the caller of
    ``fit``; the network stays as the last finished step left it.

    Examples
    --------
    >>> class Halfway(Callback):
    ...     def on_epoch_end(self, net, epoch, logs):
    ...         return logs["loss"] < 0.5  # True ends the training
    """

    def on_fit_start(self, net: Any) -> None:
        """Run before the first step.

        Parameters
        ----------
        net : Network
            The network that is about to be trained.
        """

    def on_epoch_start(self, net: Any, epoch: int) -> None:
        """Run before each epoch.

        Parameters
        ----------
        net : Network
            The network in training.
        epoch : int
            Its number, from 0.
        """

    def on_epoch_end(self, net: Any, epoch: int, logs: Mapping[str, float]) -> bool | None:
        """Run after each epoch.

        Parameters
        ----------
        net : Network
            The network in training.
        epoch : int
            Its number, from 0.
        logs : mapping of str to float
            What the history gets for this epoch: loss, metrics, val_loss, learning_rate, seconds.

        Returns
        -------
        bool or None
            True to end the training here.
        """

    def on_fit_end(self, net: Any) -> None:
        """Run after the last epoch, unless an exception ended the training.

        Parameters
        ----------
        net : Network
            The trained network.
        """


class EarlyStopping(Callback):
    """End the training when a quantity has not become better for some epochs.

    Parameters
    ----------
    monitor : str
        The quantity: ``loss``, a metric, or one of them on the validation data (``val_loss``).
    patience : int >= 0
        So many epochs in a row without a better value end the training (0 counts as 1).
    restore_best : bool
        Whether the network gets the parameters of its best epoch back when training ends.
    min_delta : float >= 0
        A value counts as better only if it is better by more than this.
    mode : {"auto", "min", "max"}
        Whether small or large values are good; ``auto`` knows it from the name.
    **foreign
        Arguments as other libraries name them; the error names ours.

    Attributes
    ----------
    best : float
        The best value so far.
    best_epoch : int
        Its epoch; -1 before the first one.

    Raises
    ------
    ArgumentError
        For arguments outside these ranges; during training if there is no such quantity.

    References
    ----------
    Prechelt (1998), "Early Stopping - But When?", section 2: the criterion UP.

    Examples
    --------
    >>> EarlyStopping("val_accuracy", patience=3)
    EarlyStopping(monitor='val_accuracy', patience=3, restore_best=True)
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        patience: int = 5,
        restore_best: bool = True,
        min_delta: float = 0.0,
        mode: str = "auto",
        **foreign: Any,
    ) -> None:
        own = ("monitor", "patience", "restore_best", "min_delta", "mode")
        refuse_unknown("EarlyStopping", foreign, own)
        checked_choice("EarlyStopping", "mode", mode, ("auto", "min", "max"))
        self.monitor = monitor
        self.patience = checked_count("EarlyStopping", "patience", patience, 0)
        self.restore_best = restore_best
        self.min_delta = checked_number("EarlyStopping", "min_delta", min_delta, NON_NEGATIVE)
        self._sign = -1.0 if mode == "max" or (mode == "auto" and _grows(monitor)) else 1.0
        self._forget()

    def on_fit_start(self, net: Any) -> None:
        """Forget an earlier run."""
        self._forget()

    def on_epoch_end(self, net: Any, epoch: int, logs: Mapping[str, float]) -> bool:
        """Compare with the best epoch; True when patience has run out."""
        value = self._monitored(logs)
        if self._sign * value < self._sign * self.best - self.min_delta or self.best_epoch < 0:
            self.best, self.best_epoch = value, epoch
            if self.restore_best:
                self._kept = {name: array.copy() for name, array in net.params.items()}
        return epoch - self.best_epoch >= max(self.patience, 1)

    def on_fit_end(self, net: Any) -> None:
        """Give the network its best parameters back."""
        net.params.update(self._kept)
        self._kept = {}

    def _monitored(self, logs: Mapping[str, float]) -> float:
        if self.monitor in logs:
            return logs[self.monitor]
        mend = " (give validation_data to fit)" if self.monitor.startswith("val_") else ""
        raise ArgumentError(
            f"EarlyStopping: monitor is {self.monitor!r}, but the epochs report "
            f"{', '.join(logs)}{mend}"
        )

    def _forget(self) -> None:
        self.best, self.best_epoch = self._sign * math.inf, -1
        self._kept: dict[str, NDArray[Any]] = {}

    def __repr__(self) -> str:
        return (
            f"EarlyStopping(monitor={self.monitor!r}, patience={self.patience}, "
            f"restore_best={self.restore_best})"
        )


_GROWING = {"accuracy", "auc", "f1", "precision", "pseudo_likelihood", "r2", "recall", "top_k"}


def _grows(monitor: str) -> bool:
    """Whether large values of a quantity are the good ones."""
    return monitor.removeprefix("val_") in _GROWING


class _FunctionCallback(Callback):
    """A plain function, called at the end of each epoch."""

    def __init__(self, function: Callable[[Any, int, Mapping[str, float]], Any]) -> None:
        self._function = function

    def on_epoch_end(self, net: Any, epoch: int, logs: Mapping[str, float]) -> bool | None:
        return self._function(net, epoch, logs)


def resolve_callbacks(callbacks: Any) -> list[Callback]:
    """Make a list of callbacks of what was given to ``fit``."""
    given = callbacks if isinstance(callbacks, Sequence) else [callbacks]
    return [_as_callback(each) for each in given if each is not None]


def _as_callback(given: Any) -> Callback:
    if isinstance(given, Callback):
        return given
    if isinstance(given, type):
        raise ArgumentError(
            f"fit: callbacks has the class {given.__name__} itself; write {given.__name__}(...)"
        )
    if callable(given):
        return _FunctionCallback(given)
    raise ArgumentError(
        f"fit: callbacks has {given!r}; each must be a Callback or a function (net, epoch, logs)"
    )
