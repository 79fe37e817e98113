"""The gamma function and its relatives, as ``scipy.special`` names them.

By Stirling's series at an argument of at least 8, to which the recurrence leads:
``Γ(x) = Γ(x + 8) / (x (x + 1) ··· (x + 7))``. Negative arguments are reflected. The logarithm has a
polynomial of its own about its zeros at 1 and 2.
"""

from __future__ import annotations

import math
from typing import Any

from chainrule.ops.numpy_api.arithmetic import copysign, signbit
from chainrule.ops.primitives.custom_derivative import with_derivative
from chainrule.ops.primitives.elementwise import (
    absolute,
    equal,
    exp,
    floor,
    less,
    less_equal,
    log,
    logical_and,
    logical_not,
    logical_or,
    maximum,
    minimum,
    power,
    remainder,
    rint,
)
from chainrule.ops.primitives.selection import select
from chainrule.ops.scipy_api.series import cos_pi, in_double, sin_pi
from chainrule.ops.scipy_api.stirling import (
    DIGAMMA,
    HIGH,
    LOW,
    inverse_square_series,
    log_gamma_after_one,
    stirling_sum,
)

__all__ = [
    "digamma",
    "gamma",
    "gammaln",
    "gammasgn",
    "loggamma",
    "psi",
    "rgamma",
]

_SHIFT = 8
_OVERFLOW = 171.62437695630272  # Γ is infinite beyond
_LARGEST_EXACT = 17  # Γ(n) is an integer below 2**53, and the error less than one half


@in_double
def gamma(x: Any) -> Any:
    """Gamma function, ``∫₀^∞ t^(x-1) e^(-t) dt``."""
    return with_derivative(lambda x, y: y * psi(x))(_gamma)(x)


@in_double
def rgamma(x: Any) -> Any:
    """Reciprocal of the gamma function, 0 at its poles."""

    def derivative(x: Any, y: Any) -> Any:
        is_pole = _is_pole(x)
        at_pole = cos_pi(x) * gamma(1 - select(is_pole, maximum(x, -_OVERFLOW), 0))
        return select(is_pole, at_pole, -y * psi(select(is_pole, 0.5, x)))

    return with_derivative(derivative)(_rgamma)(x)


@in_double
def gammaln(x: Any) -> Any:
    """Logarithm of the absolute value of the gamma function."""
    return with_derivative(lambda x, y: psi(x))(_gammaln)(x)


@in_double
def loggamma(z: Any) -> Any:
    """Logarithm of the gamma function, of real numbers: NaN where they are negative."""
    return select(less(z, 0), math.nan, gammaln(select(less(z, 0), 1, z)))


@in_double
def psi(z: Any) -> Any:
    """Digamma function, the derivative of `gammaln`."""
    is_negative = less_equal(z, 0)
    positive = select(is_negative, 1 - z, z)
    is_small = less(positive, _SHIFT)
    far = select(is_small, positive + _SHIFT, positive)
    value = log(far) - 0.5 / far - inverse_square_series(far, DIGAMMA) / (far * far)
    for k in range(_SHIFT):
        value = value - select(is_small, 1 / select(is_small, positive + k, 1), 0)
    is_integer = equal(z, floor(z))
    inner = select(logical_and(is_negative, logical_not(is_integer)), z, 0.25)
    reflected = value - math.pi * cos_pi(inner) / sin_pi(inner)
    value = select(is_negative, select(is_integer, math.nan, reflected), value)
    return select(equal(z, 0), copysign(math.inf, -z), value)


def digamma(z: Any) -> Any:
    """Digamma function, the derivative of `gammaln`."""
    return psi(z)


@in_double
def gammasgn(x: Any) -> Any:
    """Sign of the gamma function: 1 for positive `x`; NaN at its poles."""
    is_odd = equal(remainder(floor(x), 2), 1)
    sign = select(signbit(x), select(logical_or(is_odd, equal(x, 0)), -1.0, 1.0), 1.0)
    is_pole = logical_and(less(x, 0), equal(x, floor(x)))
    return select(is_pole, math.nan, select(equal(x, x), sign, x))


def _gamma(x: Any) -> Any:
    is_negative, is_pole = less(x, 0.5), _is_pole(x)
    value = _positive_gamma(select(is_negative, 1 - x, x))
    inner = select(logical_and(is_negative, logical_not(is_pole)), x, 0.25)
    reflected = math.pi / (sin_pi(inner) * value)
    at_pole = select(equal(x, 0), copysign(math.inf, x), math.nan)
    value = select(is_negative, select(is_pole, at_pole, reflected), value)
    return select(equal(x, x), value, x)


def _positive_gamma(x: Any) -> Any:
    """The gamma function from 1/2 on, exact at integers that are."""
    is_small = less(x, _SHIFT)
    z = minimum(select(is_small, x + _SHIFT, x), 172.0)
    root = power(z, z / 2 - 0.25)  # x^(x - 1/2) would overflow
    value = math.sqrt(2 * math.pi) * (root * (root * exp(-z))) * exp(stirling_sum(z))
    product: Any = select(is_small, x, 1)
    for k in range(1, _SHIFT):
        product = product * select(is_small, x + k, 1)
    value = select(less(_OVERFLOW, x), math.inf, value / product)
    is_exact = logical_and(equal(x, floor(x)), less(x, _LARGEST_EXACT + 0.5))
    return select(is_exact, rint(select(is_exact, value, 1)), value)


def _rgamma(x: Any) -> Any:
    is_negative, is_pole = less(x, 0.5), _is_pole(x)
    is_large = less(_OVERFLOW - 1, x)  # the value is subnormal
    inner = select(is_negative, 1 - select(is_pole, 0, x), select(is_large, x - _SHIFT, x))
    value = _positive_gamma(inner)
    reflected = sin_pi(select(is_negative, select(is_pole, 0, x), 0)) * value / math.pi
    positive = 1 / value
    for k in range(1, _SHIFT + 1):
        positive = positive / select(is_large, x - k, 1)
    value = select(is_negative, reflected, positive)
    return select(is_pole, 0, select(equal(x, x), value, x))


def _gammaln(x: Any) -> Any:
    is_negative = less_equal(x, 0)
    positive = select(is_negative, 1 - x, x)
    is_small = less(positive, _SHIFT)
    product: Any = select(is_small, positive, 1)
    for k in range(1, _SHIFT):
        product = product * select(is_small, positive + k, 1)
    z = select(is_small, positive + _SHIFT, positive)
    is_finite = less(z, math.inf)
    z = select(is_finite, z, 1)
    value = (z - 0.5) * (log(z) - 1) + (0.5 * math.log(2 * math.pi) - 0.5)
    value = select(is_finite, value + stirling_sum(z) - log(product), math.inf)
    about = minimum(maximum(positive, LOW), HIGH)
    middle = log_gamma_after_one(about - 1)
    value = select(equal(about, positive), middle, value)
    inner = select(logical_and(is_negative, logical_not(_is_pole(x))), x, 0.5)
    reflected = math.log(math.pi) - log(absolute(sin_pi(inner))) - value
    value = select(is_negative, select(_is_pole(x), math.inf, reflected), value)
    return select(equal(x, -math.inf), x, select(equal(x, x), value, x))


def _is_pole(x: Any) -> Any:
    return logical_and(less_equal(x, 0), equal(x, floor(x)))
