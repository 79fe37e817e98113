"""Linear equations ``A X = B`` and the logarithm of determinants, by LU factorization.

With W = A⁻ᵀ X̄ the cotangents are B̄ = W and Ā = -W Xᵀ; the derivative of log |det A| is A⁻ᵀ (Giles
2008, sections 2.3.1 and 2.2.3).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from chainrule.graph.array_type import ArrayType
from chainrule.graph.node import Node
from chainrule.graph.primitive import Primitive, Sample
from chainrule.ops.primitives.broadcasting import broadcast_to
from chainrule.ops.primitives.elementwise import multiply, negative, subtract
from chainrule.ops.primitives.linear_algebra.matrices import (
    batch_of_right_sides,
    check_square,
    identity_like,
    inner_product,
    matrix_product,
    on_one_thread,
    random_matrix,
    transposed,
)
from chainrule.ops.primitives.linear_algebra.triangular import check_right_side
from chainrule.ops.primitives.movement import reshape
from chainrule.ops.primitives.selection import get_results

__all__ = ["eliminated", "slogdet", "solve", "unchecked_solve"]


def _solve_type(a: ArrayType, b: ArrayType, is_transposed: bool) -> ArrayType:
    check_right_side("solve", a, b)
    return b


class _SolveRules(NamedTuple):
    """The rules of one of the two primitives that solve equations."""

    vjp: Callable[..., tuple[Any, Any]]
    jvp: Callable[..., Any]
    batch: Callable[..., Any]


def _solve_rules(solve: Callable[[], Primitive]) -> _SolveRules:
    """Return the rules, which call the primitive itself."""

    def vjp(ct: Node, x: Node, a: Node, b: Node, is_transposed: bool) -> tuple[Any, Any]:
        pulled = solve()(a, ct, is_transposed=not is_transposed)
        left, right = (x, pulled) if is_transposed else (pulled, x)
        return negative(matrix_product(left, transposed(right))), pulled

    def jvp(tangents: Sequence[Node | None], x: Node, a: Node, b: Node, is_transposed: bool) -> Any:
        da, db = tangents
        if da is not None:
            product = matrix_product(transposed(da) if is_transposed else da, x)
            db = negative(product) if db is None else subtract(db, product)
        return solve()(a, db, is_transposed=is_transposed)

    def batch(size: int, is_batched: Sequence[bool], a: Node, b: Node, is_transposed: bool) -> Any:
        return batch_of_right_sides(
            size, is_batched, a, b, lambda a, b: solve()(a, b, is_transposed=is_transposed)
        )

    return _SolveRules(vjp, jvp, batch)


@on_one_thread
def _solve(a: Any, b: Any, is_transposed: bool) -> Any:
    return np.linalg.solve(a.mT if is_transposed else a, b)


@on_one_thread
def _unchecked_solve(a: Any, b: Any, is_transposed: bool) -> Any:
    return _solution(a.mT if is_transposed else a, b)


def _solution(a: Any, b: Any) -> Any:
    """Solve; NaN for the matrices of a stack that are singular."""
    try:
        return np.linalg.solve(a, b)
    except np.linalg.LinAlgError:
        if a.ndim == 2:
            return np.full_like(b, np.nan)
        return np.stack([_solution(*each) for each in zip(a, b, strict=True)])


def eliminated(a: Any, b: Any) -> tuple[Any, Any]:
    """Eliminate by Gauss with pivoting: the upper triangle, signed by the swaps, and its side."""
    a, b = np.array(a), np.array(b)
    for j in range(len(a)):
        pivot = j + int(np.argmax(np.abs(a[j:, j])))
        if pivot != j:
            for each in (a, b):
                each[[j, pivot]] = each[[pivot, j]]
                each[pivot] = -each[pivot]
        for i in range(j + 1, len(a)):
            factor = a[i, j] / a[j, j]
            a[i] -= factor * a[j]
            b[i] -= factor * b[j]
    return a, b


def _solve_reference(a: Any, b: Any, is_transposed: bool) -> Any:
    a = np.swapaxes(a, -1, -2) if is_transposed else a
    x = np.array(b)
    for index in np.ndindex(*a.shape[:-2]):
        upper, side = eliminated(a[index], b[index])
        for i in reversed(range(len(upper))):
            known = upper[i, i + 1 :] @ x[index][i + 1 :]
            x[index][i] = (side[i] - known) / upper[i, i]
    return x


def _solve_sample(*shapes: tuple[int, ...], is_transposed: bool = False) -> Sample:
    a, b = (random_matrix(*shape, seed=i) for i, shape in enumerate(shapes))
    return Sample((a[..., ::-1, :], b), {"is_transposed": is_transposed})


def _solve_samples() -> list[Sample]:
    return [
        _solve_sample((3, 3), (3, 2)),
        _solve_sample((2, 3, 3), (2, 3, 1), is_transposed=True),
        _solve_sample((1, 1), (1, 1)),
        _solve_sample((0, 0), (0, 2)),
    ]


def _invalid_solve_samples() -> list[Sample]:
    return [
        _solve_sample((3, 2), (3, 2)),
        _solve_sample((3, 3), (2, 2)),
        _solve_sample((2, 3, 3), (3, 2)),
    ]


_rules = _solve_rules(lambda: solve)

solve = Primitive(
    "solve",
    infer=_solve_type,
    evaluate=_solve,
    vjp=_rules.vjp,
    jvp=_rules.jvp,
    batch=_rules.batch,
    formula="{0}⁻¹ {1}",
    reference=_solve_reference,
    samples=_solve_samples,
    invalid=_invalid_solve_samples,
)
"""``solve(a, b, is_transposed=...)``: X of ``A X = B``, or of ``Aᵀ X = B``."""

_unchecked_rules = _solve_rules(lambda: unchecked_solve)

unchecked_solve = Primitive(
    "unchecked_solve",
    infer=_solve_type,
    evaluate=_unchecked_solve,
    vjp=_unchecked_rules.vjp,
    jvp=_unchecked_rules.jvp,
    batch=_unchecked_rules.batch,
    formula="{0}⁻¹ {1}",
    reference=_solve_reference,
    samples=_solve_samples,
    invalid=_invalid_solve_samples,
)
"""``unchecked_solve(a, b, is_transposed=...)``: as `solve`, but not finite where A is singular.

It is for solvers that refuse a step of which nothing is finite, where nothing can be raised.
"""


def _slogdet_type(a: ArrayType) -> tuple[ArrayType, ArrayType]:
    check_square("slogdet", a)
    return a.with_shape(a.shape[:-2]), a.with_shape(a.shape[:-2])


@on_one_thread
def _slogdet(a: Any) -> tuple[Any, Any]:
    sign, logarithm = np.linalg.slogdet(a)
    return np.asarray(sign), np.asarray(logarithm)


def _slogdet_vjp(ct: Sequence[Node | None], results: Node, a: Node) -> tuple[Any]:
    if ct[1] is None:
        return (None,)
    factor = broadcast_to(reshape(ct[1], shape=(*ct[1].shape, 1, 1)), a.shape)
    return (multiply(factor, solve(a, identity_like(a), is_transposed=True)),)


def _slogdet_jvp(tangents: Sequence[Node | None], results: Node, a: Node) -> list[Any]:
    inverse = solve(a, identity_like(a), is_transposed=True)
    return [None, inner_product(inverse, tangents[0])]


def _slogdet_reference(a: Any) -> tuple[Any, Any]:
    sign, logarithm = np.ones(a.shape[:-2], a.dtype), np.zeros(a.shape[:-2], a.dtype)
    for index in np.ndindex(*a.shape[:-2]):
        pivots: Any = np.diagonal(eliminated(a[index], a[index])[0])
        signs = np.sign(pivots.real)
        sign[index], logarithm[index] = np.prod(signs), np.sum(np.log(signs * pivots))
    return sign, logarithm


slogdet = Primitive(
    "slogdet",
    infer=_slogdet_type,
    evaluate=_slogdet,
    vjp=_slogdet_vjp,
    jvp=_slogdet_jvp,
    batch=lambda size, is_batched, a: (get_results(slogdet(a)), [True, True]),
    formula="slogdet({0})",
    reference=_slogdet_reference,
    samples=lambda: [
        Sample((random_matrix(3, 3),)),
        Sample((-random_matrix(2, 3, 3),)),
        Sample((random_matrix(1, 1),)),
        Sample((np.ones((2, 0, 0)),)),
    ],
    invalid=lambda: [Sample((np.ones((2, 3)),)), Sample((np.ones(3),))],
)
"""``slogdet(a)``: the sign of the determinant, and the logarithm of its absolute value."""
