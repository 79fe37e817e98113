"""Typed access to the entries of a file's description, all of which are verified."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

from chainrule.errors import FormatError

__all__ = [
    "BOLTZMANN_MACHINE",
    "MAX_DEPTH",
    "MAX_NAME",
    "STORED",
    "Description",
    "find_bad_name",
    "levels",
]

BOLTZMANN_MACHINE = "rbm"
"""The entry ``model`` of the file of a restricted Boltzmann machine; a network has none."""

MAX_DEPTH = 64
"""Of nested lists and objects in the description; beyond it, layers are within layers."""

STORED = "stored layer"
"""The kind of a layer that a file has as programs alone: no name of a class."""

MAX_NAME = 1000
"""Characters of the name of a layer, which has those of the layers around it, or of a function."""

_NAMES = ("function", "kind", "layer", "name")


def levels(entry: Any) -> Iterator[list[Any]]:
    """Yield the values of a description by their depth, without recursion."""
    level = [entry]
    while level:
        yield level
        inner: list[Any] = []
        for each in level:
            if isinstance(each, dict):
                inner += cast(dict[str, Any], each).values()
            elif isinstance(each, list):
                inner += cast(list[Any], each)
        level = inner


def find_bad_name(level: list[Any]) -> str | None:
    """Return a name among values of one depth that is too long or not printable, or None."""
    for each in level:
        if isinstance(each, dict):
            for key in cast(dict[str, Any], each).keys() & set(_NAMES):
                name = cast(dict[str, Any], each)[key]
                if isinstance(name, str) and not (len(name) <= MAX_NAME and name.isprintable()):
                    return name
    return None


class Description:
    """A JSON object whose entries are checked for their types.

    Parameters
    ----------
    description : dict
        The object.
    where : str
        Its name in messages.
    """

    def __init__(self, description: dict[str, Any], where: str = "the description") -> None:
        self._entries, self._where = description, where

    def has(self, name: str) -> bool:
        """Whether there is an entry of that name."""
        return name in self._entries

    def get(self, name: str, *types: type) -> Any:
        """Return an entry, or raise a FormatError if it is missing or of another type."""
        value = self._entries.get(name, ...)
        if type(value) not in types:
            problem = "is missing" if value is ... else f"is {value!r:.60}"
            expected = " or ".join(
                "null" if each is type(None) else each.__name__ for each in types
            )
            raise FormatError(f"load: in {self._where} {name!r} {problem}; it must be a {expected}")
        return value

    def only(self, *names: str) -> None:
        """Raise a FormatError for an entry of another name."""
        unknown = [name for name in self._entries if name not in names]
        if unknown:
            raise FormatError(f"load: {self._where} has an unknown entry {unknown[0][:60]!a}")
