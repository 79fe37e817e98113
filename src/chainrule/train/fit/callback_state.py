"""What callbacks remember: the attributes that they have set since ``fit`` began, as data."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.errors import type_in_words, warn
from chainrule.train.callbacks import Callback
from chainrule.train.files.attribute_values import NotDataError, encoded

__all__ = ["CallbackStates"]

_CODE = FunctionType | BuiltinFunctionType | MethodType | ModuleType | type


class CallbackStates:
    """Describes and restores the attributes of callbacks; made before ``fit`` calls them."""

    def __init__(self, callbacks: Sequence[Callback]) -> None:
        self._callbacks = callbacks
        self._before = [
            {name: _fingerprint(value) for name, value in vars(each).items()} for each in callbacks
        ]
        self._warned: set[str] = set()

    def describe(self, store: Callable[[NDArray[Any]], str]) -> list[list[Any]]:
        """Return the title of each callback, with the attributes that have changed."""
        described: list[list[Any]] = []
        for callback, before in zip(self._callbacks, self._before, strict=True):
            changed: dict[str, Any] = {}
            for name, value in list(vars(callback).items()):
                if name not in before or before[name] != _fingerprint(value):
                    self._add(changed, callback, name, value)
            described.append([callback.title, encoded(changed, store)])
        return described

    def _add(self, changed: dict[str, Any], callback: Callback, name: str, value: Any) -> None:
        try:
            encoded(value, lambda array: "")
        except NotDataError as problem:
            if not isinstance(value, _CODE) and (key := f"{callback.title}.{name}") not in (
                self._warned
            ):
                self._warned.add(key)
                warn(
                    f"fit: {key} holds {problem}, which a checkpoint cannot keep: after a resume "
                    "it is as the constructor made it; keep numbers, texts and arrays in it"
                )
        else:
            changed[name] = value

    def restore(self, states: Sequence[tuple[str, dict[str, Any]]]) -> None:
        """Set the attributes that `describe` has described, of callbacks of the same titles."""
        waiting = list(self._callbacks)
        for title, attributes in states:
            callback = next((each for each in waiting if each.title == title), None)
            if callback is not None:
                waiting.remove(callback)
                vars(callback).update(attributes)
            elif attributes:
                warn(
                    f"fit: the checkpoint has a state of the callback {title}, which is not among "
                    "the callbacks now; give it, too, to go on as if unbroken"
                )


def _fingerprint(value: Any) -> Any:
    """Return what differs if a value is changed; of what is no data, which object it is."""

    def store(array: NDArray[Any]) -> str:
        content = np.ascontiguousarray(array).tobytes()
        return f"{array.dtype} {array.shape} {hashlib.sha256(content).hexdigest()}"

    try:
        return json.dumps(encoded(value, store))
    except NotDataError:
        return type_in_words(value), id(value)
