"""Positions that are looked up: counted from the end where negative, and checked."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.compiler.backends.llvm import emit, ir
from chainrule.compiler.backends.llvm.registers import constant, is_vector

__all__ = ["inside"]

Value = Any


def inside(builder: Any, position: Value, length: int, flag: Value, mask: Value | None) -> Value:
    """Write the position in an array that a whole number stands for, as NumPy counts."""
    whole = np.dtype("int64")
    zero, size = constant(0, whole, position), constant(length, whole, position)
    is_negative = builder.icmp_signed("<", position, zero)
    position = builder.select(is_negative, builder.add(position, size), position)
    is_outside = builder.icmp_unsigned(">=", position, size)
    position = builder.select(is_outside, zero, position)
    if is_vector(is_outside):
        if mask is not None:
            is_outside = builder.and_(is_outside, mask)
        bits = ir.IntType(is_outside.type.count)
        packed = builder.bitcast(is_outside, bits)
        is_outside = builder.icmp_unsigned("!=", packed, ir.Constant(bits, 0))
    seen = builder.load(flag, typ=emit.INDEX)
    builder.store(builder.or_(seen, builder.zext(is_outside, emit.INDEX)), flag)
    return position
