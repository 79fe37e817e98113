"""Loops: a ``scan`` becomes a loop whose carry is changed in place.

Each new carry is computed into a buffer of its own and copied at the end of the step. Wherever the
copy can be saved it is: the statement that computes a new carry writes straight over the old one,
if an order of the statements exists in which everybody has read the old one before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, cast

from chainrule.compiler.loop_ir.expressions import loads_of
from chainrule.compiler.loop_ir.layout import is_narrow
from chainrule.compiler.loop_ir.loops import (
    Affine,
    Axis,
    Buffer,
    Expression,
    Item,
    Load,
    Loop,
    Statement,
    Step,
)
from chainrule.compiler.loop_ir.rewrite import substitute
from chainrule.compiler.lowering.graph_lowering import Lowering, rule
from chainrule.compiler.lowering.in_place import in_place
from chainrule.graph.graph import Graph
from chainrule.graph.node import Node
from chainrule.ops.primitives.contraction import contract, split_spec
from chainrule.ops.primitives.gather_scatter import gather

__all__: list[str] = []

WORTH_COPYING = 16
"""Steps of a loop from which on it pays to lay out what all of them read."""


@rule("scan")
def _scan(lowering: Lowering, node: Node, inputs: list[Expression]) -> list[Load]:
    body: Graph = node.params["body"]
    edge = node.params["shared"] + node.params["carries"]
    carries, length = node.params["carries"], node.params["length"]
    results = [_result_place(lowering, node, i) for i in range(len(body.outputs))]
    for (buffer, place), start in zip(results, inputs[node.params["shared"] : edge], strict=False):
        lowering.items.append(Statement(buffer, place, start, layer=node.layer))
    if length:
        step = Axis(length, "t", is_loop_index=True)
        given = [
            _shared(lowering, each, inner, body, length)
            for each, inner in zip(node.inputs, body.inputs[: node.params["shared"]], strict=False)
        ]
        given += [Load(buffer, place) for buffer, place in results[:carries]]
        given += [_row(lowering, each, step) for each in node.inputs[edge:]]
        items = _body(lowering, body, given, results, carries, step)
        items = [_named(item, node.layer) for item in items]
        steps = cast(tuple[Step, ...], tuple(items))
        lowering.items.append(Loop(step, node.params["reverse"], steps))
    return [Load(buffer, place) for buffer, place in results]


def _named(item: Item, layer: str) -> Item:
    """What a loop does, its layer does, unless a layer inside of it does."""
    if isinstance(item, Loop) or item.layer or not layer:
        return item
    return replace(item, layer=layer)


def _shared(lowering: Lowering, node: Node, inner: Node, body: Graph, length: int) -> Expression:
    """What every step reads alike: computed before the loop, short rows laid out as columns."""
    value = lowering.meaning[node.serial]
    if not list(loads_of(value)):
        return value
    value = lowering.stored(node)
    order = _wanted_order(inner, body)
    if order is not None and length >= WORTH_COPYING:
        return _laid_out(lowering, node, value, order)
    is_user_memory = value.buffer.kind in ("input", "constant")
    if not (is_user_memory and length >= WORTH_COPYING and is_narrow(node.shape)):
        return value
    gathers = [each for each in body.equations if each.primitive is gather]
    if any(each.inputs[0] is inner for each in gathers):
        return value
    return _laid_out(lowering, node, value, range(len(node.shape)))


def _wanted_order(inner: Node, body: Graph) -> list[int] | None:
    """The order of axes in which contractions of the body read a matrix along their vectors.

    Otherwise every step would copy it into this order.
    """
    for each in body.equations:
        if each.primitive is contract:
            *operands, result = split_spec(each.params["spec"])
            for operand, letters in zip(each.inputs, operands, strict=True):
                last = result[-1:]
                if operand is inner and last in letters[:-1] and letters[-1] not in result:
                    place = letters.index(last)
                    return [*(i for i in range(len(letters)) if i != place), place]
    return None


def _laid_out(lowering: Lowering, node: Node, value: Load, order: Sequence[int]) -> Load:
    """Copy a value into a buffer of its own, with its axes in another order."""
    copy = lowering.scratch(tuple(node.shape[i] for i in order), node.dtype, node)
    own = lowering.canonical(node.shape)
    place = tuple(own[i] for i in order)
    lowering.items.append(Statement(copy, place, value, layer=node.layer))
    return Load(copy, place)


def _result_place(lowering: Lowering, node: Node, index: int) -> tuple[Buffer, tuple[Affine, ...]]:
    """Where a result of the loop lies: in the program's output, if it is one."""
    kinds: Any = node.type
    kind = kinds[index]
    for each in lowering.graph.equations:
        is_it = bool(each.inputs) and each.inputs[0] is node and each.params.get("index") == index
        if is_it and each.serial in lowering.places:
            buffer, first = lowering.places[each.serial]
            return buffer, (*first, *lowering.canonical(kind.shape))
    made = Buffer("arena", kind.dtype, kind.shape, f"carry{index}", node.layer)
    return made, lowering.canonical(kind.shape)


def _row(lowering: Lowering, node: Node, step: Axis) -> Expression:
    """One row of a sequence: its first index is the step."""
    value = lowering.stored(node)
    first, *rest = lowering.canonical(node.shape)
    row = lowering.canonical(node.shape[1:])
    meaning = {old.terms[0][0]: new for old, new in zip(rest, row, strict=True) if old.terms}
    if first.terms:
        meaning[first.terms[0][0]] = Affine.of(step)
    return substitute(value, meaning)


def _body(
    lowering: Lowering,
    body: Graph,
    given: list[Expression],
    results: list[tuple[Buffer, tuple[Affine, ...]]],
    carries: int,
    step: Axis,
) -> list[Item]:
    fresh = {node.serial for node in body.equations}
    time = Affine.of(step) if step.extent != 1 else Affine()
    places: dict[int, tuple[Buffer, tuple[Affine, ...]]] = {}
    for node, (buffer, place) in zip(body.outputs[carries:], results[carries:], strict=True):
        if node.serial in fresh:
            prefix = place[: len(place) - len(node.shape) - 1]
            places.setdefault(node.serial, (buffer, (*prefix, time)))
    copies: list[tuple[Node, Buffer, tuple[Affine, ...]]] = []
    for node, (buffer, place) in zip(body.outputs[:carries], results[:carries], strict=True):
        if node.serial in fresh and node.serial not in places:
            made = Buffer("arena", node.dtype, node.shape, buffer.name, buffer.layer)
            places[node.serial] = (made, ())
        copies.append((node, buffer, place))
    inner = Lowering(body, places, lowering.axes, lowering.aliases)
    items = inner.run(given)
    for node, (buffer, place) in zip(body.outputs[carries:], results[carries:], strict=True):
        if places.get(node.serial, (None,))[0] is not buffer:
            prefix = place[: len(place) - len(node.shape) - 1]
            own = lowering.canonical(node.shape)
            items.append(Statement(buffer, (*prefix, time, *own), inner.meaning[node.serial]))
    return in_place(items, _copies(inner, copies, items), lowering.aliases)


def _copies(
    inner: Lowering, wanted: list[tuple[Node, Buffer, tuple[Affine, ...]]], items: list[Item]
) -> list[Statement]:
    """The copies of new carries over old ones; each reads what no other copy writes."""
    carried = {buffer for _, buffer, _ in wanted}
    copies: list[Statement] = []
    for node, buffer, place in wanted:
        value = inner.meaning[node.serial]
        if isinstance(value, Load) and value.buffer is buffer and value.index == place:
            continue
        if any(load.buffer.root in carried for load in loads_of(value)):
            fresh = inner.scratch(node.shape, node.dtype, node)
            own = inner.canonical(node.shape)
            items.append(Statement(fresh, own, value, layer=node.layer))
            value = Load(fresh, own)
        copies.append(Statement(buffer, place, value, layer=node.layer))
    return copies
