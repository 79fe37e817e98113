"""The graph of a Jacobian: one tangent, or one pullback, batched over the rows of an identity.

Forward mode computes a column ∂y/∂xⱼ for each element of an input, reverse mode a row ∂yᵢ/∂x for
each element of an output; the cheaper of the two is taken. The rows of the identity are seeds that
are `Masked`: the zeros in them are structural, and no 0 · ∞ at a singularity.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.autodiff.analysis.coloring import colors_of, decompressed
from chainrule.autodiff.analysis.sparsity import dependence
from chainrule.autodiff.control_flow.while_loop_reverse import has_endless_loop
from chainrule.autodiff.identity_products import identity_products
from chainrule.autodiff.passes.batching import batched
from chainrule.autodiff.passes.forward import tangents
from chainrule.autodiff.passes.masked import Cotangent, Masked
from chainrule.autodiff.passes.reverse import cotangents
from chainrule.graph.array_type import ArrayType
from chainrule.graph.environment import suspended
from chainrule.graph.node import Node, ancestors, constant, variable
from chainrule.ops.primitives.broadcasting import broadcast_to, cast
from chainrule.ops.primitives.contraction import split_spec
from chainrule.ops.primitives.elementwise import equal
from chainrule.ops.primitives.movement import reshape, transpose
from chainrule.ops.primitives.rules import with_axis

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
        if mode != "forward" and has_endless_loop(floats, inputs):
            mode = "forward"
        elif mode == "either":
            mode = _cheaper(floats, inputs, rows, columns)
        blocks = _by_columns(floats, inputs) if mode == "forward" else _by_rows(floats, inputs)
        remaining = iter(blocks)
        return [next(remaining) if varies else [None] * len(inputs) for varies in is_varied]


def _cheaper(outputs: Sequence[Node], inputs: Sequence[Node], rows: int, columns: int) -> str:
    """Compare the operations of both modes where the sizes do not decide."""
    if not 1 / _CLEAR <= rows / max(columns, 1) <= _CLEAR:
        return "forward" if columns < rows else "reverse"
    pushed = sum(_operations_along_all(_pushed(outputs, each), each) for each in inputs)
    pulled = sum(_operations_along_all(_pulled(each, inputs), each) for each in outputs)
    return "forward" if pushed <= pulled else "reverse"


def _operations_along_all(derivative: Derivative, source: Node) -> int:
    _, colors = _colored(derivative, source)
    return _operations(derivative) * (source.size if colors is None else int(colors.max()) + 1)


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
    free = {node.serial for node, _ in identity_products(roots, *variables)}
    for node in ancestors(roots, lambda each: each.serial < first):
        if any(each.serial in reached for each in node.inputs):
            reached.add(node.serial)
            count += 0 if node.serial in free else _operations_of(node)
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
    columns = [_along_all(_pushed(outputs, each), each, outputs, False) for each in inputs]
    return [[column[i] for column in columns] for i in range(len(outputs))]


def _by_rows(outputs: Sequence[Node], inputs: Sequence[Node]) -> Blocks:
    return [_along_all(_pulled(each, inputs), each, inputs, True) for each in outputs]


def _along_all(
    derivative: Derivative, source: Node, targets: Sequence[Node], are_rows: bool
) -> list[Node | None]:
    """Derivatives along each element of `source`: the rows of the Jacobian, or its columns."""
    variables, results = derivative
    if not variables:
        return [
            None if each is None else _block(each, source, target, are_rows)
            for each, target in zip(results, targets, strict=True)
        ]
    pattern, colors = _colored(derivative, source)
    if colors is None:
        products = identity_products([each for each in results if each is not None], *variables)
        found = _along(derivative, _identity(source.size, source), products)
        return [
            None if each is None
            else _block(each if are_rows else _last_axis_first(each), source, target, are_rows)
            for each, target in zip(found, targets, strict=True)
        ]  # fmt: skip
    blocks: list[Node | None] = []
    start = 0
    for sums, target in zip(_along(derivative, _seeds(colors, source)), targets, strict=True):
        if sums is None:
            blocks.append(None)
            continue
        part = pattern[start : start + target.size]
        start += target.size
        block = decompressed(
            reshape(sums, shape=(sums.shape[0], target.size)), part, colors, are_rows
        )
        blocks.append(_block(block, source, target, are_rows))
    return blocks


def _seeds(colors: Any, source: Node) -> Node:
    """The sums of the rows of the identity of each color."""
    seeds = np.zeros((int(colors.max()) + 1, source.size), source.dtype)
    seeds[colors, np.arange(source.size)] = 1
    return constant(seeds.reshape((-1, *source.shape)))


def _block(found: Node, source: Node, target: Node, are_rows: bool) -> Node:
    shapes = (source.shape, target.shape) if are_rows else (target.shape, source.shape)
    return reshape(found, shape=(*shapes[0], *shapes[1]))


def _last_axis_first(columns: Node) -> Node:
    """Move the first axis, along the columns, to the end."""
    return transpose(columns, axes=(*range(1, columns.ndim), 0))


def _colored(derivative: Derivative, source: Node) -> tuple[Any, Any]:
    """Which results depend on which elements of the seed, and their colors; None if it is dense."""
    variables, results = derivative
    elements = sum(each.size for each in results if each is not None)
    if not variables or source.size < _LARGE or elements < _LARGE:
        return None, None
    pattern = dependence(results, variables[0])
    return pattern, None if pattern is None else colors_of(pattern, source.size // _PAYS)


_LARGE, _PAYS = 24, 3
"""Sparsity is looked for in so many columns, which must need so many times less colors."""


def _along(
    derivative: Derivative, seeds: Node, known: Sequence[tuple[Node, Node]] = ()
) -> list[Node | None]:
    """Derivatives along several seeds, batched along the first axis; some are `known` already."""
    variables, results = derivative
    size = seeds.shape[0]
    nodes = [each for each in results if each is not None]
    pairs = [(variables[0], seeds), (variables[1], seeds != 0), *known]
    values = [(value, True) for _, value in pairs]
    found = iter(batched(nodes, [node for node, _ in pairs], values, size))
    return [None if each is None else with_axis(*next(found), size) for each in results]


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
