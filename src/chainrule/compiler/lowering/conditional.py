"""``while_loop`` and ``cond`` become loops with a condition; ``cond`` two of at most one iteration.

::

    done = less(...)                        continues[] = ...
    x = while_loop[...](...)        ->      loop t while continues[]:
                                              x[] = ...
                                              continues[] = ...

    y = cond[...](test, ...)        ->      loop t<1 while test[]: y[] = ...
                                            loop t<1 until test[]: y[] = ...

Each branch stores its results in the same buffers. The condition of a ``while_loop`` is computed
before the loop, and at the end of each iteration from the new carries.
"""

from __future__ import annotations

from typing import cast

import numpy as np

from chainrule.compiler.loop_ir.loops import (
    UNBOUNDED,
    Axis,
    Buffer,
    Condition,
    Expression,
    Item,
    Load,
    Loop,
)
from chainrule.compiler.lowering.array_update import may_overwrite
from chainrule.compiler.lowering.graph_lowering import Lowering, Rule, Target
from chainrule.compiler.lowering.liveness import updated_by_branches
from chainrule.compiler.lowering.loop_body import (
    as_steps,
    first_carries,
    labelled,
    loop_invariants,
    lower_body,
    lower_into,
    result_targets,
)
from chainrule.graph.graph import Graph
from chainrule.graph.node import Node

__all__ = ["RULES"]


def _while_loop(lowering: Lowering, node: Node, inputs: list[Expression]) -> list[Load]:
    condition: Graph = node.params["condition"]
    body: Graph = node.params["body"]
    first = node.params["condition_shared"]
    start = first + node.params["body_shared"]
    max_steps = node.params["max_steps"]
    length = UNBOUNDED if max_steps is None else min(max_steps, UNBOUNDED)
    results = result_targets(lowering, node)
    lowering.items += first_carries(node, results, node.inputs[start:], inputs[start:])
    carry = [Load(buffer, index) for buffer, index in results]
    if not length:
        return carry
    read_before = loop_invariants(lowering, node.inputs[:first], condition, length)
    read_inside = loop_invariants(lowering, node.inputs[first:start], body, length)
    continues = Buffer("arena", np.dtype(bool), (), "continues", node.layer)

    def test() -> list[Item]:
        return lower_into(lowering, condition, [*read_before, *carry], [(continues, ())])

    lowering.items += [labelled(item, node.layer) for item in test()]
    step = Axis(length, "t", is_loop_index=True)
    items = lower_body(lowering, body, [*read_inside, *carry], results, len(carry), step)
    steps = as_steps([*items, *test()], node.layer)
    lowering.items.append(Loop(step, False, steps, condition=Condition(Load(continues, ()))))
    return carry


def _cond(lowering: Lowering, node: Node, inputs: list[Expression]) -> list[Load]:
    test = lowering.materialized(node.inputs[0])
    results = _updated_in_place(lowering, node, inputs, result_targets(lowering, node))
    branches: list[Graph] = [node.params["if_true"], node.params["if_false"]]
    shared = loop_invariants(lowering, node.inputs[1:], branches[0], 1)
    for branch, is_until in zip(branches, (False, True), strict=True):
        steps = as_steps(lower_into(lowering, branch, shared, results), node.layer)
        if steps:
            step = Axis(1, "t", is_loop_index=True)
            condition = Condition(test, is_until)
            lowering.items.append(Loop(step, False, steps, condition=condition))
    return [Load(buffer, index) for buffer, index in results]


def _updated_in_place(
    lowering: Lowering, node: Node, inputs: list[Expression], results: list[Target]
) -> list[Target]:
    """Let a result be stored in the memory of the array that both branches update, if it may be."""
    chosen = list(results)
    for each in lowering.graph.equations:
        is_result = bool(each.inputs) and each.inputs[0] is node
        number = updated_by_branches(node, each) if is_result else None
        if number is None or each.serial in lowering.targets:
            continue
        value = inputs[number]
        if isinstance(value, Load) and may_overwrite(lowering, node, value, each.shape):
            index = each.params["index"]
            chosen[index] = cast(Target, (value.buffer, value.index))
    return chosen


RULES: dict[str, Rule] = {"while_loop": _while_loop, "cond": _cond}
