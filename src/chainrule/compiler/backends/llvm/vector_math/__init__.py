"""Elementary functions on vectors, within 2 ulp in float32 and 4 ulp in float64.

`emit_function` is the entry. Each function reduces its argument to a short interval, evaluates a
near-minimax polynomial there (`coefficients`) and reconstructs the result: `exponential`,
`logarithm`, `power`, `trigonometric`, `error_function`, written in the notation of `lanes`.

NaN, infinities, signed zeros, subnormals, overflow and underflow follow NumPy. The bits of a result
depend neither on the lane nor on the width of the vector.
"""

from collections.abc import Callable

from chainrule.compiler.backends.llvm import ir
from chainrule.compiler.backends.llvm.vector_math.error_function import erf
from chainrule.compiler.backends.llvm.vector_math.exponential import exp, expm1, sigmoid, tanh
from chainrule.compiler.backends.llvm.vector_math.lanes import Lanes
from chainrule.compiler.backends.llvm.vector_math.logarithm import log, log1p
from chainrule.compiler.backends.llvm.vector_math.power import power
from chainrule.compiler.backends.llvm.vector_math.trigonometric import cos, sin

__all__ = ["FUNCTIONS", "emit_function"]

FUNCTIONS: dict[str, Callable[..., Lanes]] = {
    "cos": cos,
    "erf": erf,
    "exp": exp,
    "expm1": expm1,
    "log": log,
    "log1p": log1p,
    "pow": power,
    "sigmoid": sigmoid,
    "sin": sin,
    "tanh": tanh,
}


def emit_function(builder: ir.IRBuilder, name: str, *values: ir.Value) -> ir.Value:
    """Emit the code of an elementary function.

    >>> lanes = ir.VectorType(ir.FloatType(), 16)
    >>> function = ir.Function(ir.Module(), ir.FunctionType(lanes, [lanes]), "f")
    >>> builder = ir.IRBuilder(function.append_basic_block())
    >>> emit_function(builder, "tanh", function.args[0]).type == lanes
    True
    """
    return FUNCTIONS[name](*(Lanes(builder, value) for value in values)).value
