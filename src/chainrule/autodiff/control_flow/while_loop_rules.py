"""Forward mode and batching of ``while_loop``.

In forward mode the carry goes with its tangent through one loop, whose condition is that of the
values. In a batch the loop runs as long as the condition of any entry holds; an entry whose
condition does not keeps its carry.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from chainrule.autodiff.control_flow.body_batching import (
    any_entry,
    batched_body,
    choose,
    first_entry,
    fixed_point,
    inlined,
    valid_operand,
)
from chainrule.autodiff.control_flow.scalar_elements import (
    Elements,
    elements_of,
    is_small,
    joined,
)
from chainrule.autodiff.control_flow.scan_forward import operand_tangents, tangents_of_body
from chainrule.graph.array_type import ArrayType
from chainrule.graph.graph import Graph
from chainrule.graph.node import Node, variable
from chainrule.ops.primitives.array_update import scatter
from chainrule.ops.primitives.gather_scatter import gather
from chainrule.ops.primitives.rules import with_axis, zeros_of

__all__ = ["Apply", "while_loop_batch", "while_loop_jvp"]

Apply = Callable[[Graph, Graph, Sequence[Any], Sequence[Any], Sequence[Any], int | None], list[Any]]
"""Applies the primitive: to condition, body, the shared values of each, init and `max_steps`."""


def while_loop_jvp(
    apply: Apply,
    seeds: Sequence[Node | None],
    output: Node,
    *inputs: Node,
    condition: Graph,
    body: Graph,
    condition_shared: int,
    body_shared: int,
    max_steps: int | None,
) -> list[Node | None]:
    """Run the loop over (carry, tangent of the carry); the results are the tangents alone."""
    tested, operands, seeds = (
        inputs[:condition_shared], inputs[condition_shared:], seeds[condition_shared:],
    )  # fmt: skip
    carries = len(operands) - body_shared
    is_active = [each is not None for each in seeds]
    within, ends = tangents_of_body(body, is_active, body_shared, carries)
    added = operand_tangents(operands, seeds, within)
    shared_tangents = [each for each in within[:body_shared] if each is not None]
    carry_tangents = [each for each in within[body_shared:] if each is not None]
    new_ends = [
        zeros_of(node) if end is None else end
        for node, end, each in zip(body.outputs, ends, within[body_shared:], strict=True)
        if each is not None
    ]
    if not new_ends:
        return [None] * carries
    shared, carry = body.inputs[:body_shared], body.inputs[body_shared:]
    count = len(shared_tangents)
    results = apply(
        Graph((*condition.inputs, *carry_tangents), condition.outputs, condition.name),
        Graph(
            (*shared, *shared_tangents, *carry, *carry_tangents),
            (*body.outputs, *new_ends),
            f"tangent of {body.name}",
        ),
        tested,
        [*operands[:body_shared], *added[:count]],
        [*operands[body_shared:], *added[count:]],
        max_steps,
    )
    found = iter(results[carries:])
    return [None if each is None else next(found) for each in within[body_shared:]]


def while_loop_batch(
    apply: Apply,
    size: int,
    is_batched: Sequence[bool],
    *inputs: Node,
    condition: Graph,
    body: Graph,
    condition_shared: int,
    body_shared: int,
    max_steps: int | None,
) -> tuple[list[Node], list[bool]]:
    """Batch the body; where the condition is batched, the loop runs while that of any holds."""
    first, start = condition_shared, condition_shared + body_shared
    # In NumPy, which takes as long for a short array as for its element, it would not pay.
    is_compiled = not all(node.is_known for node in inputs)
    if is_compiled and any(is_small(node.array_type) for node in body.inputs):
        tests, steps = Elements().of_graph(condition), Elements().of_graph(body)
        if tests is not None and steps is not None:
            own = (*condition.inputs[:first], *body.inputs)
            return _batch_of_elements(
                apply, size, is_batched, inputs, own, (tests, steps), (first, start), max_steps
            )
    carries = len(inputs) - start
    of_tested, of_body = list(is_batched[:first]), list(is_batched[first:])
    while True:
        own, ends = fixed_point(body, of_body, body_shared, carries, size)
        of_carry = of_body[body_shared:]
        ((_, is_test_batched),) = batched_body(condition, [*of_tested, *of_carry], size)[1]
        if not is_test_batched:
            break
        changes = [
            end is not node
            for end, node in zip(body.outputs, body.inputs[body_shared:], strict=True)
        ]
        wanted = [a or b for a, b in zip(of_carry, changes, strict=True)]
        if wanted == of_carry:
            break
        of_body[body_shared:] = wanted
    init = [
        with_axis(node, given, size) if each else node
        for node, given, each in zip(inputs[start:], is_batched[start:], of_carry, strict=True)
    ]
    outputs = [
        with_axis(node, is_end, size) if each else node
        for (node, is_end), each in zip(ends, of_carry, strict=True)
    ]
    graph = Graph(tuple(own), tuple(outputs), f"batch of {body.name}")
    tests, test = batched_body(condition, [*of_tested, *of_carry], size)
    tester = Graph(tuple(tests), (test[0][0],), condition.name)
    tested, shared = inputs[:first], inputs[first:start]
    if not is_test_batched:
        return apply(tester, graph, tested, shared, init, max_steps), of_carry
    if not size:
        return init, of_carry
    entrywise = _Entrywise(tester, graph, of_body, body_shared)
    return entrywise.run(apply, tested, shared, init, max_steps), of_carry


def _batch_of_elements(
    apply: Apply,
    size: int,
    is_batched: Sequence[bool],
    inputs: Sequence[Node],
    own: Sequence[Node],
    split: tuple[Graph, Graph],
    starts: tuple[int, int],
    max_steps: int | None,
) -> tuple[list[Node], list[bool]]:
    """Batch the loop over the elements of its small arrays, and join these after it.

    `own` are the variables of the loop before the split: shared values of both graphs, and carry.
    """
    (condition, body), (first, start) = split, starts
    groups: list[list[Node]] = []
    flags: list[list[bool]] = []
    for node, inner, has_axis in zip(inputs, own, is_batched, strict=True):
        is_split = is_small(inner.array_type)
        parts = elements_of(node, size if has_axis else None) if is_split else [node]
        groups.append(parts)
        flags.append([has_axis] * len(parts))
    counts = [len(each) for each in groups]
    results, batched = while_loop_batch(
        apply, size, [each for group in flags for each in group],
        *(each for group in groups for each in group),
        condition=condition, body=body,
        condition_shared=sum(counts[:first]), body_shared=sum(counts[first:start]),
        max_steps=max_steps,
    )  # fmt: skip
    found = iter(zip(results, batched, strict=True))
    values: list[tuple[Node, bool]] = []
    for node, count in zip(own[start:], counts[start:], strict=True):
        parts = [next(found) for _ in range(count)]
        if not is_small(node.array_type):
            values += parts
            continue
        is_any = any(has_axis for _, has_axis in parts)
        arrays = [with_axis(x, each, size) if is_any else x for x, each in parts]
        values.append((joined(arrays, node.shape, size if is_any else None), is_any))
    return [node for node, _ in values], [has_axis for _, has_axis in values]


class _Entrywise:
    """A batched loop whose entries end at different steps.

    Its carry is the mask of the entries that go on, and the carry. The others give the body the
    operands of their first step, or, if they have none, those of an entry that has: for these the
    body is defined, and what it makes of them is dropped.
    """

    def __init__(
        self, condition: Graph, body: Graph, is_batched: Sequence[bool], body_shared: int
    ) -> None:
        self.condition, self.body = condition, body
        self.is_batched, self.body_shared = is_batched, body_shared

    def run(
        self,
        apply: Apply,
        tested: Sequence[Node],
        shared: Sequence[Node],
        init: Sequence[Node],
        max_steps: int | None,
    ) -> list[Node]:
        """Apply the loop; returns the last carry."""
        (goes_on,) = inlined(self.condition, [*tested, *init])
        number = first_entry(goes_on)
        operands = [
            valid_operand(goes_on, number, node) if has_axis else node
            for node, has_axis in zip([*shared, *init], self.is_batched, strict=True)
        ]
        count = self.body_shared
        mask = variable(ArrayType(np.dtype(bool), goes_on.shape), name="goes_on")
        carry = [_fresh(each) for each in init]
        first = [_fresh(each) for each in init]
        own = [_fresh(each) for each in shared]
        steps = [_fresh(each) for each in tested]
        of_carry = self.is_batched[count:]
        is_tape = _only_stored(self.body, count)
        valid = [
            choose(mask, a, b) if has_axis and not is_stored else a
            for a, b, has_axis, is_stored in zip(carry, first, of_carry, is_tape, strict=True)
        ]
        ends = [
            _kept(mask, new, old, is_stored) if has_axis else new
            for new, old, has_axis, is_stored in zip(
                inlined(self.body, [*own, *valid]), carry, of_carry, is_tape, strict=True
            )
        ]
        (next_mask,) = inlined(self.condition, [*steps, *ends])
        results = apply(
            Graph((mask, *carry), (any_entry(mask),), self.condition.name),
            Graph((*steps, *own, *first, mask, *carry), (next_mask, *ends), self.body.name),
            [],
            [*tested, *operands],
            [goes_on, *init],
            max_steps,
        )
        return results[1:]


def _only_stored(body: Graph, shared: int) -> list[bool]:
    """Whether all that a step does with a carry is to store rows into it, as into a tape."""
    carry = body.inputs[shared:]
    reads = [each.serial for node in body.equations for each in node.inputs]
    reads += [node.serial for node in body.outputs]
    return [
        end.primitive is scatter and end.inputs[0] is node and reads.count(node.serial) == 1
        for node, end in zip(carry, body.outputs, strict=True)
    ]


def _kept(mask: Node, new: Node, old: Node, is_stored: bool) -> Node:
    """The new carry of the entries in the mask, the old one of the others; rows of it in place."""
    if not is_stored:
        return choose(mask, new, old)
    _, update, *indices = new.inputs
    return scatter(old, choose(mask, update, gather(old, *indices)), *indices)


def _fresh(node: Node) -> Node:
    return variable(node.array_type, name=node.name)
