"""A table of classes and functions whose modules are imported when one is looked up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeVar

__all__ = ["LateNames", "imported"]

T = TypeVar("T")


class LateNames(Mapping[str, T]):
    """Values by name, from the module and the name there of each."""

    def __init__(self, sources: Mapping[str, tuple[str, str]]) -> None:
        self._sources = dict(sources)

    def __getitem__(self, name: str) -> T:
        return imported(*self._sources[name])

    def __iter__(self) -> Iterator[str]:
        return iter(self._sources)

    def __len__(self) -> int:
        return len(self._sources)

    def __contains__(self, name: object) -> bool:
        return name in self._sources


def imported(module: str, name: str) -> T:  # pyright: ignore[reportInvalidTypeVarUse]
    """Import a module of the library, and return what it has under a name."""
    return getattr(__import__(module, fromlist=[name]), name)
