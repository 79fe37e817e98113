"""Index maps: primitives that only say which element is read. They fold into the loads."""

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
from chainrule.compiler.lowering.graph_lowering import Lowering, rule
from chainrule.compiler.lowering.padding import filled, inside, of_place
from chainrule.compiler.lowering.reshape import merged_index, reshaped
from chainrule.graph.node import Node

__all__ = ["slid"]


@rule("identity")
@rule("stop_gradient")
def _same(lowering: Lowering, node: Node, inputs: list[Expression]) -> Expression:
    return inputs[0]


@rule("custom_vjp_call")
def _all_the_same(lowering: Lowering, node: Node, inputs: list[Expression]) -> list[Expression]:
    return inputs


@rule("get_result")
def _element(lowering: Lowering, node: Node, inputs: list[Any]) -> Expression:
    return inputs[0][node.params["index"]]


@rule("cast")
def _cast(lowering: Lowering, node: Node, inputs: list[Expression]) -> Expression:
    return inputs[0] if inputs[0].dtype == node.dtype else Apply("cast", (inputs[0],), node.dtype)


@rule("broadcast_to")
def _broadcast_to(lowering: Lowering, node: Node, inputs: list[Expression]) -> Expression:
    source = node.inputs[0]
    value = lowering.settle(source) if node.size > source.size else inputs[0]
    index = lowering.canonical(node.shape)[len(node.shape) - len(source.shape) :]
    return lowering.moved(value, source.shape, index)


@rule("transpose")
def _transpose(lowering: Lowering, node: Node, inputs: list[Expression]) -> Expression:
    axes, canonical = node.params["axes"], lowering.canonical(node.shape)
    index = [canonical[axes.index(i)] for i in range(len(axes))]
    return lowering.moved(inputs[0], node.inputs[0].shape, index)


@rule("strided_slice")
def _strided_slice(lowering: Lowering, node: Node, inputs: list[Expression]) -> Expression:
    index = _sliced(node.params["slices"], lowering.canonical(node.shape))
    return lowering.moved(inputs[0], node.inputs[0].shape, index)


def _sliced(slices: Any, canonical: Sequence[Affine]) -> list[Affine]:
    pairs = zip(slices, canonical, strict=True)
    return [Affine(start) + place.scaled(step) for (start, _, step), place in pairs]


@rule("unfold")
def _windows(lowering: Lowering, node: Node, inputs: list[Expression]) -> Expression:
    shape, value = node.inputs[0].shape, inputs[0]
    # Windows read most of it several times, from where kernels can reach it.
    value = value if isinstance(value, Literal) else lowering.stored(node.inputs[0])
    return lowering.moved(
        value, shape, slid(node.params, lowering.canonical(node.shape), len(shape))
    )


def slid(sliding: dict[str, Any], canonical: Sequence[Affine], count: int) -> list[Affine]:
    """Return the entry that a place of the window and a place within it stand for."""
    index = list(canonical[:count])
    parts = zip(
        sliding["axes"], canonical[count:], sliding["strides"], sliding["dilations"], strict=True
    )
    for axis, inner, stride, dilation in parts:
        index[axis] = index[axis].scaled(stride) + inner.scaled(dilation)
    return index


@rule("pad_into")
def _place(lowering: Lowering, node: Node, inputs: list[Expression]) -> Load:
    source, margins = node.inputs[0], of_place(node)
    none = ((0, 0),) * len(node.shape)
    if inside(node, none)[0].serial in lowering.margins:
        return lowering.reach(node, none, lowering.canonical(node.shape))
    target, index = lowering.target(node)
    first = index[: len(index) - len(node.shape)]
    if margins is not None and not first and target.shape == node.shape:
        lowering.items += filled(target, margins, node.layer)
    elif source.size < node.size:
        zero = Literal(np.zeros((), node.dtype)[()], node.dtype)
        lowering.items.append(Statement(target, index, zero, layer=node.layer))
    inner = _sliced(node.params["slices"], lowering.canonical(source.shape))
    lowering.items.append(Statement(target, (*first, *inner), inputs[0], layer=node.layer))
    return Load(target, index)


@rule("concatenate")
def _concatenate(lowering: Lowering, node: Node, inputs: list[Expression]) -> Load:
    target, index = lowering.target(node)
    first = index[: len(index) - len(node.shape)]
    for source, starts in _joined(lowering, node, (0,) * len(node.shape)):
        pairs = zip(lowering.canonical(source.shape), starts, strict=True)
        place = (*first, *(inner + Affine(start) for inner, start in pairs))
        value = lowering.meaning[source.serial]
        lowering.items.append(Statement(target, place, value, layer=node.layer))
    return Load(target, index)


def _joined(
    lowering: Lowering, node: Node, starts: Sequence[int]
) -> Iterator[tuple[Node, Sequence[int]]]:
    """Yield the parts of a concatenation, also of those within it, and where each begins."""
    axis, start = node.params["axis"], starts[node.params["axis"]]
    for source in node.inputs:
        place = (*starts[:axis], start, *starts[axis + 1 :])
        if source.serial in lowering.inner:
            yield from _joined(lowering, source, place)
        else:
            yield source, place
        start += source.shape[axis]


@rule("reshape")
def _reshape(lowering: Lowering, node: Node, inputs: list[Expression]) -> Expression:
    source = node.inputs[0]
    value = reshaped(lowering, inputs[0], source.shape, node.shape)
    if value is None and is_merge(source.shape, node.shape):
        return _stored_merged(lowering, node, inputs[0])
    if value is None:
        value = reshaped(lowering, lowering.stored(source), source.shape, node.shape)
    if value is None:
        # The bytes lie in an order that the new shape cannot be read from: copy them.
        fresh = lowering.scratch(source.shape, source.dtype, source)
        canonical = lowering.canonical(source.shape)
        lowering.items.append(Statement(fresh, canonical, inputs[0], layer=node.layer))
        lowering.meaning[source.serial] = Load(fresh, canonical)
        value = reshaped(lowering, Load(fresh, canonical), source.shape, node.shape)
    assert value is not None
    return value


def _stored_merged(lowering: Lowering, node: Node, value: Expression) -> Load:
    """Store an expression whose axes cannot be merged, with its own axes, at the merged places."""
    source = node.inputs[0]
    target, place = lowering.target(node)
    inner = merged_index(lowering, source.shape, node.shape)
    own = {
        axis: new
        for old, new in zip(lowering.canonical(node.shape), inner, strict=True)
        for axis, _ in old.terms
    }
    index = tuple(each.substitute(own) for each in place)
    lowering.items.append(Statement(target, index, value, layer=node.layer))
    return Load(target, place)
