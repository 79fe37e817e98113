"""Instruction selection for arithmetic on floats, integers and booleans, with NumPy's semantics.

Every function takes a builder, the dtype of the operands, and operands of equal width.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.compiler.backends.llvm import emit, ir
from chainrule.compiler.backends.llvm.registers import compare, constant, element_type, is_vector
from chainrule.compiler.backends.llvm.vector_math import emit_function
from chainrule.compiler.loop_ir.errors import CannotCompile

__all__ = ["ARITHMETIC"]

DType = np.dtype[Any]
Emit = Callable[..., ir.Value]
"""From a builder, a dtype and operands to the result."""

MAX_INTEGER_EXPONENT = 64


def _intrinsic(name: str) -> Emit:
    def emit_instructions(builder: ir.IRBuilder, dtype: DType, *values: ir.Value) -> ir.Value:
        type = values[0].type
        return emit.call(builder, f"llvm.{name}.{emit.mnemonic(type)}", values, type)

    return emit_instructions


def _library(name: str) -> Emit:
    """Call a function of the C library, lane by lane."""

    def emit_instructions(builder: ir.IRBuilder, dtype: DType, *values: ir.Value) -> ir.Value:
        scalar = element_type(dtype)
        full_name = name + ("f" if dtype.itemsize == 4 else "")
        if not is_vector(values[0]):
            return emit.call(builder, full_name, values, scalar)
        vector = ir.vector_of(values[0])
        result: ir.Value = ir.Constant(vector, ir.Undefined)
        for i in range(vector.count):
            lane = ir.Constant(ir.IntType(32), i)
            arguments = [builder.extract_element(value, lane) for value in values]
            element = emit.call(builder, full_name, arguments, scalar)
            result = builder.insert_element(result, element, lane)
        return result

    return emit_instructions


def _float_maximum(relation: str) -> Emit:
    def emit_instructions(
        builder: ir.IRBuilder, dtype: DType, a: ir.Value, b: ir.Value
    ) -> ir.Value:
        # Of equal operands, such as 0.0 and -0.0, NumPy returns the second one, in half precision
        # the first. A constant is no NaN: one comparison selects the other operand if that is.
        if isinstance(a, ir.Constant):
            return builder.select(builder.fcmp_ordered(relation, a, b), a, b)
        if isinstance(b, ir.Constant):
            return builder.select(builder.fcmp_unordered(relation, a, b), a, b)
        extremum = builder.select(builder.fcmp_ordered(relation, a, b), a, b)
        return builder.select(builder.fcmp_unordered("uno", a, a), a, extremum)

    return emit_instructions


def _integer_maximum(relation: str) -> Emit:
    def emit_instructions(
        builder: ir.IRBuilder, dtype: DType, a: ir.Value, b: ir.Value
    ) -> ir.Value:
        return builder.select(compare(builder, relation, (a, b), dtype), a, b)

    return emit_instructions


def _float_sign(builder: ir.IRBuilder, dtype: DType, x: ir.Value) -> ir.Value:
    zero, one = constant(0, dtype, x), constant(1, dtype, x)
    is_zero = builder.fcmp_ordered("==", x, zero)
    signed = builder.select(builder.fcmp_ordered("<", x, zero), constant(-1, dtype, x), x)
    signed = builder.select(builder.fcmp_ordered(">", x, zero), one, signed)
    return builder.select(is_zero, zero, signed)


def _integer_sign(builder: ir.IRBuilder, dtype: DType, x: ir.Value) -> ir.Value:
    zero, one = constant(0, dtype, x), constant(1, dtype, x)
    positive = builder.select(builder.icmp_unsigned("!=", x, zero), one, zero)
    if dtype.kind == "u":
        return positive
    return builder.select(builder.icmp_signed("<", x, zero), constant(-1, dtype, x), positive)


def _integer_absolute(builder: ir.IRBuilder, dtype: DType, x: ir.Value) -> ir.Value:
    if dtype.kind == "u":
        return x
    return builder.select(builder.icmp_signed("<", x, constant(0, dtype, x)), builder.neg(x), x)


def _power(builder: ir.IRBuilder, dtype: DType, x: ir.Value, exponent: ir.Value) -> ir.Value:
    literal = exponent.constant if isinstance(exponent, ir.Constant) else None
    if literal == 2:
        return builder.fmul(x, x)
    if literal == 1:
        return x
    return emit_function(builder, "pow", x, exponent)


def _logaddexp(builder: ir.IRBuilder, dtype: DType, a: ir.Value, b: ir.Value) -> ir.Value:
    """Emit max + log1p(exp(-|a - b|)), and a + ln 2 for equal operands, infinite ones included."""
    absolute = _intrinsic("fabs")
    gap = absolute(builder, dtype, builder.fsub(a, b))
    tail = emit_function(builder, "log1p", emit_function(builder, "exp", builder.fneg(gap)))
    total = builder.fadd(_float_maximum(">")(builder, dtype, a, b), tail)
    doubled = builder.fadd(a, constant(np.log(2.0), dtype, a))
    return builder.select(builder.fcmp_ordered("==", a, b), doubled, total)


def _float_remainder(builder: ir.IRBuilder, dtype: DType, a: ir.Value, b: ir.Value) -> ir.Value:
    """Emit Python's remainder, which has the sign of the divisor."""
    zero = constant(0, dtype, a)
    remainder = _library("fmod")(builder, dtype, a, b)
    differs = builder.xor(
        builder.fcmp_ordered("<", remainder, zero), builder.fcmp_ordered("<", b, zero)
    )
    shifted = builder.select(differs, builder.fadd(remainder, b), remainder)
    signed_zero = _intrinsic("copysign")(builder, dtype, zero, b)
    result = builder.select(builder.fcmp_ordered("==", remainder, zero), signed_zero, shifted)
    return builder.select(builder.fcmp_ordered("==", b, zero), remainder, result)


def _float_floor_divide(builder: ir.IRBuilder, dtype: DType, a: ir.Value, b: ir.Value) -> ir.Value:
    zero, one, half = (constant(n, dtype, a) for n in (0, 1, 0.5))
    ratio = builder.fdiv(a, b)
    remainder = _library("fmod")(builder, dtype, a, b)
    quotient = builder.fdiv(builder.fsub(a, remainder), b)
    has_remainder = builder.fcmp_unordered("!=", remainder, zero)
    differs = builder.xor(
        builder.fcmp_ordered("<", remainder, zero), builder.fcmp_ordered("<", b, zero)
    )
    is_rounded_up = builder.and_(has_remainder, differs)
    quotient = builder.select(is_rounded_up, builder.fsub(quotient, one), quotient)
    floored = _intrinsic("floor")(builder, dtype, quotient)
    is_above = builder.fcmp_ordered(">", builder.fsub(quotient, floored), half)
    floored = builder.select(is_above, builder.fadd(floored, one), floored)
    signed_zero = _intrinsic("copysign")(builder, dtype, zero, ratio)
    result = builder.select(builder.fcmp_ordered("==", quotient, zero), signed_zero, floored)
    return builder.select(builder.fcmp_ordered("==", b, zero), ratio, result)


def _integer_division(
    builder: ir.IRBuilder, dtype: DType, a: ir.Value, b: ir.Value
) -> tuple[ir.Value, ir.Value]:
    """Emit floored quotient and remainder; both are 0 for division by 0, as in NumPy."""
    exponent = _exponent_of_two(b)
    if exponent is not None:
        shift = builder.ashr if dtype.kind == "i" else builder.lshr
        mask = constant(2**exponent - 1, dtype, a)
        return shift(a, constant(exponent, dtype, a)), builder.and_(a, mask)
    zero, one = constant(0, dtype, a), constant(1, dtype, a)
    by_zero = builder.icmp_unsigned("==", b, zero)
    if dtype.kind != "i":
        divisor = builder.select(by_zero, one, b)
        quotient, remainder = builder.udiv(a, divisor), builder.urem(a, divisor)
        return builder.select(by_zero, zero, quotient), builder.select(by_zero, zero, remainder)
    by_minus_one = builder.icmp_signed("==", b, constant(-1, dtype, a))
    # The least integer over -1 overflows: processors trap, NumPy wraps around.
    divisor = builder.select(builder.or_(by_zero, by_minus_one), one, b)
    quotient, remainder = builder.sdiv(a, divisor), builder.srem(a, divisor)
    has_remainder = builder.icmp_signed("!=", remainder, zero)
    differs = builder.xor(
        builder.icmp_signed("<", remainder, zero), builder.icmp_signed("<", divisor, zero)
    )
    is_rounded_up = builder.and_(has_remainder, differs)
    quotient = builder.select(is_rounded_up, builder.sub(quotient, one), quotient)
    remainder = builder.select(is_rounded_up, builder.add(remainder, divisor), remainder)
    quotient = builder.select(by_minus_one, builder.neg(a), quotient)
    return builder.select(by_zero, zero, quotient), builder.select(by_zero, zero, remainder)


def _exponent_of_two(divisor: ir.Value) -> int | None:
    """The k of a constant divisor 2^k: a shift rounds down, where a division is slow."""
    number = divisor.constant if isinstance(divisor, ir.Constant) else None
    if not isinstance(number, int) or number <= 0 or number & (number - 1):
        return None
    return number.bit_length() - 1


def _integer_power(builder: ir.IRBuilder, dtype: DType, a: ir.Value, b: ir.Value) -> ir.Value:
    exponent = b.constant if isinstance(b, ir.Constant) else None
    if exponent is None or not 0 <= exponent <= MAX_INTEGER_EXPONENT:
        raise CannotCompile("integers to a power that is not a small constant")
    result: ir.Value = constant(1, dtype, a)
    for _ in range(exponent):
        result = builder.mul(result, a)
    return result


def _identity(builder: ir.IRBuilder, dtype: DType, x: ir.Value) -> ir.Value:
    return x


_FLOAT: dict[str, Emit] = {
    "add": lambda builder, dtype, a, b: builder.fadd(a, b),
    "subtract": lambda builder, dtype, a, b: builder.fsub(a, b),
    "multiply": lambda builder, dtype, a, b: builder.fmul(a, b),
    "divide": lambda builder, dtype, a, b: builder.fdiv(a, b),
    "negative": lambda builder, dtype, x: builder.fneg(x),
    "absolute": _intrinsic("fabs"),
    "copysign": _intrinsic("copysign"),
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
_INTEGER: dict[str, Emit] = {
    "add": lambda builder, dtype, a, b: builder.add(a, b),
    "subtract": lambda builder, dtype, a, b: builder.sub(a, b),
    "multiply": lambda builder, dtype, a, b: builder.mul(a, b),
    "negative": lambda builder, dtype, x: builder.neg(x),
    "absolute": _integer_absolute,
    "floor": _identity,
    "ceil": _identity,
    "rint": _identity,
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
_BOOLEAN: dict[str, Emit] = {
    "add": lambda builder, dtype, a, b: builder.or_(a, b),
    "multiply": lambda builder, dtype, a, b: builder.and_(a, b),
    "absolute": _identity,
    "maximum": lambda builder, dtype, a, b: builder.or_(a, b),
    "minimum": lambda builder, dtype, a, b: builder.and_(a, b),
}

ARITHMETIC = {"f": _FLOAT, "i": _INTEGER, "u": _INTEGER, "b": _BOOLEAN}
"""Emitters by NumPy's kind of dtype and the name of the primitive."""
