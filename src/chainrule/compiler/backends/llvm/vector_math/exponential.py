"""exp, expm1, and what is made of them: tanh and sigmoid.

    x = n ln 2 + r,  |r| <= ln(2) / 2        exp(x) = 2^n (1 + r + r^2 Q(r))

References
----------
Cody & Waite (1980), "Software Manual for the Elementary Functions", ch. 6: the reduction with ln 2
in two pieces.
"""

import itertools
import math
from collections.abc import Sequence
from typing import Any

from chainrule.compiler.backends.llvm.vector_math.coefficients import EXP, LN2, TANH
from chainrule.compiler.backends.llvm.vector_math.lanes import Lanes

__all__ = ["exp", "expm1", "sigmoid", "tanh"]

# Beyond these, results are 0 or infinite (exp), or -1 (expm1), in the format.
EXP_RANGE = {"float32": (-104.0, 89.0), "float64": (-746.0, 710.0)}
EXPM1_FLOOR = {"float32": -18.0, "float64": -38.0}
# From here on tanh is 1.
TANH_CEILING = {"float32": 10.0, "float64": 20.0}

# Where tanh is 1/2, or nearly.
TANH_NEAR = 0.55
TANH_SHORT_NEAR = 0.6


def exp(x: Lanes, low: Lanes | None = None) -> Lanes:
    """Write exp(x + low)."""
    floor, ceiling = EXP_RANGE[x.format.name]
    if low is None and x.format.name == "float32":
        n, fraction = _short_power(x.limited(floor, ceiling))
    else:
        n, r, rest = _reduced(x.limited(floor, ceiling), low)
        # 1 + r + rest, with what the first sum's rounding took given back.
        head = r + 1.0
        fraction = head + (((1.0 - head) + r) + rest)
    # Scaling to 0 by underflow takes as long as all the rest, and masks are full of exp(-inf).
    fraction = x.like(0.0).where(x.compare("<=", floor), fraction)
    # 2^n alone may lie outside the format: it is applied in two halves, of which only the last
    # can round.
    builder = x.builder
    half = builder.ashr(n, x.integer(1))
    other = builder.sub(n, half)
    return fraction * x.power_of_two(half) * x.power_of_two(other)


def expm1(x: Lanes) -> Lanes:
    """Write exp(x) - 1, exact to the last digits also near 0."""
    name = x.format.name
    n, r, rest = _reduced(x.limited(EXPM1_FLOOR[name], EXP_RANGE[name][1]))
    # 2 (2^(n-1) p + 2^(n-1) - 1/2): half the scale never overflows before the result does.
    scale = x.power_of_two(x.builder.sub(n, x.integer(1)))
    return (scale.fma(r + rest, scale - 0.5) * 2.0).with_sign_of(x)


def tanh(x: Lanes) -> Lanes:
    """Write tanh(x), from e = exp(-2 |x|) and t = e - 1 without cancellation.

    It is -t / (e + 1) near 0, and 1 - 2 e / (e + 1) elsewhere, where e's error counts for less.
    """
    if x.format.name == "float32":
        return _short_tanh(x)
    magnitude = abs(x)
    n, r, rest = _reduced(magnitude.limited(None, TANH_CEILING[x.format.name]) * -2.0)
    scale, p = x.power_of_two(n), r + rest
    e = scale.fma(p, scale)
    t = scale.fma(p, scale - 1.0)
    near = magnitude.compare("<", TANH_NEAR)
    ratio = _over_one_plus((-t).where(near, e * -2.0), e)
    return ratio.where(near, ratio + 1.0).with_sign_of(x)


def _short_tanh(x: Lanes) -> Lanes:
    """Write tanh(x) in float32, with half the operations one behind the other.

    A step of a small network is a chain of such functions, each of which waits for the one before.
    Near 0 it is x + x^3 T(x^2); elsewhere 1 - 2 e / (1 + e) of e = exp(-2 |x|), which is at most
    0.3 there, so that e need be no better than float32 can write it: one piece of ln 2 will do.
    """
    magnitude = abs(x)
    exponent = magnitude.limited(None, TANH_CEILING["float32"]) * -2.0
    shifted = exponent.fma(1.0 / math.log(2.0), x.format.rounder)
    r = (-(shifted - x.format.rounder)).fma(math.log(2.0), exponent)
    scale = x.power_of_two(x.builder.sub(shifted.bits(), x.like(x.format.rounder).bits()))
    fraction = (r * r).fma(_in_pairs(r, EXP["float32"]), r + 1.0)
    far = x.like(1.0) - (scale * 2.0 * fraction) / scale.fma(fraction, 1.0)
    square = magnitude * magnitude
    near = (magnitude * square).fma(square.polynomial(TANH["float32"]), magnitude)
    is_near = magnitude.compare("<", TANH_SHORT_NEAR)
    return near.where(is_near, far).with_sign_of(x)


def sigmoid(x: Lanes) -> Lanes:
    """Write 1 / (1 + exp(-x)), as e / (1 + e) for negative x so that it never overflows."""
    e = exp(-abs(x))
    numerator = e.where(x.compare("<", 0.0), 1.0)
    return _over_one_plus(numerator, e)


def _short_power(x: Lanes) -> tuple[Any, Lanes]:
    """Return the integer n and exp(r) by one polynomial: in float32 it is good to 1 ulp."""
    form = x.format
    shifted = x.fma(1.0 / math.log(2.0), form.rounder)
    n = form.rounder - shifted
    ln2_high, ln2_low = LN2[form.name]
    r = n.fma(ln2_low, n.fma(ln2_high, x))
    fraction = r.polynomial((1.0, 1.0, *EXP[form.name]))
    return x.builder.sub(shifted.bits(), x.like(form.rounder).bits()), fraction


def _in_pairs(x: Lanes, coefficients: Sequence[float]) -> Lanes:
    """Evaluate a polynomial, constant term first, by Estrin's scheme: few operations wait.

    References
    ----------
    Estrin (1960), "Organization of computer systems: the fixed plus variable structure computer".
    """
    pairs = itertools.zip_longest(coefficients[::2], coefficients[1::2])
    terms = [x.like(low) if high is None else x.fma(high, low) for low, high in pairs]
    while len(terms) > 1:
        x = x * x
        joined = itertools.zip_longest(terms[::2], terms[1::2])
        terms = [low if high is None else x.fma(high, low) for low, high in joined]
    return terms[0]


def _over_one_plus(numerator: Lanes, e: Lanes) -> Lanes:
    """Return numerator / (1 + e) for e in [0, 1], undoing what rounding the divisor costs."""
    divisor = e + 1.0
    lost = e - (divisor - 1.0)
    reciprocal = e.like(1.0) / divisor
    quotient = numerator * reciprocal
    remainder = (-quotient).fma(lost, (-quotient).fma(divisor, numerator))
    return remainder.fma(reciprocal, quotient)


def _reduced(x: Lanes, low: Lanes | None = None) -> tuple[Any, Lanes, Lanes]:
    """Return the integer n, r up to ln 2's second piece, and the rest of exp(r) - 1."""
    form = x.format
    shifted = x.fma(1.0 / math.log(2.0), form.rounder)
    n = shifted - form.rounder
    ln2_high, ln2_low = LN2[form.name]
    high = (-n).fma(ln2_high, x)  # exact
    r = (-n).fma(ln2_low, high)
    correction = (-n) * ln2_low
    if low is not None:
        r, correction = r + low, correction + low
    rest = (r * r).fma(r.polynomial(EXP[form.name]), correction)
    # The sum's last bits are n itself; a conversion of NaN to integer would be undefined.
    return x.builder.sub(shifted.bits(), x.like(form.rounder).bits()), high, rest
