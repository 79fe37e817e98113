"""Norms, with the names and arguments of `numpy.linalg`."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.errors import ShapeError, UnsupportedError
from chainrule.ops.numpy_api import extrema
from chainrule.ops.numpy_api.arithmetic import as_float
from chainrule.ops.numpy_api.reductions import safe_sqrt
from chainrule.ops.numpy_api.shape_manipulation import ravel
from chainrule.ops.primitives.axes import normalize_axes, normalize_axis

__all__ = ["matrix_norm", "norm", "vector_norm"]


def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    """Norm of vectors or matrices, as `numpy.linalg.norm`."""
    x = as_float(x)
    if axis is None and ord is None:
        return _vector(x, 2, tuple(range(x.ndim)), keepdims)
    axes = normalize_axes("norm", axis, x.ndim)
    if len(axes) == 1:
        return _vector(x, 2 if ord is None else ord, axes, keepdims)
    if len(axes) != 2:
        raise ShapeError(f"norm: {len(axes)} axes of shape {x.shape}; give one axis or a pair")
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
