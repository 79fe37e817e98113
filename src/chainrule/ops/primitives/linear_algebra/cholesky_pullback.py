"""The vector-Jacobian product of the Cholesky factorization of one large matrix.

With P = Φ(Lᵀ L̄), the lower triangle with half its diagonal (Murray 2016, equation 10)::

    Ā = Φ(Z),    Z = L⁻ᵀ (P + Pᵀ) L⁻¹

Large factors are divided in two (Murray 2016, section 3.3, applied recursively), which takes 5/6 n³
operations, mostly of matrix products, and not the 4 n³ of the formula::

    Ā₂₂ from L₂₂, L̄₂₂           L̄₂₁ -= (Ā₂₂ + Ā₂₂ᵀ) L₂₁           Ā₂₁ = L̄₂₁ L₁₁⁻¹
    L̄₁₁ -= tril(Ā₂₁ᵀ L₂₁)        Ā₁₁ from L₁₁, L̄₁₁
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
    check_square,
    half_lower,
    lower_part,
    matrix_product,
    on_one_thread,
    plus,
    random_matrix,
    symmetrized,
    transposed,
)
from chainrule.ops.primitives.linear_algebra.triangular import triangular_solve
from chainrule.ops.primitives.rules import batched_alike

__all__ = ["BLOCK", "cholesky_pullback"]

BLOCK = 64
"""The order up to which the formula is evaluated as it stands."""


def _type(factor: ArrayType, ct: ArrayType) -> ArrayType:
    check_square("cholesky_pullback", factor)
    if factor != ct:
        raise ShapeError(f"cholesky_pullback: {ct} is no cotangent of the factor {factor}")
    return ct


def _solved(factor: Any, b: Any, is_transposed: bool) -> Any:
    return triangular_solve(factor, b, lower=True, is_transposed=is_transposed, unit_diagonal=False)


def _between_inverses(factor: Any, x: Any, is_transposed: bool) -> Any:
    """L⁻¹ X L⁻ᵀ, or L⁻ᵀ X L⁻¹."""
    half = transposed(_solved(factor, x, is_transposed))
    return transposed(_solved(factor, half, is_transposed))


@on_one_thread
def _evaluate(factor: Any, ct: Any) -> Any:
    result = np.tril(ct)
    _pull_back(np.tril(factor), result)
    return result


def _pull_back(factor: Any, ct: Any) -> None:
    """Replace the lower triangle L̄ by Ā in place."""
    n = factor.shape[-1]
    if n <= BLOCK:
        p = np.tril(factor.mT @ ct)
        inverse = np.linalg.solve(factor, np.broadcast_to(np.eye(n, dtype=ct.dtype), ct.shape))
        z = inverse.mT @ (np.tril(p, -1) + p.mT) @ inverse
        ct[...] = np.tril(z) * (1 - 0.5 * np.eye(n, dtype=ct.dtype))
        return
    first, second = slice(None, n // 2), slice(n // 2, None)
    below = factor[..., second, first]
    ct_below, corner = ct[..., second, first], ct[..., second, second]
    _pull_back(factor[..., second, second], corner)
    ct_below -= (corner + corner.mT) @ below
    ct_below[...] = _solved(factor[..., first, first], ct_below.mT, True).mT
    ct[..., first, first] -= np.tril(ct_below.mT @ below)
    _pull_back(factor[..., first, first], ct[..., first, first])


def _vjp(ct: Node, result: Node, factor: Node, cotangent: Node) -> tuple[Any, Any]:
    """Z̄ = Φ(ȳ), M = Lᵀ L̄ and M̄ = Φ(H + Hᵀ) with H = L⁻¹ Z̄ L⁻ᵀ."""
    z = half_lower(ct)
    m = half_lower(symmetrized(_between_inverses(factor, z, False)))
    change = matrix_product(symmetrized(result), symmetrized(z))
    right = transposed(_solved(factor, transposed(change), False))
    of_factor = subtract(matrix_product(cotangent, transposed(m)), right)
    return lower_part(of_factor), matrix_product(factor, m)


def _jvp(tangents: Sequence[Node | None], result: Node, factor: Node, cotangent: Node) -> Any:
    """Ż = L⁻ᵀ (Ṗ + Ṗᵀ) L⁻¹ - X - Xᵀ with X = L⁻ᵀ L̇ᵀ Z."""
    change, tangent = tangents
    linear = None if tangent is None else cholesky_pullback(factor, tangent)
    if change is None:
        return linear
    change = lower_part(change)
    p = half_lower(matrix_product(transposed(change), lower_part(cotangent)))
    z = _between_inverses(factor, symmetrized(p), True)
    x = _solved(factor, matrix_product(transposed(change), symmetrized(result)), True)
    return plus(linear, half_lower(plus(z, negative(symmetrized(x)))))


def _reference(factor: Any, ct: Any) -> Any:
    """Reverse the factorization, one element after the other (Smith 1995)."""
    ct = np.tril(ct).copy()
    for j in reversed(range(factor.shape[-1])):
        for i in reversed(range(j + 1, factor.shape[-1])):
            ct[..., i, j] /= factor[..., j, j]
            ct[..., j, j] -= factor[..., i, j] * ct[..., i, j]
            scale = ct[..., i, j, None]
            ct[..., j, :j] -= scale * factor[..., i, :j]
            ct[..., i, :j] -= scale * factor[..., j, :j]
        ct[..., j, j] /= 2 * factor[..., j, j]
        ct[..., j, :j] -= 2 * ct[..., j, j, None] * factor[..., j, :j]
    return ct


def _sample(*shape: int) -> Sample:
    return Sample((np.tril(random_matrix(*shape)), random_matrix(*shape, seed=1)))


cholesky_pullback = Primitive(
    "cholesky_pullback",
    infer=_type,
    evaluate=_evaluate,
    vjp=_vjp,
    jvp=_jvp,
    batch=lambda size, is_batched, *inputs: cholesky_pullback(
        *batched_alike(size, is_batched, inputs)
    ),
    formula="Φ({0}⁻ᵀ (Φ({0}ᵀ {1}) + Φ({0}ᵀ {1})ᵀ) {0}⁻¹)",
    reference=_reference,
    samples=lambda: [_sample(3, 3), _sample(2, 3, 3), _sample(1, 1), _sample(0, 0)],
    invalid=lambda: [
        Sample((np.ones((2, 3)), np.ones((2, 3)))),
        Sample((np.eye(3), np.ones((2, 2)))),
    ],
)
"""``cholesky_pullback(factor, ct)``: the cotangent of a matrix from that of its factor."""
