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
    type_: ir.VectorType,
    mask: ir.Value | None = None,
    steps: Steps = 1,
) -> ir.Value:
    """Load a vector; lanes that are off are zero and access no memory."""
    if _is_contiguous(steps) and mask is None:
        return builder.load(pointer, typ=type_, align=_item_bytes(type_))
    zeros, alignment = ir.Constant(type_, None), _alignment(type_)
    if _is_contiguous(steps):
        name = f"llvm.masked.load.{emit.mnemonic(type_)}.p0"
        return emit.call(builder, name, [pointer, alignment, _mask(mask, type_), zeros], type_)
    name = f"llvm.masked.gather.{emit.mnemonic(type_)}.v{type_.count}p0"
    pointers = _pointers(builder, pointer, steps, type_)
    return emit.call(builder, name, [pointers, alignment, _mask(mask, type_), zeros], type_)


def store_vector(
    builder: ir.IRBuilder,
    vector: ir.Value,
    pointer: ir.Value,
    mask: ir.Value | None = None,
    steps: Steps = 1,
) -> None:
    """Store a vector; lanes that are off access no memory."""
    type_ = ir.vector_of(vector)
    if _is_contiguous(steps) and mask is None:
        builder.store(vector, pointer, align=_item_bytes(type_))
        return
    if _is_contiguous(steps):
        name, address = f"llvm.masked.store.{emit.mnemonic(type_)}.p0", pointer
    else:
        name = f"llvm.masked.scatter.{emit.mnemonic(type_)}.v{type_.count}p0"
        address = _pointers(builder, pointer, steps, type_)
    arguments = [vector, address, _alignment(type_), _mask(mask, type_)]
    emit.call(builder, name, arguments, ir.VoidType())


def _is_contiguous(steps: Steps) -> bool:
    return isinstance(steps, int) and steps == 1


def _pointers(
    builder: ir.IRBuilder, pointer: ir.Value, steps: Steps, type_: ir.VectorType
) -> ir.Value:
    offsets = ramp(steps, type_.count) if isinstance(steps, int) else steps
    return builder.gep(pointer, [offsets], source_etype=type_.element)


def _mask(mask: ir.Value | None, type_: ir.VectorType) -> ir.Value:
    if mask is not None:
        return mask
    return ir.Constant(ir.VectorType(ir.IntType(1), type_.count), [1] * type_.count)


def _alignment(type_: ir.VectorType) -> ir.Constant:
    """Return the alignment of masked accesses: that of one element."""
    return ir.Constant(ir.IntType(32), _item_bytes(type_))


def _item_bytes(type_: ir.VectorType) -> int:
    element = type_.element
    if isinstance(element, ir.IntType):
        return element.width // 8
    if isinstance(element, ir.HalfType):
        return 2
    return 4 if element == emit.FLOATS["float32"] else 8
