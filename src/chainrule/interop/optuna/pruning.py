"""`PruningCallback`: report epochs to a trial of Optuna, and end it when it is to be pruned."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from chainrule.arguments.aliases import FIT_ALIASES
from chainrule.arguments.checks import bad_argument, checked_text
from chainrule.arguments.keywords import answers_foreign_names
from chainrule.errors import ArgumentError
from chainrule.train.callbacks import Callback, check_monitor
from chainrule.train.metrics.direction import direction

if TYPE_CHECKING:
    from optuna import Trial

__all__ = ["PruningCallback"]


@answers_foreign_names(FIT_ALIASES)
class PruningCallback(Callback):
    """Report a quantity of each epoch to a trial of Optuna; end training if it is to be pruned.

    `fit` then raises ``optuna.TrialPruned``, which the study records.

    Parameters
    ----------
    trial : optuna.Trial
        The trial, as the objective function is given it.
    monitor : str
        The quantity: ``loss``, a metric, or one of them on the validation data (``val_loss``).

    Raises
    ------
    ArgumentError
        If the study looks for the largest value of a quantity of which less is better, or the
        reverse; during training if no such quantity is reported.
    optuna.TrialPruned
        During training.

    References
    ----------
    Akiba, Sano, Yanase, Ohta & Koyama (2019), "Optuna: A Next-generation Hyperparameter
    Optimization Framework", section 3.2.
    """

    def __init__(self, trial: Trial, monitor: str = "val_loss") -> None:
        if not hasattr(trial, "should_prune") or not hasattr(trial, "report"):
            raise bad_argument("PruningCallback", "trial", trial, "a trial of Optuna")
        rule = "the name of a quantity, such as 'val_loss'"
        self.monitor = checked_text("PruningCallback", "monitor", monitor, rule)
        self.trial = trial
        _check_direction(trial, monitor)

    def on_epoch_end(self, net: Any, epoch: int, logs: Mapping[str, float]) -> None:
        """Report the quantity; raise if the trial is to be pruned."""
        check_monitor(self, logs)
        self.trial.report(float(logs[self.monitor]), epoch)
        if self.trial.should_prune():
            from optuna import TrialPruned

            raise TrialPruned(f"{self.monitor} is {logs[self.monitor]:.4g} after epoch {epoch}")

    def __repr__(self) -> str:
        return f"PruningCallback(monitor={self.monitor!r})"


def _check_direction(trial: Any, monitor: str) -> None:
    """Raise if the study and the quantity disagree on whether more is better."""
    is_maximized = direction(monitor)
    chosen = getattr(getattr(trial, "study", None), "direction", None)
    name = getattr(chosen, "name", "").lower()
    if is_maximized is None or name not in ("minimize", "maximize"):
        return
    right = "maximize" if is_maximized else "minimize"
    if name != right:
        raise ArgumentError(
            f"PruningCallback: the study's direction is {name!r}, but {monitor!r} is better where "
            f"it is {'larger' if is_maximized else 'smaller'}; use "
            f"optuna.create_study(direction={right!r}), and return that quantity"
        )
