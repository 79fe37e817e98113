"""Numbers in registers: their types, constants, lanes and comparisons.

Booleans are single bits here, and bytes in memory.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.compiler.backends.llvm import emit, ir

__all__ = [
    "Splat",
    "bits_of",
    "compare",
    "constant",
    "element_type",
    "is_vector",
    "same_width",
    "splat",
]

Value = Any
DType = np.dtype[Any]


class Splat(ir.Constant):
    """One number in every lane: its ``constant`` is that number."""

    __slots__ = ()

    def __init__(self, kind: ir.VectorType, number: Any) -> None:
        ir.Value.__init__(self, kind, f"splat ({kind.element} {kind.element.number(number)})")
        self.constant = number


def element_type(dtype: DType) -> ir.Type:
    """Return the type of one number in a register."""
    if dtype.kind == "f":
        return emit.FLOATS[dtype.name]
    return ir.IntType(1 if dtype.kind == "b" else 8 * dtype.itemsize)


def bits_of(value: Value) -> int:
    """Return the width of an integer, of each lane for a vector."""
    return getattr(value.type, "element", value.type).width


def constant(value: Any, dtype: DType, like: Value | None = None) -> ir.Constant:
    """Return a known number, in every lane where `like` is a vector."""
    kind = element_type(dtype)
    number: Any = float(value) if dtype.kind == "f" else int(value)
    if dtype.kind == "u" and number >= 1 << (8 * dtype.itemsize - 1):
        number -= 1 << 8 * dtype.itemsize
    if like is not None and is_vector(like):
        return Splat(ir.VectorType(kind, like.type.count), number)
    return ir.Constant(kind, number)


def is_vector(value: Value) -> bool:
    """Whether a value has lanes."""
    return isinstance(value.type, ir.VectorType)


def same_width(builder: Any, values: Sequence[Value]) -> list[Value]:
    """Copy scalars into lanes where one of the values is a vector."""
    widths = [value.type.count for value in values if is_vector(value)]
    if not widths:
        return list(values)
    return [v if is_vector(v) else splat(builder, v, widths[0]) for v in values]


def splat(builder: Any, scalar: Value, width: int) -> Value:
    """Copy a scalar into every lane of a vector; a constant stays a constant."""
    if isinstance(scalar, ir.Constant):
        return Splat(ir.VectorType(scalar.type, width), scalar.constant)
    return emit.splat(builder, scalar, width)


def compare(builder: Any, relation: str, values: Sequence[Value], dtype: DType) -> Value:
    """Compare numbers of one kind; only ``!=`` holds for NaN."""
    if dtype.kind == "f":
        compare = builder.fcmp_unordered if relation == "!=" else builder.fcmp_ordered
    else:
        compare = builder.icmp_signed if dtype.kind == "i" else builder.icmp_unsigned
    return compare(relation, *values)
