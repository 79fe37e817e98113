"""Equations with a triangular matrix, ``op(A) X = B``, by substitution.

One triangle of A is read. With W = op(A)⁻ᵀ X̄ the cotangents are B̄ = W and that of op(A), of which
the triangle counts, -W Xᵀ (Giles 2008, section 2.3.1).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.errors import ShapeError
from chainrule.graph.array_type import ArrayType
from chainrule.graph.node import Node
from chainrule.graph.primitive import Primitive, Sample
from chainrule.ops.primitives.elementwise import negative, subtract
from chainrule.ops.primitives.linear_algebra.matrices import (
    batch_of_right_sides,
    check_matrices,
    check_square,
    lower_part,
    matrix_product,
    on_one_thread,
    random_matrix,
    transposed,
    upper_part,
)

__all__ = ["check_right_side", "triangular_solve"]

_BLOCK = 64
"""Order up to which one call of LAPACK solves; above, matrix products do most of the work."""


def check_right_side(name: str, a: ArrayType, b: ArrayType) -> None:
    """Refuse an equation ``A X = B`` whose sides do not match."""
    check_square(name, a)
    check_matrices(name, a, b)
    if a.shape[:-1] != b.shape[:-1]:
        raise ShapeError(
            f"{name}: the right side {b} does not match the matrix {a}; all axes but the last "
            "must have the lengths of those of the matrix"
        )


def _type(a: ArrayType, b: ArrayType, **params: bool) -> ArrayType:
    check_right_side("triangular_solve", a, b)
    return b


@on_one_thread
def _evaluate(a: Any, b: Any, lower: bool, is_transposed: bool, unit_diagonal: bool) -> Any:
    if is_transposed:
        a, lower = a.mT, not lower
    if unit_diagonal:
        a = np.where(np.eye(a.shape[-1], dtype=bool), a.dtype.type(1), a)
    if not lower:
        return _back_substitution(np.triu(a), b)
    # Read backwards, a lower triangle is an upper one, which LU factorization leaves as it is.
    reverse = np.tril(a)[..., ::-1, ::-1]
    return _back_substitution(reverse, b[..., ::-1, :])[..., ::-1, :]


def _back_substitution(a: Any, b: Any) -> Any:
    n = a.shape[-1]
    if n <= _BLOCK:
        return np.linalg.solve(a, b)
    half = n // 2
    low = _back_substitution(a[..., half:, half:], b[..., half:, :])
    rest = b[..., :half, :] - a[..., :half, half:] @ low
    return np.concatenate([_back_substitution(a[..., :half, :half], rest), low], axis=-2)


def _triangle(x: Any, lower: bool, unit_diagonal: bool) -> Any:
    """The part of a matrix that is read."""
    return lower_part(x, -int(unit_diagonal)) if lower else upper_part(x, int(unit_diagonal))


def _vjp(
    ct: Node, x: Node, a: Node, b: Node, lower: bool, is_transposed: bool, unit_diagonal: bool
) -> tuple[Node, Node]:
    pulled = triangular_solve(
        a, ct, lower=lower, is_transposed=not is_transposed, unit_diagonal=unit_diagonal
    )
    left, right = (x, pulled) if is_transposed else (pulled, x)
    product = matrix_product(left, transposed(right))
    return negative(_triangle(product, lower, unit_diagonal)), pulled


def _jvp(
    tangents: Sequence[Node | None],
    x: Node,
    a: Node,
    b: Node,
    lower: bool,
    is_transposed: bool,
    unit_diagonal: bool,
) -> Any:
    da, db = tangents
    if da is not None:
        change = _triangle(da, lower, unit_diagonal)
        product = matrix_product(transposed(change) if is_transposed else change, x)
        db = negative(product) if db is None else subtract(db, product)
    return triangular_solve(
        a, db, lower=lower, is_transposed=is_transposed, unit_diagonal=unit_diagonal
    )


def _batch(size: int, is_batched: Sequence[bool], a: Node, b: Node, **params: bool) -> Any:
    return batch_of_right_sides(
        size, is_batched, a, b, lambda a, b: triangular_solve(a, b, **params)
    )


def _reference(a: Any, b: Any, lower: bool, is_transposed: bool, unit_diagonal: bool) -> Any:
    """Substitute one unknown at a time."""
    a = (np.tril if lower else np.triu)(a)
    a, lower = (np.swapaxes(a, -1, -2), not lower) if is_transposed else (a, lower)
    x = np.array(b)
    n = a.shape[-1]
    for i in range(n) if lower else range(n - 1, -1, -1):
        others = [j for j in range(n) if j != i and (j < i) == lower]
        for j in others:
            x[..., i, :] -= a[..., i, j, None] * x[..., j, :]
        if not unit_diagonal:
            x[..., i, :] /= a[..., i, i, None]
    return x


def _sample(
    *shapes: tuple[int, ...],
    lower: bool = True,
    is_transposed: bool = False,
    unit_diagonal: bool = False,
) -> Sample:
    a, b = (random_matrix(*shape, seed=i) for i, shape in enumerate(shapes))
    return Sample(
        (a, b), {"lower": lower, "is_transposed": is_transposed, "unit_diagonal": unit_diagonal}
    )


triangular_solve = Primitive(
    "triangular_solve",
    infer=_type,
    evaluate=_evaluate,
    vjp=_vjp,
    jvp=_jvp,
    batch=_batch,
    formula="{0}⁻¹ {1}",
    reference=_reference,
    samples=lambda: [
        _sample((3, 3), (3, 2)),
        _sample((3, 3), (3, 2), lower=False),
        _sample((3, 3), (3, 1), is_transposed=True, unit_diagonal=True),
        _sample((2, 3, 3), (2, 3, 4), lower=False, is_transposed=True),
        _sample((1, 1), (1, 1)),
        _sample((0, 0), (0, 2)),
    ],
    invalid=lambda: [
        _sample((3, 2), (3, 2)),
        _sample((3, 3), (2, 2)),
        _sample((2, 3, 3), (3, 2)),
    ],
)
"""``triangular_solve(a, b, lower=..., is_transposed=..., unit_diagonal=...)``: substitution.

It returns X of ``op(A) X = B``, where op(A) is A or, if `is_transposed`, Aᵀ. Of A the lower or the
upper triangle is read, its diagonal taken as ones if `unit_diagonal`.
"""
