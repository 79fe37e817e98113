"""Arithmetic of floating-point numbers, whole numbers and booleans, as NumPy defines it.

Each function is given a builder, the kind of number, and operands of one width.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.compiler.backends.llvm import emit, ir
from chainrule.compiler.backends.llvm.registers import compare, constant, element_type, is_vector
from chainrule.compiler.backends.llvm.vector_math import emit_function
from chainrule.compiler.loop_ir.loops import CannotCompile

__all__ = ["TABLES"]

Value = Any
DType = np.dtype[Any]


def _intrinsic(name: str) -> Callable[..., Value]:
    def write(builder: Any, dtype: DType, *values: Value) -> Value:
        kind = values[0].type
        return emit.call(builder, f"llvm.{name}.{emit.mnemonic(kind)}", values, kind)

    return write


def _library(name: str) -> Callable[..., Value]:
    """Call a function of the C library, lane by lane."""

    def write(builder: Any, dtype: DType, *values: Value) -> Value:
        kind = element_type(dtype)
        full_name = name + ("f" if dtype.itemsize == 4 else "")
        if not is_vector(values[0]):
            return emit.call(builder, full_name, values, kind)
        result: Value = ir.Constant(values[0].type, ir.Undefined)
        for lane in range(values[0].type.count):
            place = ir.Constant(ir.IntType(32), lane)
            arguments = [builder.extract_element(value, place) for value in values]
            number = emit.call(builder, full_name, arguments, kind)
            result = builder.insert_element(result, number, place)
        return result

    return write


def _float_maximum(relation: str) -> Callable[..., Value]:
    def write(builder: Any, dtype: DType, a: Value, b: Value) -> Value:
        if isinstance(b, ir.Constant) or isinstance(a, ir.Constant):
            # A constant is not NaN: whatever is compared with it falls through if it is.
            known, other = (b, a) if isinstance(b, ir.Constant) else (a, b)
            return builder.select(builder.fcmp_ordered(relation, known, other), known, other)
        best = builder.select(builder.fcmp_ordered(relation, a, b), a, b)
        return builder.select(builder.fcmp_unordered("uno", a, a), a, best)

    return write


def _integer_maximum(relation: str) -> Callable[..., Value]:
    def write(builder: Any, dtype: DType, a: Value, b: Value) -> Value:
        return builder.select(compare(builder, relation, (a, b), dtype), a, b)

    return write


def _float_sign(builder: Any, dtype: DType, x: Value) -> Value:
    zero, one = constant(0, dtype, x), constant(1, dtype, x)
    is_zero = builder.fcmp_ordered("==", x, zero)
    signed = builder.select(builder.fcmp_ordered("<", x, zero), constant(-1, dtype, x), x)
    signed = builder.select(builder.fcmp_ordered(">", x, zero), one, signed)
    return builder.select(is_zero, zero, signed)


def _integer_sign(builder: Any, dtype: DType, x: Value) -> Value:
    zero, one = constant(0, dtype, x), constant(1, dtype, x)
    positive = builder.select(builder.icmp_unsigned("!=", x, zero), one, zero)
    if dtype.kind == "u":
        return positive
    return builder.select(builder.icmp_signed("<", x, zero), constant(-1, dtype, x), positive)


def _integer_absolute(builder: Any, dtype: DType, x: Value) -> Value:
    if dtype.kind == "u":
        return x
    return builder.select(builder.icmp_signed("<", x, constant(0, dtype, x)), builder.neg(x), x)


def _power(builder: Any, dtype: DType, x: Value, exponent: Value) -> Value:
    known = exponent.constant if isinstance(exponent, ir.Constant) else None
    if known == 2:
        return builder.fmul(x, x)
    if known == 1:
        return x
    return emit_function(builder, "pow", x, exponent)


def _logaddexp(builder: Any, dtype: DType, a: Value, b: Value) -> Value:
    """Write max + log1p(exp(-|a - b|)), and a + ln 2 for equal numbers, infinite ones included."""
    absolute = _intrinsic("fabs")
    gap = absolute(builder, dtype, builder.fsub(a, b))
    tail = emit_function(builder, "log1p", emit_function(builder, "exp", builder.fneg(gap)))
    total = builder.fadd(_float_maximum(">")(builder, dtype, a, b), tail)
    alike = builder.fadd(a, constant(np.log(2.0), dtype, a))
    return builder.select(builder.fcmp_ordered("==", a, b), alike, total)


def _float_remainder(builder: Any, dtype: DType, a: Value, b: Value) -> Value:
    """Python's remainder: it has the sign of the divisor."""
    zero = constant(0, dtype, a)
    rest = _library("fmod")(builder, dtype, a, b)
    differs = builder.xor(builder.fcmp_ordered("<", rest, zero), builder.fcmp_ordered("<", b, zero))
    moved = builder.select(differs, builder.fadd(rest, b), rest)
    nothing = _intrinsic("copysign")(builder, dtype, zero, b)
    result = builder.select(builder.fcmp_ordered("==", rest, zero), nothing, moved)
    return builder.select(builder.fcmp_ordered("==", b, zero), rest, result)


def _float_floor_divide(builder: Any, dtype: DType, a: Value, b: Value) -> Value:
    zero, one, half = (constant(n, dtype, a) for n in (0, 1, 0.5))
    ratio = builder.fdiv(a, b)
    rest = _float_remainder(builder, dtype, a, b)
    whole = builder.fdiv(builder.fsub(a, rest), b)
    low = _intrinsic("floor")(builder, dtype, whole)
    is_far = builder.fcmp_ordered(">", builder.fsub(whole, low), half)
    low = builder.select(is_far, builder.fadd(low, one), low)
    nothing = _intrinsic("copysign")(builder, dtype, zero, ratio)
    result = builder.select(builder.fcmp_ordered("==", whole, zero), nothing, low)
    return builder.select(builder.fcmp_ordered("==", b, zero), ratio, result)


def _integer_division(builder: Any, dtype: DType, a: Value, b: Value) -> tuple[Value, Value]:
    """Quotient rounded down and remainder; division by 0 gives 0, as in NumPy."""
    zero, one = constant(0, dtype, a), constant(1, dtype, a)
    by_zero = builder.icmp_unsigned("==", b, zero)
    if dtype.kind != "i":
        safe = builder.select(by_zero, one, b)
        quotient, rest = builder.udiv(a, safe), builder.urem(a, safe)
        return builder.select(by_zero, zero, quotient), builder.select(by_zero, zero, rest)
    by_minus_one = builder.icmp_signed("==", b, constant(-1, dtype, a))
    # The smallest number over -1 does not fit: processors trap, NumPy wraps around.
    safe = builder.select(builder.or_(by_zero, by_minus_one), one, b)
    quotient, rest = builder.sdiv(a, safe), builder.srem(a, safe)
    has_rest = builder.icmp_signed("!=", rest, zero)
    differs = builder.xor(
        builder.icmp_signed("<", rest, zero), builder.icmp_signed("<", safe, zero)
    )
    is_low = builder.and_(has_rest, differs)
    quotient = builder.select(is_low, builder.sub(quotient, one), quotient)
    rest = builder.select(is_low, builder.add(rest, safe), rest)
    quotient = builder.select(by_minus_one, builder.neg(a), quotient)
    return builder.select(by_zero, zero, quotient), builder.select(by_zero, zero, rest)


def _integer_power(builder: Any, dtype: DType, a: Value, b: Value) -> Value:
    known = b.constant if isinstance(b, ir.Constant) else None
    if known is None or not 0 <= known <= 64:
        raise CannotCompile("whole numbers to a power that is not a small constant")
    result = constant(1, dtype, a)
    for _ in range(known):
        result = builder.mul(result, a)
    return result


def _same(builder: Any, dtype: DType, x: Value) -> Value:
    return x


_FLOAT: dict[str, Callable[..., Value]] = {
    "add": lambda builder, dtype, a, b: builder.fadd(a, b),
    "subtract": lambda builder, dtype, a, b: builder.fsub(a, b),
    "multiply": lambda builder, dtype, a, b: builder.fmul(a, b),
    "divide": lambda builder, dtype, a, b: builder.fdiv(a, b),
    "negative": lambda builder, dtype, x: builder.fneg(x),
    "absolute": _intrinsic("fabs"),
    "sqrt": _intrinsic("sqrt"),
    "floor": _intrinsic("floor"),
    "ceil": _intrinsic("ceil"),
    "rint": _intrinsic("rint"),
    "sign": _float_sign,
    "maximum": _float_maximum(">"),
    "minimum": _float_maximum("<"),
    "power": _power,
    "logaddexp": _logaddexp,
    "arctan2": _library("atan2"),
    "remainder": _float_remainder,
    "floor_divide": _float_floor_divide,
}
_INTEGER: dict[str, Callable[..., Value]] = {
    "add": lambda builder, dtype, a, b: builder.add(a, b),
    "subtract": lambda builder, dtype, a, b: builder.sub(a, b),
    "multiply": lambda builder, dtype, a, b: builder.mul(a, b),
    "negative": lambda builder, dtype, x: builder.neg(x),
    "absolute": _integer_absolute,
    "floor": _same,
    "ceil": _same,
    "rint": _same,
    "sign": _integer_sign,
    "maximum": _integer_maximum(">"),
    "minimum": _integer_maximum("<"),
    "power": _integer_power,
    "remainder": lambda builder, dtype, a, b: _integer_division(builder, dtype, a, b)[1],
    "floor_divide": lambda builder, dtype, a, b: _integer_division(builder, dtype, a, b)[0],
    "shift_right": lambda builder, dtype, a, b: builder.lshr(a, b),
    "bitwise_and": lambda builder, dtype, a, b: builder.and_(a, b),
    "bitwise_xor": lambda builder, dtype, a, b: builder.xor(a, b),
}
_BOOLEAN: dict[str, Callable[..., Value]] = {
    "add": lambda builder, dtype, a, b: builder.or_(a, b),
    "multiply": lambda builder, dtype, a, b: builder.and_(a, b),
    "absolute": _same,
    "maximum": lambda builder, dtype, a, b: builder.or_(a, b),
    "minimum": lambda builder, dtype, a, b: builder.and_(a, b),
}

TABLES = {"f": _FLOAT, "i": _INTEGER, "u": _INTEGER, "b": _BOOLEAN}
"""What is written for each kind of number, by the name of the primitive."""
