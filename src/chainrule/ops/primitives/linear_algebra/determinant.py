"""The determinant and its derivatives of all orders, which exist at singular matrices too.

The determinant is a polynomial in the elements of A, of the first degree in each. Its gradient is
the matrix of cofactors, det(A) A⁻ᵀ where A is regular; ``cofactors(a, e₁, …, eₖ)`` is the gradient
of the k-th derivative along e₁, …, eₖ. It is linear in each direction and symmetric in all, so that
its own derivatives are cofactors with one direction more.

For ``A = U S Vᵀ`` with s the singular values, the cofactors are det(U) det(V) U C Vᵀ, where C is
diagonal and holds the products of all values but one; along one direction E, with H = Uᵀ E V and
pᵢⱼ the product of all values but sᵢ and sⱼ, C is -pᵢⱼ Hⱼᵢ off the diagonal and Σⱼ pᵢⱼ Hⱼⱼ on it.
No value is divided by.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.errors import ShapeError
from chainrule.graph.array_type import ArrayType
from chainrule.graph.node import Node
from chainrule.graph.primitive import Primitive, Sample
from chainrule.ops.primitives.broadcasting import broadcast_to, reduce_to
from chainrule.ops.primitives.elementwise import divide, equal, exp, log, logical_or, multiply
from chainrule.ops.primitives.linear_algebra.linear_system import eliminated
from chainrule.ops.primitives.linear_algebra.matrices import (
    check_square,
    column_of,
    inner_product,
    matrix_product,
    on_one_thread,
    plus,
    random_matrix,
    row_of,
)
from chainrule.ops.primitives.movement import reshape
from chainrule.ops.primitives.reduction import reduce_min
from chainrule.ops.primitives.rules import batched_alike
from chainrule.ops.primitives.selection import select

__all__ = ["cofactors", "cofactors_from_singular_values", "det"]


def _det_type(a: ArrayType) -> ArrayType:
    check_square("det", a)
    return a.with_shape(a.shape[:-2])


def _det_vjp(ct: Node, y: Node, a: Node) -> tuple[Any]:
    return (multiply(broadcast_to(column_of(column_of(ct)), a.shape), cofactors(a)),)


def _det_reference(a: Any) -> Any:
    value = np.ones(a.shape[:-2], a.dtype)
    for index in np.ndindex(*a.shape[:-2]):
        value[index] = np.prod(np.diagonal(eliminated(a[index], a[index])[0]))
    return value


def _square_samples() -> list[Sample]:
    return [
        Sample((random_matrix(3, 3)[::-1],)),
        Sample((random_matrix(2, 2, 2),)),
        Sample((np.full((1, 1), 2.5),)),
        Sample((np.ones((2, 0, 0)),)),
        Sample((np.array([[1.0, 2, 3], [2, 4, 6], [1, 1, 1]]),)),
    ]


_invalid = [Sample((np.ones((2, 3)),)), Sample((np.ones(3),))]

det = Primitive(
    "det",
    infer=_det_type,
    evaluate=on_one_thread(lambda a: np.asarray(np.linalg.det(a))),
    vjp=_det_vjp,
    jvp=lambda tangents, y, a: inner_product(cofactors(a), tangents[0]),
    batch=lambda size, is_batched, a: det(a),
    formula="det({0})",
    reference=_det_reference,
    samples=_square_samples,
    invalid=lambda: _invalid,
)
"""``det(a)``: the determinants of a stack of square matrices."""


def _cofactors_type(a: ArrayType, *directions: ArrayType) -> ArrayType:
    check_square("cofactors", a)
    if any((each.shape, each.dtype) != (a.shape, a.dtype) for each in directions):
        raise ShapeError(f"cofactors: the directions {directions} must have the type of {a}")
    return a


@on_one_thread
def _cofactors(a: Any, *directions: Any) -> Any:
    n, order = a.shape[-1], len(directions)
    if not a.size or order >= n:
        return np.zeros_like(a)
    if order < 2:
        return _along_one(a, *directions)
    result = np.zeros_like(a)
    for index in np.ndindex(*a.shape[:-2]):
        result[index] = _along_many(a[index], [each[index] for each in directions])
    return result


def _along_one(a: Any, *direction: Any) -> Any:
    """The cofactors, or their derivative along one direction, by singular values."""
    u, s, vh = np.linalg.svd(a)
    conjugate = u.conj()
    if not direction:
        center = _products_without_one(s)[..., None, :] * np.eye(a.shape[-1])
    else:
        pairs = _products_without_two(s)
        moved = conjugate.mT @ direction[0] @ vh.conj().mT
        center = -pairs * moved.mT
        diagonal = np.einsum("...ij,...jj->...i", pairs, moved)
        np.einsum("...ii->...i", center)[...] = diagonal
    signs = (np.linalg.det(u) * np.linalg.det(vh))[..., None, None]
    return (signs * (conjugate @ center @ vh.conj())).astype(a.dtype)


def cofactors_from_singular_values(u: Any, s: Any, vh: Any) -> Any:
    """The cofactors as nodes, by quotients of the smallest value and others, which are larger."""
    is_last = np.arange(s.shape[-1]) == s.shape[-1] - 1
    smallest = reduce_min(s, axes=(s.ndim - 1,))
    logarithms = select(is_last, 0, log(select(is_last, 1, s)))
    others = exp(reduce_to(logarithms, (*s.shape[:-1], 1)))  # the product of all but the smallest
    divisor = select(logical_or(is_last, equal(s, 0)), 1, s)
    ratio = select(is_last, 1, divide(reshape(smallest, shape=others.shape), divisor))
    sign = reshape(multiply(det(u), det(vh)), shape=others.shape)
    center = multiply(multiply(sign, others), ratio)
    return matrix_product(multiply(u, row_of(center)), vh)


def _products_without_one(s: Any) -> Any:
    """Multiply all values but one, by products from both ends."""
    ones = np.ones_like(s[..., :1])
    before = np.cumprod(np.concatenate([ones, s[..., :-1]], axis=-1), axis=-1)
    after = np.cumprod(np.concatenate([ones, s[..., :0:-1]], axis=-1), axis=-1)[..., ::-1]
    return before * after


def _products_without_two(s: Any) -> Any:
    """Multiply all values but those of row and column, 0 on the diagonal."""
    n = s.shape[-1]
    pairs = np.zeros((*s.shape, n), s.dtype)
    for i in range(n):
        others = np.delete(s, i, axis=-1)
        if n > 1:
            pairs[..., i, np.arange(n) != i] = _products_without_one(others)
    return pairs


def _along_many(a: Any, directions: list[Any]) -> Any:
    """Coefficient of t₂…tₖ in the derivative along e₁ at A + Σ tᵢeᵢ, by a Fourier transform."""
    first, *others = directions
    n = a.shape[-1]
    roots = np.exp(2j * np.pi * np.arange(n) / n)
    size = float(np.abs(a).max()) or 1.0
    radii = [size / (float(np.abs(each).max()) or 1.0) for each in others]
    total: Any = np.zeros(a.shape, complex)
    for point in itertools.product(roots, repeat=len(others)):
        steps = [radius * t for radius, t in zip(radii, point, strict=True)]
        at = a + sum(t * each for t, each in zip(steps, others, strict=True))
        total = total + _along_one(at, first) / math.prod(n * t for t in steps)
    return total.real.astype(a.dtype)


def _cofactors_vjp(ct: Node, y: Node, a: Node, *directions: Node) -> list[Any]:
    others = [[*directions[:i], *directions[i + 1 :]] for i in range(len(directions))]
    return [cofactors(a, *directions, ct), *(cofactors(a, *each, ct) for each in others)]


def _cofactors_jvp(tangents: Sequence[Node | None], y: Node, a: Node, *directions: Node) -> Any:
    total = None if tangents[0] is None else cofactors(a, *directions, tangents[0])
    for i, tangent in enumerate(tangents[1:]):
        if tangent is not None:
            total = plus(total, cofactors(a, *directions[:i], tangent, *directions[i + 1 :]))
    return total


def _cofactors_reference(a: Any, *directions: Any) -> Any:
    """Leibniz' formula: of each term, all ways to take a factor from each direction."""
    n, result = a.shape[-1], np.zeros_like(a)
    for order in itertools.permutations(range(n)):
        sign = np.linalg.det(np.eye(n)[list(order)]).round()
        for row in range(n):
            others = [i for i in range(n) if i != row]
            for chosen in itertools.permutations(others, len(directions)):
                term = np.full(a.shape[:-2], sign, a.dtype)
                for i in others:
                    source = directions[chosen.index(i)] if i in chosen else a
                    term = term * source[..., i, order[i]]
                result[..., row, order[row]] += term
    return result


def _with_directions(a: Any, count: int) -> Sample:
    return Sample((a, *(random_matrix(*a.shape, seed=i + 1) for i in range(count))))


cofactors = Primitive(
    "cofactors",
    infer=_cofactors_type,
    evaluate=_cofactors,
    vjp=_cofactors_vjp,
    jvp=_cofactors_jvp,
    batch=lambda size, is_batched, *inputs: cofactors(*batched_alike(size, is_batched, inputs)),
    formula="cofactors({0}, …)",
    reference=_cofactors_reference,
    samples=lambda: [
        *(_with_directions(each.inputs[0], 0) for each in _square_samples()),
        _with_directions(random_matrix(2, 3, 3), 1),
        _with_directions(np.diag([1.0, 0, 0]), 1),
        _with_directions(random_matrix(4, 4), 2),
    ],
    invalid=lambda: [*_invalid, Sample((np.ones((2, 2)), np.ones((3, 3))))],
)
"""``cofactors(a, *directions)``: gradient of the derivative of det along the directions."""
