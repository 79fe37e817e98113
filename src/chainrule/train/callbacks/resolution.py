"""The argument ``callbacks`` of ``fit``: callbacks and functions, checked before the first step."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from chainrule.arguments.aliases import CALLBACK_ALIASES
from chainrule.arguments.lookup import closest
from chainrule.arguments.signature import check_call
from chainrule.errors import ArgumentError
from chainrule.train.callbacks.callback import Callback
from chainrule.train.progress import Progress

__all__ = ["HOOKS", "FunctionCallback", "defines", "keeps_state", "resolve_callbacks", "stops"]


class FunctionCallback(Callback):
    """Calls a function ``(net, epoch, logs)`` after each epoch."""

    def __init__(self, function: Callable[[Any, int, Mapping[str, float]], Any]) -> None:
        self._function = function

    @property
    def title(self) -> str:
        """The name of the function."""
        return getattr(self._function, "__name__", repr(self._function))

    def on_epoch_end(self, net: Any, epoch: int, logs: Mapping[str, float]) -> bool | None:
        """Call the function."""
        return self._function(net, epoch, logs)


def resolve_callbacks(callbacks: Any) -> list[Callback]:
    """Return the argument `callbacks` of ``fit`` as a list, each checked before the first step."""
    if not isinstance(callbacks, Sequence) or isinstance(callbacks, str):
        callbacks = [callbacks]
    # Progress is shown by the display that `choose_display` returns.
    left_out = type(None) | Progress
    return [_as_callback(each) for each in callbacks if not isinstance(each, left_out)]


def defines(callback: Callback, method: str) -> bool:
    """Whether a callback has a method of its own, not the one of `Callback`, which does nothing."""
    function = getattr(getattr(callback, method), "__func__", None)
    return function is not getattr(Callback, method)


def keeps_state(callback: Callback) -> bool:
    """Whether the class of a callback has methods `state` and `restore` of its own."""
    own = type(callback).state, type(callback).restore
    is_own = own[0] is not Callback.state and own[1] is not Callback.restore
    return is_own and all(map(callable, own)) and vars(callback).keys().isdisjoint(_OF_CHECKPOINTS)


def stops(result: Any) -> bool:
    """Whether the result of a callback stops the training: True, also of NumPy."""
    return isinstance(result, bool | np.bool_) and bool(result)


def _as_callback(value: Any) -> Callback:
    if isinstance(value, Callback):
        _refuse_foreign_methods(value)
        for name, arguments in _ARGUMENTS.items():
            if name in _OF_CHECKPOINTS and not keeps_state(value):
                continue  # what has such a name is an attribute
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
        return FunctionCallback(value)
    raise ArgumentError(
        f"fit: callbacks has {value!r:.60}; each must be a Callback or a function "
        "(net, epoch, logs)"
    )


_ARGUMENTS = {
    "on_fit_start": ("net",),
    "on_epoch_start": ("net", "epoch"),
    "on_step_end": ("net", "step", "logs"),
    "on_epoch_end": ("net", "epoch", "logs"),
    "on_fit_end": ("net",),
    "state": (),
    "restore": ("state",),
}
"""The arguments of each method of a callback."""


_OF_CHECKPOINTS = {"state", "restore"}

HOOKS = tuple(name for name in _ARGUMENTS if name not in _OF_CHECKPOINTS)
"""The methods that ``fit`` calls for what has happened."""

_SETTERS = {"set_model", "set_params"}
"""Methods that Keras calls before the training."""


def _refuse_foreign_methods(callback: Callback) -> None:
    """Raise for a method that other libraries call, and ``fit`` does not."""
    kind = type(callback)
    for name in dir(kind):
        if (name.startswith("on_") or name in _SETTERS) and name not in _ARGUMENTS:
            hint = closest(name, _ARGUMENTS, CALLBACK_ALIASES)
            if hint is not None:
                raise ArgumentError(
                    f"fit: the callback {kind.__name__} defines {name}, which is never called; "
                    f"{hint}"
                )
