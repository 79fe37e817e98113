"""Callbacks of ``fit``: the base class, and those that most trainings use."""

from chainrule.train.callbacks.callback import Callback
from chainrule.train.callbacks.checkpoint import Checkpoint, Interval, resolve_checkpoint
from chainrule.train.callbacks.csv_log import CSVLog
from chainrule.train.callbacks.early_stopping import EarlyStopping
from chainrule.train.callbacks.lambda_callback import LambdaCallback
from chainrule.train.callbacks.learning_rates import LearningRateSchedule, ReduceOnPlateau
from chainrule.train.callbacks.monitor import check_monitor, check_monitors
from chainrule.train.callbacks.resolution import defines, resolve_callbacks, stops

__all__ = [
    "CSVLog",
    "Callback",
    "Checkpoint",
    "EarlyStopping",
    "Interval",
    "LambdaCallback",
    "LearningRateSchedule",
    "ReduceOnPlateau",
    "check_monitor",
    "check_monitors",
    "defines",
    "resolve_callbacks",
    "resolve_checkpoint",
    "stops",
]
