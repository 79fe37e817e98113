"""Callbacks of ``fit``: `Callback` and plain functions, checked before the first step."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import numpy as np

from chainrule.arguments.aliases import CALLBACK_ALIASES, CALLBACK_ATTRIBUTES, FIT_ALIASES
from chainrule.arguments.attributes import refuse_missing
from chainrule.arguments.keywords import answers_foreign_names
from chainrule.arguments.lookup import closest
from chainrule.arguments.signature import check_call
from chainrule.errors import ArgumentError
from chainrule.pickling import independent_copies
from chainrule.train.progress import Progress

__all__ = ["Callback", "check_monitor", "check_monitors", "defines", "resolve_callbacks", "stops"]


@independent_copies
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

    @property
    def title(self) -> str:
        """What messages call it: the name of its class."""
        return type(self).__name__

    def __getattr__(self, name: str) -> Any:
        """Answer the names of other libraries."""
        refuse_missing(self, "self", name, CALLBACK_ATTRIBUTES)

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
            Numbers added to it are seen by the callbacks after this one, and recorded.

        Returns
        -------
        bool or None
            True to stop the training; other results are ignored.
        """

    def on_fit_end(self, net: Any) -> None:
        """Run after the last epoch, unless an exception stopped the training.

        Parameters
        ----------
        net : Network
            The trained network.
        """


class _FunctionCallback(Callback):
    """Calls a function ``(net, epoch, logs)`` after each epoch."""

    def __init__(self, function: Callable[[Any, int, Mapping[str, float]], Any]) -> None:
        self._function = function

    @property
    def title(self) -> str:
        return getattr(self._function, "__name__", repr(self._function))

    def on_epoch_end(self, net: Any, epoch: int, logs: Mapping[str, float]) -> bool | None:
        return self._function(net, epoch, logs)


def resolve_callbacks(callbacks: Any) -> list[Callback]:
    """Return the argument `callbacks` of ``fit`` as a list, each checked before the first step."""
    if not isinstance(callbacks, Sequence) or isinstance(callbacks, str):
        callbacks = [callbacks]
    # Progress is shown by the display that `choose_display` returns.
    left_out = type(None) | Progress
    return [_as_callback(each) for each in callbacks if not isinstance(each, left_out)]


def check_monitors(callbacks: Sequence[Callback], reported: Collection[str]) -> None:
    """Raise if a callback monitors a quantity that the epochs will not report.

    A custom callback before it may add quantities to the logs; then the first epoch decides.
    """
    for callback in callbacks:
        is_custom = not type(callback).__module__.startswith("chainrule.")
        if is_custom or isinstance(callback, _FunctionCallback):
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


def defines(callback: Callback, method: str) -> bool:
    """Whether a callback has a method of its own, not the one of `Callback`, which does nothing."""
    function = getattr(getattr(callback, method), "__func__", None)
    return function is not getattr(Callback, method)


def stops(result: Any) -> bool:
    """Whether the result of a callback stops the training: True, also of NumPy."""
    return isinstance(result, bool | np.bool_) and bool(result)


def _as_callback(value: Any) -> Callback:
    if isinstance(value, Callback):
        _refuse_foreign_methods(value)
        for name, arguments in _ARGUMENTS.items():
            title = f"fit: the callback {type(value).__name__}.{name}"
            check_call(title, getattr(value, name), arguments)
        return value
    if isinstance(value, type):
        raise ArgumentError(
            f"fit: callbacks has the class {value.__name__} itself; write {value.__name__}(...)"
        )
    if callable(value):
        title = f"fit: the callback {getattr(value, '__name__', repr(value))}"
        check_call(title, value, _ARGUMENTS["on_epoch_end"])
        return _FunctionCallback(value)
    raise ArgumentError(
        f"fit: callbacks has {value!r:.60}; each must be a Callback or a function "
        "(net, epoch, logs)"
    )


_ARGUMENTS = {
    "on_fit_start": ("net",),
    "on_epoch_start": ("net", "epoch"),
    "on_epoch_end": ("net", "epoch", "logs"),
    "on_fit_end": ("net",),
}
"""The arguments of each method of a callback."""


def _refuse_foreign_methods(callback: Callback) -> None:
    """Raise for a method that other libraries call, and ``fit`` does not."""
    kind = type(callback)
    for name in dir(kind):
        if name.startswith("on_") and name not in _ARGUMENTS:
            hint = closest(name, _ARGUMENTS, CALLBACK_ALIASES)
            if hint is not None:
                raise ArgumentError(
                    f"fit: the callback {kind.__name__} defines {name}, which is never called; "
                    f"{hint}"
                )
