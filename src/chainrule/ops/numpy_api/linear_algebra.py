"""Norms, powers and chains of products, with the names and arguments of `numpy.linalg`."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from chainrule.errors import ArgumentError, ShapeError, UnsupportedError, counted
from chainrule.ops.numpy_api import extrema
from chainrule.ops.numpy_api.arithmetic import as_float
from chainrule.ops.numpy_api.products import matmul
from chainrule.ops.numpy_api.reductions import safe_sqrt
from chainrule.ops.numpy_api.shape_manipulation import broadcast_to, ravel
from chainrule.ops.primitives.axes import normalize_axes, normalize_axis
from chainrule.ops.primitives.promotion import as_array

__all__ = ["matrix_norm", "matrix_power", "multi_dot", "norm", "vector_norm"]


def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    """Norm of vectors or matrices, as `numpy.linalg.norm`."""
    x = as_float(x)
    if axis is None and ord is None:
        return _vector(x, 2, tuple(range(x.ndim)), keepdims)
    axes = normalize_axes("norm", axis, x.ndim)
    if len(axes) == 1:
        return _vector(x, 2 if ord is None else ord, axes, keepdims)
    if len(axes) != 2:
        raise ShapeError(
            f"norm: {counted(len(axes), 'axis')} of shape {x.shape}; give one axis or a pair"
        )
    return _matrix(x, ord, (axes[0], axes[1]), keepdims)


def vector_norm(x: Any, *, axis: Any = None, keepdims: bool = False, ord: Any = 2) -> Any:
    """Norm of vectors along axes, as `numpy.linalg.vector_norm`."""
    x = as_float(x)
    if axis is None and not keepdims:
        x = ravel(x)
    return _vector(x, ord, normalize_axes("vector_norm", axis, x.ndim), keepdims)


def matrix_norm(x: Any, *, keepdims: bool = False, ord: Any = "fro") -> Any:
    """Norm of matrices in the last two axes, as `numpy.linalg.matrix_norm`."""
    x = as_float(x)
    rows, columns = (normalize_axis("matrix_norm", each, x.ndim) for each in (-2, -1))
    return _matrix(x, ord, (rows, columns), keepdims)


def _vector(x: Any, ord: Any, axes: tuple[int, ...], keepdims: bool) -> Any:
    if isinstance(ord, str):
        raise UnsupportedError(f"norm: ord={ord!r} is for matrices, but vectors were given")
    if ord == 2:
        return safe_sqrt(np.sum(x * x, axis=axes, keepdims=keepdims))
    size = np.abs(x)
    if ord == np.inf:
        of_none = None if size.size else 0  # as in NumPy, which has none for the smallest
        return extrema.max(size, axes, keepdims=keepdims, initial=of_none)
    if ord == -np.inf:
        return np.min(size, axis=axes, keepdims=keepdims)
    if ord == 0:
        return np.sum((x != 0).astype(x.dtype), axis=axes, keepdims=keepdims)
    if ord == 1:
        return np.sum(size, axis=axes, keepdims=keepdims)
    total = np.sum(size**ord, axis=axes, keepdims=keepdims)
    if ord < 0:
        return total ** (1 / ord)
    return np.where(total == 0, 0, np.where(total == 0, 1, total) ** (1 / ord))


def _matrix(x: Any, ord: Any, axes: tuple[int, int], keepdims: bool) -> Any:
    if ord in (None, "fro"):
        return _vector(x, 2, axes, keepdims)
    if ord not in (1, -1, np.inf, -np.inf):
        raise UnsupportedError(
            f"norm: the keyword ord={ord!r} for matrices needs singular values, which cannot be "
            "traced; use ord='fro', 1 or np.inf"
        )
    summed, compared = axes if abs(ord) == 1 else axes[::-1]
    totals = np.sum(np.abs(x), axis=summed, keepdims=True)
    largest = np.max if ord > 0 else np.min
    result = largest(totals, axis=compared, keepdims=True)
    return result if keepdims else np.squeeze(result, axis=axes)


def matrix_power(a: Any, n: int) -> Any:
    """Multiply square matrices by themselves, `n` factors; `n` is 0 or more."""
    a, n = as_array(a), operator.index(n)
    if a.ndim < 2 or a.shape[-1] != a.shape[-2]:
        raise ShapeError(f"matrix_power: shape {a.shape} is not a stack of square matrices")
    if n < 0:
        raise UnsupportedError(
            "matrix_power: a negative power needs the inverse, which cannot be traced; compute "
            "the inverse outside the function and raise it to the positive power"
        )
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
