"""Instruction selection for the elementwise operations of the loop language.

`emit_operation` selects by name and dtype, for scalars and vectors alike: comparisons, logic and
conversions are here, the rest in `arithmetic` and `vector_math`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from chainrule.compiler.backends.llvm import emit, ir
from chainrule.compiler.backends.llvm.nest.arithmetic import ARITHMETIC
from chainrule.compiler.backends.llvm.registers import (
    HALF,
    bits_of,
    compare,
    constant,
    element_type,
    splat_scalars,
)
from chainrule.compiler.backends.llvm.vector_math import FUNCTIONS, emit_function
from chainrule.compiler.loop_ir.errors import CannotCompile

__all__ = ["emit_operation"]

DType = np.dtype[Any]

SINGLE, DOUBLE = np.dtype("float32"), np.dtype("float64")

MAX_INLINE_EXPANSIONS = 8
"""From this expansion in a module on, an elementary function is called instead."""


def emit_operation(
    builder: ir.IRBuilder,
    name: str,
    operands: Sequence[ir.Value],
    dtypes: Sequence[DType],
    dtype: DType,
) -> ir.Value:
    """Emit an operation on operands of `dtypes`; `dtype` is the result's.

    Half precision computes in single precision and rounds each result, as NumPy does.
    """
    values = splat_scalars(builder, operands)
    if HALF in (dtype, *dtypes) and name != "select":
        dtypes = [SINGLE if each == HALF else each for each in dtypes]
        if name in ("maximum", "minimum"):
            values.reverse()
        if dtype != HALF:
            return emit_operation(builder, name, values, dtypes, dtype)
        if name == "cast" and dtypes[0].itemsize == 8 and dtypes[0].kind == "f":
            return _round_to_half(builder, _round_to_odd(builder, values[0]))
        return _round_to_half(builder, emit_operation(builder, name, values, dtypes, SINGLE))
    if name == "cast":
        return _cast(builder, values[0], dtypes[0], dtype)
    if name == "select":
        condition = _truth(builder, values[0], dtypes[0])
        return builder.select(condition, values[1], values[2])
    if len(set(dtypes)) > 1:
        raise CannotCompile(f"{name} of {' and '.join(map(str, dtypes))} is not compiled")
    operand_dtype = dtypes[0]
    if name in _COMPARISONS:
        return compare(builder, _COMPARISONS[name], values, operand_dtype)
    if name in _LOGIC:
        return _LOGIC[name](builder, *(_truth(builder, each, operand_dtype) for each in values))
    if operand_dtype.kind == "f" and name in FUNCTIONS:
        return _elementary_function(builder, name, values)
    table = ARITHMETIC[operand_dtype.kind]
    if name not in table:
        raise CannotCompile(f"{name} of {operand_dtype} is not compiled")
    return table[name](builder, operand_dtype, *values)


def _elementary_function(builder: ir.IRBuilder, name: str, values: Sequence[ir.Value]) -> ir.Value:
    """Emit an elementary function: inline the first few times, then as a call."""
    module, type = builder.module, values[0].type
    full_name = f"{name}.{emit.mnemonic(type)}"
    if full_name in module.functions:
        return builder.call(module.functions[full_name], values)
    module.inline_expansions[full_name] += 1
    if module.inline_expansions[full_name] < MAX_INLINE_EXPANSIONS:
        return emit_function(builder, name, *values)
    function = ir.Function(module, ir.FunctionType(type, [type] * len(values)), full_name)
    function.linkage = "internal"
    body = ir.IRBuilder(function.append_basic_block("entry"))
    body.ret(emit_function(body, name, *function.args))
    return builder.call(function, values)


def _truth(builder: ir.IRBuilder, value: ir.Value, dtype: DType) -> ir.Value:
    """Emit ``value != 0``; NaN is true."""
    if dtype.kind == "b":
        return value
    zero = constant(0, dtype, value)
    if dtype.kind == "f":
        return builder.fcmp_unordered("!=", value, zero)
    return builder.icmp_unsigned("!=", value, zero)


_COMPARISONS = {
    "less": "<", "less_equal": "<=", "equal": "==", "not_equal": "!=",
}  # fmt: skip


_LOGIC: dict[str, Callable[..., ir.Value]] = {
    "logical_and": lambda builder, a, b: builder.and_(a, b),
    "logical_or": lambda builder, a, b: builder.or_(a, b),
    "logical_not": lambda builder, a: builder.not_(a),
}


def _cast(builder: ir.IRBuilder, value: ir.Value, old: DType, new: DType) -> ir.Value:
    if old == new:
        return value
    if new.kind == "b":
        return _truth(builder, value, old)
    target = ir.with_scalar(value.type, element_type(new))
    if old.kind == "f" and new.kind == "f":
        is_wider = new.itemsize > old.itemsize
        return builder.fpext(value, target) if is_wider else builder.fptrunc(value, target)
    if old.kind == "f":
        return _to_integer(builder, value, new, target)
    if new.kind == "f":
        is_signed = old.kind == "i"
        return builder.sitofp(value, target) if is_signed else builder.uitofp(value, target)
    bits = 8 * new.itemsize
    if bits_of(value) == bits:
        return value
    if bits_of(value) > bits:
        return builder.trunc(value, target)
    return builder.sext(value, target) if old.kind == "i" else builder.zext(value, target)


def _round_to_half(builder: ir.IRBuilder, value: ir.Value) -> ir.Value:
    half = builder.fptrunc(value, ir.with_scalar(value.type, ir.HalfType()))
    return builder.fpext(half, value.type)


def _round_to_odd(builder: ir.IRBuilder, value: ir.Value) -> ir.Value:
    """Round float64 to float32, to odd where it is inexact: it can be rounded once more (Boldo)."""
    single = ir.with_scalar(value.type, element_type(SINGLE))
    integer = ir.with_scalar(value.type, ir.IntType(32))
    nearest = builder.fptrunc(value, single)
    back = builder.fpext(nearest, value.type)
    magnitudes = [ARITHMETIC["f"]["absolute"](builder, DOUBLE, each) for each in (value, back)]
    bits = builder.bitcast(nearest, integer)
    zero, one, minus_one = (constant(n, np.dtype("int32"), bits) for n in (0, 1, -1))
    is_inexact = builder.fcmp_ordered("!=", value, back)
    is_even = builder.icmp_unsigned("==", builder.and_(bits, one), zero)
    is_below = builder.fcmp_ordered(">", *magnitudes)
    step = builder.select(is_below, one, minus_one)
    step = builder.select(builder.and_(is_inexact, is_even), step, zero)
    return builder.bitcast(builder.add(bits, step), single)


def _to_integer(builder: ir.IRBuilder, value: ir.Value, new: DType, target: ir.Type) -> ir.Value:
    """Truncate towards zero, by the intermediate width of the C compilers that build NumPy."""
    if new == np.uint64:
        return builder.fptoui(value, target)
    wide = ir.IntType(64 if new.itemsize == 8 or new == np.uint32 else 32)
    truncated = builder.fptosi(value, ir.with_scalar(value.type, wide))
    return truncated if wide.width == 8 * new.itemsize else builder.trunc(truncated, target)
