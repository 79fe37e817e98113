"""Linear algebra by LAPACK, which reads a row-major matrix as its transpose.

Where SciPy is missing, and for matrices without elements, the primitives are evaluated by NumPy.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from chainrule.compiler.loop_ir.loops import (
    Affine,
    Apply,
    Argument,
    Axis,
    Call,
    Expression,
    IndexValue,
    Literal,
    Load,
    Statement,
)
from chainrule.compiler.lowering.blocked_cholesky import (
    factorize_by_blocks,
    lower_cholesky_pullback,
    lower_triangle,
)
from chainrule.compiler.lowering.factorizations import FACTORIZATIONS
from chainrule.compiler.lowering.graph_lowering import OTHERS, Lowering, Rule
from chainrule.compiler.lowering.routine_calls import RULES as CALLBACK
from chainrule.compiler.lowering.routine_calls import Matrices, append_calls, real
from chainrule.compiler.routine import has_lapack
from chainrule.graph.node import Node

__all__ = ["RULES"]

_INTEGER, _INT32, _BOOL = np.dtype("int64"), np.dtype("int32"), np.dtype(bool)

MIN_BLOCKED = 256
"""The order of a matrix from which on its factorization pays for the kernels of its blocks."""

MAX_SMALL = 24
"""The order of a matrix up to which loops of its own are faster than a call of LAPACK; they are for
equations that may be singular, as others have the bits of LAPACK."""

_SINGULAR = "Singular matrix"
"""The messages of `numpy.linalg.LinAlgError` in NumPy."""


def _cholesky(lowering: Lowering, node: Node, inputs: list[Expression]) -> Expression:
    """L Lᵀ = A, from the lower triangle of A, which LAPACK sees as the upper one."""
    n, result = node.shape[-1], Matrices.result(lowering, node, 2)
    value = lower_triangle(inputs[0], lowering.canonical(node.shape))
    result.store(lowering, value, node)
    failure = "Matrix is not positive definite"
    if not result.batch and n >= MIN_BLOCKED:
        factorize_by_blocks(lowering, node, result.load, failure)
        return result.load

    def calls(batch: Affine | None) -> list[Call]:
        arguments = ("U", n, result.region(batch), n, None)
        return [Call(real(node.dtype, "lapack.potrf"), arguments, failure, n**3 // 3, node.layer)]

    append_calls(lowering, result.batch, calls)
    return result.load


def _triangular_solve(lowering: Lowering, node: Node, inputs: list[Expression]) -> Expression:
    """X of op(A) X = B, in place of a copy of B."""
    lower, is_transposed, is_unit = (
        node.params[name] for name in ("lower", "is_transposed", "unit_diagonal")
    )
    n, k = node.shape[-2:]
    matrix = Matrices.operand(lowering, node.inputs[0])
    x = _column_major(lowering, node, inputs[1])
    flags = "U" if lower else "L", "N" if is_transposed else "T", "U" if is_unit else "N"

    def calls(batch: Affine | None) -> list[Call]:
        factor = matrix.region(batch, is_written=False)
        arguments = (*flags, n, k, factor, n, x.region(batch), n, None)
        return [Call(real(node.dtype, "lapack.trtrs"), arguments, _SINGULAR, n * n * k, node.layer)]

    append_calls(lowering, x.batch, calls)
    return x.load


def _column_major(lowering: Lowering, node: Node, value: Expression) -> Matrices:
    """Copy a node's right side or matrix to where LAPACK stores the result, by columns."""
    copy = Matrices.new(lowering, node.shape, 2, node.dtype, node, is_transposed=True)
    return copy.store(lowering, value, node)


class _Factors(NamedTuple):
    """P L U = A, as LAPACK stores it: both triangles in one matrix, by columns; and the pivots."""

    matrix: Matrices
    pivots: Matrices


def _factors(lowering: Lowering, node: Node, fails: bool) -> _Factors:
    """Factorize a node's value once for all equations; `fails` if it is an error to be singular."""
    fails = fails or _is_matrix_of(lowering, node, "solve")
    key = node.serial, fails
    if key not in lowering.factors:
        lowering.factors[key] = _factorize(lowering, node, fails)
    return lowering.factors[key]


def _is_matrix_of(lowering: Lowering, node: Node, name: str) -> bool:
    """Whether a node is the matrix of equations of a primitive."""
    return any(
        each.primitive and each.primitive.name == name and each.inputs[0] is node
        for each in lowering.graph.equations
    )


def _factorize(lowering: Lowering, node: Node, fails: bool) -> _Factors:
    n = node.shape[-1]
    matrix = _column_major(lowering, node, lowering.expressions[node.serial])
    pivots = Matrices.new(lowering, node.shape[:-1], 1, _INT32, node)
    is_small = n <= MAX_SMALL and not fails and _is_matrix_of(lowering, node, "unchecked_solve")

    def calls(batch: Affine | None) -> list[Call]:
        target, order = matrix.region(batch), pivots.region(batch, is_read=False)
        arguments = (target, order) if is_small else (n, n, target, n, order, None)
        name = f"small.getrf {n} {node.dtype}" if is_small else real(node.dtype, "lapack.getrf")
        return [Call(name, arguments, _SINGULAR if fails else "", 2 * n**3 // 3, node.layer)]

    append_calls(lowering, matrix.batch, calls)
    return _Factors(matrix, pivots)


def _solve(lowering: Lowering, node: Node, inputs: list[Expression]) -> Expression:
    """X of A X = B or of Aᵀ X = B, by one factorization for both."""
    n, k = node.shape[-2:]
    fails = node.primitive is not None and node.primitive.name == "solve"
    factors = _factors(lowering, node.inputs[0], fails)
    x = _column_major(lowering, node, inputs[1])
    side = "T" if node.params["is_transposed"] else "N"
    is_small = not fails and n <= MAX_SMALL

    def calls(batch: Affine | None) -> list[Call]:
        matrix, pivots = (each.region(batch, is_written=False) for each in factors)
        right = x.region(batch)
        name = real(node.dtype, "lapack.getrs")
        arguments: tuple[Argument, ...] = (side, n, k, matrix, n, pivots, right, n, None)
        if is_small:
            name, arguments = f"small.getrs {side} {n} {k} {node.dtype}", (matrix, pivots, right)
        return [Call(name, arguments, "", 2 * n * n * k, node.layer)]

    append_calls(lowering, x.batch, calls)
    return x.load


def _slogdet(lowering: Lowering, node: Node, inputs: list[Expression]) -> list[Expression]:
    """The sign and the logarithm of the product of U's diagonal, signed by the exchanges."""
    (a,) = node.inputs
    n, stack = a.shape[-1], a.shape[:-2]
    factors, step = _factors(lowering, a, fails=False), Axis(n, "d")
    position, index = Affine.of(step) if n > 1 else Affine(), lowering.canonical(stack)
    over = (step,) if n > 1 else ()
    pivot = lowering.reindexed(factors.matrix.load, a.shape, (*index, position, position))
    order = lowering.reindexed(factors.pivots.load, a.shape[:-1], (*index, position))

    def total(value: Expression) -> Load:
        target = lowering.scratch(stack, value.dtype, node)
        reduction = "sum" if over else ""
        lowering.items.append(Statement(target, index, value, reduction, over, node.layer))
        return Load(target, index)

    row = IndexValue(position + Affine(1), _INT32)
    is_negative = Apply("less", (pivot, _number(0, a.dtype)), _BOOL)
    is_exchanged = Apply("not_equal", (order, row), _BOOL)
    changes_sign = Apply("not_equal", (is_negative, is_exchanged), _BOOL)
    is_zero = Apply("equal", (pivot, _number(0, a.dtype)), _BOOL)
    changes, zeros = (total(Apply("cast", (x,), _INTEGER)) for x in (changes_sign, is_zero))
    logarithm = total(Apply("log", (Apply("absolute", (pivot,), a.dtype),), a.dtype))
    parity = Apply("remainder", (changes, _number(2, _INTEGER)), _INTEGER)
    sign = _select_zero(parity, _number(1, a.dtype), _number(-1, a.dtype))
    return [_select_zero(zeros, sign, _number(0, a.dtype)), logarithm]


def _det(lowering: Lowering, node: Node, inputs: list[Expression]) -> Expression:
    """The determinant from its sign and logarithm, as NumPy computes it."""
    sign, logarithm = _slogdet(lowering, node, inputs)
    size = Apply("exp", (logarithm,), node.dtype)
    return Apply("multiply", (sign, size), node.dtype)


def _number(value: int, dtype: np.dtype[Any]) -> Literal:
    return Literal(dtype.type(value), dtype)


def _select_zero(tested: Expression, yes: Expression, no: Expression) -> Expression:
    """Return the expression of ``yes if tested == 0 else no``."""
    is_zero = Apply("equal", (tested, _number(0, tested.dtype)), _BOOL)
    return Apply("select", (is_zero, yes, no), yes.dtype)


def _by_lapack(rule: Rule) -> Rule:
    """Return a rule that leaves to NumPy what LAPACK cannot do here."""

    def lower(lowering: Lowering, node: Node, inputs: list[Any]) -> Any:
        is_real = all(each.dtype.name in ("float32", "float64") for each in node.inputs)
        has_elements = all(each.size for each in node.inputs)
        use = rule if has_lapack() and is_real and has_elements else CALLBACK[OTHERS]
        return use(lowering, node, inputs)

    return lower


RULES: dict[str, Rule] = {
    "cholesky": _by_lapack(_cholesky),
    "cholesky_pullback": _by_lapack(lower_cholesky_pullback),
    "triangular_solve": _by_lapack(_triangular_solve),
    "solve": _by_lapack(_solve),
    "unchecked_solve": _by_lapack(_solve),
    "slogdet": _by_lapack(_slogdet),
    "det": _by_lapack(_det),
    **{name: _by_lapack(rule) for name, rule in FACTORIZATIONS.items()},
}
