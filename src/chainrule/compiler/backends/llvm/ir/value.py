"""Values: the operands of instructions."""

from __future__ import annotations

from typing import Any

from chainrule.compiler.backends.llvm.ir.llvm_types import ArrayType, PointerType, Type, VectorType

__all__ = ["Constant", "Splat", "Undefined", "Value", "vector_of"]


class _Undefined:
    """LLVM's ``undef``: any bits."""


Undefined = _Undefined()


class Value:
    """A typed operand; `name` is its text without the type: ``%.7``, ``@f``, ``42``."""

    __slots__ = ("name", "type")

    def __init__(self, type: Type, name: str) -> None:
        self.type = type
        self.name = name

    def __str__(self) -> str:
        return f"{self.type.text} {self.name}"


class Constant(Value):
    """A scalar, or a list of scalars for a vector or array; None is all zeros, or null."""

    __slots__ = ("constant",)

    def __init__(self, type: Type, constant: Any) -> None:
        super().__init__(type, _text(type, constant))
        self.constant = constant


class Splat(Constant):
    """A vector constant of equal elements: its `constant` is the scalar."""

    __slots__ = ()

    def __init__(self, type: VectorType, scalar: Any) -> None:
        Value.__init__(self, type, f"splat ({type.element} {type.element.literal(scalar)})")
        self.constant = scalar


def vector_of(value: Value) -> VectorType:
    """Return the type of a value that is known to be a vector."""
    assert isinstance(value.type, VectorType)
    return value.type


def _text(type: Type, constant: Any) -> str:
    if constant is Undefined:
        return "undef"
    if constant is None:
        return "null" if isinstance(type, PointerType) else "zeroinitializer"
    if not isinstance(type, VectorType | ArrayType):
        return type.literal(constant)
    element = type.element
    scalars = [element.literal(each) for each in constant]
    if isinstance(type, VectorType) and len(set(scalars)) == 1:
        # Shorter text is parsed faster; -0.0 is no zeroinitializer.
        is_zero = scalars[0] in ("0", "false", "0x0000000000000000")
        return "zeroinitializer" if is_zero else f"splat ({element.text} {scalars[0]})"
    elements = ", ".join([f"{element.text} {each}" for each in scalars])
    return f"<{elements}>" if isinstance(type, VectorType) else f"[{elements}]"
