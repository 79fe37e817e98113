"""The singular value decomposition ``A = U diag(s) Vᵀ``.

For a matrix with as many rows as columns or more, with P = Uᵀ Ȧ V, S = diag(s) and F, of which
element i, j is 1 / (sⱼ² - sᵢ²) off the diagonal and 0 on it (Townsend 2016)::

    ṡ = diag(P)
    U̇ = U (F ∘ (P S + S Pᵀ)) + (I - U Uᵀ) Ȧ V S⁻¹
    V̇ = V (F ∘ (S P + Pᵀ S))
    Ā = U (J S + S K + diag(s̄)) Vᵀ + (I - U Uᵀ) Ū S⁻¹ Vᵀ

where J and K are the symmetric parts, twice, of F ∘ UᵀŪ and F ∘ VᵀV̄. A wide matrix is transposed.
Vectors of a repeated value are no functions of A: where their derivative is needed, it is an error,
as for the eigenvectors of `eigh`. The full matrix of a tall matrix is completed as in `qr`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.graph.array_type import ArrayType
from chainrule.graph.node import Node
from chainrule.graph.primitive import Primitive, Sample
from chainrule.ops.primitives.elementwise import add, divide, multiply, subtract
from chainrule.ops.primitives.linear_algebra.matrices import (
    check_matrices,
    column_of,
    columns,
    diagonal_matrix,
    diagonal_of,
    matrix_product,
    on_one_thread,
    plus,
    random_matrix,
    row_of,
    symmetrized,
    transposed,
)
from chainrule.ops.primitives.linear_algebra.spectral import jacobi_rotations
from chainrule.ops.primitives.linear_algebra.uniqueness import (
    completed,
    completed_tangent,
    distinct,
    nonzero,
    off_diagonal,
    pairwise_differences,
)
from chainrule.ops.primitives.linear_algebra.zero_pattern import used_columns
from chainrule.ops.primitives.selection import get_results

__all__ = ["svd"]

_REPEATED = (
    "svd: the singular values {values} are repeated, and singular vectors of a repeated value have "
    "no derivative; use np.linalg.svd(a, compute_uv=False), np.linalg.pinv, or under cr.grad only "
    "other vectors, as in u[:, :2]"
)
_ZERO = (
    "svd: the singular values {values} are zero, where the vectors of a matrix that is not square "
    "have no derivative; use np.linalg.svd(a, compute_uv=False), np.linalg.pinv, or under cr.grad "
    "only other vectors, as in u[:, :2]"
)


def _type(a: ArrayType, is_full: bool) -> tuple[ArrayType, ArrayType, ArrayType]:
    check_matrices("svd", a)
    *stack, m, n = a.shape
    k = min(m, n)
    left, right = (m, n) if is_full else (k, k)
    return (
        a.with_shape((*stack, m, left)),
        a.with_shape((*stack, k)),
        a.with_shape((*stack, right, n)),
    )


@on_one_thread
def _evaluate(a: Any, is_full: bool) -> tuple[Any, Any, Any]:
    u, s, vh = np.linalg.svd(a, full_matrices=is_full)
    return u, s, vh


def _over_differences(x: Any, s: Any, used: Any = None) -> Any:
    """F ∘ X, of which only what belongs to a used column is needed."""
    s = distinct(s, _REPEATED, used)
    sums = add(row_of(s), column_of(s))
    return off_diagonal(x, multiply(pairwise_differences(s), sums), used)


def _vjp(ct: Sequence[Node | None], results: Node, a: Node, is_full: bool) -> tuple[Any]:
    u, s, vh = get_results(results)
    u_ct, s_ct, vh_ct = ct
    v, v_ct = transposed(vh), None if vh_ct is None else transposed(vh_ct)
    if a.shape[-2] >= a.shape[-1]:
        return (_tall_vjp((u_ct, s_ct, v_ct), u, s, v),)
    return (transposed(_tall_vjp((v_ct, s_ct, u_ct), v, s, u)),)


def _tall_vjp(ct: Sequence[Any], u: Any, s: Any, v: Any) -> Any:
    u_ct, s_ct, v_ct = ct
    n = s.shape[-1]
    inner = None if s_ct is None else diagonal_matrix(s_ct)
    if v_ct is not None:
        rotation = matrix_product(transposed(v), v_ct)
        twice = symmetrized(_over_differences(rotation, s, used_columns(v_ct)))
        inner = plus(inner, multiply(column_of(s), twice))
    if u_ct is None:
        return matrix_product(u if u.shape[-1] == n else columns(u, 0, n), inner, transposed(v))
    if u.shape[-1] > n:
        u_ct = completed(u, u_ct, n, "svd")
        u = columns(u, 0, n)
    rotation, used = matrix_product(transposed(u), u_ct), used_columns(u_ct)
    twice = symmetrized(_over_differences(rotation, s, used))
    left = matrix_product(u, plus(inner, multiply(twice, row_of(s))))
    if u.shape[-2] > n:
        outside = subtract(u_ct, matrix_product(u, rotation))
        left = add(left, divide(outside, row_of(nonzero(s, _ZERO, used))))
    return matrix_product(left, transposed(v))


def _jvp(tangents: Sequence[Node | None], results: Node, a: Node, is_full: bool) -> list[Any]:
    u, s, vh = get_results(results)
    v, change = transposed(vh), tangents[0]
    if a.shape[-2] >= a.shape[-1]:
        du, ds, dv = _tall_jvp(change, u, s, v)
    else:
        dv, ds, du = _tall_jvp(transposed(change), v, s, u)
    return [du, ds, transposed(dv)]


def _tall_jvp(change: Any, u: Any, s: Any, v: Any) -> tuple[Any, Any, Any]:
    whole, n = u, s.shape[-1]
    if u.shape[-1] > n:
        u = columns(u, 0, n)
    moved = matrix_product(change, v)
    inner = matrix_product(transposed(u), moved)
    scaled, other = multiply(inner, row_of(s)), multiply(column_of(s), inner)
    du = matrix_product(u, _over_differences(symmetrized(scaled), s))
    dv = matrix_product(v, _over_differences(symmetrized(other), s))
    if u.shape[-2] > n:
        outside = subtract(moved, matrix_product(u, inner))
        du = add(du, divide(outside, row_of(nonzero(s, _ZERO))))
    if whole.shape[-1] > n:
        du = completed_tangent(whole, du, "svd")
    return du, diagonal_of(inner), dv


def _reference(a: Any, is_full: bool) -> tuple[Any, Any, Any]:
    """Jacobi rotations of AᵀA or AAᵀ; only the signs of the vectors are taken from LAPACK."""
    m, n = a.shape[-2:]
    k, is_tall = min(m, n), m >= n
    u, vh = np.zeros((*a.shape[:-1], k), a.dtype), np.zeros((*a.shape[:-2], k, n), a.dtype)
    s = np.zeros((*a.shape[:-2], k), a.dtype)
    for index in np.ndindex(*a.shape[:-2]):
        tall = a[index] if is_tall else a[index].T
        squares, found = jacobi_rotations(tall.T @ tall)
        found, s[index] = found[:, ::-1], np.sqrt(squares[::-1])
        lapack = np.linalg.svd(a[index].real, full_matrices=False)
        found = found * np.sign(
            np.sum((lapack[2].T if is_tall else lapack[0]) * found.real, axis=0)
        )
        others = tall @ found / s[index]
        u[index], vh[index] = (others, found.T) if is_tall else (found, others.T)
    return u, s, vh


def _batch(size: int, is_batched: Sequence[bool], a: Node, is_full: bool) -> Any:
    return get_results(svd(a, is_full=is_full)), [True, True, True]


svd = Primitive(
    "svd",
    infer=_type,
    evaluate=_evaluate,
    vjp=_vjp,
    jvp=_jvp,
    batch=_batch,
    formula="svd({0})",
    reference=_reference,
    samples=lambda: [
        Sample((random_matrix(3, 3),), {"is_full": True}),
        Sample((random_matrix(2, 4, 3),), {"is_full": False}),
        Sample((random_matrix(2, 2, 4),), {"is_full": False}),
        Sample((random_matrix(1, 1),), {"is_full": True}),
        Sample((np.ones((0, 0)),), {"is_full": False}),
    ],
    invalid=lambda: [Sample((np.ones(3),), {"is_full": False})],
)
"""``svd(a, is_full=...)``: U, the singular values from the largest to the smallest, and Vᵀ.

U and V have as many columns as there are values, or are square if full.
"""
