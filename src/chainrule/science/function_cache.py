"""A cache by function that keeps no function alive, nor what its closure holds."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from functools import lru_cache
from operator import attrgetter
from types import FunctionType
from typing import Any
from weakref import WeakKeyDictionary

__all__ = ["FunctionCache", "user_function"]

_MOST_FUNCTIONS, _MOST_OBJECTS, _MOST_ENTRIES = 256, 8, 32


class FunctionCache:
    """Values by function and a further key; what was added first is dropped where there are many.

    Those of a function live as long as it does. Methods are made anew at each access, and other
    callables need not support weak references: those used last, a few of them, are kept alive.
    """

    def __init__(self) -> None:
        self._of_functions: WeakKeyDictionary[Any, dict[Any, Any]] = WeakKeyDictionary()
        self._of_objects: OrderedDict[Any, dict[Any, Any]] = OrderedDict()

    def get(self, function: Any, key: Any) -> Any:
        """Return the value of a function for a key, or None."""
        root, wrapping = user_function(function)
        try:
            if type(root) is FunctionType:
                return self._of_functions[root].get((wrapping, key))
            self._of_objects.move_to_end(root)
            return self._of_objects[root].get((wrapping, key))
        except (KeyError, TypeError):  # a callable or a key that cannot be hashed
            return None

    def put(self, function: Any, key: Any, value: Any) -> None:
        """Keep a value; not of what cannot be hashed, nor of objects of this package."""
        root, wrapping = user_function(function)
        if _is_of_package(type(root)):
            return
        is_function = type(root) is FunctionType
        functions: Any = self._of_functions if is_function else self._of_objects
        try:
            if root not in functions:
                functions[root] = {}
            entries = functions[root]
            entries[wrapping, key] = value
        except TypeError:
            return
        if len(entries) > _MOST_ENTRIES:
            entries.pop(next(iter(entries)), None)
        if len(functions) > (_MOST_FUNCTIONS if is_function else _MOST_OBJECTS):
            functions.pop(next(iter(functions)), None)


def user_function(function: Any) -> tuple[Any, Any]:
    """Return the user's function within wrappers of this package, and what these are besides."""
    wrapping: Any = None
    while type(function) is not FunctionType and (read := _reader(type(function))) is not None:
        function, wrapping = function.function, (type(function), read(function), wrapping)
    return function, wrapping


def _reader(kind: type) -> Callable[[Any], Any] | None:
    """Return what reads the fields of a wrapper besides its function; None for another class."""
    return _reader_of_wrapper(kind) if _is_of_package(kind) else None


@lru_cache(maxsize=64)
def _reader_of_wrapper(kind: type) -> Callable[[Any], Any] | None:
    names = [each.name for each in fields(kind)] if is_dataclass(kind) else []
    others = [each for each in names if each != "function"]
    if "function" not in names:
        return None
    return attrgetter(*others) if others else _nothing


def _nothing(_: Any) -> None:
    """Read nothing."""


def _is_of_package(kind: type) -> bool:
    return kind.__module__.startswith("chainrule.science.")
