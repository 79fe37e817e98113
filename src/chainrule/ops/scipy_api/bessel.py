"""Bessel functions of integer order, as ``scipy.special`` names them.

By truncated Chebyshev series (Clenshaw 1962, "Chebyshev series for mathematical functions"),
written in powers: near 0 of what is smooth in x or x², beyond of the factors of the asymptotic
expansions (Abramowitz & Stegun 9.2, 9.7). The derivatives are the recurrences 9.1.27 and 9.6.26.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from chainrule.ops.numpy_api.arithmetic import isfinite
from chainrule.ops.primitives.custom_derivative import with_derivative
from chainrule.ops.primitives.elementwise import (
    absolute,
    copysign,
    cos,
    equal,
    exp,
    less,
    less_equal,
    log,
    logical_and,
    maximum,
    minimum,
    sign,
    sin,
    sqrt,
)
from chainrule.ops.primitives.selection import select
from chainrule.ops.scipy_api import bessel_tables as tables
from chainrule.ops.scipy_api.series import in_double, polynomial
from chainrule.ops.scipy_api.static_order import of_static_order

__all__ = [
    "i0", "i0e", "i1", "i1e", "j0", "j1", "jn", "jv", "k0", "k0e", "k1", "k1e", "kn", "kv", "y0",
    "y1", "yn", "yv",
]  # fmt: skip

_NEAR = 8.0
_LARGEST_ORDER = 60
_TWO_OVER_PI = 2 / math.pi


@in_double
def j0(x: Any) -> Any:
    """Bessel function of the first kind, of order 0."""
    return with_derivative(lambda x, y: -j1(x))(_j0)(x)


@in_double
def j1(x: Any) -> Any:
    """Bessel function of the first kind, of order 1."""
    return with_derivative(lambda x, y: (j0(x) - _jn(2, x)) / 2)(_j1)(x)


@in_double
def y0(x: Any) -> Any:
    """Bessel function of the second kind, of order 0; NaN for negative `x`."""
    return with_derivative(lambda x, y: -y1(x))(_of_positive(_y0, -math.inf))(x)


@in_double
def y1(x: Any) -> Any:
    """Bessel function of the second kind, of order 1; NaN for negative `x`."""
    return with_derivative(lambda x, y: y0(x) - y / x)(_of_positive(_y1, -math.inf))(x)


@in_double
def i0(x: Any) -> Any:
    """Modified Bessel function of the first kind, of order 0."""
    return with_derivative(lambda x, y: i1(x))(_i0)(x)


@in_double
def i1(x: Any) -> Any:
    """Modified Bessel function of the first kind, of order 1."""
    return with_derivative(lambda x, y: (i0(x) + _modified(2, x)) / 2)(_i1)(x)


@in_double
def i0e(x: Any) -> Any:
    """``exp(-|x|) I0(x)``."""
    return with_derivative(lambda x, y: i1e(x) - sign(x) * y)(_i0e)(x)


@in_double
def i1e(x: Any) -> Any:
    """``exp(-|x|) I1(x)``."""

    def derivative(x: Any, y: Any) -> Any:
        return (i0e(x) + exp(-absolute(x)) * _modified(2, x)) / 2 - sign(x) * y

    return with_derivative(derivative)(_i1e)(x)


@in_double
def k0(x: Any) -> Any:
    """Modified Bessel function of the second kind, of order 0; NaN for negative `x`."""
    return with_derivative(lambda x, y: -k1(x))(_of_positive(_k0, math.inf))(x)


@in_double
def k1(x: Any) -> Any:
    """Modified Bessel function of the second kind, of order 1; NaN for negative `x`."""
    return with_derivative(lambda x, y: -k0(x) - y / x)(_of_positive(_k1, math.inf))(x)


@in_double
def k0e(x: Any) -> Any:
    """``exp(x) K0(x)``."""
    return with_derivative(lambda x, y: y - k1e(x))(_of_positive(_k0e, math.inf))(x)


@in_double
def k1e(x: Any) -> Any:
    """``exp(x) K1(x)``."""
    derivative = with_derivative(lambda x, y: y - k0e(x) - y / x)
    return derivative(_of_positive(_k1e, math.inf))(x)


def jv(v: Any, z: Any) -> Any:
    """Bessel function of the first kind, of a static integer order."""
    return of_static_order("jv", _jn, v, z, _LARGEST_ORDER)


def jn(n: Any, z: Any) -> Any:
    """Bessel function of the first kind, of a static integer order."""
    return of_static_order("jn", _jn, n, z, _LARGEST_ORDER)


def yn(n: Any, x: Any) -> Any:
    """Bessel function of the second kind, of a static integer order."""
    return of_static_order("yn", _yn, n, x, _LARGEST_ORDER)


def yv(v: Any, z: Any) -> Any:
    """Bessel function of the second kind, of a static integer order."""
    return of_static_order("yv", _yn, v, z, _LARGEST_ORDER)


def kv(v: Any, z: Any) -> Any:
    """Modified Bessel function of the second kind, of a static integer order."""
    return of_static_order("kv", _kn, v, z, _LARGEST_ORDER)


def kn(n: Any, x: Any) -> Any:
    """Modified Bessel function of the second kind, of a static integer order."""
    return of_static_order("kn", _kn, n, x, _LARGEST_ORDER)


# The first kind, orders 0 and 1. Near 0 the first two zeros are factors, in twice the precision.

_J0_ZEROS = (
    (2.404825557695773, -1.176691651530894e-16), (5.520078110286311, 8.088597146146722e-17),
)  # fmt: skip
_J1_ZEROS = (
    (3.8317059702075125, -1.5269184090088067e-16), (7.015586669815619, -9.414165653410389e-17),
)  # fmt: skip


def _j0(x: Any) -> Any:
    size = absolute(x)
    near = minimum(size, _NEAR)
    inner = _without_zeros(near, tables.J0_NEAR, _J0_ZEROS)
    far, p, q, c, s = _hankel(size, tables.P0, tables.Q0)
    return select(less_equal(size, _NEAR), inner, (p * (c + s) - q * (s - c)) * far)


def _j1(x: Any) -> Any:
    size = absolute(x)
    near = minimum(size, _NEAR)
    inner = near * _without_zeros(near, tables.J1_NEAR, _J1_ZEROS)
    far, p, q, c, s = _hankel(size, tables.P1, tables.Q1)
    value = select(less_equal(size, _NEAR), inner, (p * (s - c) + q * (s + c)) * far)
    return copysign(1.0, x) * value


def _y0(x: Any) -> Any:
    near = minimum(x, _NEAR)
    smooth = polynomial(near * near / 32 - 1, tables.Y0_NEAR)
    inner = _TWO_OVER_PI * log(near) * _j0(near) + smooth
    far, p, q, c, s = _hankel(x, tables.P0, tables.Q0)
    return select(less_equal(x, _NEAR), inner, (p * (s - c) + q * (c + s)) * far)


def _y1(x: Any) -> Any:
    near = minimum(x, _NEAR)
    smooth = near * polynomial(near * near / 32 - 1, tables.Y1_NEAR)
    inner = _TWO_OVER_PI * (log(near) * _j1(near) - 1 / near) + smooth
    far, p, q, c, s = _hankel(x, tables.P1, tables.Q1)
    return select(less_equal(x, _NEAR), inner, (q * (s - c) - p * (s + c)) * far)


def _without_zeros(x: Any, table: tuple[float, ...], zeros: Any) -> Any:
    value = polynomial(x * x / 32 - 1, table)
    for zero, rest in zeros:
        value = value * (((x - zero) - rest) * (x + zero))
    return value


def _hankel(x: Any, p: tuple[float, ...], q: tuple[float, ...]) -> tuple[Any, ...]:
    """Return ``1/√(πx)``, P, Q, cos x and sin x of Hankel's expansion for `x` of at least 8."""
    is_finite = isfinite(x)
    x = maximum(select(is_finite, x, _NEAR), _NEAR)
    ratio = _NEAR / x
    t = 2 * ratio * ratio - 1
    scale = select(is_finite, 1 / sqrt(math.pi * x), math.nan)
    return scale, polynomial(t, p), polynomial(t, q) / x, cos(x), sin(x)


def _of_positive(function: Callable[[Any], Any], at_zero: float) -> Callable[[Any], Any]:
    """Give a function of positive numbers a value at 0, and NaN below."""

    def applied(x: Any) -> Any:
        is_positive = less(0, x)
        edge = select(equal(x, 0), at_zero, math.nan)
        return select(is_positive, function(select(is_positive, x, 1)), edge)

    return applied


# The modified functions, orders 0 and 1.


def _i0e(x: Any) -> Any:
    size = absolute(x)
    near, far = minimum(size, _NEAR), maximum(size, _NEAR)
    inner = polynomial(near / 4 - 1, tables.I0_NEAR)
    outer = polynomial(16 / far - 1, tables.I0_FAR) / sqrt(far)
    return select(less_equal(size, _NEAR), inner, outer)


def _i1e(x: Any) -> Any:
    size = absolute(x)
    near, far = minimum(size, _NEAR), maximum(size, _NEAR)
    inner = near * polynomial(near / 4 - 1, tables.I1_NEAR)
    outer = polynomial(16 / far - 1, tables.I1_FAR) / sqrt(far)
    return copysign(1.0, x) * select(less_equal(size, _NEAR), inner, outer)


def _i0(x: Any) -> Any:
    return exp(absolute(x)) * _i0e(x)


def _i1(x: Any) -> Any:
    return exp(absolute(x)) * _i1e(x)


def _k0e(x: Any) -> Any:
    return _decaying(x, _k0_near, tables.K0_FAR, is_scaled=True)


def _k1e(x: Any) -> Any:
    return _decaying(x, _k1_near, tables.K1_FAR, is_scaled=True)


def _k0(x: Any) -> Any:
    return _decaying(x, _k0_near, tables.K0_FAR, is_scaled=False)


def _k1(x: Any) -> Any:
    return _decaying(x, _k1_near, tables.K1_FAR, is_scaled=False)


def _decaying(x: Any, near: Callable[[Any], Any], table: tuple[float, ...], is_scaled: bool) -> Any:
    """``near(x)`` up to 2, the asymptotic form beyond; times exp(x), if scaled."""
    inner_x, far = minimum(x, 2.0), maximum(x, 2.0)
    inner = near(inner_x)
    if is_scaled:
        inner = inner * exp(inner_x)
    outer = polynomial(4 / far - 1, table) / sqrt(far)
    return select(less_equal(x, 2.0), inner, outer if is_scaled else exp(-x) * outer)


def _k0_near(x: Any) -> Any:
    return polynomial(x * x / 2 - 1, tables.K0_NEAR) - log(x / 2) * _i0(x)


def _k1_near(x: Any) -> Any:
    return polynomial(x * x / 2 - 1, tables.K1_NEAR) / x + log(x / 2) * _i1(x)


# Other integer orders: by their power series, then by recurrence in the order.


def _jn(n: int, x: Any) -> Any:
    """J of order `n`; near 0 by its power series, so that all its derivatives are smooth there."""
    if n < 0:
        return (-1) ** n * _jn(-n, x)
    if n < 2:
        return j1(x) if n else j0(x)
    derivative = with_derivative(lambda x, y: (_jn(n - 1, x) - _jn(n + 1, x)) / 2)
    return derivative(lambda x: _first_kind(n, x))(x)


def _first_kind(n: int, x: Any) -> Any:
    size = absolute(x)
    series_end = 2 * math.sqrt(n + 1)
    value = _power_series(n, minimum(size, series_end), -1.0, 20)
    if series_end < n:
        middle = minimum(maximum(size, series_end), n)
        value = select(less(size, series_end), value, _backward(n, middle))
    end = max(series_end, n)
    far = maximum(size, end)
    forward = _forward(n, far, _j0(far), _j1(far), 1.0)
    value = select(less(size, end), value, forward)
    return value * (sign(x) if n % 2 else 1.0)


def _modified(n: int, x: Any) -> Any:
    """I of order `n`, as `_jn`: for the derivatives of I1, so of low orders."""
    if n < 2:
        return i1(x) if n else i0(x)
    derivative = with_derivative(lambda x, y: (_modified(n - 1, x) + _modified(n + 1, x)) / 2)
    return derivative(lambda x: _first_kind_modified(n, x))(x)


def _first_kind_modified(n: int, x: Any) -> Any:
    size = absolute(x)
    end = 4 * math.sqrt(n + 1)
    far = maximum(size, end)
    forward = _forward(n, far, _i0(far), _i1(far), -1.0)
    value = select(less(size, end), _power_series(n, minimum(size, end), 1.0, 30), forward)
    return value * (sign(x) if n % 2 else 1.0)


def _power_series(n: int, x: Any, factor: float, terms: int) -> Any:
    """``(x/2)ⁿ Σ (±x²/4)^k / (k! (n + k)!)``, the sign that of `factor` (A&S 9.1.10, 9.6.10)."""
    square = factor * x * x / 4
    total: Any = 1.0
    for k in range(terms, 0, -1):
        total = 1 + square * total / (k * (n + k))
    return (x / 2) ** n / float(math.factorial(n)) * total


def _forward(n: int, x: Any, first: Any, second: Any, factor: float) -> Any:
    """``f[k + 1] = ±(2k/x f[k] - f[k - 1])``, the sign that of `factor`, stable for `x` above n."""
    for k in range(1, n):
        first, second = second, factor * (2 * k / x * second - first)
    return second


def _backward(n: int, x: Any) -> Any:
    """Miller's recurrence from a larger order, normalised by ``J0 + 2 Σ J[2k] = 1`` (A&S 9.12)."""
    start = 2 * ((n + 8 + int(8 * n ** (1 / 3))) // 2)
    above: Any = 0.0
    value: Any = 1e-250
    total: Any = 2 * value
    found: Any = 0.0
    for k in range(start, 0, -1):
        above, value = value, 2 * k / x * value - above
        if k - 1 == n:
            found = value
        if k % 2:
            total = total + (value if k == 1 else 2 * value)
    return found / total


def _yn(n: int, x: Any) -> Any:
    if n < 0:
        return (-1) ** n * _yn(-n, x)
    if n < 2:
        return y1(x) if n else y0(x)
    derivative = with_derivative(lambda x, y: _yn(n - 1, x) - n * y / x)
    return derivative(lambda x: _second_kind(n, x, y0(x), y1(x), -math.inf))(x)


def _kn(n: int, x: Any) -> Any:
    if abs(n) < 2:
        return k1(x) if n else k0(x)
    n = abs(n)
    derivative = with_derivative(lambda x, y: -_kn(n - 1, x) - n * y / x)
    return derivative(lambda x: _second_kind(n, x, k0(x), k1(x), math.inf))(x)


def _second_kind(n: int, x: Any, first: Any, second: Any, at_zero: float) -> Any:
    """The recurrence of Y, or of K, by the sign of `at_zero`; infinite once it overflows."""
    is_regular = logical_and(less(0, x), less(absolute(second), math.inf))
    safe = select(is_regular, x, 1)
    first, second = select(is_regular, first, 1), select(is_regular, second, 1)
    for k in range(1, n):
        following = 2 * k / safe * second
        following = following - first if at_zero < 0 else following + first
        first, second = second, following
    edge = select(less_equal(0, x), at_zero, math.nan)
    return select(is_regular, second, edge)
