"""Elementwise operators; all broadcast as NumPy does."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import Any

import numpy as np

from chainrule.interop.onnx.reading.operation import Operation, OperatorRule
from chainrule.interop.onnx.reading.tensor import dtype_of
from chainrule.ops.primitives.special import erf

__all__ = ["OPERATORS"]

_UNARY: dict[str, Callable[[Any], Any]] = {
    "Abs": np.abs, "Acos": np.arccos, "Acosh": np.arccosh, "Asin": np.arcsin,
    "Asinh": np.arcsinh, "Atan": np.arctan, "Atanh": np.arctanh, "BitwiseNot": np.invert,
    "Ceil": np.ceil, "Cos": np.cos, "Cosh": np.cosh, "Erf": erf, "Exp": np.exp,
    "Floor": np.floor, "Identity": lambda x: x, "IsNaN": np.isnan, "Log": np.log,
    "Neg": np.negative, "Not": np.logical_not, "Reciprocal": lambda x: 1 / x, "Round": np.rint,
    "Sign": np.sign, "Sin": np.sin, "Sinh": np.sinh, "Sqrt": np.sqrt, "Tan": np.tan,
    "Tanh": np.tanh,
}  # fmt: skip

_BINARY: dict[str, Callable[[Any, Any], Any]] = {
    "Add": np.add, "And": np.logical_and, "BitwiseAnd": np.bitwise_and,
    "BitwiseOr": np.bitwise_or, "BitwiseXor": np.bitwise_xor, "Equal": np.equal,
    "Greater": np.greater, "GreaterOrEqual": np.greater_equal, "Less": np.less,
    "LessOrEqual": np.less_equal, "Mul": np.multiply, "Or": np.logical_or, "Sub": np.subtract,
    "Xor": np.logical_xor,
}  # fmt: skip


def _unary(function: Callable[[Any], Any]) -> OperatorRule:
    return lambda operation, x: function(x)


def _binary(function: Callable[[Any, Any], Any]) -> OperatorRule:
    def apply(operation: Operation, a: Any, b: Any) -> Any:
        if operation.version < 7 and operation.get("axis") is not None and b.ndim:
            after = a.ndim - operation.get("axis") - b.ndim
            b = b.reshape((*b.shape, *(1,) * after))
        return function(a, b)

    return apply


def _div(operation: Operation, a: Any, b: Any) -> Any:
    """The quotient; that of integers is truncated towards zero."""
    if a.dtype.kind == "f":
        return np.divide(a, b)
    if a.dtype.kind == "u":
        return a // b
    return np.sign(a) * np.sign(b) * (np.abs(a) // np.abs(b))


def _pow(operation: Operation, a: Any, b: Any) -> Any:
    """The power, of the dtype of the base."""
    if a.dtype.kind == "f":
        return np.power(a, b.astype(a.dtype))
    if b.dtype.kind == "f":
        return np.power(a.astype(np.float64), b.astype(np.float64)).astype(a.dtype)
    return np.power(a, b.astype(a.dtype))


def _mod(operation: Operation, a: Any, b: Any) -> Any:
    if not operation.get("fmod", 0):
        return np.remainder(a, b)
    if a.dtype.kind == "f":
        return a - b * np.trunc(a / b)
    return a - b * _div(operation, a, b)


def _bit_shift(operation: Operation, a: Any, b: Any) -> Any:
    is_left = operation.get("direction") in ("LEFT", b"LEFT")
    return np.left_shift(a, b) if is_left else np.right_shift(a, b)


def _variadic(function: Callable[[Any, Any], Any]) -> OperatorRule:
    return lambda operation, *values: reduce(function, values)


def _mean(operation: Operation, *values: Any) -> Any:
    return reduce(np.add, values) / np.asarray(len(values), values[0].dtype)


def _is_inf(operation: Operation, x: Any) -> Any:
    above, below = operation.get("detect_positive", 1), operation.get("detect_negative", 1)
    is_there = x != x
    if above:
        is_there = is_there | (x == np.inf)
    if below:
        is_there = is_there | (x == -np.inf)
    return is_there & (x == x)


def _cast(operation: Operation, x: Any) -> Any:
    return _as(x, dtype_of(operation.get("to"), "the result of Cast"))


def _cast_like(operation: Operation, x: Any, like: Any) -> Any:
    return _as(x, like.dtype)


def _as(x: Any, dtype: Any) -> Any:
    return x if x.dtype == dtype else x != 0 if dtype == np.bool_ else x.astype(dtype)


def _bit_cast(operation: Operation, x: Any) -> Any:
    return np.asarray(x).view(dtype_of(operation.get("to"), "the result of BitCast"))


def _clip(operation: Operation, x: Any, low: Any = None, high: Any = None) -> Any:
    low = operation.get("min") if low is None else low
    high = operation.get("max") if high is None else high
    x = x if low is None else np.maximum(x, np.asarray(low, x.dtype) if _plain(low) else low)
    return x if high is None else np.minimum(x, np.asarray(high, x.dtype) if _plain(high) else high)


def _plain(value: Any) -> bool:
    return isinstance(value, float | int)


OPERATORS: dict[str, OperatorRule] = {
    **{name: _unary(function) for name, function in _UNARY.items()},
    **{name: _binary(function) for name, function in _BINARY.items()},
    "BitCast": _bit_cast,
    "BitShift": _bit_shift,
    "Cast": _cast,
    "CastLike": _cast_like,
    "Clip": _clip,
    "Div": _div,
    "IsInf": _is_inf,
    "Max": _variadic(np.maximum),
    "Mean": _mean,
    "Min": _variadic(np.minimum),
    "Mod": _mod,
    "Pow": _pow,
    "Sum": _variadic(np.add),
    "Where": lambda operation, condition, a, b: np.where(condition, a, b),
}
