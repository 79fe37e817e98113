"""Elementwise functions of ``scipy.special``: logistic, entropy, Box-Cox, Huber.

The derivatives are exact; where one is infinite at the edge of the domain, as that of the entropy
at 0, it is infinite here too.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from chainrule.ops.numpy_api import arithmetic, floating_point
from chainrule.ops.numpy_api.arithmetic import isnan
from chainrule.ops.primitives import elementwise
from chainrule.ops.primitives.elementwise import (
    absolute,
    equal,
    exp,
    less,
    less_equal,
    log,
    logaddexp,
    logical_and,
    logical_or,
    sin,
    sqrt,
)
from chainrule.ops.primitives.selection import select
from chainrule.ops.primitives.special import sigmoid
from chainrule.ops.scipy_api.series import as_real

__all__ = [
    "boxcox",
    "boxcox1p",
    "cbrt",
    "cosm1",
    "entr",
    "exp2",
    "exp10",
    "expit",
    "expm1",
    "exprel",
    "huber",
    "inv_boxcox",
    "inv_boxcox1p",
    "kl_div",
    "log1p",
    "log_expit",
    "logit",
    "pseudo_huber",
    "rel_entr",
    "softplus",
    "xlog1py",
    "xlogy",
]  # fmt: skip

cbrt = floating_point.cbrt
exp2 = arithmetic.exp2
expm1 = elementwise.expm1
log1p = elementwise.log1p


def expit(x: Any) -> Any:
    """Logistic sigmoid, ``1 / (1 + e⁻ˣ)``."""
    return sigmoid(as_real(x))


def exp10(x: Any) -> Any:
    """Raise 10 to a power."""
    return elementwise.power(10.0, as_real(x))


def logit(x: Any) -> Any:
    """Logarithm of the odds, ``ln(x / (1 - x))``, without cancellation at ½."""
    x = as_real(x)
    is_middle = logical_and(less(0.3, x), less(x, 0.65))
    middle = 2 * (select(is_middle, x, 0.5) - 0.5)
    outer = select(is_middle, 0.5, x)
    return select(is_middle, log1p(middle) - log1p(-middle), log(outer / (1 - outer)))


def log_expit(x: Any) -> Any:
    """Logarithm of the logistic sigmoid, ``-ln(1 + e⁻ˣ)``."""
    return -logaddexp(0.0, -as_real(x))


def softplus(x: Any) -> Any:
    """Smooth rectifier, ``ln(1 + eˣ)``."""
    return logaddexp(0.0, as_real(x))


def xlogy(x: Any, y: Any) -> Any:
    """Return ``x·ln y``, and 0 where `x` is 0 even if `y` is not positive."""
    return _times_log(x, y, log, 0)


def xlog1py(x: Any, y: Any) -> Any:
    """Return ``x·ln(1 + y)``, and 0 where `x` is 0 even if `y` is not above -1."""
    return _times_log(x, y, log1p, -1)


def _times_log(x: Any, y: Any, function: Any, bound: float) -> Any:
    x, y = as_real(x), as_real(y)
    is_void = logical_and(equal(x, 0), logical_or(less_equal(y, bound), equal(y, math.inf)))
    return x * function(select(is_void, bound + 1.0, y))


def entr(x: Any) -> Any:
    """Entropy of a probability, ``-x·ln x``; -∞ where `x` is negative."""
    x = as_real(x)
    is_positive = less(0, x)
    value = -x * log(select(is_positive, x, 1))
    value = select(is_positive, value, _steep_zero(x))
    return select(less(x, 0), -math.inf, select(isnan(x), x, value))


def rel_entr(x: Any, y: Any) -> Any:
    """Relative entropy, ``x·ln(x / y)``; ∞ where an argument is out of range."""
    x, y = as_real(x), as_real(y)
    both, edge, is_nan = _ranges(x, y)
    value = select(both, _times_log_ratio(x, y, both), select(edge, -_steep_zero(x), math.inf))
    return select(is_nan, x + y, value)


def kl_div(x: Any, y: Any) -> Any:
    """Kullback-Leibler divergence, ``x·ln(x / y) - x + y``; ∞ where an argument is out of range."""
    x, y = as_real(x), as_real(y)
    both, edge, is_nan = _ranges(x, y)
    value = _times_log_ratio(x, y, both) - x + y
    value = select(both, value, select(edge, y - _steep_zero(x), math.inf))
    return select(is_nan, x + y, value)


def _ranges(x: Any, y: Any) -> tuple[Any, Any, Any]:
    """Where both are positive, where `x` is 0 and `y` is not negative, where one is NaN."""
    both = logical_and(less(0, x), less(0, y))
    return both, logical_and(equal(x, 0), less_equal(0, y)), logical_or(isnan(x), isnan(y))


def _times_log_ratio(x: Any, y: Any, both: Any) -> Any:
    safe_x, safe_y = select(both, x, 1), select(both, y, 1)
    ratio = safe_x / safe_y
    limits = np.finfo(ratio.dtype)
    is_regular = logical_and(
        less_equal(float(limits.tiny), ratio), less_equal(ratio, float(limits.max))
    )
    return x * select(is_regular, log(select(is_regular, ratio, 1)), log(safe_x) - log(safe_y))


def _steep_zero(x: Any) -> Any:
    """Return 0 with an infinite derivative, where `x` is 0; elsewhere anything."""
    return sqrt(select(equal(x, 0), x, 1))


def exprel(x: Any) -> Any:
    """Return ``(eˣ - 1) / x``, by its Taylor series near 0, where it is 0/0."""
    x = as_real(x)
    is_small = less(absolute(x), 0.5)
    safe = select(logical_or(is_small, equal(x, math.inf)), 1, x)
    series = _polynomial(select(is_small, x, 0), [1 / math.factorial(n + 1) for n in range(16)])
    value = select(is_small, series, expm1(safe) / safe)
    return select(equal(x, math.inf), x, value)


def cosm1(x: Any) -> Any:
    """Return ``cos x - 1`` without cancellation near 0."""
    half = sin(as_real(x) / 2)
    return -2 * half * half


def boxcox(x: Any, lmbda: Any) -> Any:
    """Box-Cox transformation, ``(x^λ - 1) / λ``; ``ln x`` where λ is 0."""
    x, power = as_real(x), as_real(lmbda)
    return _boxcox(log, x, power, equal(x, 0))


def boxcox1p(x: Any, lmbda: Any) -> Any:
    """Box-Cox transformation of 1 + `x`."""
    x, power = as_real(x), as_real(lmbda)
    return _boxcox(log1p, x, power, equal(x, -1))


def _boxcox(function: Any, x: Any, power: Any, is_edge: Any) -> Any:
    """Return ``ln x · exprel(λ ln x)``, which is smooth at λ = 0."""
    is_above = less(0, power)
    logarithm = function(select(logical_and(is_edge, is_above), 1, x))
    value = logarithm * exprel(power * logarithm)
    return select(logical_and(is_edge, is_above), -1 / select(is_above, power, 1), value)


def inv_boxcox(y: Any, lmbda: Any) -> Any:
    """Inverse of `boxcox`, ``(1 + λ·y)^(1/λ)``; ``eʸ`` where λ is 0."""
    return exp(_scaled_log1p(as_real(y), as_real(lmbda)))


def inv_boxcox1p(y: Any, lmbda: Any) -> Any:
    """Inverse of `boxcox1p`."""
    return expm1(_scaled_log1p(as_real(y), as_real(lmbda)))


def _scaled_log1p(y: Any, power: Any) -> Any:
    """Return ``ln(1 + λ·y) / λ``, by the Taylor series of the logarithm near 0."""
    product = power * y
    is_small = less(absolute(product), 0.03)
    series = y * _polynomial(select(is_small, product, 0), [(-1) ** n / (n + 1) for n in range(12)])
    safe = select(is_small, 1, power)
    return select(is_small, series, log1p(select(is_small, 0, product)) / safe)


def huber(delta: Any, r: Any) -> Any:
    """Huber loss: ``r²/2`` up to `delta`, then ``δ (|r| - δ/2)``; ∞ where `delta` is negative."""
    delta, r = as_real(delta), as_real(r)
    size = absolute(r)
    value = select(less_equal(size, delta), 0.5 * r * r, delta * (size - 0.5 * delta))
    return select(less(delta, 0), math.inf, value)


def pseudo_huber(delta: Any, r: Any) -> Any:
    """Smooth Huber loss, ``δ² (√(1 + (r/δ)²) - 1)``; ∞ where `delta` is negative."""
    delta, r = as_real(delta), as_real(r)
    is_positive = less(0, delta)
    ratio = r / select(is_positive, delta, 1)
    value = r * r / (sqrt(1 + ratio * ratio) + 1)
    value = select(is_positive, value, select(equal(delta, 0), 0 * r, delta))
    return select(less(delta, 0), math.inf, value)


def _polynomial(x: Any, coefficients: list[float]) -> Any:
    """Evaluate by Horner's rule, the constant first."""
    value = coefficients[-1]
    for each in coefficients[-2::-1]:
        value = value * x + each
    return value
