"""Selection: ``select`` by condition, one of several results, ``identity``, ``stop_gradient``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import numpy as np

from chainrule.errors import ShapeError
from chainrule.graph.array_type import ArrayType
from chainrule.graph.node import Node
from chainrule.graph.primitive import Primitive, Sample
from chainrule.ops.primitives.promotion import (
    common_dtype,
    common_shape,
    convert_operand,
    type_of_operand,
)
from chainrule.ops.primitives.rules import batched_alike

__all__ = ["get_result", "get_results", "identity", "select", "stop_gradient"]


def _select_type(condition: ArrayType, a: ArrayType, b: ArrayType) -> ArrayType:
    if condition.shape != a.shape or a.shape != b.shape:
        raise ShapeError(f"select: the operands {condition}, {a} and {b} must have one shape")
    return ArrayType(a.dtype, a.shape, a.weak and b.weak)


def _select_operands(inputs: tuple[Any, ...]) -> list[Any]:
    traced = any(isinstance(x, Node) for x in inputs)
    condition, *branches = inputs
    shape = common_shape("where", [type_of_operand(x, "where") for x in inputs])
    dtype = common_dtype(*branches)
    return [
        convert_operand(condition, np.dtype(bool), shape, traced),
        *(convert_operand(x, dtype, shape, traced) for x in branches),
    ]


def _select_batch(size: int, is_batched: Sequence[bool], *inputs: Node) -> Node:
    return select(*batched_alike(size, is_batched, inputs))


select = Primitive(
    "select",
    infer=_select_type,
    evaluate=np.where,
    vjp=lambda ct, y, c, a, b: (None, select(c, ct, 0), select(c, 0, ct)),
    jvp=lambda t, y, c, a, b: select(c, 0 if t[1] is None else t[1], 0 if t[2] is None else t[2]),
    batch=_select_batch,
    formula="{1} if {0} else {2}",
    reference=np.vectorize(lambda c, a, b: a if c else b, otypes=[float]),
    samples=lambda: [
        Sample((np.array([True, False, True]), np.arange(3.0), -np.arange(3.0))),
        Sample((np.array(False), np.array(1.0), np.array(2.0))),
        Sample((np.ones((0, 2), bool), np.ones((0, 2)), np.ones((0, 2)))),
    ],
    invalid=lambda: [Sample((np.ones(3, bool), np.ones(3), np.ones(2)))],
    prepare=_select_operands,
    ufunc=np.where,
)

_any_array = [Sample((np.arange(3.0),)), Sample((np.ones((0, 2)),)), Sample((np.array(2.0),))]

identity = Primitive(
    "identity",
    infer=lambda x: x,
    evaluate=lambda x: x,
    vjp=lambda ct, y, x: (ct,),
    jvp=lambda t, y, x: t[0],
    batch=lambda size, is_batched, x: identity(x),
    formula="{0}",
    reference=np.copy,
    samples=lambda: _any_array,
)

stop_gradient = Primitive(
    "stop_gradient",
    infer=lambda x: x,
    evaluate=lambda x: x,
    batch=lambda size, is_batched, x: stop_gradient(x),
    formula="stop({0})",
    reference=np.copy,
    samples=lambda: _any_array,
)

get_result = Primitive(
    "get_result",
    infer=lambda types, index: types[index],
    evaluate=lambda values, index: values[index],
    formula="{0}.{index}",
    reference=lambda values, index: np.stack(values)[index],
    samples=list,
)
"""One result of a primitive with several. It has no rule of its own: ``autodiff.reverse``
accumulates the cotangents of all results for the rule of their producer."""


def get_results(results: Any) -> list[Any]:
    """List the results of a primitive with several: nodes for a node, else arrays."""
    if not isinstance(results, Node):
        return list(results)
    return [get_result(results, index=index) for index in range(len(cast(Any, results.type)))]
