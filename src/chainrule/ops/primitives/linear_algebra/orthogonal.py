"""The QR factorization ``A = Q R``.

For a matrix with independent columns, with C = Ȧ R⁻¹ and W = Qᵀ C (Walter & Lehmann 2018; tril is
the strict lower triangle here)::

    Q̇ = C - Q (W - Ω),    Ṙ = (W - Ω) R,                      Ω = tril(W) - tril(W)ᵀ
    Ā = (Q̄ + Q (M + tril(M)ᵀ - triu(M))) R⁻ᵀ,                 M = R R̄ᵀ - Q̄ᵀ Q

where triu is the strict upper triangle. A wide matrix [A₁ A₂] has R = [R₁ QᵀA₂], with Q and R₁ of
A₁. In the complete factorization of a tall matrix, the columns that complete Q are any orthonormal
basis, so that only functions that are the same for all of them have a derivative (`completed`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.graph.array_type import ArrayType
from chainrule.graph.node import Node
from chainrule.graph.primitive import Primitive, Sample
from chainrule.ops.primitives.broadcasting import broadcast_to
from chainrule.ops.primitives.elementwise import (
    absolute,
    add,
    less_equal,
    logical_and,
    logical_not,
    subtract,
)
from chainrule.ops.primitives.linear_algebra.matrices import (
    check_matrices,
    columns,
    diagonal_of,
    lower_part,
    matrix_product,
    on_one_thread,
    plus,
    random_matrix,
    row_of,
    rows,
    side_by_side,
    stacked_rows,
    transposed,
    upper_part,
    zeros,
)
from chainrule.ops.primitives.linear_algebra.triangular import triangular_solve
from chainrule.ops.primitives.linear_algebra.uniqueness import (
    completed,
    completed_tangent,
    rounding_of,
)
from chainrule.ops.primitives.requirement import require
from chainrule.ops.primitives.selection import get_results

__all__ = ["qr"]

_DEPENDENT = (
    "qr: {values} on the diagonal of R, the columns are linearly dependent, and the factorization "
    "has no derivative there; use np.linalg.lstsq or np.linalg.pinv, which have one"
)


def _type(a: ArrayType, is_complete: bool) -> tuple[ArrayType, ArrayType]:
    check_matrices("qr", a)
    *stack, m, n = a.shape
    k = m if is_complete else min(m, n)
    return a.with_shape((*stack, m, k)), a.with_shape((*stack, k, n))


@on_one_thread
def _evaluate(a: Any, is_complete: bool) -> tuple[Any, Any]:
    q, r = np.linalg.qr(a, "complete" if is_complete else "reduced")
    return q, r


def _checked(r: Any) -> Any:
    """R, whose diagonal must not be zero."""
    n = r.shape[-1]
    if not n:
        return r
    diagonal = diagonal_of(r)
    is_zero = less_equal(absolute(diagonal), rounding_of(diagonal))
    is_zero = logical_and(np.eye(n, dtype=bool), broadcast_to(row_of(is_zero), r.shape))
    return require(r, logical_not(is_zero), message=_DEPENDENT)


def _solve_right(b: Any, r: Any, is_transposed: bool) -> Any:
    """B R⁻¹ or B R⁻ᵀ."""
    x = triangular_solve(
        r, transposed(b), lower=False, is_transposed=not is_transposed, unit_diagonal=False
    )
    return transposed(x)


def _vjp(ct: Sequence[Node | None], results: Node, a: Node, is_complete: bool) -> tuple[Any]:
    q, r = get_results(results)
    m, n = a.shape[-2:]
    q_ct, r_ct = ct
    if m > n and is_complete:
        q_ct = None if q_ct is None else completed(q, q_ct, n, "qr")
        q, r, r_ct = columns(q, 0, n), rows(r, 0, n), None if r_ct is None else rows(r_ct, 0, n)
    if m >= n:
        return (_square_vjp(q_ct, r_ct, q, r),)
    first, rest = None, zeros(columns(a, m, n))
    if r_ct is not None:
        first, last = columns(r_ct, 0, m), columns(r_ct, m, n)
        rest = matrix_product(q, last)
        q_ct = plus(q_ct, matrix_product(columns(a, m, n), transposed(last)))
    return (side_by_side(_square_vjp(q_ct, first, q, columns(r, 0, m)), rest),)


def _square_vjp(q_ct: Any, r_ct: Any, q: Any, r: Any) -> Any:
    r = _checked(r)
    of_r = None if r_ct is None else matrix_product(r, transposed(r_ct))
    if q_ct is None:
        inner = of_r
    else:
        of_q = matrix_product(transposed(q_ct), q)
        inner = -of_q if of_r is None else subtract(of_r, of_q)
    below = lower_part(inner, -1)
    symmetric = add(lower_part(inner), transposed(below))
    return _solve_right(plus(q_ct, matrix_product(q, symmetric)), r, is_transposed=True)


def _jvp(tangents: Sequence[Node | None], results: Node, a: Node, is_complete: bool) -> list[Any]:
    q, r = get_results(results)
    m, n = a.shape[-2:]
    change: Any = tangents[0]
    if m < n:
        dq, dr = _square_jvp(columns(change, 0, m), q, columns(r, 0, m))
        rest = add(
            matrix_product(transposed(dq), columns(a, m, n)),
            matrix_product(transposed(q), columns(change, m, n)),
        )
        return [dq, side_by_side(dr, rest)]
    if m == n or not is_complete:
        return list(_square_jvp(change, q, r))
    dq, dr = _square_jvp(change, columns(q, 0, n), rows(r, 0, n))
    return [completed_tangent(q, dq, "qr"), stacked_rows(dr, zeros(rows(r, n, m)))]


def _square_jvp(change: Any, q: Any, r: Any) -> tuple[Any, Any]:
    r = _checked(r)
    relative = _solve_right(change, r, is_transposed=False)
    inner = matrix_product(transposed(q), relative)
    below = lower_part(inner, -1)
    upper = add(upper_part(inner), transposed(below))
    return subtract(relative, matrix_product(q, upper)), matrix_product(upper, r)


def _reference(a: Any, is_complete: bool) -> tuple[Any, Any]:
    """Householder reflections with the signs of LAPACK (Golub & Van Loan 2013, section 5.2)."""
    r = np.array(a)
    m, n = a.shape[-2:]
    q = np.broadcast_to(np.eye(m, dtype=a.dtype), (*a.shape[:-2], m, m)).copy()
    for index in np.ndindex(*a.shape[:-2]):
        for j in range(min(m - 1, n)):
            v = r[index][j:, j].copy()
            v[0] += np.sqrt(np.sum(v * v)) * (1 if v[0].real >= 0 else -1)
            reflection = np.eye(m, dtype=a.dtype)
            reflection[j:, j:] -= 2 * np.outer(v, v) / np.sum(v * v)
            r[index], q[index] = reflection @ r[index], q[index] @ reflection
    k = m if is_complete else min(m, n)
    return q[..., :k], np.triu(r[..., :k, :])


qr = Primitive(
    "qr",
    infer=_type,
    evaluate=_evaluate,
    vjp=_vjp,
    jvp=_jvp,
    batch=lambda size, is_batched, a, is_complete: (
        get_results(qr(a, is_complete=is_complete)), [True, True],
    ),
    formula="qr({0})",
    reference=_reference,
    samples=lambda: [
        Sample((random_matrix(3, 3),), {"is_complete": False}),
        Sample((random_matrix(2, 4, 3),), {"is_complete": False}),
        Sample((random_matrix(2, 2, 4),), {"is_complete": True}),
        Sample((random_matrix(1, 1),), {"is_complete": False}),
        Sample((np.ones((0, 0)),), {"is_complete": False}),
    ],
    invalid=lambda: [Sample((np.ones(3),), {"is_complete": False})],
)  # fmt: skip
"""``qr(a, is_complete=...)``: orthonormal columns and an upper triangle, ``A = Q R``.

Q has as many columns as R has rows: the shorter side of A or, if complete, as many as A has rows.
"""
