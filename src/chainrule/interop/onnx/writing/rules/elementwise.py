"""Elementwise operations; operators of ONNX broadcast as NumPy does."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from onnx import helper

from chainrule.interop.onnx.writing.graph_writer import Value
from chainrule.interop.onnx.writing.rules.rule import Call, Rule, made_by, read

__all__ = ["RULES"]

_PLAIN = {
    "absolute": "Abs", "ceil": "Ceil", "cos": "Cos", "equal": "Equal", "erf": "Erf", "exp": "Exp",
    "floor": "Floor", "less": "Less", "less_equal": "LessOrEqual", "log": "Log",
    "logical_and": "And", "logical_not": "Not", "logical_or": "Or", "maximum": "Max",
    "minimum": "Min", "multiply": "Mul", "negative": "Neg", "power": "Pow", "rint": "Round",
    "sigmoid": "Sigmoid", "sign": "Sign", "sin": "Sin", "sqrt": "Sqrt", "subtract": "Sub",
    "tanh": "Tanh",
}  # fmt: skip
"""Operations that are operators of the same meaning."""


def _plain(operator: str) -> Rule:
    return lambda call: call.writer.add(operator, read(call))


def _number(call: Call, value: float) -> str:
    """A number of the dtype of the first operand."""
    return call.writer.array(np.array(value, call.operands[0].type.dtype))


def _composed(rule: Callable[..., str]) -> Rule:
    """A rule of the names of the operands, and of ``op(operator, *names)``."""

    def apply(call: Call) -> str:
        def op(operator: str, *names: str) -> str:
            return call.writer.add(operator, list(names))

        return rule(call, op, *read(call))

    return apply


def _log1p(call: Call, op: Callable[..., str], x: str) -> str:
    return op("Log", op("Add", _number(call, 1), x))


def _expm1(call: Call, op: Callable[..., str], x: str) -> str:
    """2 tanh(x/2) / (1 − tanh(x/2)), exact near 0; exp(x) − 1 where that is large."""
    half = op("Tanh", op("Mul", x, _number(call, 0.5)))
    small = op("Div", op("Add", half, half), op("Sub", _number(call, 1), half))
    is_small = op("Less", op("Abs", x), _number(call, 0.5))
    return op("Where", is_small, small, op("Sub", op("Exp", x), _number(call, 1)))


def _logaddexp(call: Call, op: Callable[..., str], x: str, y: str) -> str:
    distance = op("Neg", op("Abs", op("Sub", x, y)))
    return op("Add", op("Max", x, y), op("Log", op("Add", _number(call, 1), op("Exp", distance))))


def _arctan2(call: Call, op: Callable[..., str], y: str, x: str) -> str:
    """2 atan(y / (r + x)) to the right, π ± otherwise, with y / 0 as its limit."""
    zero, pi = _number(call, 0), _number(call, np.pi)
    is_left = op("Less", x, zero)
    base = op("Atan", op("Div", y, op("Where", op("Equal", x, zero), _number(call, 1e-30), x)))
    turned = op("Where", op("Less", y, zero), op("Sub", base, pi), op("Add", base, pi))
    return op("Where", is_left, turned, base)


def _copysign(call: Call, op: Callable[..., str], x: str, y: str) -> str:
    size = op("Abs", x)
    return op("Where", op("Less", y, _number(call, 0)), op("Neg", size), size)


def _floor_divide(call: Call, op: Callable[..., str], x: str, y: str) -> str:
    if call.operands[0].type.dtype.kind == "f":
        return op("Floor", op("Div", x, y))
    return op("Div", op("Sub", x, op("Mod", x, y)), y)  # Mod has the sign of the divisor


def _remainder(call: Call, op: Callable[..., str], x: str, y: str) -> str:
    if call.operands[0].type.dtype.kind == "f":
        return op("Sub", x, op("Mul", op("Floor", op("Div", x, y)), y))
    return op("Mod", x, y)


def _add(call: Call) -> str:
    """The sum; that of a matrix product and a row is one Gemm."""
    x, y = call.operands
    factors = made_by(x, "contract")
    row = y.source or y
    if factors is not None and len(row.shape) == 1 and len(call.shape) == 2 and x.made_by:
        spec, is_whole = x.made_by[0].params["spec"], row.shape[0] == call.shape[1]
        left, rest = spec.split(",")
        right, result = rest.split("->")
        is_product = len(left) == len(right) == 2 and left[1] == right[0]
        if is_product and result == left[0] + right[1] and is_whole and not x.source:
            names = [call.writer.name_of(each) for each in (*factors, row)]
            return call.writer.add("Gemm", names)
    return call.writer.add("Add", read(call))


def _divide(call: Call) -> str:
    softmax = _softmax_operand(*call.operands)
    if softmax is not None:
        x, axis = softmax
        return call.writer.add("Softmax", [call.writer.name_of(x)], axis=axis)
    return call.writer.add("Div", read(call))


def _softmax_operand(above: Value, below: Value) -> tuple[Value, int] | None:
    """Return x and axis of ``exp(x - max) / sum(exp(x - max))``."""
    exponent = made_by(above, "exp")
    total = made_by(below.source, "reduce_to") if below.source else None
    if exponent is None or total is None or total[0] is not above:
        return None
    shifted = made_by(exponent[0], "subtract")
    if shifted is None or shifted[1].source is None:
        return None
    largest: Value = shifted[1].source
    while (inner := made_by(largest, "stop_gradient") or made_by(largest, "reshape")) is not None:
        largest = inner[0]
    if made_by(largest, "reduce_max") != [shifted[0]] or largest.made_by is None:
        return None
    (axis, *others) = largest.made_by[0].params["axes"]
    lengths = list(shifted[0].shape)
    lengths[axis] = 1
    is_whole = below.source is not None and lengths == list(below.source.shape)
    return (shifted[0], axis) if is_whole and not others else None


def _select(call: Call) -> str:
    """``where(x <= 0, 0, x)`` is Relu."""
    test, then, otherwise = call.operands
    compared = made_by(test, "less_equal")
    is_negative = compared is not None and compared[0] is otherwise and _is_zero(compared[1])
    if is_negative and _is_zero(then):
        return call.writer.add("Relu", [call.writer.name_of(otherwise)])
    return call.writer.add("Where", read(call))


def _is_zero(value: Value) -> bool:
    array = (value.source or value).array
    return array is not None and array.dtype.kind == "f" and not array.any()


def _cast(call: Call) -> str:
    to = helper.np_dtype_to_tensor_dtype(call.instruction.types[0].dtype)
    return call.writer.add("Cast", [call.name()], to=to)


def _identity(call: Call) -> str:
    return call.name()


RULES: dict[str, Rule] = {
    **{name: _plain(operator) for name, operator in _PLAIN.items()},
    "add": _add,
    "arctan2": _composed(_arctan2),
    "cast": _cast,
    "copysign": _composed(_copysign),
    "divide": _divide,
    "expm1": _composed(_expm1),
    "floor_divide": _composed(_floor_divide),
    "identity": _identity,
    "log1p": _composed(_log1p),
    "logaddexp": _composed(_logaddexp),
    "not_equal": _composed(lambda call, op, x, y: op("Not", op("Equal", x, y))),
    "remainder": _composed(_remainder),
    "select": _select,
    "stop_gradient": _identity,
}
