"""Forward and batching rules that many primitives have in common."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from chainrule.graph.node import Node, constant
from chainrule.ops.primitives.broadcasting import broadcast_to

__all__ = ["batch_numbers", "batched_alike", "diagonal", "linear_in", "with_axis", "zeros_of"]

Tangents = Sequence[Node | None]
"""The tangent of each input; None is a zero tangent."""


def zeros_of(node: Node) -> Node:
    """Return the zero tangent of a node."""
    return broadcast_to(constant(np.zeros((), node.dtype)), node.shape)


def diagonal(vjp: Callable[..., Sequence[Node | None]]) -> Callable[..., Node | None]:
    """Make the forward rule of an elementwise primitive from its reverse rule.

    The Jacobian by each input is diagonal, and so its own transpose.
    """

    def jvp(tangents: Tangents, output: Node, *inputs: Node) -> Node | None:
        total: Any = None
        for position, tangent in enumerate(tangents):
            term = None if tangent is None else vjp(tangent, output, *inputs)[position]
            if term is not None:
                total = term if total is None else total + term
        return total

    return jvp


def linear_in(*positions: int) -> Callable[..., Node]:
    """Make the forward rule of a primitive that is linear in the inputs at `positions` together.

    The tangent of its output is the primitive itself, applied to the tangents of these inputs. No
    positions mean all of them.
    """

    def jvp(tangents: Tangents, output: Node, *inputs: Node, **params: Any) -> Node:
        operands = list(inputs)
        for position in positions or range(len(inputs)):
            tangent = tangents[position]
            operands[position] = zeros_of(inputs[position]) if tangent is None else tangent
        assert output.primitive is not None
        return output.primitive(*operands, **params)

    return jvp


def with_axis(node: Node, has_axis: bool, size: int) -> Node:
    """Return a node with a batch axis, along which it is repeated if it has none."""
    return node if has_axis else broadcast_to(node, (size, *node.shape))


def batched_alike(size: int, is_batched: Sequence[bool], inputs: Sequence[Node]) -> list[Node]:
    """Repeat the inputs without a batch axis along one, so that all have it."""
    return [
        with_axis(each, has_axis, size) for each, has_axis in zip(inputs, is_batched, strict=True)
    ]


def batch_numbers(size: int, shape: tuple[int, ...]) -> Node:
    """Return, for integer arrays of `shape` with a batch axis before it, the number of the entry.

    Of an array with a batch axis these are the indices along that axis.
    """
    numbers: Any = constant(np.arange(size))  # of one axis, as compilation knows a range
    return broadcast_to(numbers.reshape((size, *(1,) * len(shape))), (size, *shape))
