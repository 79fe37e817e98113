"""Functional stores: arrays in which some elements are replaced.

``update_slice(x, u, slices=s)`` is x after ``x[s] = u``, and ``scatter(x, u, i, j, ...)`` is x
after ``x[i, j, ...] = u`` for integer arrays of one shape along the first axes; where indices
repeat, the last value wins, as in NumPy. Neither changes x: compiled, they are stores in place
where x is dead.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.errors import DTypeError, ShapeError, counted
from chainrule.graph.array_type import ArrayType
from chainrule.graph.node import Node, constant
from chainrule.graph.primitive import Primitive, Sample
from chainrule.ops.primitives import elementwise, selection
from chainrule.ops.primitives.broadcasting import broadcast_to
from chainrule.ops.primitives.gather_scatter import check_indices, gather
from chainrule.ops.primitives.movement import (
    Slices,
    as_slices,
    check_slices,
    reshape,
    strided_slice,
)
from chainrule.ops.primitives.rules import batch_numbers, batched_alike, linear_in

__all__ = ["scatter", "update_slice"]


def _check_update(name: str, x: ArrayType, update: ArrayType, shape: tuple[int, ...]) -> None:
    if update.dtype != x.dtype:
        raise DTypeError(f"{name}: cannot store {update} in {x}; their dtypes must be equal")
    if update.shape != shape:
        raise ShapeError(f"{name}: the update {update} must have the shape {shape} of the elements")


def _update_slice_type(x: ArrayType, update: ArrayType, slices: Slices) -> ArrayType:
    check_slices("update_slice", slices, x.shape)
    _check_update("update_slice", x, update, tuple(count for _, count, _ in slices))
    return x


def _update_slice(x: Any, update: Any, slices: Slices) -> Any:
    result = np.array(x)  # a number where it is an element of a row
    result[as_slices(slices)] = update
    return result


def _update_slice_reference(x: Any, update: Any, slices: Slices) -> Any:
    result = np.array(x)
    for point in np.ndindex(*update.shape):
        target = tuple(s + i * step for i, (s, _, step) in zip(point, slices, strict=True))
        result[target] = update[point]
    return result


def _zeros(update: Node) -> Node:
    return broadcast_to(constant(np.zeros((), update.dtype)), update.shape)


def _update_slice_vjp(ct: Node, y: Node, x: Node, update: Node, slices: Slices) -> list[Node]:
    pulled = strided_slice(ct, slices=slices)  # the last read of ct before it is updated in place
    return [update_slice(ct, _zeros(update), slices=slices), pulled]


def _update_slice_batch(
    size: int, is_batched: Sequence[bool], *inputs: Node, slices: Slices
) -> Node:
    return update_slice(*batched_alike(size, is_batched, inputs), slices=((0, size, 1), *slices))


update_slice = Primitive(
    "update_slice",
    infer=_update_slice_type,
    evaluate=_update_slice,
    vjp=_update_slice_vjp,
    jvp=linear_in(0, 1),
    batch=_update_slice_batch,
    formula="{0} with [{slices}] = {1}",
    reference=_update_slice_reference,
    samples=lambda: [
        Sample((np.arange(5.0), np.array([7.0, 8.0])), {"slices": ((1, 2, 2),)}),
        Sample((np.arange(5.0), np.arange(5.0)), {"slices": ((4, 5, -1),)}),
        Sample((np.ones((2, 3)), np.array([[4.0, 5.0]])), {"slices": ((1, 1, 1), (2, 2, -2))}),
        Sample((np.zeros(3), np.ones(0)), {"slices": ((0, 0, 1),)}),
        Sample((np.array(1.0), np.array(2.0)), {"slices": ()}),
    ],
    invalid=lambda: [
        Sample((np.ones(3), np.ones(3)), {"slices": ((1, 3, 1),)}),
        Sample((np.ones(3), np.ones(1)), {"slices": ((0, 2, 1),)}),
        Sample((np.ones(3), np.ones(3, int)), {"slices": ((0, 3, 1),)}),
    ],
)


def _scatter_type(x: ArrayType, update: ArrayType, *indices: ArrayType) -> ArrayType:
    check_indices("scatter", indices)
    if len(indices) > x.ndim:
        raise ShapeError(
            f"scatter: {counted(len(indices), 'index')} for the {counted(x.ndim, 'axis')} of {x}"
        )
    _check_update("scatter", x, update, indices[0].shape + x.shape[len(indices) :])
    return x


def _scatter(x: Any, update: Any, *indices: Any) -> Any:
    result = np.array(x)
    # NumPy iterates in the order of the memory of indices, which decides who is last.
    result[tuple(map(np.ascontiguousarray, indices))] = np.ascontiguousarray(update)
    return result


def _scatter_reference(x: Any, update: Any, *indices: Any) -> Any:
    result = np.array(x)
    for point in np.ndindex(*indices[0].shape):
        result[tuple(int(index[point]) for index in indices)] = update[point]
    return result


def _is_stored(shape: tuple[int, ...], indices: tuple[Node, ...]) -> Node | None:
    """Whether each update is the last one of its element; None where no index is repeated.

    The number of the update is scattered to the element and gathered back.
    """
    count = math.prod(indices[0].shape)
    numbers = reshape(constant(np.arange(count)), shape=indices[0].shape)
    table = broadcast_to(constant(np.zeros((), numbers.dtype)), shape[: len(indices)])
    last = gather(scatter(table, numbers, *indices), *indices)
    is_last = elementwise.equal(last, numbers)
    are_known = all(index.is_constant for index in indices)
    return None if are_known and np.all(is_last.value) else is_last


def _scatter_vjp(ct: Node, y: Node, x: Node, update: Node, *indices: Node) -> list[Node | None]:
    pulled, is_stored = gather(ct, *indices), _is_stored(x.shape, indices)
    if is_stored is not None:
        added = (1,) * (update.ndim - is_stored.ndim)
        mask = broadcast_to(reshape(is_stored, shape=is_stored.shape + added), update.shape)
        pulled = selection.select(mask, pulled, _zeros(update))
    return [scatter(ct, _zeros(update), *indices), pulled, *[None] * len(indices)]


def _scatter_batch(size: int, is_batched: Sequence[bool], *inputs: Node) -> Node:
    x, update, *points = batched_alike(size, is_batched, inputs)
    return scatter(x, update, batch_numbers(size, points[0].shape[1:]), *points)


scatter = Primitive(
    "scatter",
    infer=_scatter_type,
    evaluate=_scatter,
    vjp=_scatter_vjp,
    jvp=linear_in(0, 1),
    batch=_scatter_batch,
    formula="{0} with [{2}] = {1}",
    reference=_scatter_reference,
    samples=lambda: [
        Sample((np.zeros((3, 2)), np.arange(6.0).reshape(3, 2), np.array([2, 0, 2]))),
        Sample((np.ones((3, 2)), np.arange(2.0), np.array([2, -1]), np.array([1, 1]))),
        Sample((np.ones(4), np.arange(4.0).reshape(2, 2), np.array([[0, 3], [1, -3]]))),
        Sample((np.ones((3, 2)), np.arange(3.0), np.arange(3), np.array([1, 0, 1]))),
        Sample((np.zeros(4), np.zeros(0), np.zeros(0, int))),
    ],
    invalid=lambda: [
        Sample((np.ones(3), np.ones(2), np.array([0, 1, 2]))),
        Sample((np.ones(3), np.ones(1), np.array([0.5]))),
        Sample((np.ones(3), np.ones(1), np.array([0]), np.array([0]))),
        Sample((np.ones(3), np.ones(1, int), np.array([0]))),
    ],
)
