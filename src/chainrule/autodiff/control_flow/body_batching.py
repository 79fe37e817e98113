"""Batching of the bodies of loops and of branches.

Where the entries of a batch do not all run a body, those that do not must not give it operands for
which it is not defined, as an index beyond the end. `valid_operand` says which they give instead.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from chainrule.autodiff.passes.batching import batched
from chainrule.graph.graph import Graph
from chainrule.graph.node import Node, variable
from chainrule.ops.numpy_api.reductions import any as any_of
from chainrule.ops.primitives.broadcasting import broadcast_to, cast
from chainrule.ops.primitives.gather_scatter import gather
from chainrule.ops.primitives.movement import reshape, transpose
from chainrule.ops.primitives.reduction import argmax
from chainrule.ops.primitives.selection import select

__all__ = [
    "any_entry", "batched_body", "choose", "first_entry", "fixed_point", "inlined", "is_total",
    "valid_operand", "with_axis_second",
]  # fmt: skip


def batched_body(
    body: Graph, is_batched: Sequence[bool], size: int
) -> tuple[list[Node], list[tuple[Node, bool]]]:
    """The inputs of a batched body, and its outputs with whether they have a batch axis."""
    inputs = [
        _with_batch(node, size) if has_axis else node
        for node, has_axis in zip(body.inputs, is_batched, strict=True)
    ]
    replacements = list(zip(inputs, is_batched, strict=True))
    return inputs, batched(body.outputs, body.inputs, replacements, size)


def fixed_point(
    body: Graph, is_batched: list[bool], first: int, carries: int, size: int
) -> tuple[list[Node], list[tuple[Node, bool]]]:
    """Batch the body of a loop; a carry that a step makes batched is so from the start.

    The carries are the inputs from `first` on; `is_batched` is brought up to date.
    """
    while True:
        inputs, ends = batched_body(body, is_batched, size)
        new = [i for i in range(carries) if ends[i][1] and not is_batched[first + i]]
        if not new:
            return inputs, ends
        for i in new:
            is_batched[first + i] = True


def _with_batch(node: Node, size: int) -> Node:
    new = variable(node.array_type.with_shape((size, *node.shape)), name=node.name)
    new.layer = node.layer
    return new


def with_axis_second(node: Node) -> Node:
    """Exchange the first two axes, of the batch and of the steps."""
    return transpose(node, axes=(1, 0, *range(2, node.ndim)))


def any_entry(mask: Node) -> Node:
    """Whether a mask over the batch is true for any entry."""
    return any_of(mask)


def choose(mask: Node, a: Node, b: Node) -> Node:
    """Select between two batched values, for each entry as a whole."""
    return a if a is b else select(reshape(mask, shape=(*mask.shape, *(1,) * (a.ndim - 1))), a, b)


def first_entry(mask: Node) -> Node:
    """The index of the first entry in a mask over the batch."""
    return argmax(cast(mask, np.int64), axis=0)


def valid_operand(mask: Node, first: Node, node: Node) -> Node:
    """A batched operand of which entries outside of the mask are replaced by the first in it."""
    return choose(mask, node, broadcast_to(gather(node, first), node.shape))


def inlined(graph: Graph, operands: Sequence[Node]) -> list[Node]:
    """The outputs of a graph, computed from operands."""
    pairs = [(each, False) for each in operands]
    return [node for node, _ in batched(graph.outputs, graph.inputs, pairs, 0)]


_TOTAL = frozenset({
    "absolute", "add", "arctan2", "argmax", "argmin", "argsort", "bitwise_and", "bitwise_xor",
    "broadcast_to", "ceil", "concatenate", "contract", "copysign", "cos", "cumulative_sum", "equal",
    "erf", "floor", "fold", "get_result", "identity", "less", "less_equal", "logaddexp",
    "logical_and", "logical_not", "logical_or", "maximum", "minimum", "multiply", "negative",
    "not_equal", "pad_into", "reduce_max", "reduce_min", "reduce_to", "reshape", "rint", "select",
    "sigmoid", "sign", "sin", "sort", "stop_gradient", "strided_slice", "subtract", "tanh",
    "transpose", "unfold", "uniform", "update_slice",
})  # fmt: skip


def is_total(graph: Graph) -> bool:
    """Whether a graph has a value, and a finite derivative, for all finite operands."""
    return all(
        node.primitive is not None
        and (
            node.primitive.name in _TOTAL
            or (node.primitive.name == "cast" and not _is_rounding(node))
        )
        for node in graph.equations
    )


def _is_rounding(node: Node) -> bool:
    """Whether a cast makes integers of reals, which fails for large ones."""
    return node.inputs[0].array_type.is_float and not node.array_type.is_float
