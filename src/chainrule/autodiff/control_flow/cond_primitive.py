"""The cond primitive: one of two branches, of which only the one chosen is executed.

The inputs of both branches are the shared values, and their outputs have the same types::

    y = if_true(shared)   if test   else   if_false(shared)

The primitive is here and not in ``ops/primitives`` because its rules differentiate its branches.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from chainrule.autodiff.control_flow.cond_reverse import cond_masked_vjp, cond_vjp
from chainrule.autodiff.control_flow.cond_rules import cond_batch, cond_jvp
from chainrule.autodiff.control_flow.operand_types import check_inputs, check_outputs
from chainrule.autodiff.passes.reverse import MASKED_RULES
from chainrule.errors import ShapeError
from chainrule.graph.array_type import ArrayType
from chainrule.graph.evaluate import evaluate
from chainrule.graph.graph import Graph
from chainrule.graph.node import variable
from chainrule.graph.primitive import Primitive, Sample
from chainrule.ops.primitives.selection import get_results

__all__ = ["apply_cond", "cond"]


def apply_cond(test: Any, if_true: Graph, if_false: Graph, shared: Sequence[Any]) -> list[Any]:
    """Apply the primitive; the results are those of the branch."""
    return get_results(cond(test, *shared, if_true=if_true, if_false=if_false))


def _infer(test: ArrayType, *types: ArrayType, if_true: Graph, if_false: Graph) -> Any:
    if test.dtype != np.bool_ or test.shape:
        raise ShapeError(f"cond: the test must be one boolean, bool[], got {test}")
    check_inputs("cond", "branch", if_true, types)
    check_inputs("cond", "branch", if_false, types)
    results = tuple([node.array_type for node in if_true.outputs])
    check_outputs("cond", "other branch", if_false, results)
    return results


def _evaluate(test: Any, *shared: Any, if_true: Graph, if_false: Graph) -> tuple[Any, ...]:
    return tuple(evaluate(if_true if test else if_false, shared))


def _sample_graphs() -> dict[str, Graph]:
    a, b = (
        variable(ArrayType(np.dtype("float64"), shape), name=name)
        for name, shape in (("a", (2,)), ("b", ()))
    )
    root: Any = np.sqrt(a)
    total: Any = np.sum(a)
    return {
        "if_true": Graph((a, b), (root * b, total), "if_true"),
        "if_false": Graph((a, b), (a * a, b + 1.0), "if_false"),
    }


def _reference(test: Any, a: Any, b: Any, **_: Any) -> tuple[Any, Any]:
    """The sample branches in Python."""
    return (np.sqrt(a) * b, np.sum(a)) if test else (a * a, b + 1.0)


cond = Primitive(
    "cond",
    infer=_infer,
    evaluate=_evaluate,
    vjp=partial(cond_vjp, apply_cond),
    jvp=partial(cond_jvp, apply_cond),
    batch=partial(cond_batch, apply_cond),
    formula="({1}, …) if {0} else …",
    reference=_reference,
    samples=lambda: [
        Sample((np.array(test), np.array([0.5, 2.0]), np.array(0.3)), _sample_graphs())
        for test in (True, False)
    ],
)

MASKED_RULES[cond.name] = partial(cond_masked_vjp, apply_cond)
