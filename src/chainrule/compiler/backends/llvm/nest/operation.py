"""Elementwise operations of the loop language as machine instructions, for scalars and vectors.

`write` picks what one primitive means for the kind of number at hand: comparisons, logic and
conversions stand here, arithmetic in `arithmetic`, elementary functions in `vector_math`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from chainrule.compiler.backends.llvm import emit, ir
from chainrule.compiler.backends.llvm.nest.arithmetic import TABLES
from chainrule.compiler.backends.llvm.registers import (
    bits_of,
    compare,
    constant,
    element_type,
    is_vector,
    same_width,
)
from chainrule.compiler.backends.llvm.vector_math import FUNCTIONS, emit_function
from chainrule.compiler.loop_ir.loops import CannotCompile

__all__ = ["write"]

Value = Any
DType = np.dtype[Any]

MOST_WRITTEN = 8
"""Times that a function is written where it is used; after that it is called."""


def write(
    builder: Any, name: str, operands: Sequence[Value], dtypes: Sequence[DType], dtype: DType
) -> Value:
    """Write an operation."""
    values = same_width(builder, operands)
    if name == "cast":
        return _cast(builder, values[0], dtypes[0], dtype)
    if name == "select":
        condition = _truth(builder, values[0], dtypes[0])
        return builder.select(condition, values[1], values[2])
    if len(set(dtypes)) > 1:
        raise CannotCompile(f"{name} of {' and '.join(map(str, dtypes))} is not compiled")
    kind = dtypes[0]
    if name in _COMPARISONS:
        return compare(builder, _COMPARISONS[name], values, kind)
    if name in _LOGIC:
        return _LOGIC[name](builder, *(_truth(builder, value, kind) for value in values))
    if kind.kind == "f" and name in FUNCTIONS:
        return _function(builder, name, values)
    table = TABLES[kind.kind]
    if name not in table:
        raise CannotCompile(f"{name} of {kind} is not compiled")
    return table[name](builder, kind, *values)


def _function(builder: Any, name: str, values: Sequence[Value]) -> Value:
    """Write an elementary function: in place the first few times, then as a call."""
    module, kind = builder.module, values[0].type
    full_name = f"{name}.{emit.mnemonic(kind)}"
    if full_name in module.functions:
        return builder.call(module.functions[full_name], values)
    module.inline_expansions[full_name] += 1
    if module.inline_expansions[full_name] < MOST_WRITTEN:
        return emit_function(builder, name, *values)
    function = ir.Function(module, ir.FunctionType(kind, [kind] * len(values)), full_name)
    function.linkage = "internal"
    inner = ir.IRBuilder(function.append_basic_block("entry"))
    inner.ret(emit_function(inner, name, *function.args))
    return builder.call(function, values)


def _truth(builder: Any, value: Value, dtype: DType) -> Value:
    if dtype.kind == "b":
        return value
    zero = constant(0, dtype, value)
    if dtype.kind == "f":
        return builder.fcmp_unordered("!=", value, zero)
    return builder.icmp_unsigned("!=", value, zero)


_COMPARISONS = {
    "less": "<", "less_equal": "<=", "equal": "==", "not_equal": "!=",
}  # fmt: skip


_LOGIC: dict[str, Callable[..., Value]] = {
    "logical_and": lambda builder, a, b: builder.and_(a, b),
    "logical_or": lambda builder, a, b: builder.or_(a, b),
    "logical_not": lambda builder, a: builder.not_(a),
}


def _cast(builder: Any, value: Value, old: DType, new: DType) -> Value:
    if old == new:
        return value
    if new.kind == "b":
        return _truth(builder, value, old)
    kind = element_type(new)
    target = ir.VectorType(kind, value.type.count) if is_vector(value) else kind
    if old.kind == "f" and new.kind == "f":
        widen = new.itemsize > old.itemsize
        return builder.fpext(value, target) if widen else builder.fptrunc(value, target)
    if old.kind == "f":
        return _to_integer(builder, value, new, target)
    if new.kind == "f":
        is_signed = old.kind == "i"
        return builder.sitofp(value, target) if is_signed else builder.uitofp(value, target)
    width = 8 * new.itemsize
    if bits_of(value) == width:
        return value
    if bits_of(value) > width:
        return builder.trunc(value, target)
    return builder.sext(value, target) if old.kind == "i" else builder.zext(value, target)


def _to_integer(builder: Any, value: Value, new: DType, target: ir.Type) -> Value:
    """Cut off the fraction, through the width that C compilers for NumPy go through."""
    if new == np.uint64:
        return builder.fptoui(value, target)
    wide = ir.IntType(64 if new.itemsize == 8 or new == np.uint32 else 32)
    through = ir.VectorType(wide, value.type.count) if is_vector(value) else wide
    whole = builder.fptosi(value, through)
    return whole if wide.width == 8 * new.itemsize else builder.trunc(whole, target)
