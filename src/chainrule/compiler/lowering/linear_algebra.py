"""Linear algebra by LAPACK, which reads a row-major matrix as its transpose.

Where SciPy is missing, and for matrices without elements, the primitives are evaluated by NumPy.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.compiler.loop_ir.loops import (
    Affine,
    Apply,
    Call,
    Expression,
    IndexValue,
    Literal,
)
from chainrule.compiler.lowering.graph_lowering import OTHERS, Lowering, Rule
from chainrule.compiler.lowering.routine_calls import RULES as CALLBACK
from chainrule.compiler.lowering.routine_calls import Matrices, append_calls, real
from chainrule.compiler.routine import has_lapack
from chainrule.graph.node import Node

__all__ = ["RULES"]

_INTEGER, _BOOL = np.dtype("int64"), np.dtype(bool)


def _cholesky(lowering: Lowering, node: Node, inputs: list[Expression]) -> Expression:
    """L Lᵀ = A, from the lower triangle of A, which LAPACK sees as the upper one."""
    n, result = node.shape[-1], Matrices.result(lowering, node, 2)
    value = _lower_triangle(inputs[0], lowering.canonical(node.shape))
    result.store(lowering, value, node)

    def calls(batch: Affine | None) -> list[Call]:
        arguments = ("U", n, result.region(batch), n, None)
        failure = "Matrix is not positive definite"
        return [Call(real(node.dtype, "lapack.potrf"), arguments, failure, n**3 // 3, node.layer)]

    append_calls(lowering, result.batch, calls)
    return result.load


def _lower_triangle(value: Expression, index: tuple[Affine, ...]) -> Expression:
    """Return a matrix with zeros above the diagonal, at the index of its element."""
    row, column = (IndexValue(each, _INTEGER) for each in index[-2:])
    is_above = Apply("less", (row, column), _BOOL)
    zero = Literal(value.dtype.type(0), value.dtype)
    return Apply("select", (is_above, zero, value), value.dtype)


def _by_lapack(rule: Rule) -> Rule:
    """Return a rule that leaves to NumPy what LAPACK cannot do here."""

    def lower(lowering: Lowering, node: Node, inputs: list[Any]) -> Any:
        is_real = all(each.dtype.name in ("float32", "float64") for each in node.inputs)
        has_elements = all(each.size for each in node.inputs)
        use = rule if has_lapack() and is_real and has_elements else CALLBACK[OTHERS]
        return use(lowering, node, inputs)

    return lower


RULES: dict[str, Rule] = {"cholesky": _by_lapack(_cholesky)}
