"""pow(x, y) = exp(y log|x|), with the sign and the special cases of IEEE 754 (and NumPy).

y log|x| reaches 709, where a relative error of 2^-52 would be 700 ulp in the result. So float64
takes the logarithm in double-double arithmetic; float32 is computed in float64.
"""

import math

from chainrule.compiler.backends.llvm import ir
from chainrule.compiler.backends.llvm.vector_math.exponential import exp
from chainrule.compiler.backends.llvm.vector_math.lanes import Lanes
from chainrule.compiler.backends.llvm.vector_math.logarithm import log, log_double_double

__all__ = ["power"]


def power(x: Lanes, y: Lanes) -> Lanes:
    """Emit x to the power y.

    References
    ----------
    IEEE 754-2019, section 9.2.1: the special cases.
    """
    if x.format.dtype == "float32":
        wide = ir.with_scalar(x.value.type, ir.DoubleType())
        x_wide = Lanes(x.builder, x.builder.fpext(x.value, wide))
        y_wide = Lanes(x.builder, x.builder.fpext(y.value, wide))
        magnitude = exp(y_wide * log(abs(x_wide)))
        result = Lanes(x.builder, x.builder.fptrunc(magnitude.value, x.value.type))
    else:
        result = _magnitude(abs(x), y)
    return _with_special_cases(x, y, result)


def _magnitude(x: Lanes, y: Lanes) -> Lanes:
    """Return exp(y log x) of x >= 0 in float64."""
    high, low = log_double_double(x)
    high = high.where(x.compare("<", math.inf), x)
    high = high.constant(-math.inf).where(x.compare("==", 0.0), high)
    product = y * high
    product_low = y.fma(high, -product) + y * low
    # Beyond the range of exp, and for infinities, the low part is garbage or NaN.
    product_low = product_low.where(abs(product).compare("<", 1000.0), 0.0)
    return exp(product, product_low)


def _with_special_cases(x: Lanes, y: Lanes, result: Lanes) -> Lanes:
    builder = x.builder

    is_integer = y.compare("==", y.intrinsic("rint"))
    half = y * 0.5
    is_odd = builder.and_(is_integer, builder.not_(half.compare("==", half.intrinsic("rint"))))
    result = result.copysign(x).where(is_odd, result)
    is_finite_negative = builder.and_(x.compare("<", 0.0), x.compare(">", -math.inf))
    root_of_negative = builder.and_(is_finite_negative, builder.not_(is_integer))
    is_infinite = abs(y).compare("==", math.inf)
    is_nan = builder.and_(root_of_negative, builder.not_(is_infinite))
    result = result.constant(math.nan).where(is_nan, result)
    is_one = builder.and_(abs(x).compare("==", 1.0), is_infinite)
    is_one = builder.or_(is_one, builder.or_(x.compare("==", 1.0), y.compare("==", 0.0)))
    return result.constant(1.0).where(is_one, result)
