"""Vector loads and stores: contiguous or strided, whole or masked, gathers and scatters.

`steps` are the distances from lane to lane in elements: an integer, 1 where the vector is
contiguous, or a vector of each lane's distance from the first.
"""

from __future__ import annotations

from functools import lru_cache

from chainrule.compiler.backends.llvm import emit, ir

__all__ = ["Steps", "load_vector", "ramp", "store_vector"]

Steps = int | ir.Value


@lru_cache(maxsize=256)
def ramp(step: int, width: int) -> ir.Constant:
    """Return the vector 0, step, 2 step, ..."""
    return ir.Constant(ir.VectorType(emit.INDEX, width), [step * lane for lane in range(width)])


def load_vector(
    builder: ir.IRBuilder,
    pointer: ir.Value,
    kind: ir.VectorType,
    mask: ir.Value | None = None,
    steps: Steps = 1,
) -> ir.Value:
    """Load a vector; lanes that are off are zero and access no memory."""
    if _is_contiguous(steps) and mask is None:
        return builder.load(pointer, typ=kind, align=_item_bytes(kind))
    zeros, alignment = ir.Constant(kind, None), _alignment(kind)
    if _is_contiguous(steps):
        name = f"llvm.masked.load.{emit.mnemonic(kind)}.p0"
        return emit.call(builder, name, [pointer, alignment, _mask(mask, kind), zeros], kind)
    name = f"llvm.masked.gather.{emit.mnemonic(kind)}.v{kind.count}p0"
    pointers = _pointers(builder, pointer, steps, kind)
    return emit.call(builder, name, [pointers, alignment, _mask(mask, kind), zeros], kind)


def store_vector(
    builder: ir.IRBuilder,
    vector: ir.Value,
    pointer: ir.Value,
    mask: ir.Value | None = None,
    steps: Steps = 1,
) -> None:
    """Store a vector; lanes that are off access no memory."""
    kind = ir.vector_of(vector)
    if _is_contiguous(steps) and mask is None:
        builder.store(vector, pointer, align=_item_bytes(kind))
        return
    if _is_contiguous(steps):
        name, address = f"llvm.masked.store.{emit.mnemonic(kind)}.p0", pointer
    else:
        name = f"llvm.masked.scatter.{emit.mnemonic(kind)}.v{kind.count}p0"
        address = _pointers(builder, pointer, steps, kind)
    arguments = [vector, address, _alignment(kind), _mask(mask, kind)]
    emit.call(builder, name, arguments, ir.VoidType())


def _is_contiguous(steps: Steps) -> bool:
    return isinstance(steps, int) and steps == 1


def _pointers(
    builder: ir.IRBuilder, pointer: ir.Value, steps: Steps, kind: ir.VectorType
) -> ir.Value:
    offsets = ramp(steps, kind.count) if isinstance(steps, int) else steps
    return builder.gep(pointer, [offsets], source_etype=kind.element)


def _mask(mask: ir.Value | None, kind: ir.VectorType) -> ir.Value:
    if mask is not None:
        return mask
    return ir.Constant(ir.VectorType(ir.IntType(1), kind.count), [1] * kind.count)


def _alignment(kind: ir.VectorType) -> ir.Constant:
    """Return the alignment of masked accesses: that of one element."""
    return ir.Constant(ir.IntType(32), _item_bytes(kind))


def _item_bytes(kind: ir.VectorType) -> int:
    element = kind.element
    if isinstance(element, ir.IntType):
        return element.width // 8
    return 4 if element == emit.FLOATS["float32"] else 8
