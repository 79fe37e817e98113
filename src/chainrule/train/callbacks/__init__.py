"""Callbacks of ``fit``: the base class, and those that `fit` itself knows."""

from chainrule.train.callbacks.callback import Callback
from chainrule.train.callbacks.checkpoint import Checkpoint, Interval, resolve_checkpoint
from chainrule.train.callbacks.early_stopping import EarlyStopping
from chainrule.train.callbacks.monitor import check_monitor, check_monitors
from chainrule.train.callbacks.resolution import (
    HOOKS,
    defines,
    keeps_state,
    resolve_callbacks,
    stops,
)

__all__ = [
    "HOOKS",
    "Callback",
    "Checkpoint",
    "EarlyStopping",
    "Interval",
    "check_monitor",
    "check_monitors",
    "defines",
    "keeps_state",
    "resolve_callbacks",
    "resolve_checkpoint",
    "stops",
]
