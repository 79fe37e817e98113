"""Cache of the compiled programs of a model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

__all__ = ["ProgramCache"]

_CAPACITY = 64

Compiled = TypeVar("Compiled")


class ProgramCache:
    """Compiled programs by key, a purpose followed by types; evicts the oldest when full."""

    def __init__(self) -> None:
        self._programs: dict[Any, Any] = {}

    def get(self, key: Any, compile_program: Callable[[], Compiled]) -> Compiled:
        """Return the program for `key`, compiled on first use."""
        if key not in self._programs:
            if len(self._programs) >= _CAPACITY:
                del self._programs[next(iter(self._programs))]
            self._programs[key] = compile_program()
        return self._programs[key]

    def latest(self, purpose: str) -> tuple[Any, Any] | None:
        """Return key and program of the latest one for a purpose, or None."""
        newest_first = reversed(self._programs.items())
        return next((each for each in newest_first if each[0][0] == purpose), None)

    def find(self, key: Any) -> Any:
        """Return the program for `key`, or None."""
        return self._programs.get(key)

    def clear(self) -> None:
        """Remove all programs, as the network has changed."""
        self._programs.clear()
