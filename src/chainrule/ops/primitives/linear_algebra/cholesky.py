"""The Cholesky factorization ``A = L Lᵀ`` of positive definite matrices.

As in LAPACK the lower triangle of A is read, and the derivative is by what is read: with the
cotangent of A lower triangular, <Ā, dA> is the change along every dA, symmetric or not. With Φ the
lower triangle with half its diagonal (Murray 2016, equations 8 and 10)::

    L̇ = L Φ(L⁻¹ Ȧ L⁻ᵀ)              of the symmetric matrix Ȧ whose lower triangle changes
    Ā = Φ(S + Sᵀ),                   S = L⁻ᵀ Φ(Lᵀ L̄) L⁻¹
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.graph.array_type import ArrayType
from chainrule.graph.node import Node
from chainrule.graph.primitive import Primitive, Sample
from chainrule.ops.primitives.linear_algebra.cholesky_pullback import BLOCK, cholesky_pullback
from chainrule.ops.primitives.linear_algebra.matrices import (
    check_square,
    half_lower,
    matrix_product,
    on_one_thread,
    random_matrix,
    symmetric_sample,
    symmetrized,
    transposed,
)
from chainrule.ops.primitives.linear_algebra.triangular import triangular_solve

__all__ = ["cholesky"]


def _type(a: ArrayType) -> ArrayType:
    check_square("cholesky", a)
    return a


def _solved(factor: Any, b: Any, is_transposed: bool) -> Any:
    return triangular_solve(factor, b, lower=True, is_transposed=is_transposed, unit_diagonal=False)


def _vjp(ct: Node, factor: Node, a: Node) -> tuple[Any]:
    if a.ndim == 2 and a.shape[-1] > BLOCK:
        return (cholesky_pullback(factor, ct),)
    inner = symmetrized(half_lower(matrix_product(transposed(factor), ct)))
    half = transposed(_solved(factor, inner, True))
    return (half_lower(_solved(factor, half, True)),)


def _jvp(tangents: Sequence[Node | None], factor: Node, a: Node) -> Any:
    change = symmetrized(half_lower(tangents[0]))
    half = transposed(_solved(factor, change, False))
    return matrix_product(factor, half_lower(_solved(factor, half, False)))


def _reference(a: Any) -> Any:
    """Factorize column by column (Golub & Van Loan 2013, section 4.2.5)."""
    factor = np.zeros_like(a)
    for j in range(a.shape[-1]):
        row = factor[..., j, :j]
        factor[..., j, j] = np.sqrt(a[..., j, j] - np.sum(row * row, axis=-1))
        for i in range(j + 1, a.shape[-1]):
            rest = a[..., i, j] - np.sum(factor[..., i, :j] * row, axis=-1)
            factor[..., i, j] = rest / factor[..., j, j]
    return factor


cholesky = Primitive(
    "cholesky",
    infer=_type,
    evaluate=on_one_thread(np.linalg.cholesky),
    vjp=_vjp,
    jvp=_jvp,
    batch=lambda size, is_batched, a: cholesky(a),
    formula="cholesky({0})",
    reference=_reference,
    samples=lambda: [
        symmetric_sample(3, 3),
        symmetric_sample(2, 2, 3, 3),
        symmetric_sample(1, 1),
        symmetric_sample(0, 0),
        Sample((random_matrix(3, 3),)),  # of which the lower triangle is read
    ],
    invalid=lambda: [Sample((np.ones((2, 3)),)), Sample((np.ones(3),))],
)
"""``cholesky(a)``: the lower triangular L with positive diagonal of ``A = L Lᵀ``."""
