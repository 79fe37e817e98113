"""pow(x, y) = exp(y log|x|), with the sign and the special cases of IEEE 754 (and NumPy).

The exponent y log|x| reaches 709, where an error of one part in 2^52 would be 700 ulp in the
result. So for float64 the logarithm comes in two pieces; float32 is computed in float64.
"""

import math
from typing import Any

from chainrule.compiler.backends.llvm import ir
from chainrule.compiler.backends.llvm.vector_math.exponential import exp
from chainrule.compiler.backends.llvm.vector_math.lanes import Lanes
from chainrule.compiler.backends.llvm.vector_math.logarithm import log, log_in_two_pieces

__all__ = ["power"]


def power(x: Lanes, y: Lanes) -> Lanes:
    """Write x to the power y.

    References
    ----------
    IEEE 754-2019, section 9.2.1: the special cases.
    """
    if x.format.name == "float32":
        wide = _double_type(x)
        x_wide = Lanes(x.builder, x.builder.fpext(x.value, wide))
        y_wide = Lanes(x.builder, x.builder.fpext(y.value, wide))
        magnitude = exp(y_wide * log(abs(x_wide)))
        result = Lanes(x.builder, x.builder.fptrunc(magnitude.value, x.value.type))
    else:
        result = _magnitude(abs(x), y)
    return _with_special_cases(x, y, result)


def _double_type(x: Lanes) -> ir.Type:
    kind, double = x.value.type, ir.DoubleType()
    return ir.VectorType(double, kind.count) if isinstance(kind, ir.VectorType) else double


def _magnitude(x: Lanes, y: Lanes) -> Lanes:
    """Return exp(y log x) of x >= 0 in float64."""
    high, low = log_in_two_pieces(x)
    high = high.where(x.compare("<", math.inf), x)
    high = high.like(-math.inf).where(x.compare("==", 0.0), high)
    product = y * high
    product_low = y.fma(high, -product) + y * low
    # Beyond the range of exp, and where an infinity is involved, the low piece means nothing.
    product_low = product_low.where(abs(product).compare("<", 1000.0), 0.0)
    return exp(product, product_low)


def _with_special_cases(x: Lanes, y: Lanes, result: Lanes) -> Lanes:
    builder = x.builder

    def both(first: Any, second: Any) -> Any:
        return builder.and_(first, second)

    whole = y.compare("==", y.intrinsic("rint"))
    half = y * 0.5
    odd = both(whole, builder.not_(half.compare("==", half.intrinsic("rint"))))
    result = result.with_sign_of(x).where(odd, result)
    root_of_negative = both(
        both(x.compare("<", 0.0), x.compare(">", -math.inf)), builder.not_(whole)
    )
    infinite = abs(y).compare("==", math.inf)
    result = result.like(math.nan).where(both(root_of_negative, builder.not_(infinite)), result)
    one = both(abs(x).compare("==", 1.0), infinite)
    one = builder.or_(one, builder.or_(x.compare("==", 1.0), y.compare("==", 0.0)))
    return result.like(1.0).where(one, result)
