"""Linear equations, determinants, inverses and products, as `numpy.linalg` names them."""

from __future__ import annotations

import inspect
import math
import operator
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from chainrule.errors import ArgumentError, ShapeError
from chainrule.graph.node import Node
from chainrule.ops.numpy_api.products import matmul
from chainrule.ops.numpy_api.shape_manipulation import (
    broadcast_to,
    moveaxis,
    ravel,
    reshape,
    transpose,
)
from chainrule.ops.primitives.broadcasting import cast
from chainrule.ops.primitives.linear_algebra import determinant, linear_system
from chainrule.ops.primitives.linear_algebra.least_squares import least_squares
from chainrule.ops.primitives.linear_algebra.matrices import identity_like, lower_part, transposed
from chainrule.ops.primitives.linear_algebra.singular_values import svd
from chainrule.ops.primitives.promotion import as_array, common_dtype
from chainrule.ops.primitives.requirement import require
from chainrule.ops.primitives.selection import get_results

__all__ = [
    "as_matrices", "check_square", "det", "equation", "inv", "lstsq", "matrix_power", "multi_dot",
    "named", "pinv", "slogdet", "solve", "static_float", "symmetric",
    "tensorinv", "tensorsolve", "to_common_float",
]  # fmt: skip


def as_matrices(name: str, *operands: Any) -> tuple[Any, ...]:
    """Convert to one dtype of LAPACK, as `numpy.linalg` does: of integers and booleans float64."""
    arrays = [as_array(x) for x in operands]
    for each in arrays:
        if each.ndim < 2:
            raise ShapeError(f"{name}: shape {each.shape} is no matrix; it needs two axes or more")
    return to_common_float(*arrays)


def to_common_float(*arrays: Any) -> tuple[Any, ...]:
    """Convert arrays to one float dtype; integers and booleans count as float64."""
    floats = [x if x.dtype.kind == "f" else cast(x, np.dtype(float)) for x in arrays]
    dtype = common_dtype(*floats)
    return tuple(cast(x, dtype) for x in floats)


def check_square(name: str, a: Any) -> None:
    """Refuse matrices that are not square, before others are broadcast to them."""
    if a.shape[-1] != a.shape[-2]:
        raise ShapeError(f"{name}: shape {a.shape} is not a stack of square matrices")


@cache
def _named_tuple(function: Callable[..., Any]) -> Any:
    return type(function(np.eye(1)))


def named(function: Callable[..., Any], results: Any) -> Any:
    """Return results in the named tuple that a function of NumPy returns."""
    return _named_tuple(function)(*results)


def equation(name: str, a: Any, b: Any, apply: Callable[[Any, Any], Any]) -> Any:
    """Solve for a vector or stacks of matrices of right sides; the stacks broadcast.

    The right sides for one matrix are columns of one right side: it is factorized once.
    """
    a, b = as_array(a), as_array(b)
    if a.ndim < 2 or not b.ndim:
        raise ShapeError(f"{name}: shapes {a.shape} and {b.shape} are no matrix and right side")
    check_square(name, a)
    a, b = to_common_float(a, b)
    if b.shape[0 if b.ndim == 1 else -2] != a.shape[-1]:
        raise ShapeError(
            f"{name}: the right side of shape {b.shape} does not match the matrix of shape "
            f"{a.shape}; it needs {a.shape[-1]} rows"
        )
    if b.ndim == 1:
        right = broadcast_to(reshape(b, (-1, 1)), (*a.shape[:-1], 1))
        return reshape(apply(a, right), a.shape[:-1])
    if a.ndim == 2 < b.ndim:
        moved = moveaxis(b, -2, 0)
        solved = apply(a, reshape(moved, (a.shape[0], math.prod(moved.shape[1:]))))
        return moveaxis(reshape(solved, moved.shape), 0, -2)
    try:
        stack = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    except ValueError:
        raise ShapeError(
            f"{name}: the stacks of shapes {a.shape} and {b.shape} do not broadcast"
        ) from None
    return apply(broadcast_to(a, (*stack, *a.shape[-2:])), broadcast_to(b, (*stack, *b.shape[-2:])))


def solve(a: Any, b: Any) -> Any:
    """Solve linear equations, as `numpy.linalg.solve`: a vector, or stacks of matrices."""
    return equation("solve", a, b, lambda a, b: linear_system.solve(a, b, is_transposed=False))


def inv(a: Any) -> Any:
    """Invert square matrices."""
    (a,) = as_matrices("inv", a)
    check_square("inv", a)
    return linear_system.solve(a, identity_like(a), is_transposed=False)


def det(a: Any) -> Any:
    """Compute determinants of square matrices; the derivative exists at singular ones too."""
    return determinant.det(*as_matrices("det", a))


def slogdet(a: Any) -> Any:
    """Sign and logarithm of the absolute value of determinants."""
    results = linear_system.slogdet(*as_matrices("slogdet", a))
    return named(np.linalg.slogdet, get_results(results))


def symmetric(a: Any, is_lower: bool = True) -> Any:
    """Return the symmetric matrices of which one triangle is read."""
    low = lower_part(a if is_lower else transposed(a))
    return low + transposed(lower_part(low, -1))


_NO_VALUE = inspect.signature(np.linalg.pinv).parameters["rtol"].default  # other than None


def pinv(a: Any, rcond: Any = None, hermitian: bool = False, *, rtol: Any = _NO_VALUE) -> Any:
    """Pseudoinverse; its derivative is that at constant rank."""
    (a,) = as_matrices("pinv", a)
    *stack, m, n = a.shape
    if rcond is None:
        rcond = 1e-15 if rtol is _NO_VALUE else rtol
    bound = static_float("pinv", rcond)
    if bound is None:
        bound = max(m, n) * float(np.finfo(a.dtype).eps)
    eye = broadcast_to(np.eye(m, dtype=a.dtype), (*stack, m, m))
    return least_squares(symmetric(a) if hermitian else a, eye, rcond=max(bound, 0.0))


def static_float(name: str, value: Any) -> float | None:
    """Return a tolerance as a number; it must be known, and one for all matrices."""
    if value is None:
        return None
    if type(value) is Node or np.ndim(value):
        raise ArgumentError(f"{name}: the tolerance must be one number for all matrices")
    return float(value)


def lstsq(a: Any, b: Any, rcond: Any = None) -> Any:
    """Least squares solution, residuals, rank and singular values, as `numpy.linalg.lstsq`."""
    a, right = as_array(a), as_array(b)
    if a.ndim != 2 or right.ndim not in (1, 2) or a.shape[0] != right.shape[0]:
        raise ShapeError(
            f"lstsq: shapes {a.shape} and {right.shape} are no matrix and right side of one height"
        )
    a, right = to_common_float(a, right)
    bound = static_float("lstsq", rcond)
    eps = float(np.finfo(a.dtype).eps)
    bound = max(a.shape) * eps if bound is None else bound if 0 < bound < 1 else eps
    matrix = reshape(right, (a.shape[0], -1)) if right.ndim == 1 else right
    x = least_squares(a, matrix, rcond=bound)
    values = get_results(svd(a, is_full=False))[1]
    largest = np.max(values) if values.shape[0] else 0
    rank = np.sum(values > largest * bound)
    residuals = _residuals(a, matrix, x, rank)
    return reshape(x, x.shape[:1]) if right.ndim == 1 else x, residuals, rank, values


def _residuals(a: Any, b: Any, x: Any, rank: Any) -> Any:
    """Sums of squares, of as many as NumPy returns: none where the rank is not full."""
    m, n = a.shape
    is_unknown = isinstance(rank, Node) and not rank.is_known
    if m <= n or not (is_unknown or int(rank.value if isinstance(rank, Node) else rank) == n):
        return np.zeros(0, a.dtype)
    difference = b - matmul(a, x)
    total = np.sum(difference * difference, axis=0)
    if not is_unknown:
        return total
    return require(total, broadcast_to(rank == n, total.shape), message=_DEFICIENT)


_DEFICIENT = (
    "lstsq: the rank is not full, where NumPy returns no residuals; in a compiled function their "
    "number must be known: compute np.sum((b - a @ x) ** 2, axis=0)"
)


def tensorsolve(a: Any, b: Any, axes: Any = None) -> Any:
    """Solve a tensor equation for x, ``tensordot(a, x, x.ndim) = b``."""
    a, b = as_array(a), as_array(b)
    if axes is not None:
        rest = [i for i in range(a.ndim) if i not in {axis % a.ndim for axis in axes}]
        a = transpose(a, (*rest, *(axis % a.ndim for axis in axes)))
    shape = a.shape[b.ndim :]
    size = math.prod(shape)
    if a.size != size**2 or b.size != size:
        raise ShapeError(
            f"tensorsolve: shape {a.shape} is no square matrix that maps the axes {shape} to the "
            f"shape {b.shape}"
        )
    return reshape(solve(reshape(a, (size, size)), ravel(b)), shape)


def tensorinv(a: Any, ind: int = 2) -> Any:
    """Inverse of a tensor as a map from its last axes to its first `ind` ones."""
    a = as_array(a)
    if ind <= 0:
        raise ArgumentError(f"tensorinv: ind must be positive, got {ind}")
    first, last = a.shape[:ind], a.shape[ind:]
    if math.prod(first) != math.prod(last):
        raise ShapeError(f"tensorinv: the axes {first} and {last} of {a.shape} differ in size")
    size = math.prod(last)
    return reshape(inv(reshape(a, (size, size))), (*last, *first))


def matrix_power(a: Any, n: int) -> Any:
    """Multiply square matrices by themselves, or their inverses for a negative power."""
    a, n = as_array(a), operator.index(n)
    if a.ndim < 2 or a.shape[-1] != a.shape[-2]:
        raise ShapeError(f"matrix_power: shape {a.shape} is not a stack of square matrices")
    if n < 0:
        return matrix_power(inv(a), -n)
    if n == 0:
        return broadcast_to(np.eye(a.shape[-1], dtype=a.dtype), a.shape)
    half = a if n == 1 else matrix_power(a, n // 2)
    if n == 1:
        return half
    square = matmul(half, half)
    return matmul(square, a) if n % 2 else square


def multi_dot(arrays: Any, *, out: Any = None) -> Any:
    """Multiply several matrices, in the order of the fewest operations."""
    factors = [as_array(x) for x in arrays]
    if len(factors) < 2:
        raise ArgumentError(f"multi_dot: needs two matrices or more, got {len(factors)}")
    letters = "abcdefghijklmnopqrstuvwxyz"
    if len(factors) >= len(letters):
        return matmul(multi_dot(factors[:-1]), factors[-1])
    specs = [letters[i : i + 2] for i in range(len(factors))]
    if factors[0].ndim == 1:
        specs[0] = specs[0][1]
    if factors[-1].ndim == 1:
        specs[-1] = specs[-1][0]
    ends = specs[0][:-1] + specs[-1][1:]
    return np.einsum(f"{','.join(specs)}->{ends}", *factors, optimize="optimal")
