"""Vectors to and from memory: consecutive or strided, whole or by mask."""

from typing import Any

from chainrule.compiler.backends.llvm import ir
from chainrule.compiler.backends.llvm.emit import (
    FLOATS,
    INDEX,
    ITEM_BYTES,
    POINTER,
    call,
    mnemonic,
    vector_type,
)

__all__ = ["masked_load", "masked_store", "scatter"]

Value = Any


def masked_load(builder: Any, pointer: Value, dtype: str, width: int, mask: Value | None) -> Value:
    """Load consecutive elements; lanes that are off give zero and touch no memory."""
    kind = vector_type(dtype, width)
    if mask is None:
        return builder.load(pointer, align=ITEM_BYTES[dtype], typ=kind)
    name = f"llvm.masked.load.{mnemonic(kind)}.p0"
    zeros = ir.Constant(kind, [0.0] * width)
    return call(builder, name, [pointer, _alignment(dtype), mask, zeros], kind)


def masked_store(builder: Any, vector: Value, pointer: Value, mask: Value | None) -> None:
    """Store a vector into consecutive elements; lanes that are off touch no memory."""
    dtype = _dtype(vector)
    if mask is None:
        builder.store(vector, pointer, align=ITEM_BYTES[dtype])
        return
    name = f"llvm.masked.store.{mnemonic(vector.type)}.p0"
    call(builder, name, [vector, pointer, _alignment(dtype), mask], ir.VoidType())


def scatter(builder: Any, vector: Value, pointer: Value, stride: int, mask: Value | None) -> None:
    """Store a vector into elements that lie a stride apart."""
    element, width = vector.type.element, vector.type.count
    dtype = _dtype(vector)
    offsets = ir.Constant(ir.VectorType(INDEX, width), [stride * lane for lane in range(width)])
    places = builder.gep(pointer, [offsets], source_etype=element)
    places.type = ir.VectorType(POINTER, width)
    mask = ir.Constant(ir.VectorType(ir.IntType(1), width), [1] * width) if mask is None else mask
    name = f"llvm.masked.scatter.{mnemonic(vector.type)}.v{width}p0"
    call(builder, name, [vector, places, _alignment(dtype), mask], ir.VoidType())


def _alignment(dtype: str) -> Value:
    """Return the alignment of masked accesses: that of one element."""
    return ir.Constant(ir.IntType(32), ITEM_BYTES[dtype])


def _dtype(vector: Value) -> str:
    return "float32" if vector.type.element == FLOATS["float32"] else "float64"
