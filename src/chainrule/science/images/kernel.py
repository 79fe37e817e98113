"""How a kernel is applied: as a window, along rows and columns, or as one contraction."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np

from chainrule.graph.node import Node
from chainrule.science.images.layout import Image, spans_of
from chainrule.science.ndimage.arithmetic import (
    MOST_TERMS,
    Line,
    Window,
    contracted,
    filtered,
    weighted,
)
from chainrule.science.ndimage.borders import Border
from chainrule.science.ndimage.dispatch import compiled

__all__ = ["correlated"]

_FEW = 9
"""Weights of a kernel of rank 1 up to which one pass is faster than two."""

_EPSILON = np.finfo(np.float64).eps


def correlated(operation: str, image: Image, kernel: Any, origin: Any, border: Border) -> Any:
    """Correlate an image with a kernel in the dtype of its computed values."""
    spans = spans_of(operation, image, kernel.shape, origin, border)
    if isinstance(kernel, Node):
        return contracted(image.pixels, kernel, spans, image.work, image.work)
    window = Window(kernel.shape, tuple(kernel.ravel().tolist()), spans)
    function, setting = _plan(window)
    return compiled(function, image.pixels, setting, image.work, image.work)


@lru_cache(maxsize=512)
def _plan(window: Window) -> tuple[Callable[..., Any], Any]:
    """Return what applies a kernel, and its setting."""
    kernel = np.reshape(window.weights, window.shape)
    # As SciPy's, windows that are written out do not read entries of weights up to this one.
    is_exact = not ((kernel != 0) & (abs(kernel) <= _EPSILON)).any()
    if is_exact and np.count_nonzero(kernel) <= _FEW:
        return weighted, window
    factors = _factors(kernel)
    if factors is not None:
        return filtered, _lines(window, factors)
    return (weighted if is_exact and kernel.size <= MOST_TERMS else _contracted), window


def _lines(window: Window, factors: tuple[Any, Any]) -> tuple[Line, ...]:
    lines: list[Line] = []
    border = window.spans[0].border
    for span, weights in zip(window.spans, factors, strict=True):
        if not (weights.size == 1 and weights[0] == 1):
            lines.append(Line(span.axis, tuple(weights.tolist()), span.before, border))
        # Beyond the edges the first pass gives a constant, too, which the second one reads.
        border = border._replace(cval=border.cval * float(weights.sum()))
    return tuple(lines)


def _contracted(x: Any, window: Window, work: np.dtype[Any], dtype: np.dtype[Any]) -> Any:
    weights = np.reshape(np.array(window.weights), window.shape)
    return contracted(x, weights, window.spans, work, dtype)


def _factors(kernel: Any) -> tuple[Any, Any] | None:
    """Return weights of rows and of columns whose outer product the kernel is, or None."""
    row, column = np.unravel_index(np.argmax(np.abs(kernel)), kernel.shape)
    pivot = kernel[row, column]
    if pivot == 0:
        return np.zeros(kernel.shape[0]), np.ones(kernel.shape[1])
    of_rows, of_columns = kernel[:, column], kernel[row] / pivot
    rest = np.abs(kernel - np.outer(of_rows, of_columns)).max()
    return (of_rows, of_columns) if rest <= 8 * np.finfo(float).eps * abs(pivot) else None
