"""Search in sorted values, with NumPy's names and arguments.

Positions are computed under ``cr.jit`` too, by comparison with all sorted values; where they are
known, by binary search.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.arguments.checks import shown
from chainrule.errors import ArgumentError, ShapeError, counted
from chainrule.ops.numpy_api.arithmetic import isnan
from chainrule.ops.numpy_api.indexing import take
from chainrule.ops.numpy_api.known_values import are_known, value_of
from chainrule.ops.numpy_api.reductions import any as any_along
from chainrule.ops.numpy_api.reductions import sum as sum_along
from chainrule.ops.numpy_api.shape_manipulation import expand_dims, ravel
from chainrule.ops.numpy_api.sorting import argsort, sort
from chainrule.ops.primitives.axes import normalize_axis
from chainrule.ops.primitives.elementwise import (
    equal,
    less,
    less_equal,
    logical_and,
    logical_not,
    logical_or,
)
from chainrule.ops.primitives.promotion import as_array
from chainrule.ops.primitives.selection import select

__all__ = [
    "argpartition", "digitize", "isin", "lexsort", "partition", "searchsorted",
]  # fmt: skip


def searchsorted(a: Any, v: Any, side: str = "left", sorter: Any = None) -> Any:
    """Return the indices at which `v` would be inserted into the sorted vector `a`."""
    if side not in ("left", "right"):
        raise ArgumentError(f"searchsorted: side must be 'left' or 'right', got {shown(side)}")
    a, v = as_array(a), as_array(v)
    if a.ndim != 1:
        raise ShapeError(f"searchsorted: needs a sorted vector, got shape {a.shape}")
    if are_known(a, v, sorter):
        known = [value_of("searchsorted", each, "") for each in (a, v, sorter)]
        return np.searchsorted(known[0], known[1], side, sorter=known[2])  # pyright: ignore[reportCallIssue, reportArgumentType]
    a = a if sorter is None else take(a, sorter)
    return _count_before(a, v, side)


def _count_before(a: Any, v: Any, side: str) -> Any:
    """Count the entries of `a` before `v`; NaN sorts last."""
    v = expand_dims(v, -1)
    is_before = less(a, v) if side == "left" else less_equal(a, v)
    after_all = logical_not(isnan(a)) if side == "left" else np.ones(a.shape, bool)
    return sum_along(logical_or(is_before, logical_and(isnan(v), after_all)), -1)


def digitize(x: Any, bins: Any, right: bool = False) -> Any:
    """Return for each value of `x` the index of its bin; `bins` are sorted, up or down."""
    x, bins = as_array(x), as_array(bins)
    if are_known(x, bins):
        return np.digitize(*(value_of("digitize", each, "") for each in (x, bins)), right=right)  # pyright: ignore[reportCallIssue, reportArgumentType]
    side = "left" if right else "right"
    upwards = _count_before(bins, x, side)
    downwards = bins.shape[0] - _count_before(np.flip(bins), x, side)
    return select(less_equal(bins[:1], bins[-1:])[0], upwards, downwards)


def isin(
    element: Any,
    test_elements: Any,
    assume_unique: bool = False,
    invert: bool = False,
    *,
    kind: Any = None,
) -> Any:
    """Whether each element is one of `test_elements`."""
    if are_known(element, test_elements):
        known = [value_of("isin", each, "") for each in (element, test_elements)]
        return np.isin(known[0], known[1], invert=invert, kind=kind)
    found = any_along(equal(expand_dims(as_array(element), -1), ravel(test_elements)), -1)
    return logical_not(found) if invert else found


def lexsort(keys: Any, axis: int = -1) -> Any:
    """Return the indices that sort by the last key, then by the one before it, and so on."""
    rows = [as_array(key) for key in keys]
    if not rows:
        raise ArgumentError("lexsort: give one key or more")
    if are_known(*rows):
        return np.lexsort([value_of("lexsort", row, "") for row in rows], axis)
    axis = normalize_axis("lexsort", axis, rows[0].ndim)
    order = argsort(rows[0], axis)
    for row in rows[1:]:
        sorted_row = np.take_along_axis(row, order, axis)
        order = np.take_along_axis(order, argsort(sorted_row, axis), axis)
    return order


def partition(
    a: Any, kth: Any, axis: int | None = -1, kind: str = "introselect", order: Any = None
) -> Any:
    """Put the `kth` smallest in its place, smaller ones before it: all sorted, which is one way."""
    _check_kth("partition", a, kth, axis)
    return sort(a, axis)


def argpartition(
    a: Any, kth: Any, axis: int | None = -1, kind: str = "introselect", order: Any = None
) -> Any:
    """Return the indices of `partition`."""
    _check_kth("argpartition", a, kth, axis)
    return argsort(a, axis)


def _check_kth(name: str, a: Any, kth: Any, axis: int | None) -> None:
    a = as_array(a)
    length = a.size if axis is None else a.shape[normalize_axis(name, axis, a.ndim)]
    for each in np.ravel(kth):
        if not -length <= each < length:
            raise ArgumentError(
                f"{name}: kth={each} is out of bounds for {counted(length, 'entry')}"
            )
