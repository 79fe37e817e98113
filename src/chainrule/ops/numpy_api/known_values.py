"""Values of arguments on which the shape of a result depends, or which have no derivative.

Under ``cr.grad`` they are known and NumPy computes with them; under ``cr.jit`` and inside
``cr.scan`` they are not, and the error names what to write instead.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chainrule.errors import TraceError
from chainrule.graph.node import Node

__all__ = ["are_known", "of_known_values", "value_of"]


def are_known(*values: Any) -> bool:
    """Whether all values are known: plain arrays, and nodes that can be evaluated."""
    return all(x.is_known for x in values if isinstance(x, Node))


def value_of(name: str, value: Any, remedy: str) -> Any:
    """Return the known value as a plain array; raise with the remedy under ``cr.jit``."""
    if isinstance(value, list | tuple):
        return [value_of(name, each, remedy) for each in value]  # pyright: ignore[reportUnknownVariableType]
    if not isinstance(value, Node):
        return value
    if not value.is_known:
        raise TraceError(
            f"{name}: the result depends on the numbers in {value.type}, which are not known "
            f"under cr.jit and inside cr.scan; {remedy}"
        )
    return value.value


def of_known_values(name: str, function: Callable[..., Any], remedy: str) -> Callable[..., Any]:
    """Let NumPy compute a function without derivative on the known values of its arguments."""

    def operation(*args: Any, **keywords: Any) -> Any:
        plain = [value_of(name, each, remedy) for each in args]
        named = {key: value_of(name, each, remedy) for key, each in keywords.items()}
        return function(*plain, **named)

    return operation
