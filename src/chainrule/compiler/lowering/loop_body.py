"""The body of a sequential loop: its carries are updated in place.

Each new carry is computed into a buffer of its own and copied over the old one at the end of the
iteration. `coalesce_copies` drops the copies where it can: the statement that computes a new carry
stores it over the old one, if the statements can be ordered so that the old one has been read.
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
from chainrule.compiler.lowering.branch_carries import copy_in_branches
from chainrule.compiler.lowering.graph_lowering import Lowering, Target
from chainrule.compiler.lowering.in_place import coalesce_copies
from chainrule.compiler.lowering.liveness import updated_array
from chainrule.graph.array_type import ArrayType
from chainrule.graph.graph import Graph
from chainrule.graph.node import Node
from chainrule.ops.primitives.contraction import contract, split_spec
from chainrule.ops.primitives.gather_scatter import gather

__all__ = [
    "as_steps", "first_carries", "initial_index", "labelled", "loop_invariants", "lower_body",
    "lower_into", "result_targets",
]  # fmt: skip

MIN_COPY_ITERATIONS = 16
"""Iterations from which on it pays to copy into a better order what all of them read."""


def as_steps(items: Sequence[Item], layer: str) -> tuple[Step, ...]:
    """Return the items of a body as the steps of a loop that belongs to a layer."""
    return cast(tuple[Step, ...], tuple(labelled(item, layer) for item in items))


def labelled(item: Item, layer: str) -> Item:
    """Assign an item of the body to the loop's layer, unless it belongs to one inside of it."""
    if isinstance(item, Loop) or item.layer or not layer:
        return item
    return replace(item, layer=layer)


def first_carries(
    loop: Node, results: Sequence[Target], starts: Sequence[Node], values: Sequence[Expression]
) -> list[Item]:
    """Return the stores of the first carries."""
    items: list[Item] = []
    for (buffer, index), start, value in zip(results, starts, values, strict=False):
        items.append(Statement(buffer, initial_index(start, index), value, layer=loop.layer))
    return items


def initial_index(node: Node, index: tuple[Affine, ...]) -> tuple[Affine, ...]:
    """Return the part of an array that is stored before its elements are replaced.

    It is all of it; of an uninitialized one its first row, as the verifier wants a store.
    """
    if node.primitive is None or node.primitive.name != "uninitialized":
        return index
    first = len(index) - len(node.shape)
    return (*index[:first], Affine(), *index[first + 1 :])


def loop_invariants(
    lowering: Lowering, nodes: Sequence[Node], body: Graph, length: int
) -> list[Expression]:
    """Return the values that every iteration reads: the first inputs of the body."""
    pairs = zip(nodes, body.inputs, strict=False)
    return [_loop_invariant(lowering, node, inner, body, length) for node, inner in pairs]


def _loop_invariant(
    lowering: Lowering, node: Node, inner: Node, body: Graph, length: int
) -> Expression:
    """A value that every iteration reads: stored before the loop, in the order it is read in."""
    value = lowering.expressions[node.serial]
    if not list(loads_of(value)):
        return value
    value = lowering.materialized(node)
    order = _preferred_order(inner, body)
    if order is not None and length >= MIN_COPY_ITERATIONS:
        own = lowering.canonical(node.shape)
        is_so_ordered = value.index == tuple(own[i] for i in order)  # by a loop around this one
        return value if is_so_ordered else _transposed(lowering, node, value, order)
    is_user_memory = value.buffer.kind in ("input", "constant")
    if not (is_user_memory and length >= MIN_COPY_ITERATIONS and is_narrow(node.shape)):
        return value
    gathers = [each for each in body.equations if each.primitive is gather]
    if any(each.inputs[0] is inner for each in gathers):
        return value
    return _transposed(lowering, node, value, range(len(node.shape)))


def _preferred_order(inner: Node, body: Graph) -> list[int] | None:
    """The order of axes in which contractions of the body read a matrix along their vectors.

    In another order, every iteration would pack it. Loops within the body count as the body.
    """
    for each in body.equations:
        for within, read in _read_by_loop(each):
            if read is inner and (order := _preferred_order(within, each.params["body"])):
                return order
        if each.primitive is contract:
            *operands, result = split_spec(each.params["spec"])
            for operand, letters in zip(each.inputs, operands, strict=True):
                last = result[-1:]
                if operand is inner and last in letters[:-1] and letters[-1] not in result:
                    axis = letters.index(last)
                    return [*(i for i in range(len(letters)) if i != axis), axis]
    return None


def _read_by_loop(node: Node) -> list[tuple[Node, Node]]:
    """Of a loop, the shared inputs of its body, each with what it stands for."""
    body, first = node.params.get("body"), node.params.get("condition_shared", 0)
    if not isinstance(body, Graph):
        return []
    count = node.params["body_shared" if "condition" in node.params else "shared"]
    return list(zip(body.inputs[:count], node.inputs[first : first + count], strict=True))


def _transposed(lowering: Lowering, node: Node, value: Load, order: Sequence[int]) -> Load:
    """Copy a value into a new buffer, with its axes in another order."""
    copy = lowering.scratch(tuple(node.shape[i] for i in order), node.dtype, node)
    own = lowering.canonical(node.shape)
    index = tuple(own[i] for i in order)
    lowering.items.append(Statement(copy, index, value, layer=node.layer))
    return Load(copy, index)


def result_targets(lowering: Lowering, node: Node) -> list[Target]:
    """Return where the results of a loop are stored: in the program's outputs, if they are such."""
    types: Any = node.type
    return [_result_target(lowering, node, number, type_) for number, type_ in enumerate(types)]


def _result_target(lowering: Lowering, node: Node, number: int, result: ArrayType) -> Target:
    for each in lowering.graph.equations:
        is_result = (
            bool(each.inputs) and each.inputs[0] is node and each.params.get("index") == number
        )
        if is_result and each.serial in lowering.targets:
            buffer, first = lowering.targets[each.serial]
            return buffer, (*first, *lowering.canonical(result.shape))
    carry = Buffer("arena", result.dtype, result.shape, f"carry{number}", node.layer)
    return carry, lowering.canonical(result.shape)


def lower_into(
    lowering: Lowering, graph: Graph, inputs: Sequence[Expression], results: Sequence[Target]
) -> list[Item]:
    """Lower a graph and store its outputs at targets, of which an input may be one."""
    targets: dict[int, Target] = {}
    computed = {node.serial for node in graph.equations}
    for node, (buffer, index) in zip(graph.outputs, results, strict=True):
        if node.serial in computed:
            prefix = index[: len(index) - len(node.shape)]
            targets.setdefault(node.serial, (buffer, prefix))
    inner = Lowering(graph, lowering.rules, targets, lowering.axes, lowering.aliases)
    read = {load.buffer.root for value in inputs for load in loads_of(value)}
    inner.liveness.read_only = read - {buffer.root for buffer, _ in results}
    items = inner.run(inputs)
    for node, (buffer, index) in zip(graph.outputs, results, strict=True):
        value = inner.expressions[node.serial]
        if targets.get(node.serial, (None,))[0] is not buffer and value != Load(buffer, index):
            items.append(Statement(buffer, index, value))
    return items


def lower_body(
    lowering: Lowering,
    body: Graph,
    inputs: list[Expression],
    results: list[Target],
    carries: int,
    step: Axis,
) -> list[Item]:
    """Lower the body: row t of each stacked output is stored in place, and carries are copied."""
    computed = {node.serial for node in body.equations}
    time = Affine.of(step) if step.extent != 1 else Affine()
    targets: dict[int, Target] = {}
    for node, (buffer, index) in zip(body.outputs[carries:], results[carries:], strict=True):
        if node.serial in computed:
            prefix = index[: len(index) - len(node.shape) - 1]
            targets.setdefault(node.serial, (buffer, (*prefix, time)))
    new_carries: list[tuple[Node, Target]] = []
    read = {v.buffer: n for n, v in zip(body.inputs, inputs, strict=True) if isinstance(v, Load)}
    for node, (buffer, index) in zip(body.outputs[:carries], results[:carries], strict=True):
        is_new = node.serial in computed and node.serial not in targets
        if is_new and not _is_update_of(node, read[buffer]):
            fresh = Buffer("arena", node.dtype, node.shape, buffer.name, buffer.layer)
            targets[node.serial] = (fresh, ())
        new_carries.append((node, (buffer, index)))
    inner = Lowering(body, lowering.rules, targets, lowering.axes, lowering.aliases)
    carried = {buffer.root for buffer, _ in results[:carries]}
    inner.liveness.read_only = {
        load.buffer.root for value in inputs for load in loads_of(value)
    } - carried
    items = inner.run(inputs)
    for node, (buffer, index) in zip(body.outputs[carries:], results[carries:], strict=True):
        if targets.get(node.serial, (None,))[0] is not buffer:
            prefix = index[: len(index) - len(node.shape) - 1]
            row_index = (*prefix, time, *lowering.canonical(node.shape))
            items.append(Statement(buffer, row_index, inner.expressions[node.serial]))
    copies = _copies(inner, new_carries, items)
    items, copies = copy_in_branches(items, copies, lowering.aliases)
    return coalesce_copies(items, copies, lowering.aliases)


def _is_update_of(node: Node, old: Node) -> bool:
    """Whether a new carry is the old one with some elements replaced: it may be so in place."""
    return updated_array(node) is old


def _copies(
    inner: Lowering, new_carries: list[tuple[Node, Target]], items: list[Item]
) -> list[Statement]:
    """The copies of new carries over old ones; none reads what another one writes."""
    carried = {buffer for _, (buffer, _) in new_carries}
    copies: list[Statement] = []
    for node, (buffer, index) in new_carries:
        value = inner.expressions[node.serial]
        if isinstance(value, Load) and value.buffer is buffer and value.index == index:
            continue
        if any(load.buffer.root in carried for load in loads_of(value)):
            fresh = inner.scratch(node.shape, node.dtype, node)
            canonical = inner.canonical(node.shape)
            items.append(Statement(fresh, canonical, value, layer=node.layer))
            value = Load(fresh, canonical)
        copies.append(Statement(buffer, index, value, layer=node.layer))
    return copies
