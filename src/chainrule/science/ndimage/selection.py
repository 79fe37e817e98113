"""The median of windows by networks of comparisons, in vector lanes."""

from __future__ import annotations

import math
from itertools import product
from typing import Any

import numpy as np

from chainrule.graph.node import Node
from chainrule.science.ndimage.arithmetic import Window, views
from chainrule.science.ndimage.borders import padded, with_borders

__all__ = ["LARGEST_WINDOW", "has_network", "middle"]

LARGEST_WINDOW = 25
"""Entries of the largest window whose median is a network for small and traced arrays, too."""

_LARGEST_NETWORK = 81
"""Entries of the largest window whose median is a network of comparisons."""

_LARGE = 1 << 16
"""Entries of an array from which a large network is worth the second that it takes to compile."""


def has_network(x: Any, count: int) -> bool:
    """Whether the median of `count` entries is selected by a network."""
    is_large = not isinstance(x, Node) and x.size >= _LARGE
    return count % 2 == 1 and count <= (_LARGEST_NETWORK if is_large else LARGEST_WINDOW)


def middle(x: Any, window: Window, has_nan: bool) -> Any:
    """Return the median of windows of an odd number of entries.

    With `has_nan`, each window that holds NaN gives NaN, which takes three times as long. Exchanges
    that the middle does not depend on are not compiled.
    """
    offsets = [*product(*map(range, window.shape))]
    exchange = _extremes if has_nan or x.dtype.kind != "f" else _ordered_pair
    select = _of_square if [n for n in window.shape if n > 1] == [3, 3] else _of_any

    def valid(part: Any) -> Any:
        return select([*map(views(part, window), offsets)], exchange)

    if len(offsets) > LARGEST_WINDOW:  # compiled once, rather than for the interior and the ends
        return valid(padded(x, window.spans, x.dtype))
    return with_borders(x, window.spans, x.dtype, valid, copies=True)


def _extremes(a: Any, b: Any) -> tuple[Any, Any]:
    return np.minimum(a, b), np.maximum(a, b)


def _ordered_pair(a: Any, b: Any) -> tuple[Any, Any]:
    """The same of floats none of which is NaN: one instruction each, as processors define them."""
    is_less = a < b
    return np.where(is_less, a, b), np.where(is_less, b, a)


def _of_square(entries: list[Any], exchange: Any) -> Any:
    """The median of nine entries by 19 comparisons (Paeth 1990).

    With the columns sorted, it is that of the greatest of the least entries, of the median of the
    medians, and of the least of the greatest entries.
    """

    def ordered(a: Any, b: Any, c: Any) -> tuple[Any, Any, Any]:
        a, b = exchange(a, b)
        b, c = exchange(b, c)
        a, b = exchange(a, b)
        return a, b, c

    columns = [ordered(*entries[j::3]) for j in range(3)]
    least, medians, greatest = (ordered(*each) for each in zip(*columns, strict=True))
    return ordered(least[2], medians[1], greatest[0])[1]


def _of_any(entries: list[Any], exchange: Any) -> Any:
    """The median of entries sorted by merge exchange (Knuth 1998, section 5.2.2, algorithm M)."""
    for i, j in _merge_exchange(len(entries)):
        entries[i], entries[j] = exchange(entries[i], entries[j])
    return entries[len(entries) // 2]


def _merge_exchange(count: int) -> list[tuple[int, int]]:
    """Return the comparisons that sort `count` entries."""
    exchanges: list[tuple[int, int]] = []
    top = 1 << max(math.ceil(math.log2(max(count, 2))) - 1, 0)
    p = top
    while p > 0:
        q, r, d = top, 0, p
        while True:
            exchanges += [(i, i + d) for i in range(count - d) if i & p == r]
            if q == p:
                break
            d, q, r = q - p, q // 2, p
        p //= 2
    return exchanges
