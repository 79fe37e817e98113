"""The while_loop primitive: a loop that runs as long as a condition on its carry holds.

The inputs of its condition are shared values (the same in every step) and the carry, those of its
body shared values of its own and the carry; its outputs are the new carry::

    carryₜ₊₁ = body(body_shared, carryₜ)     while condition(condition_shared, carryₜ)

The primitive is here and not in ``ops/primitives`` because its rules differentiate its body.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from chainrule.autodiff.control_flow.carry_stores import step_function
from chainrule.autodiff.control_flow.operand_types import check_inputs, check_outputs
from chainrule.autodiff.control_flow.while_loop_reverse import while_loop_masked_vjp, while_loop_vjp
from chainrule.autodiff.control_flow.while_loop_rules import while_loop_batch, while_loop_jvp
from chainrule.autodiff.passes.reverse import MASKED_RULES
from chainrule.graph.array_type import ArrayType
from chainrule.graph.evaluate import evaluate
from chainrule.graph.graph import Graph
from chainrule.graph.node import variable
from chainrule.graph.primitive import Primitive, Sample
from chainrule.ops.primitives.selection import get_results

__all__ = ["apply_while_loop", "while_loop"]


def apply_while_loop(
    condition: Graph,
    body: Graph,
    tested: Sequence[Any],
    shared: Sequence[Any],
    init: Sequence[Any],
    max_steps: int | None,
) -> list[Any]:
    """Apply the primitive, with the shared values of condition and body; returns the last carry."""
    counts = {"condition_shared": len(tested), "body_shared": len(shared), "max_steps": max_steps}
    loop = while_loop(*tested, *shared, *init, condition=condition, body=body, **counts)
    return get_results(loop)


def _infer(
    *types: ArrayType,
    condition: Graph,
    body: Graph,
    condition_shared: int,
    body_shared: int,
    max_steps: int | None,
) -> tuple[ArrayType, ...]:
    tested, shared = types[:condition_shared], types[condition_shared:][:body_shared]
    carry = types[condition_shared + body_shared :]
    check_inputs("while_loop", "condition", condition, (*tested, *carry))
    check_inputs("while_loop", "body", body, (*shared, *carry))
    check_outputs("while_loop", "condition", condition, [ArrayType(np.dtype(bool), ())])
    check_outputs("while_loop", "body", body, carry)
    return carry


def _evaluate(
    *arrays: Any,
    condition: Graph,
    body: Graph,
    condition_shared: int,
    body_shared: int,
    max_steps: int | None,
) -> tuple[Any, ...]:
    first, start = condition_shared, condition_shared + body_shared
    tested, shared, carry = arrays[:first], arrays[first:start], arrays[start:]
    run, stored = step_function(body, body_shared)
    carry = [np.array(each) if i in stored else each for i, each in enumerate(carry)]
    step = 0
    while step != max_steps and evaluate(condition, [*tested, *carry])[0]:
        carry = run(shared, carry)
        step += 1
    return tuple(carry)


def _sample_graphs() -> dict[str, Graph]:
    limit, rate, carry = (
        variable(ArrayType(np.dtype("float64"), shape), name=name)
        for name, shape in (("limit", ()), ("rate", (2,)), ("carry", (2,)))
    )
    going_on = np.sum(carry * carry) < limit
    return {
        "condition": Graph((limit, carry), (going_on,), "condition"),
        "body": Graph((rate, carry), (carry * rate + np.sin(carry),), "body"),
    }


def _reference(limit: Any, rate: Any, carry: Any, max_steps: int | None, **_: Any) -> tuple[Any]:
    """The sample loop in Python."""
    step = 0
    while np.sum(carry * carry) < limit and step != max_steps:
        carry = carry * rate + np.sin(carry)
        step += 1
    return (carry,)


while_loop = Primitive(
    "while_loop",
    infer=_infer,
    evaluate=_evaluate,
    vjp=partial(while_loop_vjp, apply_while_loop),
    jvp=partial(while_loop_jvp, apply_while_loop),
    batch=partial(while_loop_batch, apply_while_loop),
    formula="while_loop({0}, …)",
    reference=_reference,
    samples=lambda: [
        Sample(
            (np.array(30.0), np.array([1.1, 0.7]), np.array([0.4, -0.2])),
            {**_sample_graphs(), "condition_shared": 1, "body_shared": 1, "max_steps": max_steps},
        )
        for max_steps in (None, 2, 50)
    ],
)

MASKED_RULES[while_loop.name] = partial(while_loop_masked_vjp, apply_while_loop)
