"""Compiled programs, kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

__all__ = ["ProgramCache"]

_LARGEST_CACHE = 64

Made = TypeVar("Made")


class ProgramCache:
    """Compiled programs by what they are for; the oldest goes when there are too many."""

    def __init__(self) -> None:
        self._programs: dict[Any, Any] = {}

    def get(self, key: Any, make: Callable[[], Made]) -> Made:
        """Return the program for `key`, made on first use."""
        if key not in self._programs:
            if len(self._programs) >= _LARGEST_CACHE:
                del self._programs[next(iter(self._programs))]
            self._programs[key] = make()
        return self._programs[key]

    def latest(self, purpose: str) -> tuple[Any, Any] | None:
        """Return the program made last for a purpose, behind its key; None if there is none."""
        kept = reversed(self._programs.items())
        return next((each for each in kept if each[0][0] == purpose), None)

    def find(self, key: Any) -> Any:
        """Return the program for `key`, or None if it is not there."""
        return self._programs.get(key)

    def clear(self) -> None:
        """Forget all: the network has changed."""
        self._programs.clear()
