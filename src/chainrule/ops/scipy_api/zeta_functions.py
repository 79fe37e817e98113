"""The zeta functions of Riemann and Hurwitz, and the derivatives of the digamma function.

By the Euler-Maclaurin formula (Abramowitz & Stegun 23.2.23), which is differentiated in both
arguments.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from chainrule.errors import UnsupportedError
from chainrule.graph.remedies import BY_HAND
from chainrule.ops.primitives.elementwise import (
    equal,
    exp,
    floor,
    less,
    less_equal,
    log,
    logical_and,
    logical_not,
    logical_or,
)
from chainrule.ops.primitives.selection import select
from chainrule.ops.scipy_api.gamma import gamma, psi
from chainrule.ops.scipy_api.series import cos_pi, in_double, sin_pi
from chainrule.ops.scipy_api.static_order import static_integers

__all__ = ["polygamma", "zeta", "zetac"]

_TERMS = 10
_BERNOULLI = (1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510)
_LARGEST_ORDER = 20


def zeta(x: Any, q: Any = None, out: Any = None) -> Any:
    """Zeta function of Riemann, or that of Hurwitz for `q`, ``Σ 1 / (k + q)^x``."""
    if out is not None:
        raise UnsupportedError("scipy.special.zeta: out= cannot be traced; use the result instead")
    return in_double(_riemann)(x) if q is None else in_double(_hurwitz_where_defined)(x, q)


@in_double
def zetac(x: Any) -> Any:
    """Zeta function of Riemann less 1."""
    is_large = less(2, x)
    rest = _hurwitz(select(is_large, x, 3), 2.0)
    return select(is_large, rest, _riemann(select(is_large, 0, x)) - 1)


def polygamma(n: Any, x: Any) -> Any:
    """Derivative of the digamma function of a static order."""
    orders = static_integers("polygamma", n, _LARGEST_ORDER)
    if orders.shape or orders < 0:
        raise UnsupportedError(
            f"scipy.special.polygamma: order {n} cannot be traced, only an integer from 0 to "
            f"{_LARGEST_ORDER}; {BY_HAND}"
        )
    return in_double(lambda x: _polygamma(int(orders), x))(x)


def _polygamma(n: int, x: Any) -> Any:
    if n == 0:
        return psi(x)
    is_negative, is_pole = less(x, 0), logical_and(less_equal(x, 0), equal(x, floor(x)))
    usual = logical_not(logical_or(is_negative, is_pole))
    factor = (-1.0) ** (n + 1) * math.factorial(n)
    value = factor * _hurwitz(n + 1.0, select(usual, x, 1))
    inner = select(logical_and(is_negative, logical_not(is_pole)), x, -0.5)
    mirrored = (-1.0) ** n * factor * _hurwitz(n + 1.0, 1 - inner)
    reflected = mirrored - math.pi ** (n + 1) * _cotangent_derivative(n, inner)
    return select(is_pole, math.inf, select(is_negative, reflected, value))


def _cotangent_derivative(n: int, x: Any) -> Any:
    """The derivative of order `n` of the cotangent at πx, a polynomial in it."""
    series = np.polynomial.Polynomial([0.0, 1.0])
    for _ in range(n):
        series = series.deriv() * np.polynomial.Polynomial([-1.0, 0.0, -1.0])
    cotangent = cos_pi(x) / sin_pi(x)
    value: Any = series.coef[-1]
    for each in series.coef[-2::-1]:
        value = value * cotangent + float(each)
    return value


def _riemann(x: Any) -> Any:
    is_negative = less(x, 0)
    is_pole = equal(x, 1)
    value = _hurwitz(select(logical_or(is_negative, is_pole), 2, x), 1.0)
    s = select(is_negative, x, -1)
    factor = 2 * exp((s - 1) * math.log(2 * math.pi)) * gamma(1 - s)
    reflected = factor * sin_pi(s / 2) * _hurwitz(1 - s, 1.0)
    return select(is_pole, math.inf, select(is_negative, reflected, value))


def _hurwitz_where_defined(x: Any, q: Any) -> Any:
    is_pole = logical_and(less_equal(q, 0), equal(q, floor(q)))
    is_valid = logical_and(less(1, x), less(0, q))
    value = _hurwitz(select(is_valid, x, 2), select(is_valid, q, 1))
    at_edge = logical_or(equal(x, 1), logical_and(less(1, x), is_pole))
    return select(is_valid, value, select(at_edge, math.inf, math.nan))


def _hurwitz(s: Any, q: Any) -> Any:
    """Sum ten terms; the rest by the integral and its corrections."""
    total: Any = 0.0
    for k in range(_TERMS):
        total = total + _inverse_power(q + k, s)
    far = q + _TERMS
    last = _inverse_power(far, s)
    value = total + last * far / (s - 1) + last / 2
    factor = s * last / far
    for k, each in enumerate(_BERNOULLI, 1):
        value = value + each / math.factorial(2 * k) * factor
        factor = factor * (s + 2 * k - 1) * (s + 2 * k) / (far * far)
    return value


def _inverse_power(base: Any, exponent: Any) -> Any:
    return exp(-exponent * log(base))
