"""Operands of other array libraries, which implement ``__array_ufunc__`` themselves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

__all__ = ["call_method", "overrides_ufuncs"]


def overrides_ufuncs(value: Any, traced: type) -> bool:
    """Whether `value` is of another library whose ``__array_ufunc__`` takes precedence."""
    is_ours = isinstance(value, (traced, np.ndarray, np.generic))  # in this order: it is faster
    return not is_ours and hasattr(value, "__array_ufunc__")


def call_method(operation: Callable[..., Any], node: Any, *args: Any, **kwargs: Any) -> Any:
    """Call an array method on a node, with foreign arguments replaced by their ``value``."""
    values = (getattr(x, "value", x) if overrides_ufuncs(x, type(node)) else x for x in args)
    return operation(node, *values, **kwargs)
