"""Covariance matrices, convolution and correlation of sequences, with NumPy's names."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.arguments.checks import shown
from chainrule.errors import ArgumentError, ShapeError
from chainrule.ops.numpy_api.arithmetic import clip
from chainrule.ops.numpy_api.concatenation import concatenate
from chainrule.ops.numpy_api.indexing import diag
from chainrule.ops.numpy_api.products import matmul, to_common_dtype
from chainrule.ops.numpy_api.reductions import sum as sum_along
from chainrule.ops.numpy_api.shape_manipulation import (
    atleast_1d,
    atleast_2d,
    flip,
    squeeze,
    transpose,
)
from chainrule.ops.primitives import movement
from chainrule.ops.primitives.broadcasting import cast
from chainrule.ops.primitives.elementwise import multiply, sqrt
from chainrule.ops.primitives.promotion import as_array
from chainrule.ops.primitives.windows import sliding_window_view

__all__ = ["convolve", "corrcoef", "correlate", "cov"]


def cov(
    m: Any,
    y: Any = None,
    rowvar: bool = True,
    bias: bool = False,
    ddof: int | None = None,
    fweights: Any = None,
    aweights: Any = None,
    *,
    dtype: Any = None,
) -> Any:
    """Covariance matrix of variables, one a row, ``Σ w (x - x̄)(x - x̄)ᵀ / n``."""
    x = _variables(m, y, rowvar, dtype)
    if ddof is None:
        ddof = 0 if bias else 1
    elif ddof != int(ddof):
        raise ArgumentError(f"cov: ddof must be an integer, got {ddof}")
    if x.shape[0] == 0:
        return np.zeros((0, 0))
    given = [_weights(each, x.shape[1]) for each in (fweights, aweights) if each is not None]
    if not given:
        weights, total = np.ones(x.shape[1], x.dtype), x.shape[1]
    else:
        weights = given[0] if len(given) == 1 else given[0] * given[1]
        total = sum_along(weights)
    mean = sum_along(x * weights, 1, keepdims=True) / total
    if aweights is None or ddof == 0:
        factor = total - ddof
    else:
        factor = total - ddof * sum_along(weights * _weights(aweights, x.shape[1])) / total
    if not given:
        factor = max(factor, 0)
    centred = x - mean
    with np.errstate(divide="ignore", invalid="ignore"):
        scale = np.divide(1, factor)
    return squeeze(multiply(matmul(centred, transpose(centred * weights)), scale))


def corrcoef(x: Any, y: Any = None, rowvar: bool = True, *, dtype: Any = None) -> Any:
    """Matrix of correlation coefficients, ``c_ij / √(c_ii c_jj)``."""
    covariance = cov(x, y, rowvar, dtype=dtype)
    if covariance.ndim == 0:
        return covariance / covariance
    deviation = sqrt(diag(covariance))
    scaled = covariance / deviation[:, None] / deviation[None, :]
    return clip(scaled, -1, 1)


def convolve(a: Any, v: Any, mode: Any = "full") -> Any:
    """Convolution of two sequences, ``Σ_m a[m] v[n - m]``."""
    a, v = _sequences("convolve", a, v)
    if v.shape[0] > a.shape[0]:
        a, v = v, a
    return _slide(a, flip(v), mode)


def correlate(a: Any, v: Any, mode: Any = "valid") -> Any:
    """Cross-correlation of two sequences, ``Σ_n a[n + k] v[n]``."""
    a, v = _sequences("correlate", a, v)
    if v.shape[0] > a.shape[0]:
        return flip(_slide(v, a, mode))
    return _slide(a, v, mode)


def _slide(a: Any, v: Any, mode: Any) -> Any:
    """Multiply every window of the padded `a` by `v`, which is not longer than `a`."""
    size = v.shape[0]
    before = {"full": size - 1, "same": size // 2, "valid": 0}[_mode(mode)]
    after = {"full": size - 1, "same": size - size // 2 - 1, "valid": 0}[_mode(mode)]
    if before or after:
        length = a.shape[0] + before + after
        a = movement.pad_into(a, slices=((before, a.shape[0], 1),), shape=(length,))
    return matmul(sliding_window_view(a, size), v)


def _mode(mode: Any) -> str:
    name = ("valid", "same", "full")[mode] if mode in (0, 1, 2) else mode
    if name not in ("full", "same", "valid"):
        raise ArgumentError(f"convolve: mode must be 'full', 'same' or 'valid', got {shown(mode)}")
    return name


def _sequences(name: str, a: Any, v: Any) -> tuple[Any, Any]:
    a, v = atleast_1d(as_array(a)), atleast_1d(as_array(v))
    if a.ndim != 1 or v.ndim != 1:
        raise ShapeError(
            f"{name}: needs two vectors, got shapes {a.shape} and {v.shape}; for images use "
            "np.lib.stride_tricks.sliding_window_view and np.einsum"
        )
    if not a.shape[0] or not v.shape[0]:
        raise ShapeError(f"{name}: a sequence of length 0 cannot be used; give one element or more")
    return to_common_dtype(a, v)


def _variables(m: Any, y: Any, rowvar: bool, dtype: Any) -> Any:
    """Return the variables in rows, those of `y` below those of `m`."""
    parts = [as_array(each) for each in (m, y) if each is not None]
    if any(x.ndim > 2 for x in parts):
        raise ShapeError(
            f"cov: the shapes {[x.shape for x in parts]} have more than 2 axes; reshape to one "
            "variable a row"
        )
    if dtype is None:
        dtype = np.result_type(*(x.dtype for x in parts), np.float64)
    rows: list[Any] = []
    for x in parts:
        matrix = atleast_2d(cast(x, dtype))
        is_turned = not rowvar and (matrix.shape[0] != 1 if rows else x.ndim != 1)
        rows.append(transpose(matrix) if is_turned else matrix)
    return concatenate(rows)


def _weights(weights: Any, count: int) -> Any:
    weights = cast(as_array(weights), "float64")
    if weights.shape != (count,):
        raise ShapeError(
            f"cov: the weights have shape {weights.shape}, but there are {count} observations; "
            "give one weight for each"
        )
    return weights
