"""Norms, condition and rank of matrices, with the names and arguments of `numpy.linalg`."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.errors import ArgumentError, ShapeError, UnsupportedError, counted
from chainrule.ops.numpy_api import extrema
from chainrule.ops.numpy_api.arithmetic import as_float
from chainrule.ops.numpy_api.linear_algebra import as_matrices, inv
from chainrule.ops.numpy_api.matrix_factorizations import eigvalsh, svdvals
from chainrule.ops.numpy_api.reductions import safe_sqrt
from chainrule.ops.numpy_api.shape_manipulation import moveaxis, ravel
from chainrule.ops.primitives.axes import normalize_axes, normalize_axis
from chainrule.ops.primitives.promotion import as_array
from chainrule.ops.primitives.selection import stop_gradient

__all__ = ["cond", "matrix_norm", "matrix_rank", "norm", "vector_norm"]


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
    if ord in (2, -2, "nuc"):
        return _spectral(x, ord, axes, keepdims)
    if ord not in (1, -1, np.inf, -np.inf):
        raise ArgumentError(
            f"norm: ord={ord!r} is no norm of matrices; use 'fro', 'nuc', 1, -1, 2, -2, np.inf or "
            "-np.inf"
        )
    summed, compared = axes if abs(ord) == 1 else axes[::-1]
    totals = np.sum(np.abs(x), axis=summed, keepdims=True)
    largest = np.max if ord > 0 else np.min
    result = largest(totals, axis=compared, keepdims=True)
    return result if keepdims else np.squeeze(result, axis=axes)


def _spectral(x: Any, ord: Any, axes: tuple[int, int], keepdims: bool) -> Any:
    """Return the largest or the smallest singular value, or their sum.

    Values that are zero but for rounding have derivative 0, as the absolute value has at 0.
    """
    values = svdvals(moveaxis(x, axes, (-2, -1)))
    if not values.shape[-1]:
        result = np.sum(values, axis=-1) if ord == "nuc" else np.max(values, axis=-1)
    else:
        is_zero = values <= np.max(values, axis=-1, keepdims=True) * _ROUNDING[x.dtype.name]
        values = np.where(is_zero, stop_gradient(values), values)
        result = np.sum(values, axis=-1) if ord == "nuc" else values[..., 0 if ord > 0 else -1]
    return np.expand_dims(result, axes) if keepdims else result


_ROUNDING = {"float32": 8 * float(np.finfo("f4").eps), "float64": 8 * float(np.finfo("f8").eps)}


def cond(x: Any, p: Any = None) -> Any:
    """Condition number of matrices in a norm; by default the ratio of extreme singular values."""
    (x,) = as_matrices("cond", x)
    if not x.size:
        raise ShapeError(f"cond: shape {x.shape} has no elements, and so no condition number")
    if p not in (None, 2, -2):
        return matrix_norm(x, ord=p) * matrix_norm(inv(x), ord=p)
    values = svdvals(x)
    above, below = (
        (values[..., -1], values[..., 0]) if p == -2 else (values[..., 0], values[..., -1])
    )
    return np.where(below == 0, np.inf, above / np.where(below == 0, 1, below))


def matrix_rank(a: Any, tol: Any = None, hermitian: bool = False, *, rtol: Any = None) -> Any:
    """Count the singular values above a tolerance; by default that of NumPy."""
    a = as_array(a)
    if a.ndim < 2:
        return np.any(a != 0).astype(int)
    (a,) = as_matrices("matrix_rank", a)
    values = np.abs(eigvalsh(a)) if hermitian else svdvals(a)
    if not values.shape[-1]:
        return np.sum(values, axis=-1).astype(int)
    if tol is None:
        relative = (
            max(a.shape[-2:]) * np.finfo(a.dtype).eps
            if rtol is None
            else np.asarray(rtol)[..., None]
        )
        tol = np.max(values, axis=-1, keepdims=True) * relative
    else:
        tol = np.asarray(tol)[..., None]
    return np.sum(values > tol, axis=-1)
