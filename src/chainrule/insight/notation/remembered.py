"""Functions of an expression, computed once for each object: expressions never change."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

__all__ = ["remembered"]

Value = TypeVar("Value")


def remembered(function: Callable[[Any], Value]) -> Callable[[Any], Value]:
    """Keep the result of a function of one expression in that expression."""
    name = f"{function.__module__}.{function.__qualname__}"

    @wraps(function)
    def once(expression: Any) -> Value:
        known = vars(expression)
        if name not in known:
            known[name] = function(expression)
        return known[name]

    return once
