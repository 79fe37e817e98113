"""Incomplete gamma and beta functions, as ``scipy.special`` names them.

Each is the integral from the nearer end of a distribution to `x`, as its density at `x` times
``∫ exp(-E(u)) du``, with E convex and increasing in a variable in which the integrand is smooth:
``t = x·exp(∓u)`` of the gamma distribution, and the log-odds of t of the beta distribution. They
can be differentiated by their parameters too, to any order.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from chainrule.graph.node import Node
from chainrule.ops.primitives.custom_derivative import with_derivative
from chainrule.ops.primitives.elementwise import (
    absolute,
    equal,
    exp,
    expm1,
    less,
    less_equal,
    log,
    log1p,
    logical_and,
    logical_not,
    logical_or,
    maximum,
    minimum,
    sqrt,
)
from chainrule.ops.primitives.selection import select
from chainrule.ops.scipy_api.beta import betaln
from chainrule.ops.scipy_api.gamma import gamma, gammaln
from chainrule.ops.scipy_api.quadrature import LARGEST_EXPONENT, integrate_decay
from chainrule.ops.scipy_api.series import in_double, polynomial
from chainrule.ops.scipy_api.special import xlog1py, xlogy
from chainrule.ops.scipy_api.stirling import log_gamma_after_one, stirling_sum

__all__ = ["betainc", "betaincc", "gammainc", "gammaincc"]

_SHIFT = 8  # smaller first parameters are raised by it, by the recurrence
_SMALL = 1.5  # up to here, the gamma distribution by its power series
_SERIES_TERMS = 24


@in_double
def gammainc(a: Any, x: Any) -> Any:
    """Regularised lower incomplete gamma function, ``∫₀ˣ t^(a-1) e^(-t) dt / Γ(a)``."""
    return _of_variable(lambda a, x: _gamma_tails(a, x)[0], _gamma_density, (a,), x, 1.0)


@in_double
def gammaincc(a: Any, x: Any) -> Any:
    """Regularised upper incomplete gamma function, ``1 - gammainc(a, x)``."""
    return _of_variable(lambda a, x: _gamma_tails(a, x)[1], _gamma_density, (a,), x, -1.0)


@in_double
def betainc(a: Any, b: Any, x: Any) -> Any:
    """Regularised incomplete beta function, ``∫₀ˣ t^(a-1) (1-t)^(b-1) dt / B(a, b)``."""
    return _of_variable(lambda *args: _beta_tails(*args)[0], _beta_density, (a, b), x, 1.0)


@in_double
def betaincc(a: Any, b: Any, x: Any) -> Any:
    """Complement of the regularised incomplete beta function, ``1 - betainc(a, b, x)``."""
    return _of_variable(lambda *args: _beta_tails(*args)[1], _beta_density, (a, b), x, -1.0)


def _of_variable(
    function: Callable[..., Any],
    density: Callable[..., Any],
    parameters: tuple[Any, ...],
    x: Any,
    sign: float,
) -> Any:
    """Give ``function(*parameters, x)`` the density as derivative, if no parameter is traced."""
    if any(isinstance(each, Node) for each in parameters) or not isinstance(x, Node):
        return function(*parameters, x)
    shape: Any = sum(parameters) * 0 + x * 0  # all are broadcast to one shape
    derivative = with_derivative(lambda x, y: sign * density(*parameters, x))
    return derivative(lambda x: function(*parameters, x))(x + shape)


# The gamma distribution.


def _gamma_tails(a: Any, x: Any) -> tuple[Any, Any]:
    """Both regularised incomplete gamma functions."""
    is_inside = logical_and(_is_positive(a), _is_positive(x))
    given = a, x
    a, x = select(is_inside, a, 1), select(is_inside, x, 1)
    is_small = logical_or(less(a, 0.5), less_equal(a, x))
    is_series = logical_and(less_equal(x, _SMALL), is_small)
    is_lower = logical_and(less(x, a), logical_not(is_series))
    density = _gamma_scale(a, x)
    lower = density * _lower_integral(select(is_lower, a, 2), select(is_lower, x, 1))
    is_upper = logical_not(logical_or(is_lower, is_series))
    upper = density * _upper_integral(select(is_upper, a, 1), select(is_upper, x, 2))
    p, q = _gamma_series(select(is_series, a, 1), select(is_series, x, 1))
    p = select(is_lower, lower, select(is_series, p, 1 - upper))
    q = select(is_lower, 1 - lower, select(is_series, q, upper))
    edge = _gamma_edge(*given)
    return select(is_inside, p, edge), select(is_inside, q, 1 - edge)


def _gamma_edge(a: Any, x: Any) -> Any:
    """The lower function where an argument is 0, infinite or out of range."""
    is_zero = logical_or(equal(x, 0), equal(a, math.inf))
    is_void = logical_and(equal(a, 0), equal(x, 0))
    is_void = logical_or(is_void, logical_and(equal(a, math.inf), equal(x, math.inf)))
    is_valid = logical_and(less_equal(0, a), less_equal(0, x))
    is_valid = logical_and(is_valid, logical_not(is_void))
    return select(is_valid, select(is_zero, 0.0, 1.0), math.nan)


def _gamma_scale(a: Any, x: Any) -> Any:
    """``x^a e^(-x) / Γ(a)``, about its maximum at `a` (Temme 1979, equation 2.5)."""
    return sqrt(a / (2 * math.pi)) / _scaled_gamma(a) * exp(a * _log_ratio(x / a, (x - a) / a))


def _gamma_density(a: Any, x: Any) -> Any:
    """``x^(a-1) e^(-x) / Γ(a)``."""
    is_inside = logical_and(less(0, x), less(x, math.inf))
    inner = select(is_inside, x, 1)
    edge = exp(xlogy(a - 1, select(is_inside, 1, x)) - x - gammaln(a))
    return select(is_inside, _gamma_scale(a + 0 * x, inner) / inner, edge)


def _lower_integral(a: Any, x: Any) -> Any:
    """The integral for `x` below `a`, which is raised by 8 where it is small."""
    is_small = less(a, _SHIFT)
    large = select(is_small, a + _SHIFT, a)
    smooth = minimum(LARGEST_EXPONENT / (large - x), _widest(LARGEST_EXPONENT / x))

    def exponent(u: Any, a: Any, x: Any) -> Any:
        return (a - x) * u + x * _exp_rest(-u)

    def rate(u: Any, a: Any, x: Any) -> Any:
        return (a - x) - x * expm1(-u)

    value = integrate_decay(exponent, rate, smooth, (large, x))
    for k in range(_SHIFT - 1, -1, -1):
        value = select(is_small, (1 + x * value) / (a + k), value)
    return value


def _upper_integral(a: Any, x: Any) -> Any:
    """The integral for `x` of at least `a`, and above 1.5."""
    bound = log1p(_widest(LARGEST_EXPONENT / x))
    bound = minimum(LARGEST_EXPONENT / maximum(x - a, 1e-300), bound)

    def exponent(u: Any, a: Any, x: Any) -> Any:
        return (x - a) * u + x * _exp_rest(u)

    def rate(u: Any, a: Any, x: Any) -> Any:
        return (x - a) + x * expm1(u)

    return integrate_decay(exponent, rate, bound, (a, x))


def _gamma_series(a: Any, x: Any) -> tuple[Any, Any]:
    """Both functions by the series of the lower one, for small `x` unless `a` is larger."""
    total: Any = 0.0
    for k in range(_SERIES_TERMS, 0, -1):
        total = -x / k * (1 / (a + k) + total)
    logarithm = a * log(x) - log_gamma_after_one(a)
    power = exp(logarithm)
    return power * (1 + a * total), -expm1(logarithm) - power * a * total


def _widest(bound: Any) -> Any:
    """A number beyond the u where ``u - 1 + exp(-u)`` is `bound`."""
    return bound + sqrt(2 * bound)


# The beta distribution.


def _beta_tails(a: Any, b: Any, x: Any) -> tuple[Any, Any]:
    """The regularised incomplete beta function and its complement."""
    is_inside = logical_and(logical_and(less(0, x), less(x, 1)), _is_positive(a, b))
    given = a, b, x
    a, b, x = select(is_inside, a, 1), select(is_inside, b, 1), select(is_inside, x, 0.5)
    is_lower = less_equal((a + b) * x, a)
    first, second = select(is_lower, a, b), select(is_lower, b, a)
    z, rest = select(is_lower, x, 1 - x), select(is_lower, 1 - x, x)
    tail = _beta_scale(first, second, z, rest) * _beta_integral(first, second, z, rest)
    edge = _beta_edge(*given)
    p, q = select(is_lower, tail, 1 - tail), select(is_lower, 1 - tail, tail)
    return select(is_inside, p, edge), select(is_inside, q, 1 - edge)


def _beta_edge(a: Any, b: Any, x: Any) -> Any:
    """The function where an argument is 0, infinite, 1 or out of range."""
    are_valid = logical_and(less_equal(0, a), less_equal(0, b))
    is_valid = logical_and(are_valid, logical_and(less_equal(0, x), less_equal(x, 1)))
    is_void = logical_and(equal(a, b), logical_or(equal(a, 0), equal(a, math.inf)))
    is_above = logical_and(logical_or(equal(b, 0), equal(a, math.inf)), less(x, 1))
    value = select(logical_or(equal(x, 0), is_above), 0.0, 1.0)
    return select(logical_and(is_valid, logical_not(is_void)), value, math.nan)


def _beta_scale(a: Any, b: Any, x: Any, rest: Any) -> Any:
    """``x^a (1-x)^b / B(a, b)``, about its maximum at ``a / (a + b)``."""
    total = a + b
    gap = b * x - a * rest
    exponent = a * _log_ratio(x * total / a, gap / a) + b * _log_ratio(rest * total / b, -gap / b)
    scale = sqrt(a / total * b / (2 * math.pi)) * _scaled_gamma(total)
    return scale / (_scaled_gamma(a) * _scaled_gamma(b)) * exp(exponent)


def _beta_density(a: Any, b: Any, x: Any) -> Any:
    """``x^(a-1) (1-x)^(b-1) / B(a, b)``."""
    is_inside = logical_and(less(0, x), less(x, 1))
    inner, edge = select(is_inside, x, 0.5), select(is_inside, 0.5, x)
    value = _beta_scale(a, b, inner, 1 - inner) / (inner * (1 - inner))
    at_edge = exp(xlogy(a - 1, edge) + xlog1py(b - 1, -edge) - betaln(a, b))
    return select(is_inside, value, at_edge)


def _beta_integral(a: Any, b: Any, x: Any, rest: Any) -> Any:
    """The integral for `x` up to ``a / (a + b)``; `a` is raised by 8 where it is small."""
    is_small = less(a, _SHIFT)
    large = select(is_small, a + _SHIFT, a)
    is_first = less(x, 0.5)  # from the end with more digits
    sign, near = select(is_first, 1.0, -1.0), select(is_first, x, rest)
    start = (large * rest - b * x) + 0 * near
    total = large + b
    width = sqrt(2 * math.e * LARGEST_EXPONENT / (total * x * rest))
    bound = (LARGEST_EXPONENT - total * log(rest)) / large
    bound = minimum(bound, LARGEST_EXPONENT / maximum(start, 1e-300))
    bound = minimum(bound, select(less(width, 1), width, math.inf))

    def exponent(v: Any, start: Any, total: Any, near: Any, sign: Any) -> Any:
        power = near * expm1(-sign * v)
        return start * v + total * (_log_rest(power) + near * _exp_rest(-sign * v))

    def rate(v: Any, start: Any, total: Any, near: Any, sign: Any) -> Any:
        decay = near * expm1(-sign * v)
        return start + total * near * (sign - sign * exp(-sign * v) / (1 + decay))

    value = integrate_decay(exponent, rate, bound, (start, total, near, sign), 4)
    for k in range(_SHIFT - 1, -1, -1):
        value = select(is_small, (1 + x * (a + b + k) * value) / (a + k), value)
    return value


def _is_positive(*values: Any) -> Any:
    result: Any = True
    for each in values:
        result = logical_and(result, logical_and(less(0, each), less(each, math.inf)))
    return result


def _scaled_gamma(a: Any) -> Any:
    """``Γ(a) / (√(2π/a) (a/e)^a)`` of positive numbers, which tends to 1."""
    is_large = less_equal(_SHIFT, a)
    near = select(is_large, 1, a)
    inner = gamma(near) * sqrt(near / (2 * math.pi)) * exp(near - near * log(near))
    return select(is_large, exp(stirling_sum(select(is_large, a, _SHIFT))), inner)


# What vanishes with the square of its argument.


def _exp_rest(v: Any) -> Any:
    """``exp(v) - 1 - v``."""
    is_small = less(absolute(v), 1)
    near, far = select(is_small, v, 0), select(is_small, 1, v)
    return select(is_small, near * near * polynomial(near, _EXP_REST), expm1(far) - far)


def _log_rest(y: Any) -> Any:
    """``ln(1 + y) - y``."""
    return _log_ratio(1 + y, y)


def _log_ratio(ratio: Any, difference: Any) -> Any:
    """``ln r - (r - 1)`` given both r and r - 1, by ``2 artanh(s)`` near 1, ``s = (r-1)/(r+1)``."""
    is_near = less(absolute(difference), 0.4)
    y = select(is_near, difference, 0)
    s = y / (2 + y)
    near = s * (2 * s * s * polynomial(s * s, _ARTANH) - y)
    far = select(is_near, 1, ratio)
    return select(is_near, near, log(far) - select(is_near, 0, difference))


_EXP_REST = [1 / math.factorial(n) for n in range(2, 19)]
_ARTANH = [1 / (2 * n + 3) for n in range(13)]
