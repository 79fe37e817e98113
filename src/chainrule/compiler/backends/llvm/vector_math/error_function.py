"""erf, the Gauss error function.

|x| <= 1:  x + x P(x^2)
|x| > 1:   1 - exp(-t^2) v G(v),  t = |x|,  v = 1 / (t + 2)
"""

from chainrule.compiler.backends.llvm.vector_math.coefficients import ERF, ERFC
from chainrule.compiler.backends.llvm.vector_math.exponential import exp
from chainrule.compiler.backends.llvm.vector_math.lanes import Lanes

__all__ = ["erf"]

# From here on erf rounds to 1.
CEILING = {"float32": 4.0, "float64": 6.0}


def erf(x: Lanes) -> Lanes:
    """Emit the error function 2/sqrt(pi) * integral of exp(-t^2) over t from 0 to x."""
    dtype = x.format.dtype
    near = x.fma((x * x).polynomial(ERF[dtype]), x)
    t = abs(x).clamp(None, CEILING[dtype])
    v = x.constant(1.0) / (t + 2.0)
    far = 1.0 - exp(-(t * t)) * v * v.polynomial(ERFC[dtype])
    return near.where(abs(x).compare("<=", 1.0), far).copysign(x)
