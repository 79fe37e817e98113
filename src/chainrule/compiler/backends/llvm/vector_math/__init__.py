"""Elementary functions on vectors: at most 2 ulp from the truth in float32, 4 ulp in float64.

`emit_function` is all a generator needs. Which function is written how stands in one module each:
`exponential`, `logarithm`, `power`, `trigonometric`, `error_function`; their constants in
`coefficients`; the notation in `lanes`.

NaN, infinities, signed zeros, subnormals, overflow and underflow come out as in NumPy. A number's
result has the same bits in any lane of a vector of any width.
"""

from collections.abc import Callable
from typing import Any

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


def emit_function(builder: Any, name: str, *values: Any) -> Any:
    """Write a function of some values.

    Examples
    --------
    >>> from chainrule.compiler.backends.llvm import ir
    >>> kind = ir.VectorType(ir.FloatType(), 16)
    >>> function = ir.Function(ir.Module(), ir.FunctionType(kind, [kind]), "f")
    >>> builder = ir.IRBuilder(function.append_basic_block())
    >>> emit_function(builder, "tanh", function.args[0]).type == kind
    True
    """
    return FUNCTIONS[name](*(Lanes(builder, value) for value in values)).value
