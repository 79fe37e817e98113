"""Least squares: the X of smallest norm among those that minimize ``‖A X - B‖``.

It is A⁺ B with the pseudoinverse A⁺, of any rank; values below `rcond` times the largest singular
value count as zero. Its derivative exists where the rank does not change, and needs no distinct
singular values (Golub & Pereyra 1973, equation 4.12). With R = B - A X::

    Ẋ = A⁺ (Ḃ - Ȧ X) + A⁺A⁺ᵀ Ȧᵀ R + (I - A⁺A) Ȧᵀ A⁺ᵀ X

and each product with A⁺ is the solution of a least squares problem.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.errors import ShapeError
from chainrule.graph.array_type import ArrayType
from chainrule.graph.node import Node
from chainrule.graph.primitive import Primitive, Sample
from chainrule.ops.primitives.elementwise import (
    add,
    divide,
    less,
    multiply,
    negative,
    subtract,
)
from chainrule.ops.primitives.linear_algebra.linear_system import solve
from chainrule.ops.primitives.linear_algebra.matrices import (
    batch_of_right_sides,
    check_matrices,
    column_of,
    matrix_product,
    on_one_thread,
    plus,
    random_matrix,
    transposed,
)
from chainrule.ops.primitives.reduction import reduce_max
from chainrule.ops.primitives.selection import select

__all__ = ["from_singular_values", "least_squares"]


def _type(a: ArrayType, b: ArrayType, rcond: float) -> ArrayType:
    check_matrices("lstsq", a, b)
    if a.shape[:-1] != b.shape[:-1]:
        raise ShapeError(
            f"lstsq: the right side {b} does not match the matrix {a}; all axes but the last must "
            "have the lengths of those of the matrix"
        )
    return b.with_shape((*a.shape[:-2], a.shape[-1], b.shape[-1]))


@on_one_thread
def _evaluate(a: Any, b: Any, rcond: float) -> Any:
    """V S⁺ (Uᵀ B), by the singular value decomposition."""
    u, s, vh = np.linalg.svd(a, full_matrices=False)
    is_large = s > rcond * s.max(axis=-1, keepdims=True, initial=0)
    inverse = np.where(is_large, 1 / np.where(is_large, s, 1), 0).astype(a.dtype)
    return vh.mT @ (inverse[..., None] * (u.mT @ b))


def from_singular_values(u: Any, s: Any, vh: Any, b: Any, rcond: float) -> Any:
    """V S⁺ (Uᵀ B), as nodes."""
    largest = reduce_max(s, axes=(s.ndim - 1,))
    is_large = less(multiply(column_of(largest), rcond), s)
    inverse = select(is_large, divide(1, select(is_large, s, 1)), 0)
    scaled = multiply(column_of(inverse), matrix_product(transposed(u), b))
    return matrix_product(transposed(vh), scaled)


def _vjp(ct: Node, x: Node, a: Node, b: Node, rcond: float) -> tuple[Any, Any]:
    pulled = least_squares(transposed(a), ct, rcond=rcond)
    residual = subtract(b, matrix_product(a, x))
    image = least_squares(a, pulled, rcond=rcond)
    kernel = subtract(ct, least_squares(a, matrix_product(a, ct), rcond=rcond))
    dual = least_squares(transposed(a), x, rcond=rcond)
    of_a = subtract(matrix_product(residual, transposed(image)), _outer(pulled, x))
    return add(of_a, _outer(dual, kernel)), pulled


def _outer(left: Any, right: Any) -> Any:
    return matrix_product(left, transposed(right))


def _jvp(tangents: Sequence[Node | None], x: Node, a: Node, b: Node, rcond: float) -> Any:
    da, db = tangents
    if da is None:
        return least_squares(a, db, rcond=rcond)
    residual, across = subtract(b, matrix_product(a, x)), transposed(da)
    right = plus(db, negative(matrix_product(da, x)))
    dual = least_squares(transposed(a), matrix_product(across, residual), rcond=rcond)
    right = plus(right, dual)
    moved = matrix_product(across, least_squares(transposed(a), x, rcond=rcond))
    projected = least_squares(a, matrix_product(a, moved), rcond=rcond)
    return add(least_squares(a, right, rcond=rcond), subtract(moved, projected))


def _batch(size: int, is_batched: Sequence[bool], a: Node, b: Node, rcond: float) -> Any:
    return batch_of_right_sides(
        size, is_batched, a, b, lambda a, b: least_squares(a, b, rcond=rcond)
    )


def _reference(a: Any, b: Any, rcond: float) -> Any:
    """The normal equations, of full rank."""
    across = np.swapaxes(a, -1, -2)
    assert solve.reference is not None
    if a.shape[-2] >= a.shape[-1]:
        return solve.reference(across @ a, across @ b, is_transposed=False)
    return across @ solve.reference(a @ across, b, is_transposed=False)


def _sample(*shapes: tuple[int, ...]) -> Sample:
    a, b = (random_matrix(*shape, seed=i) for i, shape in enumerate(shapes))
    return Sample((a, b), {"rcond": 1e-6})


least_squares = Primitive(
    "least_squares",
    infer=_type,
    evaluate=_evaluate,
    vjp=_vjp,
    jvp=_jvp,
    batch=_batch,
    formula="{0}⁺ {1}",
    reference=_reference,
    samples=lambda: [
        _sample((4, 3), (4, 2)),
        _sample((2, 2, 3), (2, 2, 1)),
        _sample((1, 1), (1, 1)),
        _sample((0, 0), (0, 2)),
    ],
    invalid=lambda: [_sample((3, 2), (2, 2)), _sample((2, 3, 3), (3, 2))],
)
"""``least_squares(a, b, rcond=...)``: X = A⁺ B, the shortest of the least squares solutions."""
