"""Callbacks of estimators: functions and `chainrule.Callback` objects, given the estimator."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chainrule.errors import ArgumentError
from chainrule.train.callbacks import EarlyStopping, defines, resolve_callbacks, stops

__all__ = ["observer_of"]


def observer_of(estimator: Any) -> Callable[[Any, dict[str, float]], bool]:
    """Return what is called after each epoch with state and logs, and says whether to stop."""
    callbacks = resolve_callbacks(estimator.callbacks)
    for each in callbacks:
        if isinstance(each, EarlyStopping):
            raise ArgumentError(
                f"{type(estimator).__name__}: the callback EarlyStopping restores the parameters "
                "of a network; give early_stopping=True instead, with n_iter_no_change and tol"
            )
        each.on_fit_start(estimator)

    def observe(state: Any, logs: dict[str, float]) -> bool:
        if not callbacks:
            return False
        estimator._take_state(state)
        epoch = estimator.n_iter_ - 1
        results = [
            stops(each.on_epoch_end(estimator, epoch, logs))
            for each in callbacks
            if defines(each, "on_epoch_end")
        ]
        return any(results)

    return observe
