"""Sorting along an axis: the values in order, and the stable permutation that orders them.

NaN is greatest, as in NumPy. The derivative of ``sort`` is that of its permutation, which is
``argsort``: of equal elements, the first keeps its place before the others.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.graph.node import Node
from chainrule.graph.primitive import Primitive, Sample
from chainrule.ops.primitives.broadcasting import broadcast_to
from chainrule.ops.primitives.gather_scatter import gather, scatter_add

__all__ = ["argsort", "sort"]


def _points(order: Node, axis: int) -> list[Any]:
    """Return the index of each axis for one entry along `axis` for each element of `order`."""
    points: list[Any] = []
    for i, length in enumerate(order.shape):
        line: Any = np.arange(length).reshape([-1 if k == i else 1 for k in range(order.ndim)])
        points.append(order if i == axis else broadcast_to(line, order.shape))
    return points


def _sort_vjp(ct: Node, y: Node, x: Node, axis: int) -> tuple[Node]:
    return (scatter_add(ct, *_points(argsort(x, axis=axis), axis), shape=x.shape),)


def _sort_jvp(t: Any, y: Node, x: Node, axis: int) -> Node:
    return gather(t[0], *_points(argsort(x, axis=axis), axis))


def _samples() -> list[Sample]:
    x = np.array([[3.0, 1.0, 4.0], [2.0, 5.0, -2.0]])
    return [Sample((x,), {"axis": axis}) for axis in (0, 1)]


argsort = Primitive(
    "argsort",
    infer=lambda x, axis: x.with_dtype(np.dtype("int64")),
    evaluate=lambda x, axis: np.argsort(x, axis=axis, kind="stable"),
    batch=lambda size, is_batched, x, axis: argsort(x, axis=axis + 1),
    formula="argsort({0})",
    reference=lambda x, axis: np.apply_along_axis(
        lambda row: sorted(range(len(row)), key=row.tolist().__getitem__), axis, x
    ),
    samples=lambda: [
        Sample((np.array([[3.0, 1.0, 3.0], [2.0, 5.0, 2.0]]),), {"axis": axis}) for axis in (0, 1)
    ],
)

sort = Primitive(
    "sort",
    infer=lambda x, axis: x,
    evaluate=lambda x, axis: np.sort(x, axis=axis),
    vjp=_sort_vjp,
    jvp=_sort_jvp,
    batch=lambda size, is_batched, x, axis: sort(x, axis=axis + 1),
    formula="sort({0})",
    reference=lambda x, axis: np.apply_along_axis(lambda row: sorted(row.tolist()), axis, x),
    samples=_samples,
)
