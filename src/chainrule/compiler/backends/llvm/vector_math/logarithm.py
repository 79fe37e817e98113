"""log and log1p, and the logarithm in two pieces that `power` needs.

    x = 2^e (1 + f),  1 + f in [sqrt(1/2), sqrt(2)),  s = f / (2 + f)
    log(1 + f) = 2 artanh(s) = f - s (f - R),  R = s^2 W(s^2);  log(x) = e ln 2 + log(1 + f)

References
----------
Sun Microsystems (1993), fdlibm, ``e_log.c``: this reduction and the order of the last sums.
Dekker (1971), "A floating-point technique for extending the available precision".
"""

import math
from typing import Any

from chainrule.compiler.backends.llvm.vector_math.coefficients import LN2, LOG, LOG_TAIL
from chainrule.compiler.backends.llvm.vector_math.lanes import Lanes

__all__ = ["log", "log1p", "log_in_two_pieces"]

TWO_THIRDS = (2.0 / 3.0, 2.0**-54 * 2.0 / 3.0)  # the second is what rounding took from the first


def log(x: Lanes) -> Lanes:
    """Write the natural logarithm."""
    e, f = _split(x)
    return _special(x, _assembled(e, f))


def log1p(x: Lanes) -> Lanes:
    """Write log(1 + x), exact to the last digits also near 0."""
    u = x + 1.0
    # What rounding took from u, by Dekker's sum with the larger addend first.
    lost = (x - (u - 1.0)).where(x.compare("<", 1.0), 1.0 - (u - x))
    e, f = _split(u, lost)
    return _special(u, _assembled(e, f)).with_sign_of(x)


def log_in_two_pieces(x: Lanes) -> tuple[Lanes, Lanes]:
    """Write log(x) of finite positive float64 as high + low, to about 64 binary digits."""
    e, f = _split(x)
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
    whole = e * ln2_high  # exact
    high = whole + fraction
    return high, (whole - high) + fraction + (fraction_low + e * ln2_low)


def _split(x: Lanes, lost: Lanes | None = None) -> tuple[Lanes, Lanes]:
    """Return e as a floating-point number, and f, to which a lost part of x is added."""
    form, builder = x.format, x.builder
    fraction = x.integer(form.fraction_bits)
    subnormal = x.compare("<", 2.0 ** (1 - form.bias))
    bits = (x * 2.0**form.fraction_bits).where(subnormal, x).bits()
    # Measured from sqrt(1/2), the exponent's bits count e and the rest is the place within.
    origin = x.like(math.sqrt(0.5)).bits()
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


def _to_float(x: Lanes, exponent: Any) -> Lanes:
    """Convert small integers, by the rounder's bits: older processors convert no 64-bit ones."""
    rounder = x.format.rounder
    return x.from_bits(x.builder.add(exponent, x.like(rounder).bits())) - rounder


def _assembled(e: Lanes, f: Lanes) -> Lanes:
    """Return e ln 2 + log(1 + f), the smallest addends first."""
    name = f.format.name
    ln2_high, ln2_low = LN2[name]
    s = f / (f + 2.0)
    z = s * s
    rest = z * z.polynomial(LOG[name])
    half_square = f * f * 0.5
    small = s.fma(half_square + rest, e * ln2_low)
    return e.fma(ln2_high, f - (half_square - small))


def _special(x: Lanes, result: Lanes) -> Lanes:
    """Put in what the formula cannot give: log of 0, of infinity, and of negative numbers."""
    result = result.where(x.compare("<", math.inf), x)  # infinity and NaN are their own
    result = result.like(-math.inf).where(x.compare("==", 0.0), result)
    return result.like(math.nan).where(x.compare("<", 0.0), result)
