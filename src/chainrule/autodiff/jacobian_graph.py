"""The graph of a Jacobian: one tangent, or one pullback, batched over the rows of an identity.

Forward mode computes a column ∂y/∂xⱼ for each element of an input, reverse mode a row ∂yᵢ/∂x for
each element of an output; the cheaper of the two is taken. The rows of the identity are seeds that
are `Masked`: the zeros in them are structural, and no 0 · ∞ at a singularity.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from chainrule.autodiff.batching import batched
from chainrule.autodiff.forward import tangents
from chainrule.autodiff.masked import Cotangent, Masked
from chainrule.autodiff.reverse import cotangents
from chainrule.graph.array_type import ArrayType
from chainrule.graph.environment import suspended
from chainrule.graph.node import Node, ancestors, constant, variable
from chainrule.ops.primitives.broadcasting import broadcast_to, cast
from chainrule.ops.primitives.contraction import split_spec
from chainrule.ops.primitives.elementwise import equal
from chainrule.ops.primitives.movement import reshape, transpose

__all__ = ["Blocks", "jacobian_blocks"]

Blocks = list[list[Node | None]]
"""For each output and each input ∂y/∂x, of shape ``y.shape + x.shape``; None is zero."""

Derivative = tuple[list[Node], list[Node | None]]
"""Variables for a seed and its mask, none for the seed 1 of a number, and derivatives along it."""


def jacobian_blocks(
    outputs: Sequence[Node], inputs: Sequence[Node], mode: str = "either"
) -> Blocks:
    """Compute the Jacobian by forward or reverse mode, or by either, whichever is cheaper."""
    with suspended():
        is_varied = [node.array_type.is_float for node in outputs]
        floats = [node for node, varies in zip(outputs, is_varied, strict=True) if varies]
        columns = sum(node.size for node in inputs)
        rows = sum(node.size for node in floats)
        if mode == "either":
            mode = _cheaper(floats, inputs, rows, columns)
        blocks = _by_columns(floats, inputs) if mode == "forward" else _by_rows(floats, inputs)
        remaining = iter(blocks)
        return [next(remaining) if varies else [None] * len(inputs) for varies in is_varied]


def _cheaper(outputs: Sequence[Node], inputs: Sequence[Node], rows: int, columns: int) -> str:
    """Compare the operations of both modes where the sizes do not decide."""
    if not 1 / _CLEAR <= rows / max(columns, 1) <= _CLEAR:
        return "forward" if columns < rows else "reverse"
    pushed = sum(_operations(_pushed(outputs, each)) * each.size for each in inputs)
    pulled = sum(_operations(_pulled(each, inputs)) * each.size for each in outputs)
    return "forward" if pushed <= pulled else "reverse"


_CLEAR = 4
"""A derivative in reverse takes no more than about four times the operations of one forwards
(Griewank & Walther 2008, section 3.4)."""


def _pushed(outputs: Sequence[Node], source: Node) -> Derivative:
    """The tangents of the outputs along a variable tangent of one input."""
    variables, seed = _seed(source)
    return variables, tangents(outputs, [source], [seed])


def _pulled(output: Node, inputs: Sequence[Node]) -> Derivative:
    """The cotangents of the inputs for a variable cotangent of one output."""
    variables, seed = _seed(output)
    return variables, cotangents([output], [seed], inputs)


def _seed(node: Node) -> tuple[list[Node], Cotangent]:
    if node.size == 1:
        return [], constant(np.ones(node.shape, node.dtype))
    raw = variable(node.array_type)
    mask = variable(ArrayType(np.dtype(bool), node.shape))
    return [raw, mask], Masked(mask, raw, is_clean=True)


def _operations(derivative: Derivative) -> int:
    """Count the scalar operations of a derivative along one seed."""
    variables, results = derivative
    if not variables:
        return 1
    reached = {node.serial for node in variables}
    first, count = min(reached), 0
    roots = [each for each in results if each is not None]
    for node in ancestors(roots, lambda each: each.serial < first):
        if any(each.serial in reached for each in node.inputs):
            reached.add(node.serial)
            count += _operations_of(node)
    return count


def _operations_of(node: Node) -> int:
    assert node.primitive is not None
    if node.primitive.name == "contract":
        left, right, _ = split_spec(node.params["spec"])
        a, b = node.inputs
        lengths = dict(zip(left, a.shape, strict=True)) | dict(zip(right, b.shape, strict=True))
        return 2 * math.prod(lengths.values())
    types = node.type if isinstance(node.type, tuple) else (node.type,)
    repeats = node.params.get("length", 1) if "body" in node.params else 1
    body = len(node.params["body"].nodes) if "body" in node.params else 1
    return repeats * body * max(1, *[each.size for each in types])


def _by_columns(outputs: Sequence[Node], inputs: Sequence[Node]) -> Blocks:
    columns: list[list[Node | None]] = []
    for source in inputs:
        found = _along_identity(_pushed(outputs, source), source)
        columns.append(
            [
                None if each is None else _moved(each, source.shape, output.shape)
                for each, output in zip(found, outputs, strict=True)
            ]
        )
    return [list(each) for each in zip(*columns, strict=True)] if columns else [[] for _ in outputs]


def _by_rows(outputs: Sequence[Node], inputs: Sequence[Node]) -> Blocks:
    rows: Blocks = []
    for output in outputs:
        found = _along_identity(_pulled(output, inputs), output)
        rows.append(
            [
                None if each is None else reshape(each, shape=(*output.shape, *source.shape))
                for each, source in zip(found, inputs, strict=True)
            ]
        )
    return rows


def _moved(columns: Node, inner: tuple[int, ...], outer: tuple[int, ...]) -> Node:
    """Give (columns, *outer) the shape (*outer, *inner)."""
    ndim = len(outer)
    moved = transpose(columns, axes=(*range(1, ndim + 1), 0)) if ndim else columns
    return reshape(moved, shape=(*outer, *inner))


def _along_identity(derivative: Derivative, source: Node) -> list[Node | None]:
    """Derivatives along all elements of `source`, along a new first axis."""
    variables, results = derivative
    if not variables:
        return [None if each is None else reshape(each, shape=(1, *each.shape)) for each in results]
    size = source.size
    raw = _identity(size, source)
    pairs = [(raw, True), (raw != 0, True)]
    nodes = [each for each in results if each is not None]
    found = iter(batched(nodes, variables, pairs, size))
    return [None if each is None else _with_axis(*next(found), size) for each in results]


def _with_axis(node: Node, is_batched: bool, size: int) -> Node:
    return node if is_batched else broadcast_to(node, (size, *node.shape))


def _identity(size: int, source: Node) -> Node:
    """The rows of an identity, each in the shape of `source`."""
    shape = (size, *source.shape)
    if source.is_known or size <= _SMALL:
        return constant(np.eye(size, dtype=source.dtype).reshape(shape))
    numbers = constant(np.arange(size))
    column = broadcast_to(reshape(numbers, shape=(size, 1)), (size, size))
    is_same = equal(column, broadcast_to(numbers, (size, size)))
    return reshape(cast(is_same, source.dtype), shape=shape)


_SMALL = 8
"""Up to this size an identity is stored; a program computes larger ones where they are used."""
