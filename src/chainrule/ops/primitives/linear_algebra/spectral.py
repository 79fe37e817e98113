"""The eigenvalues and eigenvectors of symmetric matrices.

With ``A = V diag(w) Vᵀ`` and F, of which element i, j is 1 / (wⱼ - wᵢ) off the diagonal and 0 on it
(Giles 2008, section 3.1)::

    ẇ = diag(Vᵀ Ȧ V)        V̇ = V (F ∘ Vᵀ Ȧ V)
    Ā = V (diag(w̄) + F ∘ Vᵀ V̄) Vᵀ

The derivative is by the triangle that is read, as that of `cholesky`. Eigenvectors of a repeated
eigenvalue are no functions of A: where their derivative is needed, it is an error; a cotangent of
``v[:, -2:]`` needs that of no others (`zero_pattern`). The first derivative of the eigenvalues
needs no F. For a symmetric function of a repeated one (a sum, a product) it is the gradient; for
one of them alone an element of the generalized gradient.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.graph.array_type import ArrayType
from chainrule.graph.node import Node
from chainrule.graph.primitive import Primitive, Sample
from chainrule.ops.primitives.linear_algebra.matrices import (
    check_square,
    diagonal_matrix,
    diagonal_of,
    half_lower,
    matrix_product,
    on_one_thread,
    plus,
    random_matrix,
    symmetric_sample,
    symmetrized,
    transposed,
)
from chainrule.ops.primitives.linear_algebra.uniqueness import (
    distinct,
    off_diagonal,
    pairwise_differences,
)
from chainrule.ops.primitives.linear_algebra.zero_pattern import used_columns
from chainrule.ops.primitives.selection import get_results

__all__ = ["eigh", "jacobi_rotations"]

_REPEATED = (
    "eigh: the eigenvalues {values} are repeated, and eigenvectors of a repeated eigenvalue have "
    "no derivative; use np.linalg.eigvalsh, or under cr.grad only other vectors, as in v[:, -2:]"
)


def _type(a: ArrayType, is_lower: bool) -> tuple[ArrayType, ArrayType]:
    check_square("eigh", a)
    return a.with_shape(a.shape[:-1]), a


@on_one_thread
def _evaluate(a: Any, is_lower: bool) -> tuple[Any, Any]:
    values, vectors = np.linalg.eigh(a, "L" if is_lower else "U")
    return values, vectors


def _over_differences(x: Any, values: Any, used: Any = None) -> Any:
    """F ∘ X, of which only what belongs to a used column is needed."""
    values = distinct(values, _REPEATED, used)
    return off_diagonal(x, pairwise_differences(values), used)


def _vjp(ct: Sequence[Node | None], results: Node, a: Node, is_lower: bool) -> tuple[Any]:
    values, vectors = get_results(results)
    inner = None if ct[0] is None else diagonal_matrix(ct[0])
    if ct[1] is not None:
        rotation = matrix_product(transposed(vectors), ct[1])
        inner = plus(inner, _over_differences(rotation, values, used_columns(ct[1])))
    full = matrix_product(vectors, inner, transposed(vectors))
    read = half_lower(symmetrized(full))
    return (read if is_lower else transposed(read),)


def _jvp(tangents: Sequence[Node | None], results: Node, a: Node, is_lower: bool) -> list[Any]:
    values, vectors = get_results(results)
    change = tangents[0] if is_lower else transposed(tangents[0])
    change = symmetrized(half_lower(change))
    inner = matrix_product(transposed(vectors), change, vectors)
    return [diagonal_of(inner), matrix_product(vectors, _over_differences(inner, values))]


def _batch(size: int, is_batched: Sequence[bool], a: Node, is_lower: bool) -> Any:
    return get_results(eigh(a, is_lower=is_lower)), [True, True]


def jacobi_rotations(a: Any) -> tuple[Any, Any]:
    """Diagonalize by Jacobi rotations (Golub & Van Loan 2013, section 8.5), ascending."""
    a = np.array(a)
    vectors = np.eye(len(a), dtype=a.dtype)
    for _ in range(6):
        for p in range(len(a)):
            for q in range(p + 1, len(a)):
                if abs(a[p, q].real) < 1e-18:
                    continue
                tau = (a[q, q] - a[p, p]) / (2 * a[p, q])
                root = np.sqrt(1 + tau * tau)
                t = 1 / (tau + root) if tau.real >= 0 else 1 / (tau - root)
                cosine = 1 / np.sqrt(1 + t * t)
                rotation = np.eye(len(a), dtype=a.dtype)
                rotation[p, p] = rotation[q, q] = cosine
                rotation[p, q], rotation[q, p] = t * cosine, -t * cosine
                a, vectors = rotation.T @ a @ rotation, vectors @ rotation
    values: Any = np.diagonal(a)
    order = np.argsort(values.real)
    return values[order], vectors[:, order]


def _reference(a: Any, is_lower: bool) -> tuple[Any, Any]:
    """Jacobi rotations; only the signs of the vectors are taken from LAPACK."""
    half = np.tril(a) if is_lower else np.swapaxes(np.triu(a), -1, -2)
    a = half + np.swapaxes(np.tril(half, -1), -1, -2)
    values, vectors = np.zeros(a.shape[:-1], a.dtype), np.zeros_like(a)
    for index in np.ndindex(*a.shape[:-2]):
        values[index], found = jacobi_rotations(a[index])
        known = _evaluate(a[index].real, is_lower=is_lower)[1]
        signs = np.sign(np.sum(known * found.real, axis=0))
        vectors[index] = found * signs
    return values, vectors


eigh = Primitive(
    "eigh",
    infer=_type,
    evaluate=_evaluate,
    vjp=_vjp,
    jvp=_jvp,
    batch=_batch,
    formula="eigh({0})",
    reference=_reference,
    samples=lambda: [
        symmetric_sample(3, 3, is_lower=True),
        symmetric_sample(2, 2, 3, 3, is_lower=False),
        symmetric_sample(1, 1, is_lower=True),
        symmetric_sample(0, 0, is_lower=True),
        Sample((random_matrix(3, 3),), {"is_lower": True}),  # of which one triangle is read
        Sample((random_matrix(3, 3),), {"is_lower": False}),
    ],
    invalid=lambda: [
        Sample((np.ones((2, 3)),), {"is_lower": True}),
        Sample((np.ones(3),), {"is_lower": True}),
    ],
)
"""``eigh(a, is_lower=...)``: eigenvalues, ascending, and eigenvectors as columns.

The lower or the upper triangle of A is read.
"""
