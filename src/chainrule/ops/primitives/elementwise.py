"""Elementwise primitives: NumPy's ufuncs, with derivative, formula, reference and samples.

In the rules ``ct`` is the cotangent ȳ of the output, ``y`` the output, and ``x`` or ``a, b`` are
the inputs, all of one shape. For y = f(x) the rule is x̄ = f′(x) ȳ, elementwise. `elementwise`
derives the shape and dtype rules and NumPy's promotion and broadcasting from the ufunc.
"""

from __future__ import annotations

import math
import operator

import numpy as np

from chainrule.graph.node import Node
from chainrule.ops.primitives.promotion import elementwise, integers, reals
from chainrule.ops.primitives.selection import select, stop_gradient
from chainrule.ops.primitives.special import sigmoid

__all__ = [
    "absolute",
    "add",
    "arctan2",
    "bitwise_and",
    "bitwise_xor",
    "ceil",
    "copysign",
    "cos",
    "divide",
    "equal",
    "exp",
    "expm1",
    "floor",
    "floor_divide",
    "less",
    "less_equal",
    "log",
    "log1p",
    "logaddexp",
    "logical_and",
    "logical_not",
    "logical_or",
    "maximum",
    "minimum",
    "multiply",
    "negative",
    "not_equal",
    "power",
    "remainder",
    "rint",
    "sign",
    "sin",
    "sqrt",
    "subtract",
    "tanh",
]  # fmt: skip

add = elementwise(
    "add", np.add,
    vjp=lambda ct, y, a, b: (ct, ct),
    formula="{0} + {1}", reference=operator.add, samples=reals(-3, 3, 2),
)  # fmt: skip
subtract = elementwise(
    "subtract", np.subtract,
    vjp=lambda ct, y, a, b: (ct, -ct),
    formula="{0} - {1}", reference=operator.sub, samples=reals(-3, 3, 2),
)  # fmt: skip
multiply = elementwise(
    "multiply", np.multiply,
    vjp=lambda ct, y, a, b: (ct * b, ct * a),
    formula="{0} · {1}", reference=operator.mul, samples=reals(-3, 3, 2),
)  # fmt: skip
divide = elementwise(
    "divide", np.divide,
    vjp=lambda ct, y, a, b: (ct / b, -ct * y / b),
    formula="{0} / {1}", reference=operator.truediv, samples=reals(0.5, 3, 2),
)  # fmt: skip
negative = elementwise(
    "negative", np.negative,
    vjp=lambda ct, y, x: (-ct,),
    formula="-{0}", reference=operator.neg, samples=reals(-3, 3),
)  # fmt: skip
exp = elementwise(
    "exp", np.exp,
    vjp=lambda ct, y, x: (ct * y,),
    formula="exp({0})", reference=math.exp, samples=reals(-3, 3),
)  # fmt: skip
log = elementwise(
    "log", np.log,
    vjp=lambda ct, y, x: (ct / x,),
    formula="ln({0})", reference=math.log, samples=reals(0.5, 3),
)  # fmt: skip
expm1 = elementwise(
    "expm1", np.expm1,
    vjp=lambda ct, y, x: (ct * (y + 1),),
    formula="exp({0}) - 1", reference=math.expm1, samples=reals(-1, 1),
)  # fmt: skip
log1p = elementwise(
    "log1p", np.log1p,
    vjp=lambda ct, y, x: (ct / (1 + x),),
    formula="ln(1 + {0})", reference=math.log1p, samples=reals(-0.5, 1),
)  # fmt: skip
sqrt = elementwise(
    "sqrt", np.sqrt,
    vjp=lambda ct, y, x: (ct / (2 * y),),
    formula="√{0}", reference=math.sqrt, samples=reals(0.5, 3),
)  # fmt: skip
tanh = elementwise(
    "tanh", np.tanh,
    vjp=lambda ct, y, x: (ct * (1 - y * y),),
    formula="tanh({0})", reference=math.tanh, samples=reals(-3, 3),
)  # fmt: skip
sin = elementwise(
    "sin", np.sin,
    vjp=lambda ct, y, x: (ct * cos(x),),
    formula="sin({0})", reference=math.sin, samples=reals(-3, 3),
)  # fmt: skip
cos = elementwise(
    "cos", np.cos,
    vjp=lambda ct, y, x: (-ct * sin(x),),
    formula="cos({0})", reference=math.cos, samples=reals(-3, 3),
)  # fmt: skip
arctan2 = elementwise(
    "arctan2", np.arctan2,
    vjp=lambda ct, y, a, b: _arctan2_vjp(ct, a, b),
    formula="arctan({0}, {1})", reference=math.atan2, samples=reals(0.5, 3, 2),
)  # fmt: skip
absolute = elementwise(
    "absolute", np.absolute,
    vjp=lambda ct, y, x: (ct * sign(x),),
    formula="|{0}|", reference=abs, samples=reals(0.5, 3),
)  # fmt: skip
power = elementwise(
    "power", np.power,
    vjp=lambda *terms: _power_vjp(*terms),  # noqa: PLW0108 (it is defined below)
    formula="{0} ^ {1}", reference=math.pow, samples=reals(0.5, 3, 2),
)  # fmt: skip
logaddexp = elementwise(
    "logaddexp", np.logaddexp,
    vjp=lambda ct, y, a, b: (ct * _softmax(a, b), ct * _softmax(b, a)),
    formula="ln(exp({0}) + exp({1}))",
    reference=lambda a, b: max(a, b) + math.log1p(math.exp(-abs(a - b))),
    samples=reals(-3, 3, 2),
)  # fmt: skip
maximum = elementwise(
    "maximum", np.maximum,
    vjp=lambda ct, y, a, b: (_where_larger(ct, b, a), _where_larger(ct, a, b)),
    formula="max({0}, {1})", reference=max, samples=reals(-3, 3, 2),
)  # fmt: skip
minimum = elementwise(
    "minimum", np.minimum,
    vjp=lambda ct, y, a, b: (_where_larger(ct, a, b), _where_larger(ct, b, a)),
    formula="min({0}, {1})", reference=min, samples=reals(-3, 3, 2),
)  # fmt: skip
remainder = elementwise(
    "remainder", np.remainder,
    vjp=lambda ct, y, a, b: (ct, -ct * floor(a / b)),
    formula="{0} mod {1}", reference=operator.mod, samples=reals(0.5, 3, 2),
)  # fmt: skip

copysign = elementwise(
    "copysign", np.copysign,
    vjp=lambda ct, y, a, b: (ct * copysign(1.0, a) * copysign(1.0, b), None),
    formula="copysign({0}, {1})", reference=math.copysign, samples=reals(-3, 3, 2),
)  # fmt: skip

# Piecewise constant: the derivative is zero almost everywhere.

sign = elementwise(
    "sign", np.sign,
    formula="sign({0})", reference=lambda x: int(x > 0) - int(x < 0), samples=reals(-3, 3),
)  # fmt: skip
floor = elementwise(
    "floor", np.floor,
    formula="⌊{0}⌋", reference=math.floor, samples=reals(-3, 3),
)  # fmt: skip
ceil = elementwise(
    "ceil", np.ceil,
    formula="⌈{0}⌉", reference=math.ceil, samples=reals(-3, 3),
)  # fmt: skip
rint = elementwise(
    "rint", np.rint,
    formula="round({0})", reference=round, samples=reals(-3, 3),
)  # fmt: skip
floor_divide = elementwise(
    "floor_divide", np.floor_divide,
    formula="⌊{0} / {1}⌋", reference=operator.floordiv, samples=reals(0.5, 3, 2),
)  # fmt: skip
less = elementwise(
    "less", np.less,
    formula="{0} < {1}", reference=operator.lt, samples=reals(-3, 3, 2),
)  # fmt: skip
less_equal = elementwise(
    "less_equal", np.less_equal,
    formula="{0} ≤ {1}", reference=operator.le, samples=reals(-3, 3, 2),
)  # fmt: skip
equal = elementwise(
    "equal", np.equal,
    formula="{0} = {1}", reference=operator.eq, samples=reals(-3, 3, 2),
)  # fmt: skip
not_equal = elementwise(
    "not_equal", np.not_equal,
    formula="{0} ≠ {1}", reference=operator.ne, samples=reals(-3, 3, 2),
)  # fmt: skip
logical_and = elementwise(
    "logical_and", np.logical_and,
    formula="{0} and {1}", reference=lambda a, b: bool(a) and bool(b), samples=reals(-3, 3, 2),
)  # fmt: skip
logical_or = elementwise(
    "logical_or", np.logical_or,
    formula="{0} or {1}", reference=lambda a, b: bool(a) or bool(b), samples=reals(-3, 3, 2),
)  # fmt: skip
logical_not = elementwise(
    "logical_not", np.logical_not,
    formula="not {0}", reference=operator.not_, samples=reals(-3, 3),
)  # fmt: skip

bitwise_and = elementwise(
    "bitwise_and", np.bitwise_and,
    formula="{0} & {1}", reference=operator.and_, samples=integers,
)  # fmt: skip
bitwise_xor = elementwise(
    "bitwise_xor", np.bitwise_xor,
    formula="{0} ^ {1}", reference=operator.xor, samples=integers,
)  # fmt: skip


def _power_vjp(ct: Node, y: Node, base: Node, exponent: Node) -> tuple[Node | None, Node | None]:
    """Use the power rule alone, p·x^(p-1), where the exponent is a scalar constant."""
    p = _scalar_constant(exponent)
    if p is None:
        return _power_base(ct, base, exponent), _power_exponent(ct, y, base)
    return (None if p == 0 else ct * (p * base ** (p - 1))), None


def _scalar_constant(node: Node) -> float | None:
    """Return the value of a broadcast scalar constant; None for any other node."""
    while node.primitive is not None and node.primitive.name in ("broadcast_to", "cast"):
        node = node.inputs[0]
    return float(node.value) if node.is_constant and not node.shape else None


def _power_base(ct: Node, base: Node, exponent: Node) -> Node:
    """Differentiate by the base: p·x^(p-1), which is 0 for p = 0 even at x = 0."""
    lowered = select(logical_and(base == 0, exponent == 0), 1, exponent - 1)
    return ct * (exponent * power(base, lowered))


def _power_exponent(ct: Node, y: Node, base: Node) -> Node:
    """Differentiate by the exponent: x^p·ln x for positive bases, 0 elsewhere by convention."""
    return select(base == 0, 0, ct * y * log(select(base > 0, base, 1)))


def _arctan2_vjp(ct: Node, a: Node, b: Node) -> tuple[Node, Node]:
    """(b, -a) / (a² + b²), scaled where a square might overflow or vanish; by 1 for arctan x."""
    if _scalar_constant(b) == 1:
        return ct / (a * a + 1), -ct * (a / (a * a + 1))
    size = maximum(absolute(a), absolute(b))
    is_usual = logical_and(less(1e-15, size), less(size, 1e15))  # in single precision too
    scale = stop_gradient(select(logical_or(is_usual, absolute(size) == math.inf), 1, size))
    a, b = a / scale, b / scale
    square = (a * a + b * b) * scale
    return ct * b / square, -ct * a / square


def _softmax(a: Node, b: Node) -> Node:
    """exp(a) / (exp(a) + exp(b)), one half where both are the same infinity."""
    same = logical_and(a == b, absolute(a) == math.inf)
    return sigmoid(select(same, 0, a) - select(same, 0, b))


def _where_larger(ct: Node, small: Node, large: Node) -> Node:
    """The cotangent where `large` is larger, half of it in a tie, 0 elsewhere."""
    return select(less(small, large), ct, select(small == large, 0.5 * ct, 0))
