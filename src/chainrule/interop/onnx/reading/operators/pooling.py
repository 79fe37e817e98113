"""Pooling, channels first: windows, then a reduction."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from chainrule.interop.onnx.reading.operation import Operation, OperatorRule, known, numbers
from chainrule.interop.onnx.reading.operators.window import Window, window_of

__all__ = ["OPERATORS"]


def _geometry(operation: Operation, x: Any) -> tuple[Window, list[tuple[int, int]]]:
    """Return the window, and the pads that it needs: more behind where lengths are rounded up."""
    window = window_of(operation, x.shape[2:], operation.get("kernel_shape"))
    if not operation.get("ceil_mode", 0):
        return window, window.pads
    pads: list[tuple[int, int]] = []
    for i, n in enumerate(x.shape[2:]):
        before, after = window.pads[i]
        extent = (window.sizes[i] - 1) * window.dilations[i] + 1
        steps = -(-(n + before + after - extent) // window.strides[i])
        if steps * window.strides[i] >= n + before:  # a window of padding alone is left out
            steps -= 1
        pads.append((before, max(after, steps * window.strides[i] + extent - n - before)))
    return window, pads


def _last(count: int) -> tuple[int, ...]:
    return tuple(range(-count, 0))


def _max_pool(operation: Operation, x: Any) -> Any:
    window, pads = _geometry(operation, x)
    count = len(window.sizes)
    lowest = -np.inf if x.dtype.kind == "f" else np.iinfo(x.dtype).min
    parts = window.unfolded(window.padded(x, lowest, pads))
    y = np.max(parts, axis=_last(count))
    if operation.outputs < 2:
        return y
    return y, _places(operation, x, window, pads, parts)


def _places(
    operation: Operation, x: Any, window: Window, pads: list[tuple[int, int]], parts: Any
) -> Any:
    """Return the index of each maximum in the flattened input."""
    space = x.shape[2:]
    inside = np.arange(prod(space))
    if operation.get("storage_order", 0):
        inside = inside.reshape(space[::-1]).T
    grid = np.pad(inside.reshape(space), pads)[None, None]
    sources = window.unfolded(grid).reshape((1, 1, *parts.shape[2 : 2 + len(space)], -1))
    rows = parts.reshape((*parts.shape[: 2 + len(space)], -1))
    best = np.expand_dims(np.argmax(rows, axis=-1), -1)
    wide = np.broadcast_to(sources, rows.shape)
    found = np.take_along_axis(wide, best, axis=-1)[..., 0]
    start = np.arange(x.shape[0] * x.shape[1]).reshape((*x.shape[:2], *(1,) * len(space)))
    return (found + start * prod(space)).astype(np.int64)


def _average_pool(operation: Operation, x: Any) -> Any:
    window, pads = _geometry(operation, x)
    count = len(window.sizes)
    total = np.sum(window.unfolded(window.padded(x, 0, pads)), axis=_last(count))
    ones = np.ones((1, 1, *x.shape[2:]), x.dtype)
    if operation.get("count_include_pad", 0):
        ones = window.padded(ones, 1)  # the padding asked for counts, that of rounding up does not
        pads = [(0, after - own) for (_, after), (_, own) in zip(pads, window.pads, strict=True)]
    return total / np.sum(window.unfolded(window.padded(ones, 0, pads)), axis=_last(count))


def _lp_pool(operation: Operation, x: Any) -> Any:
    window, pads = _geometry(operation, x)
    power = np.asarray(operation.get("p", 2), x.dtype)
    parts = np.abs(window.unfolded(window.padded(x, 0, pads)))
    return np.sum(parts**power, axis=_last(len(window.sizes))) ** (1 / power)


def _over_space(function: Any) -> OperatorRule:
    return lambda operation, x: function(x, axis=tuple(range(2, x.ndim)), keepdims=True)


def _global_lp_pool(operation: Operation, x: Any) -> Any:
    power = np.asarray(operation.get("p", 2), x.dtype)
    return np.sum(np.abs(x) ** power, axis=tuple(range(2, x.ndim)), keepdims=True) ** (1 / power)


def _max_unpool(operation: Operation, x: Any, places: Any, shape: Any = None) -> Any:
    window = window_of(operation, x.shape[2:], operation.get("kernel_shape"))
    small = [
        (n - 1) * stride + size - sum(pad)
        for n, stride, size, pad in zip(
            x.shape[2:], window.strides, window.sizes, window.pads, strict=True
        )
    ]
    inner = [*x.shape[:2], *small]
    full = inner if shape is None else numbers(operation, shape, "the shape")
    where = known(operation, places, "the places")
    where = np.ravel_multi_index(np.unravel_index(where, inner), full)
    order = np.argsort(where.reshape(-1), kind="stable")
    source = np.full(prod(full), where.size)
    source[where.reshape(-1)[order]] = order
    values = np.concatenate([x.reshape(-1), np.zeros(1, x.dtype)])
    return values[source].reshape(full)


OPERATORS: dict[str, OperatorRule] = {
    "AveragePool": _average_pool,
    "GlobalAveragePool": _over_space(np.mean),
    "GlobalLpPool": _global_lp_pool,
    "GlobalMaxPool": _over_space(np.max),
    "LpPool": _lp_pool,
    "MaxPool": _max_pool,
    "MaxUnpool": _max_unpool,
}
