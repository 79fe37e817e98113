"""Where a decomposition determines its factors: distinct values, and columns that complete others.

Elsewhere they have no derivative, and a derivative that needs it is an error when it is computed.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.ops.primitives.broadcasting import broadcast_to
from chainrule.ops.primitives.elementwise import (
    absolute,
    divide,
    less,
    less_equal,
    logical_not,
    multiply,
    subtract,
)
from chainrule.ops.primitives.linear_algebra.matrices import (
    column_of,
    columns,
    matrix_product,
    row_of,
    side_by_side,
    transposed,
)
from chainrule.ops.primitives.reduction import reduce_max, reduce_min
from chainrule.ops.primitives.requirement import require
from chainrule.ops.primitives.selection import select

__all__ = [
    "completed", "completed_tangent", "distinct", "nonzero", "off_diagonal",
    "pairwise_differences", "rounding_of",
]  # fmt: skip

_CLOSE = 8
"""Values that differ by so many units of rounding of the largest are repeated ones."""


# Orthonormal columns Q₁, completed by any Q₂ to a square matrix.


def completed(q: Any, ct: Any, n: int, name: str) -> Any:
    """Return the cotangent of the first `n` columns, with what that of the others adds to it.

    Q₂ is determined but for a rotation, whose derivative must be zero: Q₂ᵀ Q̄₂ is symmetric. Then
    only the movement of Q₂ with Q₁ counts, Q₁ᵀ Q̇₂ = -(Q₂ᵀ Q̇₁)ᵀ.
    """
    first, others = columns(q, 0, n), columns(q, n, q.shape[-1])
    ct_first, ct_others = columns(ct, 0, n), columns(ct, n, q.shape[-1])
    rotation = matrix_product(transposed(others), ct_others)
    asymmetry = _largest(subtract(rotation, transposed(rotation)))
    bound = multiply(_largest(ct_others), _CLOSE * q.shape[-2] * float(np.finfo(q.dtype).eps))
    is_symmetric = logical_not(less(bound, asymmetry))
    is_symmetric = broadcast_to(column_of(column_of(is_symmetric)), ct_others.shape)
    ct_others = require(ct_others, is_symmetric, message=_UNDETERMINED.format(name=name))
    moved = matrix_product(others, transposed(ct_others), first)
    return subtract(ct_first, moved)


def completed_tangent(q: Any, dq: Any, name: str) -> Any:
    """Return the tangent of Q₁ and Q₂; that of Q₂ is not determined, and must not be needed."""
    n = dq.shape[-1]
    others = columns(q, n, q.shape[-1])
    never = np.zeros(others.shape, bool)
    return side_by_side(dq, require(others, never, message=_UNDETERMINED.format(name=name)))


def _largest(x: Any) -> Any:
    """Return the largest absolute value of each matrix."""
    return reduce_max(absolute(x), axes=(x.ndim - 2, x.ndim - 1))


_UNDETERMINED = (
    "{name}: the columns that complete an orthonormal basis are determined but for a rotation, and "
    "the function depends on it, or its derivative is taken forwards; use mode='reduced' or "
    "full_matrices=False"
)


def off_diagonal(above: Any, below: Any, used: Any = None) -> Any:
    """Divide elementwise off the diagonal, and set the diagonal to zero.

    So are the pairs of columns of which neither is used.
    """
    is_left_out = np.eye(above.shape[-1], dtype=bool) | ~_pairs(above.shape[-1], used)
    return select(is_left_out, 0, divide(above, select(is_left_out, 1, below)))


def _pairs(n: int, used: Any) -> Any:
    """The pairs of values of which one at least is used; None means all."""
    return np.ones((n, n), bool) if used is None else used[:, None] | used


def pairwise_differences(x: Any) -> Any:
    """Return xⱼ - xᵢ in row i and column j."""
    return subtract(row_of(x), column_of(x))


def rounding_of(x: Any) -> Any:
    """Return a bound of the rounding errors of the values that LAPACK computes."""
    largest = reduce_max(absolute(x), axes=(x.ndim - 1,))
    return multiply(column_of(largest), _CLOSE * float(np.finfo(x.dtype).eps))


def distinct(x: Any, message: str, used: Any = None) -> Any:
    """Require that no two values are equal, but for rounding, where one of the two is used."""
    n = x.shape[-1]
    if n < 2:
        return x
    is_left_out = np.eye(n, dtype=bool) | ~_pairs(n, used)
    distance = select(is_left_out, np.inf, absolute(pairwise_differences(x)))
    is_close = less_equal(reduce_min(distance, axes=(x.ndim,)), rounding_of(x))
    return require(x, logical_not(is_close), message=message)


def nonzero(x: Any, message: str, used: Any = None) -> Any:
    """Require that no value is zero, but for rounding; return 1 for those that are not used."""
    if not x.shape[-1]:
        return x
    if used is not None:
        x = select(used, x, 1)
    return require(x, logical_not(less_equal(absolute(x), rounding_of(x))), message=message)
