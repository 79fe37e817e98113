"""Reductions and scans along axes: max, min, argmax, argmin, cumulative sum.

Sums are ``reduce_to``, in ``broadcasting``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.errors import ShapeError
from chainrule.graph.array_type import ArrayType
from chainrule.graph.node import Node
from chainrule.graph.primitive import Primitive, Sample
from chainrule.ops.primitives.axes import keepdims_shape
from chainrule.ops.primitives.broadcasting import broadcast_to, cast, reduce_to
from chainrule.ops.primitives.movement import reshape, strided_slice
from chainrule.ops.primitives.rules import linear_in
from chainrule.ops.primitives.selection import select

__all__ = ["argmax", "argmin", "cumulative_sum", "reduce_max", "reduce_min"]


def _reduced_type(name: str) -> Callable[..., ArrayType]:
    def infer(x: ArrayType, axes: tuple[int, ...]) -> ArrayType:
        if any(x.shape[i] == 0 for i in axes):
            raise ShapeError(f"{name}: {x} is empty along axes {axes} and has no {name[-3:]}imum")
        return x.with_shape(tuple(n for i, n in enumerate(x.shape) if i not in axes))

    return infer


def _extremum_vjp(ct: Node, y: Node, x: Node, axes: tuple[int, ...]) -> tuple[Node]:
    """Split the cotangent evenly among the elements that attain the extremum."""
    shape = keepdims_shape(x.shape, axes)
    attained = cast(broadcast_to(reshape(y, shape=shape), x.shape) == x, x.dtype)
    weight = reshape(ct, shape=shape) / reduce_to(attained, shape)
    return (attained * broadcast_to(weight, x.shape),)


def _extremum_jvp(t: Any, y: Node, x: Node, axes: tuple[int, ...]) -> Node:
    """Average the tangents of the elements that attain the extremum."""
    shape = keepdims_shape(x.shape, axes)
    attained = broadcast_to(reshape(y, shape=shape), x.shape) == x
    total = reduce_to(select(attained, t[0], 0), shape)
    return reshape(total / reduce_to(cast(attained, x.dtype), shape), shape=y.shape)


def _samples() -> list[Sample]:
    x = np.random.default_rng(0).uniform(-1, 1, (3, 4, 2))
    return [Sample((x,), {"axes": axes}) for axes in ((0,), (1, 2), (0, 1, 2), ())]


def _extremum(name: str, function: Any, symbol: str) -> Primitive:
    def batch(size: int, is_batched: Any, x: Node, axes: tuple[int, ...]) -> Node:
        return record(x, axes=tuple(axis + 1 for axis in axes))

    record = Primitive(
        f"reduce_{name}",
        infer=_reduced_type(f"reduce_{name}"),
        evaluate=lambda x, axes: function(x, axis=axes),
        vjp=_extremum_vjp,
        jvp=_extremum_jvp,
        batch=batch,
        formula=f"{symbol} {{0}}",
        reference=lambda x, axes: _reference(x, axes, max if name == "max" else min),
        samples=_samples,
        invalid=lambda: [Sample((np.ones((0, 2)),), {"axes": (0,)})],
    )
    return record


def _reference(x: Any, axes: tuple[int, ...], function: Any) -> Any:
    for axis in sorted(axes, reverse=True):
        x = np.apply_along_axis(lambda row: function(row.tolist()), axis, x)
    return x


reduce_max = _extremum("max", np.max, "max")
reduce_min = _extremum("min", np.min, "min")


def _arg_extremum(name: str, function: Any) -> Primitive:
    def infer(x: ArrayType, axis: int) -> ArrayType:
        if x.shape[axis] == 0:
            raise ShapeError(f"{name}: {x} is empty along axis {axis}")
        shape = x.shape[:axis] + x.shape[axis + 1 :]
        return ArrayType(np.dtype("int64"), shape)

    def batch(size: int, is_batched: Any, x: Node, axis: int) -> Node:
        return record(x, axis=axis + 1)

    record = Primitive(
        name,
        infer=infer,
        evaluate=lambda x, axis: function(x, axis=axis),
        batch=batch,
        formula=f"{name}({{0}})",
        reference=lambda x, axis: np.apply_along_axis(
            lambda row: row.tolist().index((max if name == "argmax" else min)(row)), axis, x
        ),
        samples=lambda: [
            Sample((np.array([[1.0, 3.0, 3.0], [2.0, 0.0, 2.0]]),), {"axis": axis})
            for axis in (0, 1)
        ],
        invalid=lambda: [Sample((np.ones((0, 2)),), {"axis": 0})],
    )
    return record


argmax = _arg_extremum("argmax", np.argmax)
argmin = _arg_extremum("argmin", np.argmin)

cumulative_sum = Primitive(
    "cumulative_sum",
    infer=lambda x, axis: x,
    evaluate=lambda x, axis: np.cumsum(x, axis=axis, dtype=x.dtype),
    vjp=lambda ct, y, x, axis: (_reversed(cumulative_sum(_reversed(ct, axis), axis=axis), axis),),
    jvp=linear_in(0),
    batch=lambda size, is_batched, x, axis: cumulative_sum(x, axis=axis + 1),
    formula="cumsum({0})",
    reference=lambda x, axis: np.apply_along_axis(
        lambda row: [sum(row[: i + 1]) for i in range(len(row))], axis, x
    ),
    samples=lambda: [Sample((np.arange(6.0).reshape(2, 3),), {"axis": axis}) for axis in (0, 1)],
)


def _reversed(x: Any, axis: int) -> Any:
    """Reverse the order along an axis."""
    slices = tuple((n - 1, n, -1) if i == axis and n else (0, n, 1) for i, n in enumerate(x.shape))
    return strided_slice(x, slices=slices)
