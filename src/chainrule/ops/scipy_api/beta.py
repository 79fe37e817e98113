"""The beta function and what counts combinations, as ``scipy.special`` names them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from chainrule.errors import UnsupportedError
from chainrule.graph.node import Node
from chainrule.ops.primitives.elementwise import (
    absolute,
    equal,
    exp,
    floor,
    less,
    less_equal,
    logical_and,
    logical_not,
    logical_or,
    remainder,
    rint,
)
from chainrule.ops.primitives.promotion import as_array
from chainrule.ops.primitives.selection import select, stop_gradient
from chainrule.ops.scipy_api.gamma import gamma, gammaln, gammasgn, rgamma
from chainrule.ops.scipy_api.series import in_double
from chainrule.ops.scipy_api.stirling import log_gamma_ratio

__all__ = ["beta", "betaln", "binom", "comb", "factorial", "multigammaln", "perm", "poch"]

_LARGEST = 170.0  # the gamma function is finite up to here
_LARGEST_EXACT = 1e14  # an integer to which a result is rounded
_LONGEST_PRODUCT = 20


@in_double
def beta(a: Any, b: Any) -> Any:
    """Beta function, ``Γ(a) Γ(b) / Γ(a + b)``."""
    is_pole, is_infinite, sign, a, b = _without_poles(a, b)
    is_near = logical_and(less(absolute(a), _LARGEST), less(absolute(b), _LARGEST))
    is_near = logical_and(is_near, less(absolute(a + b), _LARGEST))
    near_a, near_b = select(is_near, a, 1), select(is_near, b, 1)
    value = gamma(near_a) * rgamma(near_a + near_b) * gamma(near_b)
    far_a, far_b = select(is_near, 1, a), select(is_near, 1, b)
    far = exp(_betaln(far_a, far_b))
    far = gammasgn(far_a) * gammasgn(far_b) * gammasgn(far_a + far_b) * far
    value = select(is_near, value, far)
    return select(is_infinite, math.inf, select(is_pole, sign * value, value))


@in_double
def betaln(a: Any, b: Any) -> Any:
    """Logarithm of the absolute value of the beta function."""
    _, is_infinite, _, a, b = _without_poles(a, b)
    return select(is_infinite, math.inf, _betaln(a, b))


def _betaln(a: Any, b: Any) -> Any:
    is_less = less(a, b)  # not by minimum and maximum, whose derivatives are shared at a tie
    small, large = select(is_less, a, b), select(is_less, b, a)
    is_large = logical_and(less(0, small), less_equal(8, large))
    ratio = log_gamma_ratio(select(is_large, large, 8), select(is_large, small, 1))
    rest = gammaln(select(is_large, 1, large)) - gammaln(select(is_large, 1, small + large))
    return gammaln(small) + select(is_large, ratio, rest)


def _without_poles(a: Any, b: Any) -> tuple[Any, ...]:
    """Return whether one is 0, -1, ...; whether the function is infinite; a sign; other arguments.

    The poles of ``Γ(a)`` and ``Γ(a + b)`` cancel: ``B(a, b) = (-1)^b B(1 - a - b, b)``.
    """
    is_first, is_second = _is_pole(a), _is_pole(b)
    is_pole = logical_or(is_first, is_second)
    pole, other = select(is_first, a, b), select(is_first, b, a)
    rest = 1 - pole - other
    is_finite = logical_and(equal(other, floor(other)), logical_and(less(0, other), less(0, rest)))
    is_infinite = logical_and(is_pole, logical_not(is_finite))
    is_mirrored = logical_and(is_pole, is_finite)
    first = select(is_infinite, 1, select(is_mirrored, rest, a))
    second = select(is_infinite, 1, select(is_mirrored, other, b))
    return is_pole, is_infinite, 1 - 2 * remainder(second, 2), first, second


@in_double
def binom(n: Any, k: Any) -> Any:
    """Binomial coefficient of real numbers, ``1 / ((n + 1) B(n - k + 1, k + 1))``."""
    is_undefined = logical_and(less(n, 0), equal(n, floor(n)))
    safe = select(is_undefined, 1, n)
    value = 1 / ((safe + 1) * beta(safe - k + 1, k * 1.0 + 1))
    are_integers = logical_and(equal(n, floor(n)), equal(k, floor(k)))
    is_exact = logical_and(are_integers, less(absolute(value), _LARGEST_EXACT))
    rounding = select(is_exact, rint(select(is_exact, value, 0)) - value, 0)
    return select(is_undefined, math.nan, value + stop_gradient(rounding))


def poch(z: Any, m: Any) -> Any:
    """Pochhammer symbol, ``Γ(z + m) / Γ(z)``."""
    count: Any = np.nan if isinstance(m, Node) or np.shape(m) else m
    if count in range(_LONGEST_PRODUCT + 1):  # a polynomial, also where Γ has poles
        return in_double(lambda z: _product(z, int(count)))(z)
    if -count in range(_LONGEST_PRODUCT + 1):
        return in_double(lambda z: 1 / _product(z + count, int(-count)))(z)
    return in_double(_poch)(z, m)


def _product(z: Any, count: int) -> Any:
    value: Any = z * 0 + 1
    for k in range(count):
        value = value * (z + k)
    return value


def _poch(z: Any, m: Any) -> Any:
    top = z + m
    is_near = logical_and(less(absolute(z), _LARGEST), less(absolute(top), _LARGEST))
    value = gamma(select(is_near, top, 1)) * rgamma(select(is_near, z, 1))
    is_large = logical_and(less_equal(8, z), less_equal(8, top))
    is_large = logical_and(is_large, logical_not(is_near))
    large_z, large_m = select(is_large, z, 8), select(is_large, m, 0)
    far = exp(-log_gamma_ratio(large_z, large_m))
    rest = logical_not(logical_or(is_near, is_large))
    rest_z, rest_top = select(rest, z, 1), select(rest, top, 1)
    sign = gammasgn(rest_z) * gammasgn(rest_top)
    other = sign * exp(gammaln(rest_top) - gammaln(rest_z))
    return select(is_near, value, select(is_large, far, other))


def comb(N: Any, k: Any, *, exact: bool = False, repetition: bool = False) -> Any:
    """Number of combinations of `N` things taken `k` at a time, of real numbers."""
    _check_inexact("comb", exact)
    things = N + k - 1 if repetition else N
    value = binom(things, k)
    is_void = logical_or(less(k, 0), logical_or(less(things, 0), less(things, k)))
    return select(is_void, 0.0, value)


def perm(N: Any, k: Any, exact: bool = False) -> Any:
    """Number of permutations of `N` things taken `k` at a time, of real numbers."""
    _check_inexact("perm", exact)
    value = poch(N - k + 1, k)
    is_void = logical_or(less(k, 0), logical_or(less(N, 0), less(N, k)))
    return select(is_void, 0.0, value)


def factorial(n: Any, exact: bool = False, extend: str = "zero") -> Any:
    """Factorial of real numbers, ``Γ(n + 1)``; 0 where they are negative."""
    _check_inexact("factorial", exact)
    if extend != "zero":
        raise UnsupportedError(
            f"scipy.special.factorial: extend={extend!r} cannot be traced; use "
            "scipy.special.gamma(n + 1)"
        )
    is_negative = less(n, 0)
    return select(is_negative, 0.0, gamma(select(is_negative, 0, n) + 1))


def multigammaln(a: Any, d: Any) -> Any:
    """Logarithm of the multivariate gamma function of a static dimension."""
    if isinstance(d, Node):
        raise UnsupportedError(
            "scipy.special.multigammaln: the dimension d is a traced value; use a Python integer"
        )
    count = int(d)
    a = as_array(a)
    value = count * (count - 1) / 4 * math.log(math.pi) + gammaln(a)
    for j in range(1, count):
        value = value + gammaln(a - j / 2)
    return value


def _check_inexact(name: str, exact: bool) -> None:
    if exact:
        raise UnsupportedError(
            f"scipy.special.{name}: exact=True gives integers, which have no derivative; leave it "
            "out"
        )


def _is_pole(x: Any) -> Any:
    return logical_and(less_equal(x, 0), equal(x, floor(x)))
