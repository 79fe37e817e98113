"""The notice that a function cannot be traced, and what SciPy does instead."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from chainrule.errors import warn

__all__ = ["say_once"]


def say_once(operation: str, function: Callable[..., Any], instead: str, reason: str) -> None:
    """Warn that a function cannot be traced: once for each name, whatever it is made anew for."""
    _say(operation, str(getattr(function, "__name__", type(function).__name__)), instead, reason)


@lru_cache(maxsize=256)
def _say(operation: str, name: str, instead: str, reason: str) -> None:
    warn(f"{operation}: {name} cannot be traced, so {instead}: {reason}")
