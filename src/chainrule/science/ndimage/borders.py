"""Entries beyond the ends of an axis, by SciPy's modes, as slices of what is there.

A filter is computed in the interior, where every window lies within the image, and apart from that
on strips at both ends, so that the image is not copied into a padded one.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["MODES", "Border", "Span", "extended", "padded", "with_borders"]

DType = np.dtype[Any]

MODES = {
    "reflect": "reflect", "grid-mirror": "reflect", "constant": "constant",
    "grid-constant": "constant", "nearest": "nearest", "mirror": "mirror", "wrap": "wrap",
    "grid-wrap": "wrap",
}  # fmt: skip
"""SciPy's modes by what they mean for filters."""


_WIDE = 64
"""Entries of a row of a slab from which it is filtered in vector lanes."""


class Border(NamedTuple):
    """What lies beyond the ends of an axis: a mode of `MODES`, and the value of ``constant``."""

    mode: str = "reflect"
    cval: float = 0.0


def extended(x: Any, axis: int, start: int, stop: int, border: Border, dtype: DType) -> Any:
    """Return the entries from `start` to `stop` of an axis, which may lie beyond its ends."""
    length: int = x.shape[axis]
    if start >= 0 and stop <= length:
        return _slice(x, axis, slice(start, stop)).astype(dtype)
    parts = [
        _part(x, axis, run, border, dtype)
        for run in _runs(_source(np.arange(start, stop), length, border.mode))
    ]
    return parts[0] if len(parts) == 1 else np.concatenate(parts, axis)


class Span(NamedTuple):
    """How far a filter reads along an axis before and after each position, and the border."""

    axis: int
    before: int
    after: int
    border: Border


def padded(x: Any, spans: Sequence[Span], dtype: DType) -> Any:
    """Return an array with all entries that a filter reads; a copy."""
    for axis, before, after, border in spans:
        x = extended(x, axis, -before, x.shape[axis] + after, border, dtype)
    return x


def with_borders(
    x: Any, spans: Sequence[Span], dtype: DType, valid: Callable[[Any], Any], copies: bool = False
) -> Any:
    """Apply a filter that shortens axes by ``before + after``, so that the shape stays.

    `valid` filters what it is given, without borders. It is called on the interior, and on slabs at
    the ends of each axis, of `dtype`, which are extended by the border. With `copies`, for filters
    that take longer than a copy of what they read, narrow slabs are avoided by padding.
    """
    (axis, before, after, border), rest = spans[0], spans[1:]
    length, reach = x.shape[axis], before + after
    inner = (lambda part: with_borders(part, rest, dtype, valid, copies)) if rest else valid
    if reach == 0:
        return inner(x)
    if copies and math.prod(x.shape[axis + 1 :]) < _WIDE:
        return inner(padded(x, spans[:1], dtype))
    if length <= 2 * reach:
        return valid(padded(x, spans, dtype))

    def end(start: int, stop: int) -> Any:
        return valid(padded(extended(x, axis, start, stop, border, dtype), rest, dtype))

    parts = [end(-before, reach)] if before else []
    parts.append(inner(x))
    if after:
        parts.append(end(length - reach, length + after))
    return np.concatenate(parts, axis)


def _source(index: NDArray[Any], length: int, mode: str) -> NDArray[Any]:
    """The index within the axis of each entry; -1 for the constant."""
    if mode == "constant":
        return np.where((index < 0) | (index >= length), -1, index)
    if mode == "nearest":
        return np.clip(index, 0, length - 1)
    if mode == "wrap":
        return index % length
    period = max(2 * length - (0 if mode == "reflect" else 2), 1)
    index = index % period
    return np.where(index < length, index, period - index - (1 if mode == "reflect" else 0))


def _runs(index: NDArray[Any]) -> list[tuple[int, int, int]]:
    """Return runs of constant step 1, -1 or 0 as first index, count, step."""
    runs: list[tuple[int, int, int]] = []
    for each in index.tolist():
        if runs:
            first, count, step = runs[-1]
            last = first + (count - 1) * step
            difference = each - last
            is_step = abs(difference) <= 1 and (count == 1 or step == difference)
            if is_step and (min(each, last) >= 0 or each == last):
                runs[-1] = first, count + 1, difference
                continue
        runs.append((each, 1, 0))
    return runs


def _part(x: Any, axis: int, run: tuple[int, int, int], border: Border, dtype: DType) -> Any:
    first, count, step = run
    shape = (*x.shape[:axis], count, *x.shape[axis + 1 :])
    if first < 0:
        return np.full_like(x, border.cval, dtype, shape=shape)
    if step == 0:
        return np.broadcast_to(_slice(x, axis, slice(first, first + 1)).astype(dtype), shape)
    last = first + (count - 1) * step
    part = _slice(x, axis, slice(min(first, last), max(first, last) + 1)).astype(dtype)
    return part if step > 0 else np.flip(part, axis)


def _slice(x: Any, axis: int, part: slice) -> Any:
    return x[(slice(None),) * axis + (part,)]
