"""Guards: what a function read from outside while it was traced, compared before each later call.

The term is TorchDynamo's. A program stands for the function as long as its guards hold: every
place that `reachable_state` found has the value that it had. Values are compared by identity,
numbers and texts by value too. Arrays are compared by content, as they may be written to, unless
they are inputs of the program, which are read at each call.

Not seen are changes within installed packages, within values that are computed at each call (the
entries of a database, the clock), behind ``__getattr__``, and those beyond the limits of the walk.
"""

from __future__ import annotations

import copy
import itertools
import operator
import weakref
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from types import MethodType
from typing import Any

import numpy as np

from chainrule.graph.array_reads import is_only_counted
from chainrule.graph.left_behind import Snapshot
from chainrule.graph.place import Place, is_same
from chainrule.graph.reachable_state import ReachableState

__all__ = ["Guards", "guarded_values", "note_assignment", "version_of_layers"]

_numbers = itertools.count()
_version = [next(_numbers)]


def note_assignment() -> None:
    """Note that a versioned place, an attribute of a layer, may have changed."""
    _version[0] = next(_numbers)


def version_of_layers() -> Any:
    """Return another object after each assignment to an attribute of a layer."""
    return _version[0]


_Check = tuple[Callable[[Any], Any], Any, Any]


class Guards:
    """The values of places; those of `inputs`, arrays that the program reads, are left out."""

    def __init__(self, values: Sequence[tuple[Place, Any]], inputs: Sequence[Place] = ()) -> None:
        self._version = _version[0]
        self._has_unversioned = True
        self._values: list[_Check] = []
        self._versioned: list[_Check] = []
        self._arrays: list[tuple[*_Check, Any, bytes]] = []
        left_out = {place.identity for place in inputs}
        for place, value in values:
            if place.identity in left_out:
                continue
            if issubclass(type(value), np.ndarray) and value.dtype != object:
                self._arrays.append((*place.reader, value, value.shape, value.tobytes()))
            else:
                checks = self._versioned if place.is_versioned else self._values
                checks.append((*place.reader, value))
        self._has_unversioned = bool(self._values or self._arrays)

    def __bool__(self) -> bool:
        """Whether there is anything to compare."""
        return bool(self._values or self._versioned or self._arrays)

    def hold(self) -> bool:
        """Whether everything has the value that it had."""
        if self._version is _version[0] and not self._has_unversioned:
            return True
        try:
            for read, argument, value in self._values:
                now = read(argument)
                if now is not value and not is_same(now, value):
                    return False
            if self._version != _version[0] and not self._versioned_hold():
                return False
            for read, argument, array, shape, content in self._arrays:
                now = read(argument)
                if now is not array and (type(now) is not type(array) or now.dtype != array.dtype):
                    return False
                if now.tobytes() != content or now.shape != shape:
                    return False
        except (AttributeError, LookupError, ValueError, ReferenceError):
            return False
        return True

    def referring_weakly(self, objects: set[int]) -> Guards | None:
        """Return guards that keep no object alive whose id is in `objects`; None if one must be."""
        if any(id(value) in objects for _, _, value, *_ in (*self._values, *self._versioned)):
            return None
        weak = copy.copy(self)
        weak._values = [_weakly(each, objects) for each in self._values]
        weak._versioned = [_weakly(each, objects) for each in self._versioned]
        weak._arrays = [(*_weakly((r, a, x), objects), s, b) for r, a, x, s, b in self._arrays]
        return weak

    def _versioned_hold(self) -> bool:
        version = _version[0]
        for read, argument, value in self._versioned:
            now = read(argument)
            if now is not value and not is_same(now, value):
                return False
        self._version = version
        return True


def _weakly(check: _Check, objects: set[int]) -> _Check:
    """Return a check that keeps no object alive whose id is in `objects`."""
    read, argument, value = check
    if isinstance(value, MethodType) and id(value.__self__) in objects:
        read, value = _Underlying(read), value.__func__
    if isinstance(argument, Place):
        argument = argument.referring_weakly(objects)
    elif id(argument) in objects:
        argument = weakref.proxy(argument)
    owner = getattr(read, "__self__", None)
    if id(owner) in objects:  # an entry of a container
        read = partial(operator.getitem, weakref.proxy(owner))
    return read, argument, value


@dataclass(frozen=True)
class _Underlying:
    """The function of the method that is read."""

    read: Callable[[Any], Any]

    def __call__(self, argument: Any) -> Any:
        return getattr(self.read(argument), "__func__", None)


def guarded_values(
    before: Snapshot, after: ReachableState
) -> tuple[list[tuple[Place, Any]], list[Place]]:
    """Return the places with the values for which a trace is right, and the numbers it changed.

    A number that the function itself has changed, and does more with than to count its calls, has
    to be that of before: if it is not an input, the function is traced at each call.
    """
    values: list[tuple[Place, Any]] = []
    numbers: list[Place] = []
    for place, value in after.values():
        old = before.values.get(place.identity, value)
        is_number = isinstance(old, int | float | np.generic) and place.kind != "content"
        if is_number and not is_same(old, value) and not is_only_counted(place, after.codes):
            numbers.append(place)
            value = old
        values.append((place, value))
    return values, numbers
