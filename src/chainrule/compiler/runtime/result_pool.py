"""Results nobody looks at any more, whose memory the next call fills again.

A new array of a megabyte is memory that the system hands out page by page, each filled with zeros
at the first touch: on some machines this takes as long as a convolution.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any
from weakref import getweakrefcount

import numpy as np

__all__ = ["ResultPool"]

SMALLEST, MOST = 1 << 18, 1 << 26
"""Bytes of a result that is worth keeping, and of all that are kept together."""


class ResultPool:
    """Arrays for the results of a program.

    What was handed out is remembered, and handed out again once nobody else has it: neither the
    array nor a view of it.

    Parameters
    ----------
    kinds : sequence of (numpy.dtype, tuple of int)
        Of each result.

    Examples
    --------
    >>> spares = ResultPool([(np.dtype("float64"), (40, 1000))])
    >>> (first,) = spares.take()
    >>> place = first.ctypes.data
    >>> spares.take()[0].ctypes.data == place  # the first is still in use
    False
    >>> del first
    >>> len(spares.take())
    1
    """

    def __init__(self, kinds: Sequence[tuple[Any, tuple[int, ...]]]) -> None:
        self._kinds = [(shape, dtype) for dtype, shape in kinds]
        sizes = [dtype.itemsize * int(np.prod(shape)) for dtype, shape in kinds]
        is_kept = sum(sizes) <= MOST
        self._places = [i for i, size in enumerate(sizes) if is_kept and size >= SMALLEST]
        self._kept: dict[int, Any] = {}

    def take(self, places: Sequence[Any] = ()) -> list[Any]:
        """Return the places, then an array for each other result, with any numbers in it."""
        results, count = list(places), len(places)
        if not self._places:
            return results + [np.empty(shape, dtype) for shape, dtype in self._kinds[count:]]
        for number, (shape, dtype) in enumerate(self._kinds[count:], count):
            held = [self._kept.pop(number, None)]
            is_free = _references(held) == ALONE and _is_like(held[0], shape, dtype)
            results.append(held[0] if is_free else np.empty(shape, dtype))
        for number in self._places:
            if number >= count:
                self._kept[number] = results[number]
        return results


def _references(held: list[Any]) -> int:
    """How often what a list of one holds is held at all, as this interpreter counts."""
    return sys.getrefcount(held[0])


ALONE = _references([np.empty(1)])
"""Held by nobody but the list."""


def _is_like(array: Any, shape: tuple[int, ...], dtype: Any) -> bool:
    """Whether an array that was handed out is what it was, and no one watches for its end."""
    return (
        array is not None
        and array.shape == shape
        and array.dtype is dtype
        and array.flags.owndata
        and array.flags.writeable
        and array.flags.c_contiguous
        and not getweakrefcount(array)
    )
