"""The quantity that a callback monitors: that it is reported, and which values are better."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from chainrule.arguments.aliases import METRIC_ALIASES
from chainrule.arguments.lookup import closest
from chainrule.errors import ArgumentError
from chainrule.train.callbacks.callback import Callback
from chainrule.train.callbacks.resolution import FunctionCallback
from chainrule.train.metrics.direction import KNOWN, direction

__all__ = ["check_monitor", "check_monitors", "is_maximized"]


def check_monitors(callbacks: Sequence[Callback], reported: Collection[str]) -> None:
    """Raise if a callback monitors a quantity that the epochs will not report.

    A custom callback before it may add quantities to the logs; then the first epoch decides.
    """
    for callback in callbacks:
        is_custom = not type(callback).__module__.startswith("chainrule.")
        if is_custom or isinstance(callback, FunctionCallback):
            return
        if hasattr(callback, "monitor"):
            check_monitor(callback, reported)


def check_monitor(callback: Any, reported: Collection[str]) -> None:
    """Raise unless the quantity that a callback monitors is reported."""
    if callback.monitor not in reported:
        is_held_out = callback.monitor.startswith("val_")
        remedy = "give validation_data to fit" if is_held_out else "give metrics to net.compile"
        raise ArgumentError(
            f"{type(callback).__name__}: monitor is {callback.monitor!r}, but the epochs report "
            f"{', '.join(reported)}; monitor one of them, or {remedy}"
        )


def is_maximized(title: str, monitor: str, mode: str = "auto") -> bool:
    """Whether higher values of a quantity are better."""
    by_name = direction(monitor)
    if mode == "auto" and by_name is None:
        name = monitor.removeprefix("val_")
        for own in METRIC_ALIASES.targets(name):
            right = monitor.removesuffix(name) + own
            raise ArgumentError(f"{title}: monitor is {monitor!r}; here it is {right!r}")
        prefix = monitor.removesuffix(name)
        meant = closest(monitor, [prefix + each for each in KNOWN])
        raise ArgumentError(
            f"{title}: monitor is {monitor!r}, of which mode='auto' does not know whether "
            "higher values are better; give mode='max' or mode='min'"
            + ("" if meant is None else f", or {meant}")
        )
    return mode == "max" or (mode == "auto" and bool(by_name))
