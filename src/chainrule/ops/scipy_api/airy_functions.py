"""Airy functions, the solutions of ``y'' = x·y``, as ``scipy.special`` names them.

By truncated Chebyshev series, written in powers: of the functions on [-5, -2] and [-2, 1], beyond
of the factors of their asymptotic expansions in ``ζ = 2/3 |x|^(3/2)`` (A&S 10.4.59 to 10.4.67).
"""

from __future__ import annotations

import math
from typing import Any

from chainrule.ops.primitives.custom_derivative import with_backward
from chainrule.ops.primitives.elementwise import (
    cos,
    exp,
    less,
    maximum,
    minimum,
    sin,
    sqrt,
)
from chainrule.ops.primitives.selection import select
from chainrule.ops.scipy_api import bessel_tables as tables
from chainrule.ops.scipy_api.series import in_double, polynomial

__all__ = ["airy"]

_LOW, _BEND, _HIGH, _FAR = -5.0, -2.0, 1.0, 9.0
_ROOT_PI = math.sqrt(math.pi)
_DECAYS = 2 / 3 * _HIGH**1.5
_GROWS = 2 / 3 * _FAR**1.5
_OSCILLATES = 2 / 3 * abs(_LOW) ** 1.5


@in_double
def airy(z: Any) -> tuple[Any, Any, Any, Any]:
    """Airy functions and their derivatives, ``Ai, Ai', Bi, Bi'``."""

    def backward(ct: Any) -> list[Any]:
        ai, ai_prime, bi, bi_prime = results
        return [ct[0] * ai_prime + ct[1] * z * ai + ct[2] * bi_prime + ct[3] * z * bi]

    results: tuple[Any, Any, Any, Any] = with_backward(_airy(z), [z], backward)
    return results


def _airy(x: Any) -> tuple[Any, ...]:
    is_high = less(_HIGH, x)
    low = _oscillating(maximum(-x, -_LOW))
    high = _exponential(minimum(maximum(x, _HIGH), 1e100))
    results = (
        select(less(x, _BEND), bend, near)
        for bend, near in zip(
            _between(x, _LOW, _BEND, _AT_BEND), _between(x, _BEND, _HIGH, _NEAR), strict=True
        )
    )
    return tuple(
        select(less(x, _LOW), below, select(is_high, above, result))
        for result, below, above in zip(results, low, high, strict=True)
    )


_AT_BEND = (tables.AI_BEND, tables.AI_PRIME_BEND, tables.BI_BEND, tables.BI_PRIME_BEND)
_NEAR = (tables.AI_NEAR, tables.AI_PRIME_NEAR, tables.BI_NEAR, tables.BI_PRIME_NEAR)


def _between(x: Any, low: float, high: float, table: Any) -> list[Any]:
    """The functions on an interval."""
    t = (maximum(minimum(x, high), low) - (low + high) / 2) * (2 / (high - low))
    return [polynomial(t, each) for each in table]


def _oscillating(z: Any) -> tuple[Any, ...]:
    """The functions at -z, for `z` of at least 5."""
    is_finite = less(z, math.inf)
    z = select(is_finite, z, -_LOW)
    root = sqrt(z)
    zeta = 2 / 3 * z * root
    ratio = _OSCILLATES / zeta
    t = 2 * ratio * ratio - 1
    f, g = polynomial(t, tables.AIRY_F), polynomial(t, tables.AIRY_G) / zeta
    u, v = polynomial(t, tables.AIRY_PRIME_F), polynomial(t, tables.AIRY_PRIME_G) / zeta
    plus = (cos(zeta) + sin(zeta)) / math.sqrt(2)  # sin(ζ + π/4)
    minus = (cos(zeta) - sin(zeta)) / math.sqrt(2)
    power = sqrt(root)
    ai, bi = (plus * f - minus * g) / power, (minus * f + plus * g) / power
    ai_prime, bi_prime = -(minus * u + plus * v) * power, (plus * u - minus * v) * power
    values = (ai, ai_prime, bi, bi_prime)
    return tuple(select(is_finite, each / _ROOT_PI, math.nan) for each in values)


def _exponential(x: Any) -> tuple[Any, ...]:
    """The functions at `x` of at least 1; infinite where they overflow, Ai 0 at infinity."""
    root = sqrt(x)
    zeta = 2 / 3 * x * root
    power = sqrt(root)
    decay = exp(-zeta) / (2 * _ROOT_PI)
    t = 2 * _DECAYS / zeta - 1
    ai = decay * polynomial(t, tables.AI_FAR) / power
    ai_prime = -decay * polynomial(t, tables.AI_PRIME_FAR) * power
    growth = exp(zeta)
    middle = minimum(root, 3.0) - 2
    t = 2 * _GROWS / maximum(zeta, _GROWS) - 1
    is_far = less(_FAR, x)
    far = growth / _ROOT_PI
    bi = select(
        is_far,
        far * polynomial(t, tables.BI_FAR) / power,
        growth * polynomial(middle, tables.BI_MIDDLE),
    )
    bi_prime = select(
        is_far,
        far * polynomial(t, tables.BI_PRIME_FAR) * power,
        growth * polynomial(middle, tables.BI_PRIME_MIDDLE),
    )
    return ai, ai_prime, bi, bi_prime
