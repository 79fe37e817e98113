"""Typed access to the entries of a file's description, all of which are verified."""

from __future__ import annotations

from typing import Any

from chainrule.errors import FormatError

__all__ = ["Description"]


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
