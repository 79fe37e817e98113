"""The gamma function and its relatives, as ``scipy.special`` names them.

By Stirling's series at an argument of at least 8, to which the recurrence leads:
``Γ(x) = Γ(x + 8) / (x (x + 1) ··· (x + 7))``. Negative arguments are reflected.
"""

from __future__ import annotations

import math
from typing import Any

from chainrule.ops.numpy_api.arithmetic import as_float, copysign, signbit
from chainrule.ops.primitives.elementwise import (
    absolute,
    cos,
    equal,
    exp,
    floor,
    less,
    less_equal,
    log,
    logical_and,
    logical_or,
    remainder,
    sin,
)
from chainrule.ops.primitives.selection import select

__all__ = [
    "beta",
    "betaln",
    "binom",
    "digamma",
    "gamma",
    "gammaln",
    "gammasgn",
    "poch",
    "psi",
    "rgamma",
]

_SHIFT = 8

# B_2k / (2k (2k - 1)), and B_2k / (2k), of Stirling's series and its derivative.
_BERNOULLI = (1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510)
_LOG_GAMMA = [b / ((2 * k) * (2 * k - 1)) for k, b in enumerate(_BERNOULLI, 1)]
_DIGAMMA = [b / (2 * k) for k, b in enumerate(_BERNOULLI, 1)]


def gammaln(x: Any) -> Any:
    """Logarithm of the absolute value of the gamma function."""
    x = as_float(x)
    is_negative = less_equal(x, 0)
    positive = select(is_negative, 1 - x, x)
    is_small = less(positive, _SHIFT)
    product: Any = select(is_small, positive, 1)
    for k in range(1, _SHIFT):
        product = product * select(is_small, positive + k, 1)
    z = select(is_small, positive + _SHIFT, positive)
    is_finite = less(z, math.inf)
    z = select(is_finite, z, 1)
    value = (z - 0.5) * log(z) - z + 0.5 * math.log(2 * math.pi)
    value = select(is_finite, value + _series(z, _LOG_GAMMA) / z - log(product), math.inf)
    reflected = math.log(math.pi) - log(absolute(_sin_pi(select(is_negative, x, 0.5)))) - value
    value = select(is_negative, reflected, value)
    return select(equal(x, -math.inf), x, select(x == x, value, x))


def psi(x: Any) -> Any:
    """Digamma function, the derivative of `gammaln`."""
    x = as_float(x)
    is_negative = less_equal(x, 0)
    positive = select(is_negative, 1 - x, x)
    is_small = less(positive, _SHIFT)
    z = select(is_small, positive + _SHIFT, positive)
    value = log(z) - 0.5 / z - _series(z, _DIGAMMA) / (z * z)
    for k in range(_SHIFT):
        value = value - select(is_small, 1 / select(is_small, positive + k, 1), 0)
    inner = select(is_negative, x, 0.25)
    reflected = value - math.pi * _cos_pi(inner) / _sin_pi(inner)
    value = select(is_negative, select(equal(x, floor(x)), math.nan, reflected), value)
    return select(equal(x, 0), copysign(math.inf, -x), value)


def digamma(x: Any) -> Any:
    """Digamma function, the derivative of `gammaln`."""
    return psi(x)


def gammasgn(x: Any) -> Any:
    """Sign of the gamma function: 1 for positive `x`; NaN at its poles."""
    x = as_float(x)
    is_odd = equal(remainder(floor(x), 2), 1)
    sign = select(signbit(x), select(logical_or(is_odd, equal(x, 0)), -1.0, 1.0), 1.0)
    is_pole = logical_and(less(x, 0), equal(x, floor(x)))
    return select(is_pole, math.nan, select(x == x, sign, x))


def gamma(x: Any) -> Any:
    """Gamma function, ``∫₀^∞ t^(x-1) e^(-t) dt``."""
    return gammasgn(x) * exp(gammaln(x))


def rgamma(x: Any) -> Any:
    """Reciprocal of the gamma function."""
    return exp(-gammaln(x)) * select(less(x, 0), gammasgn(select(equal(x, floor(x)), 1, x)), 1)


def betaln(a: Any, b: Any) -> Any:
    """Logarithm of the absolute value of the beta function."""
    return gammaln(a) + gammaln(b) - gammaln(as_float(a) + b)


def beta(a: Any, b: Any) -> Any:
    """Beta function, ``Γ(a) Γ(b) / Γ(a + b)``."""
    sign = gammasgn(a) * gammasgn(b) * gammasgn(as_float(a) + b)
    return sign * exp(betaln(a, b))


def binom(n: Any, k: Any) -> Any:
    """Binomial coefficient of real numbers, ``1 / ((n + 1) B(n - k + 1, k + 1))``."""
    return 1 / ((as_float(n) + 1) * beta(as_float(n) - k + 1, as_float(k) + 1))


def poch(z: Any, m: Any) -> Any:
    """Pochhammer symbol, ``Γ(z + m) / Γ(z)``."""
    z = as_float(z)
    return gammasgn(z) * gammasgn(z + m) * exp(gammaln(z + m) - gammaln(z))


def _series(z: Any, coefficients: list[float]) -> Any:
    """Evaluate a polynomial in ``1/z²``, the constant first."""
    inverse = 1 / (z * z)
    value: Any = coefficients[-1]
    for each in coefficients[-2::-1]:
        value = value * inverse + each
    return value


def _sin_pi(x: Any) -> Any:
    """``sin(πx)`` of the fraction of `x`, which is 0 at integers."""
    nearest = floor(x + 0.5)
    sign = 1 - 2 * remainder(nearest, 2)
    return sign * sin(math.pi * (x - nearest))


def _cos_pi(x: Any) -> Any:
    nearest = floor(x + 0.5)
    return (1 - 2 * remainder(nearest, 2)) * cos(math.pi * (x - nearest))
