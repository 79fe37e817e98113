"""What rules of linear algebra have in common: transposes, triangles, checks, stacks of matrices.

A stack is an array whose last two axes are those of the matrices.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from chainrule.blas_threads import ON_ONE_THREAD, one_blas_thread
from chainrule.errors import DTypeError, ShapeError
from chainrule.graph.array_type import ArrayType
from chainrule.graph.node import Node, constant
from chainrule.graph.primitive import Sample
from chainrule.ops.primitives.broadcasting import broadcast_to
from chainrule.ops.primitives.contraction import contract
from chainrule.ops.primitives.elementwise import add, multiply
from chainrule.ops.primitives.movement import concatenate, reshape, strided_slice, transpose
from chainrule.ops.primitives.rules import batched_alike
from chainrule.ops.primitives.selection import select

__all__ = [
    "LAPACK_DTYPES", "batch_of_right_sides", "check_matrices", "check_square", "column_of",
    "columns", "diagonal_matrix", "diagonal_of", "half_lower", "identity_like", "inner_product",
    "lower_part", "matrix_product", "on_one_thread", "plus", "random_matrix", "row_of", "rows",
    "side_by_side", "stacked_rows", "symmetric_sample", "symmetrized", "transposed", "upper_part",
    "zeros",
]  # fmt: skip

LAPACK_DTYPES = ("float32", "float64")

_LETTERS = "abcdefghijklmnopqrstuvw"


def check_matrices(name: str, *operands: ArrayType) -> None:
    """Refuse what is not a stack of matrices of float32 or float64."""
    for each in operands:
        if each.ndim < 2:
            raise ShapeError(f"{name}: {each} is no matrix; it needs two axes or more")
        if each.dtype.name not in LAPACK_DTYPES:
            raise DTypeError(
                f"{name}: cannot compute with {each}, as LAPACK has float32 and float64; convert "
                "with x.astype(np.float32) or x.astype(float)"
            )
    if len({each.dtype for each in operands}) > 1:
        raise DTypeError(f"{name}: {' and '.join(map(repr, operands))} must have the same dtype")


def check_square(name: str, a: ArrayType) -> None:
    """Refuse what is not a stack of square matrices."""
    check_matrices(name, a)
    if a.shape[-1] != a.shape[-2]:
        raise ShapeError(f"{name}: {a} must be square; its last two axes must have one length")


def on_one_thread(function: Callable[..., Any]) -> Callable[..., Any]:
    """Run an evaluation by NumPy's LAPACK on one thread, so that its bits are always the same."""

    def evaluate(*arrays: Any, **params: Any) -> Any:
        with one_blas_thread():
            return function(*arrays, **params)

    ON_ONE_THREAD.add(evaluate)
    return evaluate


# Operations on nodes, for rules.


def transposed(x: Any) -> Any:
    """Transpose the matrices of a stack."""
    return transpose(x, axes=(*range(x.ndim - 2), x.ndim - 1, x.ndim - 2))


def symmetrized(x: Any) -> Any:
    """X + Xᵀ."""
    return add(x, transposed(x))


def matrix_product(*factors: Any) -> Any:
    """Multiply stacks of matrices of one leading shape, from the left."""
    product = factors[0]
    for factor in factors[1:]:
        stack = _LETTERS[: product.ndim - 2]
        product = contract(product, factor, spec=f"{stack}xy,{stack}yz->{stack}xz")
    return product


def inner_product(a: Any, b: Any) -> Any:
    """Sum the products of corresponding elements of matrices."""
    stack = _LETTERS[: a.ndim - 2]
    return contract(a, b, spec=f"{stack}xy,{stack}xy->{stack}")


def plus(a: Node | None, b: Node | None) -> Node | None:
    """Add tangents or cotangents, of which None is zero."""
    return a if b is None else b if a is None else add(a, b)


def lower_part(x: Any, k: int = 0) -> Any:
    """Set to zero what is above the `k`-th diagonal."""
    return select(np.tri(*x.shape[-2:], k=k, dtype=bool), x, 0)


def upper_part(x: Any, k: int = 0) -> Any:
    """Set to zero what is below the `k`-th diagonal."""
    return select(np.tri(*x.shape[-2:], k=k - 1, dtype=bool), 0, x)


def half_lower(x: Any) -> Any:
    """Lower triangle with half the diagonal, Φ(X) of Murray (2016): S = Φ(S) + Φ(S)ᵀ."""
    weights = 1 - 0.5 * np.eye(x.shape[-1], dtype=x.dtype)
    return multiply(lower_part(x), weights)


def identity_like(a: Any) -> Any:
    """Return the identity matrices in the shape and dtype of square ones."""
    return broadcast_to(constant(np.eye(a.shape[-1], dtype=a.dtype)), a.shape)


def column_of(x: Any) -> Any:
    """Return vectors as matrices of one column."""
    return reshape(x, shape=(*x.shape, 1))


def row_of(x: Any) -> Any:
    """Return vectors as matrices of one row."""
    return reshape(x, shape=(*x.shape[:-1], 1, x.shape[-1]))


def diagonal_matrix(x: Any) -> Any:
    """Return diagonal matrices."""
    n = x.shape[-1]
    return select(np.eye(n, dtype=bool), broadcast_to(row_of(x), (*x.shape, n)), 0)


def diagonal_of(a: Any) -> Any:
    """Return the diagonals of square matrices."""
    stack = _LETTERS[: a.ndim - 2]
    ones = constant(np.ones(a.shape[-1], a.dtype))
    eye = np.eye(a.shape[-1], dtype=bool)
    return contract(select(eye, a, 0), ones, spec=f"{stack}xy,y->{stack}x")


def zeros(x: Any) -> Any:
    """Return zeros in the shape and dtype of an array."""
    return constant(np.zeros(x.shape, x.dtype))


def columns(x: Any, start: int, stop: int) -> Any:
    """Return the columns from `start` to `stop`."""
    whole = [(0, n, 1) for n in x.shape[:-1]]
    return strided_slice(x, slices=(*whole, (start, stop - start, 1)))


def rows(x: Any, start: int, stop: int) -> Any:
    """Return the rows from `start` to `stop`."""
    whole = [(0, n, 1) for n in x.shape]
    return strided_slice(x, slices=(*whole[:-2], (start, stop - start, 1), whole[-1]))


def side_by_side(*matrices: Any) -> Any:
    """Join matrices along their columns."""
    return concatenate(*matrices, axis=matrices[0].ndim - 1)


def stacked_rows(*matrices: Any) -> Any:
    """Join matrices along their rows."""
    return concatenate(*matrices, axis=matrices[0].ndim - 2)


# Batches.


def batch_of_right_sides(
    size: int, is_batched: Sequence[bool], a: Node, b: Node, apply: Callable[[Any, Any], Any]
) -> Any:
    """Batch an equation with `a`: right sides for one matrix are columns of one right side."""
    if is_batched[0]:
        return apply(*batched_alike(size, is_batched, (a, b)))
    *stack, n, k = b.shape[1:]
    inner = [*range(1, b.ndim - 1), 0, b.ndim - 1]
    columns = reshape(transpose(b, axes=tuple(inner)), shape=(*stack, n, size * k))
    x = reshape(apply(a, columns), shape=(*stack, a.shape[-1], size, k))
    return transpose(x, axes=(x.ndim - 2, *range(x.ndim - 2), x.ndim - 1))


# Samples.


def random_matrix(*shape: int, seed: int = 0) -> Any:
    """Draw a well-conditioned stack of matrices: small numbers, and 2 on the diagonal."""
    noise = np.random.default_rng(seed).uniform(-0.5, 0.5, shape)
    return noise + 2 * np.eye(shape[-2], shape[-1])


def symmetric_sample(*shape: int, **params: Any) -> Sample:
    """Make a sample of symmetric positive definite matrices."""
    a = random_matrix(*shape)
    return Sample(((a + a.mT) / 2,), params)
