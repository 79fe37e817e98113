"""log, log1p, and the double-double logarithm that `power` needs.

    x = 2^e (1 + f),  1 + f in [sqrt(1/2), sqrt(2)),  s = f / (2 + f)
    log(1 + f) = 2 artanh(s) = f - s (f - R),  R = s^2 W(s^2);  log(x) = e ln 2 + log(1 + f)

References
----------
Sun Microsystems (1993), fdlibm, ``e_log.c``: the argument reduction, the order of the last sums.
Dekker (1971), "A floating-point technique for extending the available precision": double-double.
"""

import math

from chainrule.compiler.backends.llvm import ir
from chainrule.compiler.backends.llvm.vector_math.coefficients import LN2, LOG, LOG_TAIL
from chainrule.compiler.backends.llvm.vector_math.lanes import Lanes

__all__ = ["log", "log1p", "log_double_double"]

TWO_THIRDS = (2.0 / 3.0, 2.0**-54 * 2.0 / 3.0)  # as a double-double


def log(x: Lanes) -> Lanes:
    """Emit the natural logarithm."""
    e, f = _reduce(x)
    return _with_special_cases(x, _reconstruct(e, f))


def log1p(x: Lanes) -> Lanes:
    """Emit log(1 + x), accurate near 0 too."""
    u = x + 1.0
    # The rounding error of u, by Dekker's fast two-sum: the larger addend first.
    lost = (x - (u - 1.0)).where(x.compare("<", 1.0), 1.0 - (u - x))
    e, f = _reduce(u, lost)
    return _with_special_cases(u, _reconstruct(e, f)).copysign(x)


def log_double_double(x: Lanes) -> tuple[Lanes, Lanes]:
    """Emit log(x) of a finite positive float64 as high + low, to about 64 bits."""
    e, f = _reduce(x)
    divisor = f + 2.0
    rest = f - (divisor - 2.0)
    s = f / divisor
    s_low = ((-s).fma(divisor, f) - s * rest) / divisor
    z = s * s
    z_low = s.fma(s, -z) + s * s_low * 2.0
    tail = z * z.polynomial(LOG_TAIL["float64"])
    c = tail + TWO_THIRDS[0]
    c_low = (TWO_THIRDS[0] - c) + tail + TWO_THIRDS[1]
    y = z * c
    y_low = z.fma(c, -y) + z * c_low + z_low * c
    cubic = s * y
    cubic_low = s.fma(y, -cubic) + s * y_low + s_low * y
    fraction = s * 2.0 + cubic
    fraction_low = (s * 2.0 - fraction) + cubic + cubic_low + s_low * 2.0
    ln2_high, ln2_low = LN2["float64"]
    scaled = e * ln2_high  # exact
    high = scaled + fraction
    return high, (scaled - high) + fraction + (fraction_low + e * ln2_low)


def _reduce(x: Lanes, lost: Lanes | None = None) -> tuple[Lanes, Lanes]:
    """Return e, in floating point, and f; `lost` is a rounding error of x that f makes good."""
    form, builder = x.format, x.builder
    fraction = x.integer(form.fraction_bits)
    subnormal = x.compare("<", 2.0 ** (1 - form.bias))
    bits = (x * 2.0**form.fraction_bits).where(subnormal, x).bits()
    # Relative to the bits of sqrt(1/2), the exponent field is e, the fraction that of 1 + f.
    origin = x.constant(math.sqrt(0.5)).bits()
    distance = builder.sub(bits, origin)
    exponent = builder.ashr(distance, fraction)
    mantissa = builder.add(builder.and_(distance, x.integer(2**form.fraction_bits - 1)), origin)
    f = x.from_bits(mantissa) - 1.0
    if lost is not None:
        # 2^-e would be subnormal for the two largest exponents, where nothing is lost.
        limit = x.integer(form.bias - 1)
        small = builder.icmp_signed("<", exponent, limit)
        scale = x.power_of_two(builder.neg(builder.select(small, exponent, limit)))
        f = lost.fma(scale, f)
    e = _to_float(x, exponent)
    return (e - float(form.fraction_bits)).where(subnormal, e), f


def _to_float(x: Lanes, exponent: ir.Value) -> Lanes:
    """Convert small integers by the rounding constant: AVX2 has no conversion from 64 bits."""
    magic = x.format.rounding_constant
    return x.from_bits(x.builder.add(exponent, x.constant(magic).bits())) - magic


def _reconstruct(e: Lanes, f: Lanes) -> Lanes:
    """Return e ln 2 + log(1 + f), the smallest addends first."""
    dtype = f.format.dtype
    ln2_high, ln2_low = LN2[dtype]
    s = f / (f + 2.0)
    z = s * s
    rest = z * z.polynomial(LOG[dtype])
    half_square = f * f * 0.5
    small = s.fma(half_square + rest, e * ln2_low)
    return e.fma(ln2_high, f - (half_square - small))


def _with_special_cases(x: Lanes, result: Lanes) -> Lanes:
    """Replace the results for 0, infinity, NaN and negative arguments."""
    result = result.where(x.compare("<", math.inf), x)  # log(inf) = inf, log(nan) = nan
    result = result.constant(-math.inf).where(x.compare("==", 0.0), result)
    return result.constant(math.nan).where(x.compare("<", 0.0), result)
