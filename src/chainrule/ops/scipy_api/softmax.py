"""Softmax and logarithms of summed exponentials, as ``scipy.special`` names them."""

from __future__ import annotations

from typing import Any

from chainrule.ops.numpy_api import extrema, reductions
from chainrule.ops.numpy_api.arithmetic import as_float, isfinite
from chainrule.ops.numpy_api.shape_manipulation import broadcast_to, squeeze
from chainrule.ops.primitives.elementwise import absolute, equal, exp, less, log, sign
from chainrule.ops.primitives.promotion import as_array
from chainrule.ops.primitives.selection import select, stop_gradient

__all__ = ["log_softmax", "logsumexp", "softmax"]


def softmax(x: Any, axis: Any = None) -> Any:
    """Return exponentials that sum to 1 along axes, ``exp(x) / Σ exp(x)``."""
    x = as_float(as_array(x))
    shifted = exp(x - stop_gradient(extrema.max(x, axis, keepdims=True)))
    return shifted / reductions.sum(shifted, axis, keepdims=True)


def log_softmax(x: Any, axis: Any = None) -> Any:
    """Logarithm of `softmax`, without overflow: ``x - ln Σ exp(x)``."""
    x = as_float(as_array(x))
    shifted = x - _largest(x, axis)
    return shifted - log(reductions.sum(exp(shifted), axis, keepdims=True))


def logsumexp(
    a: Any, axis: Any = None, b: Any = None, keepdims: bool = False, return_sign: bool = False
) -> Any:
    """Logarithm of summed exponentials along axes, ``ln Σ b·exp(a)``, without overflow."""
    a = as_float(as_array(a))
    weights = 1.0
    if b is not None:
        weights = as_array(b)
        shape = (a + weights).shape
        a, weights = broadcast_to(a, shape), broadcast_to(weights, shape)
        a = select(equal(weights, 0), -float("inf"), a)
    largest = _largest(a, axis)
    total = reductions.sum(weights * exp(a - largest), axis, keepdims=True)
    size = absolute(total) if return_sign else total
    is_negative = less(size, 0)
    value = log(select(is_negative, 1, size)) + largest
    value = select(is_negative, float("nan"), value)
    results = [value, sign(total)] if return_sign else [value]
    if not keepdims:
        axes = tuple(range(a.ndim)) if axis is None else axis
        results = [squeeze(each, axes) for each in results]
    return tuple(results) if return_sign else results[0]


def _largest(x: Any, axis: Any) -> Any:
    """The maximum along axes, by which exponents are shifted; 0 where it is infinite."""
    largest = stop_gradient(extrema.max(x, axis, keepdims=True))
    return select(isfinite(largest), largest, 0)
