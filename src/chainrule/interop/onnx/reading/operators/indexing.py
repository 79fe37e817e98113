"""Indexing by arrays of integers: gather, scatter, one-hot, and selections of varying size."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.interop.onnx.reading.operation import Operation, OperatorRule, known, numbers

__all__ = ["OPERATORS"]


def _gather(operation: Operation, x: Any, indices: Any) -> Any:
    return np.take(x, indices, axis=operation.get("axis", 0))


def _gather_elements(operation: Operation, x: Any, indices: Any) -> Any:
    return x[_grid(operation, x, indices)]


def _grid(operation: Operation, x: Any, indices: Any) -> tuple[Any, ...]:
    """The indices of elements along an axis, with those of their place along the others."""
    axis = operation.get("axis", 0) % x.ndim
    places: list[Any] = []
    for i in range(x.ndim):
        shape = [1] * x.ndim
        shape[i] = -1
        places.append(np.arange(indices.shape[i]).reshape(shape))
    length = x.shape[axis]
    places[axis] = np.where(indices < 0, indices + length, indices)
    return tuple(np.broadcast_to(each, indices.shape) for each in places)


def _gather_nd(operation: Operation, x: Any, indices: Any) -> Any:
    batch = operation.get("batch_dims", 0)
    columns = [indices[..., k] for k in range(indices.shape[-1])]
    places: list[Any] = []
    for i in range(batch):
        shape = [1] * (indices.ndim - 1)
        shape[i] = -1
        places.append(np.broadcast_to(np.arange(x.shape[i]).reshape(shape), columns[0].shape))
    return x[(*places, *columns)]


_REDUCTIONS: dict[str, Callable[[Any, Any], Any]] = {
    "add": np.add, "max": np.maximum, "min": np.minimum, "mul": np.multiply,
}  # fmt: skip


def _store(operation: Operation, x: Any, places: tuple[Any, ...], updates: Any) -> Any:
    """Return x with updates at places; a reduction combines each with what is there."""
    kind = operation.get("reduction", b"none")
    kind = kind.decode() if isinstance(kind, bytes) else kind
    result = x.copy()
    if kind == "none":
        result[places] = updates
        return result
    if kind not in _REDUCTIONS:
        raise operation.refuse(f"the reduction {kind!r} is none of {', '.join(_REDUCTIONS)}")
    combine = _REDUCTIONS[kind]
    shape = places[0].shape
    for point in np.ndindex(*shape):  # one after the other, as places may repeat
        target = tuple(each[point] for each in places)
        result[target] = combine(result[target], updates[point])
    return result


def _scatter_elements(operation: Operation, x: Any, indices: Any, updates: Any) -> Any:
    return _store(operation, x, _grid(operation, x, indices), updates)


def _scatter_nd(operation: Operation, x: Any, indices: Any, updates: Any) -> Any:
    places = tuple(indices[..., k] for k in range(indices.shape[-1]))
    return _store(operation, x, places, updates)


def _tensor_scatter(operation: Operation, x: Any, update: Any, start: Any = None) -> Any:
    axis, mode = operation.get("axis", -2) % x.ndim, operation.get("mode", b"linear")
    starts = np.zeros(x.shape[0], np.int64) if start is None else start
    steps = np.arange(update.shape[axis])
    batch = np.arange(x.shape[0])
    places = starts[:, None] + steps
    if mode in (b"circular", "circular"):
        places = places % x.shape[axis]
    order = [0, axis, *(i for i in range(1, x.ndim) if i != axis)]
    result = np.transpose(x, order).copy()
    rows = np.broadcast_to(batch[:, None], places.shape)
    result[rows, places] = np.transpose(update, order)
    return np.transpose(result, np.argsort(order).tolist())


def _one_hot(operation: Operation, indices: Any, depth: Any, values: Any) -> Any:
    count, axis = numbers(operation, depth, "depth")[0], operation.get("axis", -1)
    whole = indices.astype(np.int64)
    whole = np.where(whole < 0, whole + count, whole)
    axis = axis % (indices.ndim + 1)
    shape = [1] * (indices.ndim + 1)
    shape[axis] = count
    is_hot = np.expand_dims(whole, axis) == np.arange(count).reshape(shape)
    return np.where(is_hot, values[1], values[0])


def _non_zero(operation: Operation, x: Any) -> Any:
    return np.stack(np.nonzero(known(operation, x, "which numbers are not zero"))).astype(np.int64)


def _compress(operation: Operation, x: Any, condition: Any) -> Any:
    (kept,) = np.nonzero(known(operation, condition, "the condition"))
    axis = operation.get("axis")
    return np.take(x.reshape(-1) if axis is None else x, kept, axis=axis or 0)


def _unique(operation: Operation, x: Any) -> Any:
    x, axis = known(operation, x, "which numbers are equal"), operation.get("axis")
    values, first, inverse, counts = np.unique(
        x, return_index=True, return_inverse=True, return_counts=True, axis=axis
    )
    inverse = inverse.reshape(-1)
    if not operation.get("sorted", 1):
        order = np.argsort(first, kind="stable")
        values = np.take(values, order, axis=axis or 0)
        inverse, first, counts = np.argsort(order)[inverse], first[order], counts[order]
    indices = (each.astype(np.int64) for each in (first, inverse, counts))
    return (values, *indices)


def _reverse_sequence(operation: Operation, x: Any, lengths: Any) -> Any:
    batch, time = operation.get("batch_axis", 1), operation.get("time_axis", 0)
    steps, rows = np.arange(x.shape[time]), np.arange(x.shape[batch])
    sizes = lengths[:, None]
    source = np.where(steps < sizes, sizes - 1 - steps, steps)  # (batch, time)
    rows = np.broadcast_to(rows[:, None], (x.shape[batch], x.shape[time]))
    if (batch, time) == (0, 1):
        return x[rows, source]
    return np.swapaxes(np.swapaxes(x, 0, 1)[rows, source], 0, 1)


OPERATORS: dict[str, OperatorRule] = {
    "Compress": _compress,
    "Gather": _gather,
    "GatherElements": _gather_elements,
    "GatherND": _gather_nd,
    "NonZero": _non_zero,
    "OneHot": _one_hot,
    "ReverseSequence": _reverse_sequence,
    "Scatter": _scatter_elements,
    "ScatterElements": _scatter_elements,
    "ScatterND": _scatter_nd,
    "TensorScatter": _tensor_scatter,
    "Unique": _unique,
}
