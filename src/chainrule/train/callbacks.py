"""Callbacks of ``fit``: `Callback`, `EarlyStopping`, and plain functions."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from numpy.typing import NDArray

from chainrule.arguments.aliases import FIT_ALIASES
from chainrule.arguments.checks import NON_NEGATIVE, checked_choice, checked_count, checked_number
from chainrule.arguments.keywords import answers_foreign_names
from chainrule.errors import ArgumentError

__all__ = ["Callback", "EarlyStopping", "resolve_callbacks"]


@answers_foreign_names(FIT_ALIASES)
class Callback:
    """Base class of callbacks; a subclass overrides the methods it needs.

    During a call, the network's parameters are those of the last finished step; what a callback
    writes into them takes effect in the next one. Epochs are numbered from 0, continuously over
    repeated calls of ``fit``. An exception stops the training and propagates to the caller of
    ``fit``; the network keeps the parameters of the last finished step.

    Examples
    --------
    >>> class Halfway(Callback):
    ...     def on_epoch_end(self, net, epoch, logs):
    ...         return logs["loss"] < 0.5  # True stops the training
    """

    def on_fit_start(self, net: Any) -> None:
        """Run before the first step.

        Parameters
        ----------
        net : Network
            The network to be trained.
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
            This epoch's row of the history: loss, metrics, val_loss, learning_rate, seconds.

        Returns
        -------
        bool or None
            True to stop the training.
        """

    def on_fit_end(self, net: Any) -> None:
        """Run after the last epoch, unless an exception stopped the training.

        Parameters
        ----------
        net : Network
            The trained network.
        """


@answers_foreign_names(FIT_ALIASES)
class EarlyStopping(Callback):
    """Stop the training when a quantity has not improved for some epochs.

    Parameters
    ----------
    monitor : str
        The quantity: ``loss``, a metric, or one of them on the validation data (``val_loss``).
    patience : int >= 0
        Number of consecutive epochs without improvement that stops the training (0 counts as 1).
    restore_best : bool
        Whether to restore the parameters of the best epoch when training ends.
    min_delta : float >= 0
        An improvement must be larger than this.
    mode : {"auto", "min", "max"}
        Whether lower or higher values are better; ``auto`` decides by the name.

    Attributes
    ----------
    best : float
        The best value so far.
    best_epoch : int
        Its epoch; -1 before the first.

    Raises
    ------
    ArgumentError
        For arguments outside these ranges; during training if no such quantity is reported.

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
    ) -> None:
        checked_choice("EarlyStopping", "mode", mode, ("auto", "min", "max"))
        self.monitor = monitor
        self.patience = checked_count("EarlyStopping", "patience", patience, 0)
        self.restore_best = restore_best
        self.min_delta = checked_number("EarlyStopping", "min_delta", min_delta, NON_NEGATIVE)
        is_maximized = mode == "max" or (mode == "auto" and _is_maximized(monitor))
        self._sign = -1.0 if is_maximized else 1.0
        self._reset()

    def on_fit_start(self, net: Any) -> None:
        """Reset the best value of an earlier run."""
        self._reset()

    def on_epoch_end(self, net: Any, epoch: int, logs: Mapping[str, float]) -> bool:
        """Compare with the best epoch; return whether patience is exhausted."""
        value = self._monitored(logs)
        if self._sign * value < self._sign * self.best - self.min_delta or self.best_epoch < 0:
            self.best, self.best_epoch = value, epoch
            if self.restore_best:
                self._best_params = {name: array.copy() for name, array in net.params.items()}
        return epoch - self.best_epoch >= max(self.patience, 1)

    def on_fit_end(self, net: Any) -> None:
        """Restore the parameters of the best epoch."""
        net.params.update(self._best_params)
        self._best_params = {}

    def _monitored(self, logs: Mapping[str, float]) -> float:
        if self.monitor in logs:
            return logs[self.monitor]
        fix = " (give validation_data to fit)" if self.monitor.startswith("val_") else ""
        raise ArgumentError(
            f"EarlyStopping: monitor is {self.monitor!r}, but the epochs report "
            f"{', '.join(logs)}{fix}"
        )

    def _reset(self) -> None:
        self.best, self.best_epoch = self._sign * math.inf, -1
        self._best_params: dict[str, NDArray[Any]] = {}

    def __repr__(self) -> str:
        return (
            f"EarlyStopping(monitor={self.monitor!r}, patience={self.patience}, "
            f"restore_best={self.restore_best})"
        )


_MAXIMIZED = {"accuracy", "auc", "f1", "precision", "pseudo_likelihood", "r2", "recall", "top_k"}


def _is_maximized(monitor: str) -> bool:
    """Whether higher values of a quantity are better."""
    return monitor.removeprefix("val_") in _MAXIMIZED


class _FunctionCallback(Callback):
    """Calls a function ``(net, epoch, logs)`` after each epoch."""

    def __init__(self, function: Callable[[Any, int, Mapping[str, float]], Any]) -> None:
        self._function = function

    def on_epoch_end(self, net: Any, epoch: int, logs: Mapping[str, float]) -> bool | None:
        return self._function(net, epoch, logs)


def resolve_callbacks(callbacks: Any) -> list[Callback]:
    """Return the argument `callbacks` of ``fit`` as a list."""
    if not isinstance(callbacks, Sequence):
        callbacks = [callbacks]
    return [_as_callback(each) for each in callbacks if each is not None]


def _as_callback(value: Any) -> Callback:
    if isinstance(value, Callback):
        return value
    if isinstance(value, type):
        raise ArgumentError(
            f"fit: callbacks has the class {value.__name__} itself; write {value.__name__}(...)"
        )
    if callable(value):
        return _FunctionCallback(value)
    raise ArgumentError(
        f"fit: callbacks has {value!r}; each must be a Callback or a function (net, epoch, logs)"
    )
