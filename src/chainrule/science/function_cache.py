"""A cache by function that keeps no function alive, nor what its closure or object holds."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from functools import lru_cache
from operator import attrgetter
from types import FunctionType, MethodType
from typing import Any
from weakref import ReferenceType, ref

__all__ = ["FunctionCache", "owner_of", "user_function"]

_MOST_OWNERS, _MOST_ENTRIES = 256, 32


class FunctionCache:
    """Values by function and a further key; what was added first is dropped where there are many.

    Those of a function live as long as it does, those of a method as long as its object. Values
    must not refer to that; callables without weak references are not kept.
    """

    def __init__(self) -> None:
        self._entries: OrderedDict[int, tuple[ReferenceType[Any], dict[Any, Any]]] = OrderedDict()

    def get(self, function: Any, key: Any) -> Any:
        """Return the value of a function for a key, or None."""
        root, wrapping = user_function(function)
        owner, method = owner_of(root)
        found = self._entries.get(id(owner))
        if found is None or found[0]() is not owner:
            return None
        try:
            return found[1].get((method, wrapping, key))
        except TypeError:  # a key that cannot be hashed
            return None

    def put(self, function: Any, key: Any, value: Any) -> None:
        """Keep a value, if that is possible; not of objects of this package."""
        root, wrapping = user_function(function)
        owner, method = owner_of(root)
        if _is_of_package(type(owner)):
            return
        number = id(owner)
        found = self._entries.get(number)
        try:
            if found is None or found[0]() is not owner:
                found = ref(owner, lambda _: self._entries.pop(number, None)), dict[Any, Any]()
            found[1][method, wrapping, key] = value
        except TypeError:
            return
        self._entries[number] = found
        if len(found[1]) > _MOST_ENTRIES:
            found[1].pop(next(iter(found[1])), None)
        if len(self._entries) > _MOST_OWNERS:
            self._entries.popitem(last=False)


def owner_of(root: Any) -> tuple[Any, Any]:
    """Return the object of a method and its function; any other callable and None."""
    return (root.__self__, root.__func__) if type(root) is MethodType else (root, None)


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
