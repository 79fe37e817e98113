"""Values in registers: their types by dtype, constants, lanes and comparisons.

A boolean is one bit (``i1``) in a register, one byte in memory. A half-precision number is in a
register the single-precision one of the same value.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.compiler.backends.llvm import emit, ir

__all__ = [
    "HALF",
    "bits_of",
    "compare",
    "constant",
    "element_type",
    "is_vector",
    "memory_type",
    "splat_scalars",
]

DType = np.dtype[Any]

HALF = np.dtype("float16")


def element_type(dtype: DType) -> ir.Type:
    """Return the type of one element in a register."""
    if dtype.kind == "f":
        return emit.FLOATS["float32" if dtype == HALF else dtype.name]
    return ir.IntType(1 if dtype.kind == "b" else 8 * dtype.itemsize)


def memory_type(dtype: DType) -> ir.Type:
    """Return the type of one element in memory."""
    if dtype.kind == "b":
        return ir.IntType(8)
    return ir.HalfType() if dtype == HALF else element_type(dtype)


def bits_of(value: ir.Value) -> int:
    """Return the bits of an integer, of each lane for a vector."""
    scalar = ir.scalar_of(value.type)
    assert isinstance(scalar, ir.IntType)
    return scalar.width


def constant(value: Any, dtype: DType, like: ir.Value | None = None) -> ir.Constant:
    """Return a constant, splat to the lanes of `like` if that is a vector."""
    element = element_type(dtype)
    number: Any = float(value) if dtype.kind == "f" else int(value)
    if dtype.kind == "u" and number >= 1 << (8 * dtype.itemsize - 1):
        number -= 1 << 8 * dtype.itemsize
    if like is not None and isinstance(like.type, ir.VectorType):
        return ir.Splat(ir.VectorType(element, like.type.count), number)
    return ir.Constant(element, number)


def is_vector(value: ir.Value) -> bool:
    """Whether a value has lanes."""
    return isinstance(value.type, ir.VectorType)


def splat_scalars(builder: ir.IRBuilder, values: Sequence[ir.Value]) -> list[ir.Value]:
    """Splat the scalars if one of the values is a vector."""
    widths = [value.type.count for value in values if isinstance(value.type, ir.VectorType)]
    if not widths:
        return list(values)
    return [v if is_vector(v) else emit.splat(builder, v, widths[0]) for v in values]


def compare(
    builder: ir.IRBuilder, relation: str, values: Sequence[ir.Value], dtype: DType
) -> ir.Value:
    """Compare two values of a dtype; of all relations only ``!=`` holds for NaN."""
    if dtype.kind == "f":
        compare = builder.fcmp_unordered if relation == "!=" else builder.fcmp_ordered
    else:
        compare = builder.icmp_signed if dtype.kind == "i" else builder.icmp_unsigned
    a, b = values
    return compare(relation, a, b)
