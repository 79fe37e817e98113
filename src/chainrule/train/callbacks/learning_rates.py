"""Callbacks that set the learning rate: by a function of the epoch, or on a plateau."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from chainrule.arguments.aliases import FIT_ALIASES
from chainrule.arguments.checks import (
    NON_NEGATIVE,
    bad_argument,
    checked_count,
    checked_function,
    checked_number,
    checked_text,
)
from chainrule.arguments.keywords import answers_foreign_names
from chainrule.errors import ArgumentError
from chainrule.optim.minimizer import Minimizer
from chainrule.train.callbacks.callback import Callback
from chainrule.train.callbacks.monitor import check_monitor, is_maximized

__all__ = ["LearningRateSchedule", "ReduceOnPlateau"]


@answers_foreign_names(FIT_ALIASES)
class LearningRateSchedule(Callback):
    """Set the learning rate at the start of each epoch by a function of its number.

    Schedules of the library, as in ``learning_rate=optim.cosine(0.1, epochs=20)`` of ``compile``,
    are functions of the step, and computed with it.

    Parameters
    ----------
    schedule : function (epoch) or (epoch, rate)
        Returns the learning rate, greater than 0, of an epoch, counted from 0; `rate` is that of
        the epoch before.

    Raises
    ------
    ArgumentError
        If the optimiser has no learning rate, or follows a schedule already, or the result is no
        number greater than 0.

    Examples
    --------
    >>> import numpy as np
    >>> import chainrule as cr
    >>> from chainrule import nn
    >>> net = cr.Network([nn.Dense(1)], seed=0)
    >>> net.compile(loss="mse", optimizer="sgd", learning_rate=0.5)
    >>> halving = LearningRateSchedule(lambda epoch, rate: rate / 2 if epoch else rate)
    >>> X = np.eye(4)
    >>> net.fit(X, X[:, :1], epochs=3, callbacks=halving, verbose=0)["learning_rate"]
    [0.5, 0.25, 0.125]
    """

    def __init__(self, schedule: Callable[..., float]) -> None:
        self.schedule = checked_function("LearningRateSchedule", "schedule", schedule)
        if not any(_takes(schedule, count) for count in (1, 2)):
            rule = "a function of the epoch, or of the epoch and the rate"
            raise bad_argument("LearningRateSchedule", "schedule", schedule, rule)
        self._takes_rate = not _takes(schedule, 1)

    def on_fit_start(self, net: Any) -> None:
        """Raise unless the optimiser has a learning rate that is a number."""
        _rate_of(net, "LearningRateSchedule")

    def on_epoch_start(self, net: Any, epoch: int) -> None:
        """Set the learning rate of the epoch."""
        rate = _rate_of(net, "LearningRateSchedule")
        new = self.schedule(epoch, rate) if self._takes_rate else self.schedule(epoch)
        is_rate = isinstance(new, float | int) or getattr(new, "shape", None) == ()
        if not is_rate or not 0 < float(new) < math.inf:
            rule = f"a function that returns a learning rate, but for epoch {epoch} it is {new!r}"
            raise bad_argument("LearningRateSchedule", "schedule", self.schedule, rule)
        _set_rate(net, float(new))

    def __repr__(self) -> str:
        return f"LearningRateSchedule({getattr(self.schedule, '__name__', self.schedule)})"


@answers_foreign_names(FIT_ALIASES)
class ReduceOnPlateau(Callback):
    """Multiply the learning rate by a factor when a quantity has stopped improving.

    Parameters
    ----------
    monitor : str
        The quantity: ``loss``, a metric, or one of them on the validation data (``val_loss``).
    factor : float in (0, 1)
        The factor of each reduction.
    patience : int >= 1
        The epochs without improvement before the rate is reduced.
    min_delta : float >= 0
        An improvement must be larger than this.
    cooldown : int >= 0
        The epochs after a reduction that do not count as without improvement.
    min_learning_rate : float >= 0
        The least rate.
    mode : {"auto", "min", "max"}
        Whether lower or higher values are better; ``auto`` decides by the name.

    Attributes
    ----------
    best : float
        The best value so far; infinite before the first.

    Raises
    ------
    ArgumentError
        For arguments outside these ranges; during training if no such quantity is reported.

    See Also
    --------
    chainrule.optim.reduce_on_plateau : The same for the loss, as a schedule of the optimiser.

    Examples
    --------
    >>> ReduceOnPlateau("val_accuracy", factor=0.5)
    ReduceOnPlateau(monitor='val_accuracy', factor=0.5, patience=10)
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        factor: float = 0.1,
        patience: int = 10,
        *,
        min_delta: float = 1e-4,
        cooldown: int = 0,
        min_learning_rate: float = 0.0,
        mode: str = "auto",
    ) -> None:
        title = "ReduceOnPlateau"
        rule = "the name of a quantity, such as 'val_loss'"
        self.monitor = checked_text(title, "monitor", monitor, rule)
        self.factor = checked_number(title, "factor", factor, NON_NEGATIVE)
        if not 0 < self.factor < 1:
            raise bad_argument(title, "factor", factor, "a number between 0 and 1")
        self.patience = checked_count(title, "patience", patience, 1)
        self.min_delta = checked_number(title, "min_delta", min_delta, NON_NEGATIVE)
        self.cooldown = checked_count(title, "cooldown", cooldown, 0)
        self.min_learning_rate = checked_number(
            title, "min_learning_rate", min_learning_rate, NON_NEGATIVE
        )
        self._sign = -1.0 if is_maximized(title, monitor, mode) else 1.0
        self._reset()

    def on_fit_start(self, net: Any) -> None:
        """Reset the best value of an earlier run."""
        _rate_of(net, "ReduceOnPlateau")
        self._reset()

    def on_epoch_end(self, net: Any, epoch: int, logs: Mapping[str, float]) -> None:
        """Compare with the best epoch; reduce the rate when patience is exhausted."""
        check_monitor(self, logs)
        value = self._sign * logs[self.monitor]
        is_cooling, self._cooling = self._cooling > 0, max(self._cooling - 1, 0)
        if value < self._sign * self.best - self.min_delta:
            self.best, self._waited = self._sign * value, 0
            return
        self._waited = 0 if is_cooling else self._waited + 1
        if self._waited >= self.patience:
            rate = _rate_of(net, "ReduceOnPlateau")
            _set_rate(net, min(rate, max(rate * self.factor, self.min_learning_rate)))
            self._waited, self._cooling = 0, self.cooldown

    def _reset(self) -> None:
        self.best, self._waited, self._cooling = self._sign * math.inf, 0, 0

    def __repr__(self) -> str:
        return (
            f"ReduceOnPlateau(monitor={self.monitor!r}, factor={self.factor}, "
            f"patience={self.patience})"
        )


def _rate_of(net: Any, title: str) -> float:
    """Return the learning rate of a network's optimiser; raise if it is no number."""
    optimizer = net.optimizer
    if isinstance(optimizer, Minimizer):
        raise ArgumentError(
            f"{title}: {type(optimizer).__name__} has no learning rate; leave the callback out"
        )
    rate = optimizer.learning_rate
    if not isinstance(rate, float | int):
        raise ArgumentError(
            f"{title}: the learning rate follows a schedule already, {rate!r}; leave the callback "
            "out, or compile with a number"
        )
    return float(rate)


def _set_rate(net: Any, rate: float) -> None:
    if rate != net.optimizer.learning_rate:
        net.optimizer = replace(net.optimizer, learning_rate=rate)


def _takes(function: Callable[..., Any], count: int) -> bool:
    """Whether a function can be called with so many arguments; with one if that is not known."""
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return count == 1
    try:
        signature.bind(*range(count))
    except TypeError:
        return False
    return True
