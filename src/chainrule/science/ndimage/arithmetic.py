"""Filters in plain NumPy, of arrays and traced arrays, in the order of SciPy's arithmetic.

Each takes an array and hashable settings, so that it is compiled once for them. `Line` filters work
along one axis each, one after another; `Window` filters have one window of several axes. Values are
computed in the dtype `work`, float64 as in SciPy or float32, and stored in `dtype`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product
from typing import Any, NamedTuple

import numpy as np

from chainrule.science.ndimage.borders import Border, DType, Span, padded, with_borders

__all__ = [
    "MOST_TERMS",
    "Line",
    "Lines",
    "Window",
    "added",
    "contracted",
    "extreme",
    "filtered",
    "views",
    "weighted",
    "weighted_sum",
]

MOST_TERMS = 64
"""Weights of a window that are written out; a larger window is a contraction."""

_LONG = 40
"""Length of a line from which the ends are not filtered apart from the interior."""

_EPSILON = np.finfo(np.float64).eps
_DOUBLE = np.dtype(np.float64)


class Line(NamedTuple):
    """A filter along an axis: its weights, or the length of a mean or an extremum.

    A result reads from `before` entries before its position on.
    """

    axis: int
    weights: tuple[float, ...] | int
    before: int
    border: Border

    @property
    def length(self) -> int:
        """The number of entries that a result reads."""
        return self.weights if isinstance(self.weights, int) else len(self.weights)

    @property
    def span(self) -> Span:
        """How far it reads."""
        return Span(self.axis, self.before, self.length - 1 - self.before, self.border)


Lines = tuple[Line, ...]


class Window(NamedTuple):
    """A filter of several axes: weights in row-major order of the window's shape."""

    shape: tuple[int, ...]
    weights: tuple[float, ...]
    spans: tuple[Span, ...]


def filtered(x: Any, lines: Sequence[Line], work: DType, dtype: DType) -> Any:
    """Correlate with the weights of one line after another; a length alone is a mean."""
    for line in lines:
        x = _line(x, line, work, lambda part, line=line: _weighted_line(part, line, work, dtype))
    return x.astype(dtype)


def added(x: Any, branches: Sequence[Lines], dtype: DType) -> Any:
    """Add the results of several filters in their dtype, where integers wrap around as in SciPy."""
    if not branches:
        return x.astype(dtype)
    total = filtered(x, branches[0], _DOUBLE, dtype)
    for lines in branches[1:]:
        total = total + filtered(x, lines, _DOUBLE, dtype)
    return total


def extreme(x: Any, lines: Sequence[Line], is_minimum: bool, work: DType, dtype: DType) -> Any:
    """Return the least or greatest entry of windows, along one axis after another."""
    pick = np.minimum if is_minimum else np.maximum

    def valid(part: Any, line: Line) -> Any:
        terms = _terms(part.astype(work), line)
        return _reduced(pick, terms).astype(dtype)

    for line in lines:
        x = _line(x, line, work, lambda part, line=line: valid(part, line))
    return x.astype(dtype)


def weighted(x: Any, window: Window, work: DType, dtype: DType) -> Any:
    """Correlate with a window whose weights are written out; those of 0 read nothing."""

    def valid(part: Any) -> Any:
        return weighted_sum(part, window, work).astype(dtype)

    return with_borders(x, window.spans, work, valid)


def weighted_sum(x: Any, window: Window, work: DType) -> Any:
    """Return the sums of all windows that lie within an array."""
    x = x.astype(work)
    view, offsets = views(x, window), [*product(*map(range, window.shape))]
    terms = [
        view(offset) * work.type(weight)
        for offset, weight in zip(offsets, window.weights, strict=True)
        if abs(weight) > _EPSILON
    ]
    return _reduced(np.add, terms) if terms else np.zeros_like(view(offsets[0]))


def contracted(x: Any, weights: Any, spans: Sequence[Span], work: DType, dtype: DType) -> Any:
    """Correlate with a window of any size, its weights an array, as one contraction."""
    x = padded(x, spans, work)
    axes = tuple(span.axis for span in spans)
    windows = np.lib.stride_tricks.sliding_window_view(x, weights.shape, axis=axes)
    return np.tensordot(windows, weights.astype(work), len(axes)).astype(dtype)


def _line(x: Any, line: Line, work: DType, valid: Callable[[Any], Any]) -> Any:
    if line.length > _LONG:
        return valid(padded(x, [line.span], work))
    return with_borders(x, [line.span], work, valid)


def _weighted_line(x: Any, line: Line, work: DType, dtype: DType) -> Any:
    terms = _terms(x.astype(work), line)
    if isinstance(line.weights, int):
        return (_reduced(np.add, terms) / work.type(line.weights)).astype(dtype)
    half, weights = line.length // 2, [work.type(each) for each in line.weights]
    sign = _symmetry(line.weights)
    if not sign:
        indices = [line.length - 1, *range(line.length - 1)]  # SciPy begins with the last one
        return _reduced(np.add, [terms[i] * weights[i] for i in indices]).astype(dtype)
    pairs = [
        (terms[i] + terms[-1 - i] if sign > 0 else terms[i] - terms[-1 - i]) * weights[i]
        for i in range(half)
    ]
    return _reduced(np.add, [terms[half] * weights[half], *pairs]).astype(dtype)


def _symmetry(weights: tuple[float, ...]) -> int:
    """1 if weights of odd number are symmetric, -1 if they are antisymmetric, or 0."""
    if len(weights) % 2 == 0:
        return 0
    w = np.array(weights)
    for sign in (1, -1):
        beyond = w[len(w) // 2 + 1 :]
        if (abs(beyond - sign * w[: len(w) // 2][::-1]) <= _EPSILON).all():
            return sign
    return 0


def _terms(x: Any, line: Line) -> list[Any]:
    """The entries that windows along an axis read, the first ones of all windows first."""
    count = x.shape[line.axis] - line.length + 1
    head = (slice(None),) * line.axis
    return [x[(*head, slice(j, j + count))] for j in range(line.length)]


def views(x: Any, window: Window) -> Callable[[tuple[int, ...]], Any]:
    """Return a function of the entries at an offset within all windows."""
    counts = [
        x.shape[span.axis] - size + 1 for span, size in zip(window.spans, window.shape, strict=True)
    ]

    def view(offset: tuple[int, ...]) -> Any:
        index = [slice(None)] * x.ndim
        for span, start, count in zip(window.spans, offset, counts, strict=True):
            index[span.axis] = slice(start, start + count)
        return x[tuple(index)]

    return view


def _reduced(operation: Any, terms: Sequence[Any]) -> Any:
    """Combine terms from the first one on."""
    total = terms[0]
    for term in terms[1:]:
        total = operation(total, term)
    return total
