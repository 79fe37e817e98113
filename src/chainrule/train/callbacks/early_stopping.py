"""Early stopping: a callback that ends the training when a quantity stops improving."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from numpy.typing import NDArray

from chainrule.arguments.aliases import FIT_ALIASES
from chainrule.arguments.checks import (
    NON_NEGATIVE,
    checked_choice,
    checked_count,
    checked_flag,
    checked_number,
    checked_text,
)
from chainrule.arguments.keywords import answers_foreign_names
from chainrule.train.callbacks.callback import Callback
from chainrule.train.callbacks.monitor import check_monitor, is_maximized

__all__ = ["EarlyStopping"]


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
        Whether lower or higher values are better; ``auto`` decides by the name, which must be
        that of the loss or of a metric of this library.

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
        rule = "the name of a quantity, such as 'val_loss'"
        self.monitor = checked_text("EarlyStopping", "monitor", monitor, rule)
        self.patience = checked_count("EarlyStopping", "patience", patience, 0)
        self.restore_best = checked_flag("EarlyStopping", "restore_best", restore_best)
        self.min_delta = checked_number("EarlyStopping", "min_delta", min_delta, NON_NEGATIVE)
        self._sign = -1.0 if is_maximized("EarlyStopping", monitor, mode) else 1.0
        self._reset()

    def on_fit_start(self, net: Any) -> None:
        """Reset the best value of an earlier run."""
        self._reset()

    def on_epoch_end(self, net: Any, epoch: int, logs: Mapping[str, float]) -> bool:
        """Compare with the best epoch; return whether patience is exhausted."""
        check_monitor(self, logs)
        value = self._sign * logs[self.monitor]
        # NaN is no improvement, but every number is one on it.
        is_first = self.best_epoch < 0 or (math.isnan(self.best) and not math.isnan(value))
        if is_first or value < self._sign * self.best - self.min_delta:
            self.best, self.best_epoch = self._sign * value, epoch
            if self.restore_best:
                self._best_params = {name: array.copy() for name, array in net.params.items()}
        return epoch - self.best_epoch >= max(self.patience, 1)

    def on_fit_end(self, net: Any) -> None:
        """Restore the parameters of the best epoch."""
        net.params.update(self._best_params)
        self._best_params = {}

    def _reset(self) -> None:
        self.best, self.best_epoch = self._sign * math.inf, -1
        self._best_params: dict[str, NDArray[Any]] = {}

    def __repr__(self) -> str:
        return (
            f"EarlyStopping(monitor={self.monitor!r}, patience={self.patience}, "
            f"restore_best={self.restore_best})"
        )
