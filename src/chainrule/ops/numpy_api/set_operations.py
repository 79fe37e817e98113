"""Unique values and sets of them; their derivative is that of the entries that are taken.

How many values differ depends on the numbers, so these need known values.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from chainrule.ops.numpy_api.concatenation import concatenate
from chainrule.ops.numpy_api.indexing import take
from chainrule.ops.numpy_api.known_values import value_of
from chainrule.ops.numpy_api.shape_manipulation import ravel
from chainrule.ops.primitives.promotion import as_array

__all__ = [
    "intersect1d", "setdiff1d", "setxor1d", "union1d", "unique", "unique_all", "unique_counts",
    "unique_inverse", "unique_values",
]  # fmt: skip

_SORTED = "np.sort(x) keeps all of them, and np.diff(np.sort(x)) != 0 tells which differ"


class _UniqueAll(NamedTuple):
    """Unique values, where they are first, which one each value is, and how often it occurs."""

    values: Any
    indices: Any
    inverse_indices: Any
    counts: Any


class _UniqueCounts(NamedTuple):
    """Unique values, and how often each occurs."""

    values: Any
    counts: Any


class _UniqueInverse(NamedTuple):
    """Unique values, and which one each value is."""

    values: Any
    inverse_indices: Any


def unique(
    ar: Any,
    return_index: bool = False,
    return_inverse: bool = False,
    return_counts: bool = False,
    axis: int | None = None,
    *,
    equal_nan: bool = True,
    sorted: bool = True,
) -> Any:
    """Return the sorted unique values, or slices along an axis."""
    x = ravel(ar) if axis is None else as_array(ar)
    known = np.asarray(value_of("unique", as_array(ar), _SORTED))
    _, first, *rest = np.unique(
        known, True, return_inverse, return_counts, axis, equal_nan=equal_nan
    )
    values = take(x, first, 0 if axis is None else axis)
    results = (values, *([first] if return_index else []), *rest)
    return results if len(results) > 1 else values


def unique_all(x: Any) -> _UniqueAll:
    """Return the unique values, their first indices, the inverse and the counts."""
    return _UniqueAll(*unique(x, True, True, True, equal_nan=False))


def unique_counts(x: Any) -> _UniqueCounts:
    """Return the unique values and their counts."""
    return _UniqueCounts(*unique(x, return_counts=True, equal_nan=False))


def unique_inverse(x: Any) -> _UniqueInverse:
    """Return the unique values and the indices that rebuild `x` from them."""
    return _UniqueInverse(*unique(x, return_inverse=True, equal_nan=False))


def unique_values(x: Any) -> Any:
    """Return the unique values."""
    return unique(x, equal_nan=False)


def union1d(ar1: Any, ar2: Any) -> Any:
    """Return the sorted values that are in one of two arrays."""
    return unique(concatenate((ar1, ar2), None))


def intersect1d(
    ar1: Any, ar2: Any, assume_unique: bool = False, return_indices: bool = False
) -> Any:
    """Return the sorted values that are in both arrays."""
    known = [np.asarray(value_of("intersect1d", x, _SORTED)) for x in (ar1, ar2)]
    _, first, second = np.intersect1d(known[0], known[1], assume_unique, return_indices=True)
    values = take(as_array(ar1), first)
    return (values, first, second) if return_indices else values


def setdiff1d(ar1: Any, ar2: Any, assume_unique: bool = False) -> Any:
    """Return the values of the first array that are not in the second."""
    values = ravel(ar1) if assume_unique else unique(ar1)
    known = [value_of("setdiff1d", x, _SORTED) for x in (values, ar2)]
    return take(values, np.flatnonzero(np.isin(known[0], known[1], invert=True)))


def setxor1d(ar1: Any, ar2: Any, assume_unique: bool = False) -> Any:
    """Return the sorted values that are in exactly one of two arrays."""
    parts = [ravel(x) if assume_unique else unique(x) for x in (ar1, ar2)]
    both = concatenate(parts)
    known = np.asarray(value_of("setxor1d", both, _SORTED))
    order = np.argsort(known, kind="stable")
    differs = np.concatenate(([True], known[order][1:] != known[order][:-1], [True]))
    return take(both, order[differs[1:] & differs[:-1]])
