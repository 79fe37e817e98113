"""exp, expm1, and the tanh and sigmoid that are computed from them.

    x = n ln 2 + r,  |r| <= ln(2) / 2        exp(x) = 2^n (1 + r + r^2 Q(r))

References
----------
Cody & Waite (1980), "Software Manual for the Elementary Functions", ch. 6: argument reduction with
ln 2 as a sum of two floats.
"""

import itertools
import math
from collections.abc import Sequence

from chainrule.compiler.backends.llvm import ir
from chainrule.compiler.backends.llvm.vector_math.coefficients import EXP, LN2, TANH
from chainrule.compiler.backends.llvm.vector_math.lanes import Lanes

__all__ = ["exp", "expm1", "sigmoid", "tanh"]

# Outside these ranges, exp underflows to 0 or overflows, and expm1 rounds to -1.
EXP_RANGE = {"float32": (-104.0, 89.0), "float64": (-746.0, 710.0)}
EXPM1_FLOOR = {"float32": -18.0, "float64": -38.0}
# From here on tanh rounds to 1.
TANH_CEILING = {"float32": 10.0, "float64": 20.0}

# Below, tanh takes its formula for small arguments: near where tanh is 1/2.
TANH_NEAR = 0.55
TANH_NEAR_FLOAT32 = 0.6


def exp(x: Lanes, low: Lanes | None = None) -> Lanes:
    """Emit exp(x + low)."""
    floor, ceiling = EXP_RANGE[x.format.dtype]
    if low is None and x.format.dtype == "float32":
        n, fraction = _exp_float32(x.clamp(floor, ceiling))
    else:
        n, r, rest = _reduce(x.clamp(floor, ceiling), low)
        # 1 + r + rest, with the rounding error of the first sum added back.
        head = r + 1.0
        fraction = head + (((1.0 - head) + r) + rest)
    # Underflow by scaling takes as long as all the rest, and attention masks give exp(-inf).
    fraction = x.constant(0.0).where(x.compare("<=", floor), fraction)
    # 2^n alone may overflow the format: it is applied as two factors, and only the last product
    # can round.
    builder = x.builder
    half = builder.ashr(n, x.integer(1))
    other = builder.sub(n, half)
    return fraction * x.power_of_two(half) * x.power_of_two(other)


def expm1(x: Lanes) -> Lanes:
    """Emit exp(x) - 1, accurate near 0 too."""
    dtype = x.format.dtype
    n, r, rest = _reduce(x.clamp(EXPM1_FLOOR[dtype], EXP_RANGE[dtype][1]))
    # 2 (2^(n-1) p + 2^(n-1) - 1/2): half the scale never overflows before the result does.
    scale = x.power_of_two(x.builder.sub(n, x.integer(1)))
    return (scale.fma(r + rest, scale - 0.5) * 2.0).copysign(x)


def tanh(x: Lanes) -> Lanes:
    """Emit tanh(x), from e = exp(-2 |x|) and t = e - 1 without cancellation.

    It is -t / (e + 1) near 0, and 1 - 2 e / (e + 1) elsewhere, where an error of e weighs less.
    """
    if x.format.dtype == "float32":
        return _tanh_float32(x)
    magnitude = abs(x)
    n, r, rest = _reduce(magnitude.clamp(None, TANH_CEILING[x.format.dtype]) * -2.0)
    scale, p = x.power_of_two(n), r + rest
    e = scale.fma(p, scale)
    t = scale.fma(p, scale - 1.0)
    near = magnitude.compare("<", TANH_NEAR)
    ratio = _divided_by_one_plus((-t).where(near, e * -2.0), e)
    return ratio.where(near, ratio + 1.0).copysign(x)


def _tanh_float32(x: Lanes) -> Lanes:
    """Emit tanh(x) in float32 with half the latency, which bounds the step of a small network.

    Near 0 it is x + x^3 T(x^2); elsewhere 1 - 2 e / (1 + e) of e = exp(-2 |x|), at most 0.3, where
    an error of e weighs so little that one float of ln 2 is enough for the argument reduction.
    """
    magnitude = abs(x)
    exponent = magnitude.clamp(None, TANH_CEILING["float32"]) * -2.0
    shifted = exponent.fma(1.0 / math.log(2.0), x.format.rounding_constant)
    r = (-(shifted - x.format.rounding_constant)).fma(math.log(2.0), exponent)
    scale = x.power_of_two(
        x.builder.sub(shifted.bits(), x.constant(x.format.rounding_constant).bits())
    )
    fraction = (r * r).fma(_estrin(r, EXP["float32"]), r + 1.0)
    far = x.constant(1.0) - (scale * 2.0 * fraction) / scale.fma(fraction, 1.0)
    square = magnitude * magnitude
    near = (magnitude * square).fma(square.polynomial(TANH["float32"]), magnitude)
    is_near = magnitude.compare("<", TANH_NEAR_FLOAT32)
    return near.where(is_near, far).copysign(x)


def sigmoid(x: Lanes) -> Lanes:
    """Emit 1 / (1 + exp(-x)); for negative x as e / (1 + e), which never overflows."""
    e = exp(-abs(x))
    numerator = e.where(x.compare("<", 0.0), 1.0)
    return _divided_by_one_plus(numerator, e)


def _exp_float32(x: Lanes) -> tuple[ir.Value, Lanes]:
    """Return the integer n and exp(r) as one polynomial, within 1 ulp in float32."""
    form = x.format
    shifted = x.fma(1.0 / math.log(2.0), form.rounding_constant)
    n = form.rounding_constant - shifted
    ln2_high, ln2_low = LN2[form.dtype]
    r = n.fma(ln2_low, n.fma(ln2_high, x))
    fraction = r.polynomial((1.0, 1.0, *EXP[form.dtype]))
    return x.builder.sub(shifted.bits(), x.constant(form.rounding_constant).bits()), fraction


def _estrin(x: Lanes, coefficients: Sequence[float]) -> Lanes:
    """Evaluate a polynomial, constant term first, by Estrin's scheme: logarithmic latency.

    References
    ----------
    Estrin (1960), "Organization of computer systems: the fixed plus variable structure computer".
    """
    pairs = itertools.zip_longest(coefficients[::2], coefficients[1::2])
    terms = [x.constant(low) if high is None else x.fma(high, low) for low, high in pairs]
    while len(terms) > 1:
        x = x * x
        joined = itertools.zip_longest(terms[::2], terms[1::2])
        terms = [low if high is None else x.fma(high, low) for low, high in joined]
    return terms[0]


def _divided_by_one_plus(numerator: Lanes, e: Lanes) -> Lanes:
    """Return numerator / (1 + e) for e in [0, 1], corrected for the rounding of the divisor."""
    divisor = e + 1.0
    lost = e - (divisor - 1.0)
    reciprocal = e.constant(1.0) / divisor
    quotient = numerator * reciprocal
    remainder = (-quotient).fma(lost, (-quotient).fma(divisor, numerator))
    return remainder.fma(reciprocal, quotient)


def _reduce(x: Lanes, low: Lanes | None = None) -> tuple[ir.Value, Lanes, Lanes]:
    """Return the integer n, x - n ln2_high, and the rest of exp(r) - 1 (Cody & Waite)."""
    form = x.format
    shifted = x.fma(1.0 / math.log(2.0), form.rounding_constant)
    n = shifted - form.rounding_constant
    ln2_high, ln2_low = LN2[form.dtype]
    high = (-n).fma(ln2_high, x)  # exact
    r = (-n).fma(ln2_low, high)
    correction = (-n) * ln2_low
    if low is not None:
        r, correction = r + low, correction + low
    rest = (r * r).fma(r.polynomial(EXP[form.dtype]), correction)
    # The low bits of the sum are n itself; converting NaN to an integer would be undefined.
    return x.builder.sub(shifted.bits(), x.constant(form.rounding_constant).bits()), high, rest
