"""erf, the integral of the bell curve.

|x| <= 1:  x + x P(x^2)
beyond:    1 - exp(-t^2) v G(v),  t = |x|,  v = 1 / (t + 2)
"""

from chainrule.compiler.backends.llvm.vector_math.coefficients import ERF, ERFC
from chainrule.compiler.backends.llvm.vector_math.exponential import exp
from chainrule.compiler.backends.llvm.vector_math.lanes import Lanes

__all__ = ["erf"]

# From here on erf is 1 in the format.
CEILING = {"float32": 4.0, "float64": 6.0}


def erf(x: Lanes) -> Lanes:
    """Write the error function 2/sqrt(pi) * integral of exp(-t^2) over t from 0 to x."""
    name = x.format.name
    near = x.fma((x * x).polynomial(ERF[name]), x)
    t = abs(x).limited(None, CEILING[name])
    v = x.like(1.0) / (t + 2.0)
    far = 1.0 - exp(-(t * t)) * v * v.polynomial(ERFC[name])
    return near.where(abs(x).compare("<=", 1.0), far).with_sign_of(x)
