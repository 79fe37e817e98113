"""Reductions and scans that ignore NaN, with NumPy's names and arguments."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.errors import ArgumentError
from chainrule.ops.numpy_api import extrema, reductions, sorting
from chainrule.ops.numpy_api.arithmetic import isnan
from chainrule.ops.numpy_api.known_values import are_known, value_of
from chainrule.ops.primitives.broadcasting import cast
from chainrule.ops.primitives.elementwise import less, logical_and, logical_not, maximum
from chainrule.ops.primitives.promotion import as_array
from chainrule.ops.primitives.selection import select

__all__ = [
    "nanargmax", "nanargmin", "nancumprod", "nancumsum", "nanmax", "nanmean", "nanmin", "nanprod",
    "nanstd", "nansum", "nanvar",
]  # fmt: skip


def nansum(
    x: Any, axis: Any = None, dtype: Any = None, *, keepdims: bool = False, initial: Any = None,
    where: Any = True,
) -> Any:  # fmt: skip
    """Sum along axes, ignoring NaN."""
    keywords = {"keepdims": keepdims, "initial": initial, "where": where}
    return reductions.sum(_replaced(x, 0), axis, dtype, **keywords)


def nanprod(
    x: Any, axis: Any = None, dtype: Any = None, *, keepdims: bool = False, initial: Any = None,
    where: Any = True,
) -> Any:  # fmt: skip
    """Product along axes, ignoring NaN."""
    keywords = {"keepdims": keepdims, "initial": initial, "where": where}
    return reductions.prod(_replaced(x, 1), axis, dtype, **keywords)


@reductions.reduces_in_single
def nanmean(
    x: Any, axis: Any = None, dtype: Any = None, *, keepdims: bool = False, where: Any = True
) -> Any:
    """Mean along axes, ignoring NaN; NaN where nothing is left."""
    x = as_array(x)
    if x.dtype.kind != "f":
        return reductions.mean(x, axis, dtype, keepdims=keepdims, where=where)
    total = nansum(x, axis, dtype, keepdims=keepdims, where=where)
    counts = reductions.sum(logical_not(isnan(x)), axis, keepdims=keepdims, where=where)
    return _quotient(total, counts)


def nanmax(
    x: Any, axis: Any = None, *, keepdims: bool = False, initial: Any = None, where: Any = True
) -> Any:
    """Maximum along axes, ignoring NaN; NaN where nothing is left."""
    return _extremum(extrema.max, -np.inf, x, axis, keepdims, initial, where)


def nanmin(
    x: Any, axis: Any = None, *, keepdims: bool = False, initial: Any = None, where: Any = True
) -> Any:
    """Minimum along axes, ignoring NaN; NaN where nothing is left."""
    return _extremum(extrema.min, np.inf, x, axis, keepdims, initial, where)


def _extremum(
    function: Any, start: float, x: Any, axis: Any, keepdims: bool, initial: Any, where: Any
) -> Any:
    x = as_array(x)
    keywords = {"keepdims": keepdims, "initial": initial, "where": where}
    result = function(_replaced(x, start), axis, **keywords)
    if x.dtype.kind != "f" or initial is not None:
        return result
    is_some = reductions.any(logical_not(isnan(x)), axis, keepdims=keepdims)
    return select(is_some, result, np.nan)


def nancumsum(x: Any, axis: int | None = None, dtype: Any = None) -> Any:
    """Cumulative sum along an axis, where NaN counts as 0."""
    return sorting.cumsum(_replaced(x, 0), axis, dtype)


def nancumprod(x: Any, axis: int | None = None, dtype: Any = None) -> Any:
    """Cumulative product along an axis, where NaN counts as 1."""
    return sorting.cumprod(_replaced(x, 1), axis, dtype)


def nanvar(
    x: Any, axis: Any = None, dtype: Any = None, *, ddof: float = 0, keepdims: bool = False,
    where: Any = True, mean: Any = None, correction: float | None = None,
) -> Any:  # fmt: skip
    """Variance along axes, ignoring NaN; NaN where no more than `ddof` values are left."""
    x = as_array(x)
    ddof = ddof if correction is None else correction
    if x.dtype.kind != "f":
        return reductions.var(x, axis, dtype, ddof=ddof, keepdims=keepdims, where=where, mean=mean)
    x = x if dtype is None else cast(x, dtype)
    is_number = logical_and(logical_not(isnan(x)), where)
    if mean is None:
        counts = maximum(reductions.sum(is_number, axis, keepdims=True), 1)
        total = reductions.sum(select(is_number, x, 0), axis, keepdims=True)
        mean = reductions.divide_by_count(total, counts)
    centred = select(is_number, x - mean, 0)
    total = reductions.sum(centred * centred, axis, keepdims=keepdims)
    counts = reductions.sum(is_number, axis, keepdims=keepdims)
    return _quotient(total, counts - ddof)


def nanstd(
    x: Any, axis: Any = None, dtype: Any = None, *, ddof: float = 0, keepdims: bool = False,
    where: Any = True, mean: Any = None, correction: float | None = None,
) -> Any:  # fmt: skip
    """Standard deviation along axes, ignoring NaN."""
    ddof = ddof if correction is None else correction
    variance = nanvar(x, axis, dtype, ddof=ddof, keepdims=keepdims, where=where, mean=mean)
    return reductions.safe_sqrt(variance)


def nanargmax(x: Any, axis: int | None = None, *, keepdims: bool = False) -> Any:
    """Index of the first maximum along an axis, ignoring NaN."""
    return extrema.argmax(_some_number("nanargmax", x, axis, -np.inf), axis, keepdims=keepdims)


def nanargmin(x: Any, axis: int | None = None, *, keepdims: bool = False) -> Any:
    """Index of the first minimum along an axis, ignoring NaN."""
    return extrema.argmin(_some_number("nanargmin", x, axis, np.inf), axis, keepdims=keepdims)


def _quotient(total: Any, count: Any) -> Any:
    """Divide where the count is positive; NaN elsewhere."""
    is_some = less(0, count)
    return select(is_some, reductions.divide_by_count(total, select(is_some, count, 1)), np.nan)


def _replaced(x: Any, value: float) -> Any:
    x = as_array(x)
    return select(isnan(x), cast(value, x.dtype), x) if x.dtype.kind == "f" else x


def _some_number(name: str, x: Any, axis: int | None, value: float) -> Any:
    """Replace NaN; raise where a known slice has nothing else."""
    if are_known(x) and np.isnan(value_of(name, as_array(x), "")).all(axis).any():
        raise ArgumentError(f"{name}: a slice holds NaN only, which has no extremum")
    return _replaced(x, value)
