"""Movement primitives as index substitution: their loads read the source at another index."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from chainrule.compiler.graph_passes.axis_groups import is_merge
from chainrule.compiler.loop_ir.loops import (
    Affine,
    Apply,
    Expression,
    Literal,
    Load,
    Statement,
)
from chainrule.compiler.lowering.graph_lowering import Lowering, Rule
from chainrule.compiler.lowering.padding import padding_of, unwrap_padding, zero_fill
from chainrule.compiler.lowering.reshape import merged_index, reshaped
from chainrule.graph.node import Node

__all__ = ["RULES", "sliced_index"]


def _identity(lowering: Lowering, node: Node, inputs: list[Expression]) -> Expression:
    return inputs[0]


def _custom_vjp_call(lowering: Lowering, node: Node, inputs: list[Expression]) -> list[Expression]:
    return inputs


def _get_result(lowering: Lowering, node: Node, inputs: list[Any]) -> Expression:
    return inputs[0][node.params["index"]]


def _cast(lowering: Lowering, node: Node, inputs: list[Expression]) -> Expression:
    return inputs[0] if inputs[0].dtype == node.dtype else Apply("cast", (inputs[0],), node.dtype)


def _broadcast_to(lowering: Lowering, node: Node, inputs: list[Expression]) -> Expression:
    source = node.inputs[0]
    value = lowering.materialize_if_costly(source) if node.size > source.size else inputs[0]
    index = lowering.canonical(node.shape)[len(node.shape) - len(source.shape) :]
    return lowering.reindexed(value, source.shape, index)


def _transpose(lowering: Lowering, node: Node, inputs: list[Expression]) -> Expression:
    axes, canonical = node.params["axes"], lowering.canonical(node.shape)
    index = [canonical[axes.index(i)] for i in range(len(axes))]
    return lowering.reindexed(inputs[0], node.inputs[0].shape, index)


def _strided_slice(lowering: Lowering, node: Node, inputs: list[Expression]) -> Expression:
    index = sliced_index(node.params["slices"], lowering.canonical(node.shape))
    return lowering.reindexed(inputs[0], node.inputs[0].shape, index)


def sliced_index(slices: Any, canonical: Sequence[Affine]) -> list[Affine]:
    """Return the index in an array of an element of some slices of it."""
    pairs = zip(slices, canonical, strict=True)
    return [Affine(start) + i.scaled(step) for (start, _, step), i in pairs]


def _pad_into(lowering: Lowering, node: Node, inputs: list[Expression]) -> Load:
    """Read a source that is stored with padding; else store zeros, and the source among them."""
    source, padding = node.inputs[0], padding_of(node)
    none = ((0, 0),) * len(node.shape)
    if unwrap_padding(node, none)[0].serial in lowering.paddings:
        return lowering.load_padded(node, none, lowering.canonical(node.shape))
    target, index = lowering.target(node)
    prefix = index[: len(index) - len(node.shape)]
    if padding is not None and not prefix and target.shape == node.shape:
        lowering.items += zero_fill(target, padding, node.layer)
    elif source.size < node.size:
        zero = Literal(np.zeros((), node.dtype)[()], node.dtype)
        lowering.items.append(Statement(target, index, zero, layer=node.layer))
    interior = sliced_index(node.params["slices"], lowering.canonical(source.shape))
    lowering.items.append(Statement(target, (*prefix, *interior), inputs[0], layer=node.layer))
    return Load(target, index)


def _concatenate(lowering: Lowering, node: Node, inputs: list[Expression]) -> Load:
    target, index = lowering.target(node)
    prefix = index[: len(index) - len(node.shape)]
    for source, starts in _parts(lowering, node, (0,) * len(node.shape)):
        pairs = zip(lowering.canonical(source.shape), starts, strict=True)
        part = (*prefix, *(i + Affine(start) for i, start in pairs))
        value = lowering.expressions[source.serial]
        lowering.items.append(Statement(target, part, value, layer=node.layer))
    return Load(target, index)


def _parts(
    lowering: Lowering, node: Node, starts: Sequence[int]
) -> Iterator[tuple[Node, Sequence[int]]]:
    """Yield the parts of a concatenation and of those nested in it, with the start of each."""
    axis, start = node.params["axis"], starts[node.params["axis"]]
    for source in node.inputs:
        part_starts = (*starts[:axis], start, *starts[axis + 1 :])
        if source.serial in lowering.absorbed:
            yield from _parts(lowering, source, part_starts)
        else:
            yield source, part_starts
        start += source.shape[axis]


def _reshape(lowering: Lowering, node: Node, inputs: list[Expression]) -> Expression:
    source = node.inputs[0]
    value = reshaped(lowering, inputs[0], source.shape, node.shape)
    if value is None and is_merge(source.shape, node.shape):
        return _store_merged(lowering, node, inputs[0])
    if value is None:
        value = reshaped(lowering, lowering.materialized(source), source.shape, node.shape)
    if value is None:
        # The elements are stored in an order in which the new shape has no strides: copy them.
        copy = lowering.scratch(source.shape, source.dtype, source)
        canonical = lowering.canonical(source.shape)
        lowering.items.append(Statement(copy, canonical, inputs[0], layer=node.layer))
        lowering.set_expression(source, Load(copy, canonical))
        value = reshaped(lowering, Load(copy, canonical), source.shape, node.shape)
    assert value is not None
    return value


def _store_merged(lowering: Lowering, node: Node, value: Expression) -> Load:
    """Store an expression whose axes cannot be merged, over its own axes, at the merged index."""
    source = node.inputs[0]
    target, index = lowering.target(node)
    merged = merged_index(lowering, source.shape, node.shape)
    substitution = {
        axis: new
        for old, new in zip(lowering.canonical(node.shape), merged, strict=True)
        for axis, _ in old.terms
    }
    own_index = tuple(each.substitute(substitution) for each in index)
    lowering.items.append(Statement(target, own_index, value, layer=node.layer))
    return Load(target, index)


RULES: dict[str, Rule] = {
    "identity": _identity,
    "stop_gradient": _identity,
    "custom_vjp_call": _custom_vjp_call,
    "get_result": _get_result,
    "cast": _cast,
    "broadcast_to": _broadcast_to,
    "uninitialized": _broadcast_to,
    "transpose": _transpose,
    "strided_slice": _strided_slice,
    "pad_into": _pad_into,
    "concatenate": _concatenate,
    "reshape": _reshape,
}
