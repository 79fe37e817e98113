"""Vectors in memory: neighbours, or elements some steps apart, with some lanes off."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from chainrule.compiler.backends.llvm import emit, ir

__all__ = ["Steps", "load_lanes", "ramp", "store_lanes"]

Value = Any
Steps = Any
"""From lane to lane: a whole number of elements, or a vector of distances from the first."""


@lru_cache(maxsize=256)
def ramp(step: int, width: int) -> ir.Constant:
    """Return the vector 0, step, 2 step, ..."""
    return ir.Constant(ir.VectorType(emit.INDEX, width), [step * lane for lane in range(width)])


def load_lanes(
    builder: Any, pointer: Value, steps: Steps, kind: ir.VectorType, size: int, mask: Value | None
) -> Value:
    """Load a vector of elements of some size in bytes; lanes that are off give zero."""
    if isinstance(steps, int) and steps == 1 and mask is None:
        return builder.load(pointer, typ=kind, align=size)
    nothing, alignment = ir.Constant(kind, None), ir.Constant(ir.IntType(32), size)
    if isinstance(steps, int) and steps == 1:
        name = f"llvm.masked.load.{emit.mnemonic(kind)}.p0"
        return emit.call(builder, name, [pointer, alignment, mask, nothing], kind)
    name = f"llvm.masked.gather.{emit.mnemonic(kind)}.v{kind.count}p0"
    places, mask = _places(builder, pointer, steps, kind), _mask(mask, kind.count)
    return emit.call(builder, name, [places, alignment, mask, nothing], kind)


def store_lanes(
    builder: Any, value: Value, pointer: Value, steps: Steps, size: int, mask: Value | None
) -> None:
    """Store a vector of elements of some size in bytes; lanes that are off touch no memory."""
    if isinstance(steps, int) and steps == 1 and mask is None:
        builder.store(value, pointer, align=size)
        return
    kind, alignment = value.type, ir.Constant(ir.IntType(32), size)
    if isinstance(steps, int) and steps == 1:
        name = f"llvm.masked.store.{emit.mnemonic(kind)}.p0"
        emit.call(builder, name, [value, pointer, alignment, mask], ir.VoidType())
        return
    name = f"llvm.masked.scatter.{emit.mnemonic(kind)}.v{kind.count}p0"
    places, mask = _places(builder, pointer, steps, kind), _mask(mask, kind.count)
    emit.call(builder, name, [value, places, alignment, mask], ir.VoidType())


def _places(builder: Any, pointer: Value, steps: Steps, kind: ir.VectorType) -> Value:
    offsets = ramp(steps, kind.count) if isinstance(steps, int) else steps
    places = builder.gep(pointer, [offsets], source_etype=kind.element)
    places.type = ir.VectorType(emit.POINTER, kind.count)
    return places


def _mask(mask: Value | None, width: int) -> Value:
    bits = ir.VectorType(ir.IntType(1), width)
    return ir.Constant(bits, [1] * width) if mask is None else mask
