"""Values of other libraries that meet traced ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

__all__ = ["call_method", "is_foreign"]


def is_foreign(value: Any, traced: type) -> bool:
    """Whether `value` has its own way with NumPy's functions and should be asked first."""
    is_ours = isinstance(value, np.ndarray | np.generic | traced)
    return not is_ours and hasattr(value, "__array_ufunc__")


def call_method(operation: Callable[..., Any], node: Any, *args: Any, **kwargs: Any) -> Any:
    """Call a method as NumPy's functions are called: with what foreign arguments stand for."""
    values = (getattr(x, "value", x) if is_foreign(x, type(node)) else x for x in args)
    return operation(node, *values, **kwargs)
