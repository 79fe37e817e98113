"""Bounds check of gather and scatter indices, with NumPy's wrap-around of negative ones."""

from __future__ import annotations

import numpy as np

from chainrule.compiler.backends.llvm import emit, ir
from chainrule.compiler.backends.llvm.registers import constant, is_vector

__all__ = ["checked_index"]

INT64 = np.dtype("int64")


def checked_index(
    builder: ir.IRBuilder, index: ir.Value, length: int, flag: ir.Value, mask: ir.Value | None
) -> ir.Value:
    """Return the index into an axis, 0 where it is out of bounds; this sets the flag at `flag`.

    Lanes outside of the mask set no flag.
    """
    zero, size = constant(0, INT64, index), constant(length, INT64, index)
    is_negative = builder.icmp_signed("<", index, zero)
    index = builder.select(is_negative, builder.add(index, size), index)
    is_outside = builder.icmp_unsigned(">=", index, size)
    index = builder.select(is_outside, zero, index)
    if is_vector(is_outside):
        if mask is not None:
            is_outside = builder.and_(is_outside, mask)
        bits = ir.IntType(ir.vector_of(is_outside).count)
        packed = builder.bitcast(is_outside, bits)
        is_outside = builder.icmp_unsigned("!=", packed, ir.Constant(bits, 0))
    previous = builder.load(flag, typ=emit.INDEX)
    builder.store(builder.or_(previous, builder.zext(is_outside, emit.INDEX)), flag)
    return index
