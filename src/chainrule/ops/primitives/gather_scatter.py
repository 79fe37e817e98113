"""Gather and scatter-add: indexing by integer arrays, and its transpose.

``gather(x, i, j, ...)`` is ``x[i, j, ...]`` for integer arrays of one shape along the first axes;
``scatter_add(u, i, j, ..., shape=s)`` adds ``u`` to zeros of shape ``s`` at those indices, where
repeated indices accumulate.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.errors import DTypeError, ShapeError, counted
from chainrule.graph.array_type import ArrayType
from chainrule.graph.node import Node
from chainrule.graph.primitive import Primitive, Sample
from chainrule.ops.primitives.rules import batch_numbers, batched_alike, linear_in

__all__ = ["check_indices", "gather", "scatter_add"]


def check_indices(name: str, indices: tuple[ArrayType, ...]) -> None:
    """Refuse indices that are not integers of one shape."""
    if any(index.dtype.kind not in "iu" for index in indices):
        raise DTypeError(f"{name}: indices must be integers, got {indices}")
    if len({index.shape for index in indices}) != 1:
        raise ShapeError(f"{name}: indices must have one shape, got {indices}")


def _gather_type(x: ArrayType, *indices: ArrayType) -> ArrayType:
    check_indices("gather", indices)
    if len(indices) > x.ndim:
        raise ShapeError(
            f"gather: {counted(len(indices), 'index')} for the {counted(x.ndim, 'axis')} of {x}"
        )
    return x.with_shape(indices[0].shape + x.shape[len(indices) :])


def _scatter_type(updates: ArrayType, *indices: ArrayType, shape: tuple[int, ...]) -> ArrayType:
    check_indices("scatter_add", indices)
    expected = indices[0].shape + shape[len(indices) :]
    if updates.shape != expected:
        raise ShapeError(f"scatter_add: updates {updates} must have shape {expected}")
    return updates.with_shape(shape)


def _scatter(updates: Any, *indices: Any, shape: tuple[int, ...]) -> Any:
    result = np.zeros(shape, updates.dtype)
    np.add.at(result, indices, updates)
    return result


def _gather_reference(x: Any, *indices: Any) -> Any:
    result = np.empty(indices[0].shape + x.shape[len(indices) :], x.dtype)
    for point in np.ndindex(*indices[0].shape):
        result[point] = x[tuple(int(index[point]) for index in indices)]
    return result


def _scatter_reference(updates: Any, *indices: Any, shape: tuple[int, ...]) -> Any:
    result = np.zeros(shape, updates.dtype)
    for point in np.ndindex(*indices[0].shape):
        result[tuple(int(index[point]) for index in indices)] += updates[point]
    return result


def _scatter_vjp(
    ct: Node, y: Node, updates: Node, *indices: Node, shape: tuple[int, ...]
) -> list[Node | None]:
    return [gather(ct, *indices), *[None] * len(indices)]


def _gather_batch(size: int, is_batched: Sequence[bool], x: Node, *indices: Node) -> Node:
    """Index the batch axis too; rows of an array that the entries share need no such index."""
    points = batched_alike(size, is_batched[1:], indices)
    numbers = [batch_numbers(size, points[0].shape[1:])] if is_batched[0] else []
    return gather(x, *numbers, *points)


def _scatter_batch(
    size: int, is_batched: Sequence[bool], *inputs: Node, shape: tuple[int, ...]
) -> Node:
    updates, *points = batched_alike(size, is_batched, inputs)
    numbers = batch_numbers(size, points[0].shape[1:])
    return scatter_add(updates, numbers, *points, shape=(size, *shape))


gather = Primitive(
    "gather",
    infer=_gather_type,
    evaluate=lambda x, *indices: x[indices],
    vjp=lambda ct, y, x, *indices: [
        scatter_add(ct, *indices, shape=x.shape),
        *[None] * len(indices),
    ],
    jvp=linear_in(0),
    batch=_gather_batch,
    formula="{0}[{1}]",
    reference=_gather_reference,
    samples=lambda: [
        Sample((np.arange(6.0).reshape(3, 2), np.array([2, 0, 2]))),
        Sample((np.arange(6.0).reshape(3, 2), np.array([2, -1]), np.array([1, 0]))),
        Sample((np.arange(4.0), np.array([[0, 3], [1, 1]]))),
        Sample((np.arange(4.0), np.zeros((0,), int))),
    ],
    invalid=lambda: [
        Sample((np.arange(3.0), np.array([0.5]))),
        Sample((np.arange(3.0), np.array([0]), np.array([0]))),
    ],
)

scatter_add = Primitive(
    "scatter_add",
    infer=_scatter_type,
    evaluate=_scatter,
    vjp=_scatter_vjp,
    jvp=linear_in(0),
    batch=_scatter_batch,
    formula="scatter({0}, {1})",
    reference=_scatter_reference,
    samples=lambda: [
        Sample((np.arange(6.0).reshape(3, 2), np.array([2, 0, 2])), {"shape": (3, 2)}),
        Sample((np.arange(2.0), np.array([2, 2]), np.array([1, 1])), {"shape": (3, 2)}),
        Sample((np.zeros((0,)), np.zeros((0,), int)), {"shape": (4,)}),
    ],
    invalid=lambda: [Sample((np.ones(2), np.array([0, 1, 2])), {"shape": (4,)})],
)
