"""Reverse mode on ``while_loop``: a loop that stores its carries, and one that runs back over them.

The forward loop is run again with the number of steps and, for each carry that the derivative of
the body reads, an array of `max_steps` rows as further carries; a step stores its carry in its row
(Griewank & Walther 2008, section 12.1, a tape). The backward loop counts down from the number of
steps::

    forward:    while condition(c):  stack[t] = c;  c = body(c);  t = t + 1
    backward:   while t > 0:         t = t - 1;     c̄ = (∂body/∂c)(stack[t])ᵀ c̄

Its carry is the cotangent of the carry, and an accumulator for each shared value. Both loops have
`max_steps`, so that they are differentiated again for higher derivatives.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.autodiff.analysis.activity import active_nodes, between
from chainrule.autodiff.control_flow.body_batching import inlined
from chainrule.autodiff.control_flow.scan_step import Carried, StepPullback, joined
from chainrule.autodiff.control_flow.while_loop_rules import Apply
from chainrule.autodiff.passes.masked import Cotangent, Masked, selected
from chainrule.errors import UnsupportedError
from chainrule.graph.array_type import ArrayType
from chainrule.graph.graph import Graph
from chainrule.graph.node import Node, ancestors, constant, variable
from chainrule.ops.primitives.array_update import scatter
from chainrule.ops.primitives.broadcasting import broadcast_to, uninitialized
from chainrule.ops.primitives.gather_scatter import gather

__all__ = ["has_endless_loop", "while_loop_masked_vjp", "while_loop_vjp"]

_COUNT = ArrayType(np.dtype(np.int64), ())


def has_endless_loop(outputs: Sequence[Node], inputs: Sequence[Node]) -> bool:
    """Whether forward mode alone can differentiate: through a loop without `max_steps`."""
    sources = {node.serial for node in inputs}
    return any(map(_is_endless, active_nodes(between(outputs, sources), sources)))


def _is_endless(node: Node) -> bool:
    if node.params.get("max_steps", 0) is None:
        return True
    bodies = [value for value in node.params.values() if isinstance(value, Graph)]
    return any(_is_endless(each) for body in bodies for each in body.equations)


def while_loop_vjp(
    apply: Apply, ct: Sequence[Cotangent | None], output: Node, *inputs: Node, **params: Any
) -> list[Node | None]:
    """Pull cotangents back through the steps that were run."""
    found = while_loop_masked_vjp(apply, ct, output, *inputs, kept=(), **params)
    return [None if each is None else selected(each) for each in found]


def while_loop_masked_vjp(
    apply: Apply,
    ct: Sequence[Cotangent | None],
    output: Node,
    *inputs: Node,
    kept: Sequence[int],
    condition: Graph,
    body: Graph,
    condition_shared: int,
    body_shared: int,
    max_steps: int | None,
) -> list[Cotangent | None]:
    """Pull cotangents back; those of the inputs in `kept` may stay masked."""
    if max_steps is None:
        raise UnsupportedError(
            "while_loop: reverse mode (grad, vjp) stores the carry of each step, and must know how "
            "many there are at most; give max_steps=, as in cr.while_loop(condition, body, init, "
            "max_steps=1000), or use forward mode: cr.jvp(f, args, tangents), cr.jacobian(f); in "
            "a solver that runs the loop, it is an argument of this solver, as in "
            "cr.solvers.integrate(f, y0, t, max_steps=1000)"
        )
    tested, operands = inputs[:condition_shared], inputs[condition_shared:]
    carries = len(operands) - body_shared
    if not max_steps:
        return [*[None] * (len(inputs) - carries), *ct]
    own_kept = [number - condition_shared for number in kept if number >= condition_shared]
    step = StepPullback.of(body, body_shared, carries, ct, own_kept)
    carried = step.carried + [
        Carried.accumulator(node, step.d_inputs[node.serial])
        for node in body.inputs[:body_shared]
        if node.serial in step.d_inputs
    ]
    tape = _Tape.of(carried, body, body_shared, max_steps)
    count, stacks = tape.run(apply, condition, body, tested, operands)
    results = iter(tape.run_back(apply, count, stacks, operands))
    next(results)
    by_input = {each.serial: joined([next(results) for _ in each.ends]) for each in carried}
    found = [by_input.get(node.serial) for node in body.inputs]
    for number in own_kept:  # a shared value takes no part if no step is run
        each = found[number]
        if number < body_shared and isinstance(each, Node):
            found[number] = Masked(_any_step(count, each), each)
    return [*[None] * condition_shared, *found]


def _any_step(count: Node, value: Node) -> Node:
    """Where a loop of so many steps reads a value: everywhere, or, if it has none, nowhere."""
    ran: Any = count > 0
    return broadcast_to(ran, value.shape)


class _Tape:
    """What the backward loop reads of the forward one: rows of carries, and values of all steps.

    `stored` are the numbers of the carries to store; one that no step changes is as at first.
    """

    def __init__(
        self, carried: Sequence[Carried], body: Graph, body_shared: int, max_steps: int
    ) -> None:
        self.carried, self.body = carried, body
        self.body_shared, self.max_steps = body_shared, max_steps
        self.stored: list[int] = []
        self.constants: list[int] = []

    @staticmethod
    def of(carried: Sequence[Carried], body: Graph, body_shared: int, max_steps: int) -> _Tape:
        """Find what the derivative of a step reads of the inputs of the body."""
        tape = _Tape(carried, body, body_shared, max_steps)
        own = {node.serial for node in body.inputs}
        ends = [end for each in carried for end in each.ends]
        inner = ancestors(ends, lambda each: each.serial in own)
        read = {each.serial for each in (*ends, *(x for node in inner for x in node.inputs))}
        for number, node in enumerate(body.inputs):
            carry = number - body_shared
            if node.serial in read:
                is_fixed = carry < 0 or body.outputs[carry] is node
                (tape.constants if is_fixed else tape.stored).append(number)
        return tape

    def run(
        self,
        apply: Apply,
        condition: Graph,
        body: Graph,
        tested: Sequence[Node],
        operands: Sequence[Node],
    ) -> tuple[Node, list[Node]]:
        """Run the loop with its number of steps and the stacks as carries, and return these."""
        shared, carries = self.body_shared, len(body.outputs)
        saved = [body.inputs[number] for number in self.stored]
        count = variable(_COUNT, name="count")
        types = [node.array_type.with_shape((self.max_steps, *node.shape)) for node in saved]
        stacks = [variable(type_, name="stack") for type_ in types]
        stores = [scatter(stack, node, count) for stack, node in zip(stacks, saved, strict=True)]
        first = [uninitialized(type_.dtype, type_.shape) for type_ in types]
        results = apply(
            Graph((*condition.inputs, count, *stacks), condition.outputs, condition.name),
            Graph((*body.inputs, count, *stacks), (*body.outputs, count + 1, *stores), body.name),
            tested,
            operands[:shared],
            [*operands[shared:], constant(np.int64(0)), *first],
            self.max_steps,
        )
        return results[carries], results[carries + 1 :]

    def run_back(
        self, apply: Apply, count: Node, stacks: Sequence[Node], operands: Sequence[Node]
    ) -> list[Node]:
        """Run the backward loop; the results are the count, 0, and the parts of cotangents."""
        inputs = self.body.inputs
        parts = [part for each in self.carried for part in each.variables]
        reads = [inputs[number] for number in (*self.constants, *self.stored)]
        ends = [end for each in self.carried for end in each.ends]
        step = Graph((*reads, *parts), tuple(ends), f"derivative of {self.body.name}")
        remaining = variable(_COUNT, name="count")
        constants = [variable(inputs[n].array_type, name=inputs[n].name) for n in self.constants]
        tapes = [variable(each.array_type, name="stack") for each in stacks]
        before: Any = remaining - 1
        rows = [gather(each, before) for each in tapes]
        new = [variable(each.array_type) for each in parts]
        for variable_, part in zip(new, parts, strict=True):
            variable_.role = part.role
        outputs = inlined(step, [*constants, *rows, *new])
        return apply(
            Graph((remaining, *new), (remaining > 0,), "steps remain"),
            Graph((*constants, *tapes, remaining, *new), (before, *outputs), step.name),
            [],
            [*(operands[number] for number in self.constants), *stacks],
            [count, *(part for each in self.carried for part in each.init)],
            self.max_steps,
        )
