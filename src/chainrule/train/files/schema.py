"""The entries of a file's description, which are believed in nothing."""

from __future__ import annotations

from typing import Any

from chainrule.errors import FormatError

__all__ = ["Description"]


class Description:
    """A JSON object of a file, entry by entry, each of the kind it must be.

    Parameters
    ----------
    description : dict
        What the file has.
    where : str
        What messages call it.
    """

    def __init__(self, description: dict[str, Any], where: str = "the description") -> None:
        self._entries, self._where = description, where

    def has(self, name: str) -> bool:
        """Whether there is an entry of that name."""
        return name in self._entries

    def get(self, name: str, *kinds: type) -> Any:
        """Return an entry, or raise a FormatError if it is missing or of another kind."""
        value = self._entries.get(name, ...)
        if type(value) not in kinds:
            told = "is missing" if value is ... else f"is {value!r:.60}"
            wanted = " or ".join("null" if kind is type(None) else kind.__name__ for kind in kinds)
            raise FormatError(f"load: in {self._where} {name!r} {told}; it must be a {wanted}")
        return value

    def only(self, *names: str) -> None:
        """Raise a FormatError for an entry of another name."""
        strange = [name for name in self._entries if name not in names]
        if strange:
            raise FormatError(f"load: {self._where} has an unknown entry {strange[0]!r}")
