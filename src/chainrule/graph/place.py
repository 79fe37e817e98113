"""Place: where a traced function may read a value from outside, or store one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from operator import attrgetter
from types import MethodType
from typing import Any, cast
from weakref import proxy

import numpy as np

from chainrule.graph.protocol_gaps.replacement import Retried

__all__ = ["MISSING", "Place", "is_same"]

MISSING: Any = type("Missing", (), {"__repr__": lambda self: "<missing>"})()
"""The value of a place that holds nothing."""


@dataclass(frozen=True, slots=True)
class Place:
    """A closure cell, global, attribute or item, or all the content of a container.

    `kind` is ``attribute`` (of an object, a class or a cell), ``entry`` (of a dictionary, a list or
    the globals of a module), ``content``, or ``optional`` (an attribute that is absent). Every
    assignment to a versioned place calls `guards.note_assignment`.
    """

    container: Any
    key: Any
    kind: str
    label: str
    is_versioned: bool = False

    @property
    def identity(self) -> tuple[int, Any, str]:
        """What two equal places share."""
        return id(self.container), self.key, self.kind

    @property
    def reader(self) -> tuple[Callable[[Any], Any], Any]:
        """A function and its argument that read the place; it raises where there is nothing."""
        if self.kind == "attribute":
            return attrgetter(self.key), self.container
        if self.kind == "optional":
            return _attribute_or_missing, self
        return (self.container.__getitem__, self.key) if self.kind == "entry" else (_content, self)

    def read(self) -> Any:
        """Return the value of the place, or MISSING; the original of a function of NumPy."""
        read, argument = self.reader
        try:
            value = read(argument)
        except (AttributeError, LookupError, ValueError):
            return MISSING
        return value.function if type(value) is Retried else value

    def referring_weakly(self, objects: set[int]) -> Place:
        """Return the same place, but one that keeps no object alive whose id is in `objects`."""
        if id(self.container) not in objects:
            return self
        return replace(self, container=proxy(self.container))

    def write(self, value: Any) -> None:
        """Set the place to a value, or remove it where that is MISSING."""
        if self.kind == "attribute":
            if value is not MISSING:
                setattr(self.container, self.key, value)
            elif hasattr(self.container, self.key):
                delattr(self.container, self.key)
        elif value is not MISSING:
            self.container[self.key] = value
        elif isinstance(self.container, dict):
            cast(dict[Any, Any], self.container).pop(self.key, None)


def _attribute_or_missing(place: Place) -> Any:
    return getattr(place.container, place.key, MISSING)


def _content(place: Place) -> Any:
    """The keys of a dictionary, the members of a set or the length of a list; or all at once."""
    container = place.container
    if isinstance(container, set | frozenset):
        return frozenset(cast(set[Any], container))
    if not place.key:
        return tuple(container) if isinstance(container, dict) else len(container)
    values = list(container.items() if isinstance(container, dict) else container)
    return values, [*map(type, values)]


def is_same(a: Any, b: Any) -> bool:
    """Whether two values are the same to a program: also two equal numbers, texts or tuples."""
    if type(a) is not type(b) or a is MISSING:
        return False
    if isinstance(a, MethodType):
        return a.__func__ is b.__func__ and a.__self__ is b.__self__
    if isinstance(a, tuple | list):
        return len(a) == len(b) and all(x is y or is_same(x, y) for x, y in zip(a, b, strict=True))
    if isinstance(a, float | complex):
        return repr(a) == repr(b)  # as -0.0 and 0.0 differ, and nan is nan
    if isinstance(a, np.generic):
        return a.dtype == b.dtype and a.tobytes() == b.tobytes()
    return isinstance(a, bool | int | str | bytes | frozenset | np.dtype) and a == b
