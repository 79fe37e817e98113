"""Pool of result arrays, reused when their reference count shows no other holder.

The system maps the memory of a large new array page by page, each zeroed at its first access, which
can take as long as a convolution.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any
from weakref import getweakrefcount

import numpy as np

__all__ = ["ResultPool"]

MIN_RESULT_BYTES, MAX_TOTAL_BYTES = 1 << 18, 1 << 26
"""Smaller results are not pooled, nor those of a program whose results are larger in total."""


class ResultPool:
    """Arrays for the results of a program, of the given types.

    The pool holds the arrays it returned last, and returns one again if nothing else holds it or a
    view of it.

    Examples
    --------
    >>> pool = ResultPool([(np.dtype("float64"), (40, 1000))])
    >>> (first,) = pool.take()
    >>> address = first.ctypes.data
    >>> pool.take()[0].ctypes.data == address  # the first is still in use
    False
    >>> del first
    >>> len(pool.take())
    1
    """

    def __init__(self, types: Sequence[tuple[Any, tuple[int, ...]]]) -> None:
        self._types = [(shape, dtype) for dtype, shape in types]
        sizes = [dtype.itemsize * int(np.prod(shape)) for dtype, shape in types]
        is_small = sum(sizes) <= MAX_TOTAL_BYTES
        self._pooled = [i for i, size in enumerate(sizes) if is_small and size >= MIN_RESULT_BYTES]
        self._arrays: dict[int, Any] = {}

    def take(self, destinations: Sequence[Any] = ()) -> list[Any]:
        """Return `destinations` for the first results, and uninitialised arrays for the others."""
        results, count = list(destinations), len(destinations)
        if not self._pooled:
            return results + [np.empty(shape, dtype) for shape, dtype in self._types[count:]]
        for number, (shape, dtype) in enumerate(self._types[count:], count):
            holder = [self._arrays.pop(number, None)]
            is_free = _references(holder) == UNSHARED and _is_unchanged(holder[0], shape, dtype)
            results.append(holder[0] if is_free else np.empty(shape, dtype))
        for number in self._pooled:
            if number >= count:
                self._arrays[number] = results[number]
        return results


def _references(holder: list[Any]) -> int:
    """Return the reference count of the only element of a list."""
    return sys.getrefcount(holder[0])


UNSHARED = _references([np.empty(1)])
"""The count of an array that only the list refers to."""


def _is_unchanged(array: Any, shape: tuple[int, ...], dtype: Any) -> bool:
    """Whether an array has its type and memory still, and no weak reference to it."""
    return (
        array is not None
        and array.shape == shape
        and array.dtype is dtype
        and array.flags.owndata
        and array.flags.writeable
        and array.flags.c_contiguous
        and not getweakrefcount(array)
    )
