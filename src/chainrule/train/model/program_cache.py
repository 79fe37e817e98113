"""Cache of the compiled programs of a model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, TypeVar

from chainrule.locks import ReentrantLock

__all__ = ["Guards", "ProgramCache"]

_CAPACITY = 64

Compiled = TypeVar("Compiled")


class Guards(Protocol):
    """What a program depends on."""

    def hold(self) -> bool:
        """Whether everything has the value that it had."""
        ...


class ProgramCache:
    """Compiled programs by key, a purpose followed by types; evicts the oldest when full.

    Each has the guards under which it is right; when they do not hold, it is compiled anew.
    When the network changes, an empty cache takes its place. A thread that is compiling then adds
    its program to the old one; so it must read `Model.programs` before what it compiles.
    """

    def __init__(self) -> None:
        self._programs: dict[Any, tuple[Any, Guards]] = {}
        self._lock = ReentrantLock()
        self._pending: dict[Any, ReentrantLock] = {}

    def get(self, key: Any, compile_program: Callable[[], tuple[Compiled, Guards]]) -> Compiled:
        """Return the program for `key`, compiled on first use, by one thread while others wait."""
        entry = self._programs.get(key)
        if entry is not None and entry[1].hold():
            return entry[0]
        with self._lock:
            pending = self._pending.setdefault(key, ReentrantLock())
        with pending:
            entry = self._programs.get(key)
            if entry is None or not entry[1].hold():
                entry = self._add(key, compile_program())
        return entry[0]

    def _add(self, key: Any, entry: tuple[Compiled, Guards]) -> tuple[Compiled, Guards]:
        with self._lock:
            if len(self._programs) >= _CAPACITY:
                del self._programs[next(iter(self._programs))]
            self._programs[key] = entry
            self._pending.pop(key, None)
        return entry

    def latest(self, purpose: str) -> tuple[Any, Any] | None:
        """Return key and program of the latest one for a purpose, or None."""
        newest_first = reversed([(key, each) for key, (each, _) in self._programs.items()])
        return next((each for each in newest_first if each[0][0] == purpose), None)

    def find(self, key: Any) -> Any:
        """Return the program for `key`, or None, as also where its guards do not hold."""
        entry = self._programs.get(key)
        return entry[0] if entry is not None and entry[1].hold() else None
