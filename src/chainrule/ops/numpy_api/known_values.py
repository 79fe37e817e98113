"""NumPy functions of known values, and of shapes and dtypes: results without a derivative.

Under ``cr.grad`` values are known and NumPy computes with them; under ``cr.jit`` and inside
``cr.scan`` they are not, and the error names what to write instead. Shapes and dtypes are known
under both.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.errors import TraceError
from chainrule.graph.node import Node

__all__ = [
    "OF_KNOWN_VALUES", "OF_TYPES", "are_known", "of_known_values", "of_types", "value_of",
]  # fmt: skip

OF_KNOWN_VALUES = (
    "array2string", "array_repr", "array_str", "bitwise_count", "gcd", "lcm",
    "min_scalar_type", "packbits", "ravel_multi_index", "save", "savetxt", "savez",
    "savez_compressed", "unpackbits", "unravel_index",
)  # fmt: skip
"""Functions of integers, and of files and texts, that NumPy computes from known values."""

OF_TYPES = (
    "can_cast", "diag_indices_from", "einsum_path", "tril_indices_from", "triu_indices_from",
)  # fmt: skip
"""Functions of the shape and dtype of their arguments."""


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
            f"under cr.jit and cr.vmap and inside loops; {remedy}; name an argument that is a "
            "number or a size in static_argnums, as in cr.jit(f, static_argnums=1)"
        )
    return value.value


def of_known_values(name: str, function: Callable[..., Any], remedy: str) -> Callable[..., Any]:
    """Let NumPy compute a function without derivative on the known values of its arguments."""

    def operation(*args: Any, **keywords: Any) -> Any:
        plain = [value_of(name, each, remedy) for each in args]
        named = {key: value_of(name, each, remedy) for key, each in keywords.items()}
        return function(*plain, **named)

    return operation


def of_types(function: Callable[..., Any]) -> Callable[..., Any]:
    """Let NumPy compute a function of shapes and dtypes on arrays of them."""

    def example(value: Any) -> Any:
        if not isinstance(value, Node):
            return value
        return np.broadcast_to(np.zeros((), value.dtype), value.shape)

    def operation(*args: Any, **keywords: Any) -> Any:
        return function(
            *map(example, args), **{key: example(each) for key, each in keywords.items()}
        )

    return operation
