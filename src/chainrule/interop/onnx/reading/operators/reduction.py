"""Reductions, cumulative sums, positions of extrema and sorting."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.interop.onnx.reading.operation import Operation, OperatorRule, numbers

__all__ = ["OPERATORS"]


def _log_sum_exp(x: Any, axis: Any, keepdims: bool) -> Any:
    largest = np.max(x, axis=axis, keepdims=True, initial=-np.inf)
    finite = np.where(np.isfinite(largest), largest, np.asarray(0, x.dtype))
    total = np.log(np.sum(np.exp(x - finite), axis=axis, keepdims=True)) + finite
    return total if keepdims else np.squeeze(total, axis)


def _extremum(function: Any, least: bool) -> Callable[..., Any]:
    def apply(x: Any, axis: Any, keepdims: bool) -> Any:
        if x.dtype == np.bool_:
            return (np.all if least else np.any)(x, axis=axis, keepdims=keepdims)
        if x.size:
            return function(x, axis=axis, keepdims=keepdims)
        kind = np.finfo if x.dtype.kind == "f" else np.iinfo
        bounds: Any = kind(x.dtype)
        fill = (np.inf if least else -np.inf) if x.dtype.kind == "f" else None
        start = fill if fill is not None else bounds.max if least else bounds.min
        return function(x, axis=axis, keepdims=keepdims, initial=start)

    return apply


_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "ReduceL1": lambda x, axis, keepdims: np.sum(np.abs(x), axis=axis, keepdims=keepdims),
    "ReduceL2": lambda x, axis, keepdims: np.sqrt(np.sum(x * x, axis=axis, keepdims=keepdims)),
    "ReduceLogSum": lambda x, axis, keepdims: np.log(np.sum(x, axis=axis, keepdims=keepdims)),
    "ReduceLogSumExp": _log_sum_exp,
    "ReduceMax": _extremum(np.max, False),
    "ReduceMean": lambda x, axis, keepdims: np.mean(x, axis=axis, keepdims=keepdims),
    "ReduceMin": _extremum(np.min, True),
    "ReduceProd": lambda x, axis, keepdims: np.prod(x, axis=axis, keepdims=keepdims),
    "ReduceSum": lambda x, axis, keepdims: np.sum(x, axis=axis, keepdims=keepdims),
    "ReduceSumSquare": lambda x, axis, keepdims: np.sum(x * x, axis=axis, keepdims=keepdims),
}


def _reduction(function: Callable[..., Any], name: str) -> OperatorRule:
    def apply(operation: Operation, x: Any, axes: Any = None) -> Any:
        given = operation.get("axes") if axes is None else numbers(operation, axes, "axes")
        if not given and operation.get("noop_with_empty_axes", 0):
            given = ()
        elif not given:
            given = tuple(range(x.ndim))
        result = function(x, axis=tuple(given), keepdims=bool(operation.get("keepdims", 1)))
        return result if result.dtype == x.dtype else result.astype(x.dtype)

    return apply


def _position(function: Any) -> OperatorRule:
    def apply(operation: Operation, x: Any) -> Any:
        axis, keepdims = operation.get("axis", 0) % max(x.ndim, 1), operation.get("keepdims", 1)
        if operation.get("select_last_index", 0):
            found = x.shape[axis] - 1 - function(np.flip(x, axis), axis=axis)
        else:
            found = function(x, axis=axis)
        found = np.expand_dims(found, axis) if keepdims else found
        return found if found.dtype == np.int64 else found.astype(np.int64)

    return apply


def _cumulative(function: Any, start: int) -> OperatorRule:
    def apply(operation: Operation, x: Any, axis: Any) -> Any:
        (along,) = numbers(operation, axis, "axis")
        if operation.get("reverse", 0):
            x = np.flip(x, along)
        if operation.get("exclusive", 0):
            parts = [slice(None)] * x.ndim
            parts[along] = slice(0, -1)
            first = np.full([1 if i == along % x.ndim else n for i, n in enumerate(x.shape)], start)
            x = np.concatenate([first.astype(x.dtype), x[tuple(parts)]], axis=along)
        result = function(x, axis=along)
        result = result if result.dtype == x.dtype else result.astype(x.dtype)
        return np.flip(result, along) if operation.get("reverse", 0) else result

    return apply


def _top_k(operation: Operation, x: Any, k: Any = None) -> Any:
    axis = operation.get("axis", -1)
    count = operation.get("k") if k is None else numbers(operation, k, "k")[0]
    # Of equal values the first index comes first: the order is stable, so the sign is turned.
    key = x
    if operation.get("largest", 1):
        key = np.invert(x) if x.dtype.kind in "iu" else -x
    order = np.argsort(key, axis=axis, kind="stable")
    parts = [slice(None)] * x.ndim
    parts[axis] = slice(0, count)
    order = order[tuple(parts)]
    return np.take_along_axis(x, order, axis=axis), order.astype(np.int64)


OPERATORS: dict[str, OperatorRule] = {
    **{name: _reduction(function, name) for name, function in _FUNCTIONS.items()},
    "ArgMax": _position(np.argmax),
    "ArgMin": _position(np.argmin),
    "CumProd": _cumulative(np.cumprod, 1),
    "CumSum": _cumulative(np.cumsum, 0),
    "TopK": _top_k,
}
