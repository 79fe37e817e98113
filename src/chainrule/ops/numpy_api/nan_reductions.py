"""Reductions and scans that ignore NaN, with NumPy's names and arguments."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.errors import ArgumentError
from chainrule.ops.numpy_api import extrema, reductions, sorting
from chainrule.ops.numpy_api.arithmetic import isnan
from chainrule.ops.numpy_api.known_values import are_known, value_of
from chainrule.ops.primitives.broadcasting import cast
from chainrule.ops.primitives.elementwise import less, logical_not, maximum
from chainrule.ops.primitives.promotion import as_array
from chainrule.ops.primitives.selection import select

__all__ = [
    "nanargmax", "nanargmin", "nancumprod", "nancumsum", "nanprod", "nanstd", "nanvar",
]  # fmt: skip


def nanprod(x: Any, axis: Any = None, dtype: Any = None, *, keepdims: bool = False) -> Any:
    """Product along axes, ignoring NaN."""
    return reductions.prod(_replaced(x, 1), axis, dtype, keepdims=keepdims)


def nancumsum(x: Any, axis: int | None = None, dtype: Any = None) -> Any:
    """Cumulative sum along an axis, where NaN counts as 0."""
    return sorting.cumsum(_replaced(x, 0), axis, dtype)


def nancumprod(x: Any, axis: int | None = None, dtype: Any = None) -> Any:
    """Cumulative product along an axis, where NaN counts as 1."""
    return sorting.cumprod(_replaced(x, 1), axis, dtype)


def nanvar(
    x: Any, axis: Any = None, dtype: Any = None, *, ddof: float = 0, keepdims: bool = False
) -> Any:
    """Variance along axes, ignoring NaN; NaN where no more than `ddof` values are left."""
    x = as_array(x)
    if x.dtype.kind != "f":
        return reductions.var(x, axis, dtype, ddof=ddof, keepdims=keepdims)
    x = x if dtype is None else cast(x, dtype)
    is_number = logical_not(isnan(x))
    counts = cast(reductions.sum(is_number, axis, keepdims=True), x.dtype)
    mean = reductions.sum(_replaced(x, 0), axis, keepdims=True) / maximum(counts, 1)
    centred = select(is_number, x - mean, 0)
    total = reductions.sum(centred * centred, axis, keepdims=keepdims)
    freedom = cast(reductions.sum(is_number, axis, keepdims=keepdims), x.dtype) - ddof
    is_enough = less(0, freedom)
    return select(is_enough, total / select(is_enough, freedom, 1), np.nan)


def nanstd(
    x: Any, axis: Any = None, dtype: Any = None, *, ddof: float = 0, keepdims: bool = False
) -> Any:
    """Standard deviation along axes, ignoring NaN."""
    return reductions.safe_sqrt(nanvar(x, axis, dtype, ddof=ddof, keepdims=keepdims))


def nanargmax(x: Any, axis: int | None = None, *, keepdims: bool = False) -> Any:
    """Index of the first maximum along an axis, ignoring NaN."""
    return extrema.argmax(_some_number("nanargmax", x, axis, -np.inf), axis, keepdims=keepdims)


def nanargmin(x: Any, axis: int | None = None, *, keepdims: bool = False) -> Any:
    """Index of the first minimum along an axis, ignoring NaN."""
    return extrema.argmin(_some_number("nanargmin", x, axis, np.inf), axis, keepdims=keepdims)


def _replaced(x: Any, value: float) -> Any:
    x = as_array(x)
    return select(isnan(x), cast(value, x.dtype), x) if x.dtype.kind == "f" else x


def _some_number(name: str, x: Any, axis: int | None, value: float) -> Any:
    """Replace NaN; raise where a known slice has nothing else."""
    if are_known(x) and np.isnan(value_of(name, as_array(x), "")).all(axis).any():
        raise ArgumentError(f"{name}: a slice holds NaN only, which has no extremum")
    return _replaced(x, value)
