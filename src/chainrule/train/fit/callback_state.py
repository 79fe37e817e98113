"""What callbacks remember: what their `state` returns, or the attributes that have changed.

::

    [NAME, attributes] | [NAME, {}, state]     of each callback in a checkpoint
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.errors import FormatError, type_in_words, warn
from chainrule.train.callbacks import HOOKS, Callback, keeps_state
from chainrule.train.files.attribute_values import NotDataError, encoded
from chainrule.train.fit.run_code import code_of_callbacks

__all__ = ["CallbackStates", "Remembered"]

_CODE = FunctionType | BuiltinFunctionType | MethodType | ModuleType | type

Remembered = tuple[str, dict[str, Any], Any]
"""The title of a callback, its attributes, and what its `state` has returned, if it has one."""


class CallbackStates:
    """Describe and restore what callbacks remember; made before ``fit`` calls them."""

    def __init__(self, callbacks: Sequence[Callback]) -> None:
        self._callbacks = callbacks
        self._before = [
            {name: _fingerprint(value) for name, value in vars(each).items()} for each in callbacks
        ]
        self._warned: set[str] = set()
        self.code = code_of_callbacks(callbacks)

    def describe(self, store: Callable[[NDArray[Any]], str]) -> list[list[Any]]:
        """Return the title of each callback, with what it remembers."""
        described: list[list[Any]] = []
        for callback, before in zip(self._callbacks, self._before, strict=True):
            state = callback.state() if keeps_state(callback) else None
            if state is None:
                entry = [encoded(self._changed(callback, before), store)]
            elif self._is_data(f"{callback.title}.state()", state):
                entry = [encoded({}, store), encoded(state, store)]
            else:
                entry = [encoded({}, store)]
            described.append([callback.title, *entry])
        return described

    def _changed(self, callback: Callback, before: dict[str, Any]) -> dict[str, Any]:
        """Return the attributes of a callback that have changed, as far as they are data."""
        return {
            name: value
            for name, value in list(vars(callback).items())
            if (name not in before or before[name] != _fingerprint(value))
            and not isinstance(value, _CODE)
            and self._is_data(f"{callback.title}.{name}", value)
        }

    def _is_data(self, title: str, value: Any) -> bool:
        """Whether a checkpoint can keep a value; if not, warn once."""
        try:
            encoded(value, lambda array: "")
        except NotDataError as problem:
            if title not in self._warned:
                self._warned.add(title)
                warn(
                    f"fit: {title} holds {problem}, which a checkpoint cannot keep: after a resume "
                    "it is as the constructor made it; keep numbers, texts and arrays in it, or "
                    "return them from a method state(self), for restore(self, state)"
                )
            return False
        return True

    def restore(self, states: Sequence[Remembered]) -> None:
        """Give callbacks of the same titles what `describe` has described."""
        waiting = list(self._callbacks)
        for title, attributes, state in states:
            callback = next((each for each in waiting if each.title == title), None)
            if callback is None:
                if attributes or state is not None:
                    warn(
                        f"fit: the checkpoint has a state of the callback {title}, which is not "
                        "among the callbacks now; give it, too, to go on as if unbroken"
                    )
                continue
            waiting.remove(callback)
            _check_types(callback, attributes)
            vars(callback).update(attributes)
            if state is not None and keeps_state(callback):
                callback.restore(state)
            elif state is not None:
                warn(
                    f"fit: the checkpoint has what the callback {title} has returned from "
                    "state(self), but it has no restore(self, state) now; write one, to go on as "
                    "if unbroken"
                )


def _check_types(callback: Callback, attributes: dict[str, Any]) -> None:
    """Raise a FormatError for attributes that ``fit`` cannot have written.

    Those of callbacks of the library keep their types; none takes the place of a method.
    """
    is_ours = type(callback).__module__.startswith("chainrule.")
    for name, value in attributes.items():
        now = vars(callback).get(name)
        is_other = is_ours and None not in (_kind(now), _kind(value)) and _kind(now) != _kind(value)
        if is_other or name in HOOKS:
            raise FormatError(
                f"fit: the checkpoint has for {callback.title}.{name:.60} what is none of its "
                f"values: {type_in_words(value)}; remove the folder to begin anew"
            )


def _kind(value: Any) -> str | None:
    """Return the type of a value, in which all numbers are one; None for None."""
    if isinstance(value, bool | int | float | np.number):
        return "number"
    return None if value is None else type(value).__name__


def _fingerprint(value: Any) -> Any:
    """Return what differs if a value is changed; of what is no data, which object it is."""

    def store(array: NDArray[Any]) -> str:
        content = np.ascontiguousarray(array).tobytes()
        return f"{array.dtype} {array.shape} {hashlib.sha256(content).hexdigest()}"

    try:
        return json.dumps(encoded(value, store))
    except NotDataError:
        return type_in_words(value), id(value)
