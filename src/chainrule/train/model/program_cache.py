"""Cache of the compiled programs of a model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from chainrule.locks import ReentrantLock

__all__ = ["ProgramCache"]

_CAPACITY = 64

Compiled = TypeVar("Compiled")


class ProgramCache:
    """Compiled programs by key, a purpose followed by types; evicts the oldest when full.

    When the network changes, an empty cache takes its place. A thread that is compiling then adds
    its program to the old one; so it must read `Model.programs` before what it compiles.
    """

    def __init__(self) -> None:
        self._programs: dict[Any, Any] = {}
        self._lock = ReentrantLock()
        self._pending: dict[Any, ReentrantLock] = {}

    def get(self, key: Any, compile_program: Callable[[], Compiled]) -> Compiled:
        """Return the program for `key`, compiled on first use, by one thread while others wait."""
        program = self._programs.get(key, self)
        if program is not self:
            return program
        with self._lock:
            pending = self._pending.setdefault(key, ReentrantLock())
        with pending:
            program = self._programs.get(key, self)
            return self._add(key, compile_program()) if program is self else program

    def _add(self, key: Any, program: Compiled) -> Compiled:
        with self._lock:
            if len(self._programs) >= _CAPACITY:
                del self._programs[next(iter(self._programs))]
            self._programs[key] = program
            self._pending.pop(key, None)
        return program

    def latest(self, purpose: str) -> tuple[Any, Any] | None:
        """Return key and program of the latest one for a purpose, or None."""
        newest_first = reversed(list(self._programs.items()))
        return next((each for each in newest_first if each[0][0] == purpose), None)

    def find(self, key: Any) -> Any:
        """Return the program for `key`, or None."""
        return self._programs.get(key)
