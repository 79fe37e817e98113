"""Values: what stands in an instruction's operands."""

from __future__ import annotations

from typing import Any

from chainrule.compiler.backends.llvm.ir.llvm_types import ArrayType, PointerType, Type, VectorType

__all__ = ["Constant", "Undefined", "Value"]


class _Undefined:
    """A value that nobody reads."""


Undefined = _Undefined()


class Value:
    """Something that has been computed.

    Parameters
    ----------
    type : Type
        Its type.
    name : str
        As operands write it: ``%.7``.
    """

    __slots__ = ("name", "type")

    def __init__(self, type: Type, name: str) -> None:
        self.type = type
        self.name = name

    def __str__(self) -> str:
        return f"{self.type.text} {self.name}"


class Constant(Value):
    """A number, or a list of numbers for a vector or array.

    Parameters
    ----------
    type : Type
        Its type.
    constant : number, list, None or Undefined
        None is zero, or the address of nothing.
    """

    __slots__ = ("constant",)

    def __init__(self, type: Type, constant: Any) -> None:
        super().__init__(type, _written(type, constant))
        self.constant = constant


def _written(kind: Type, constant: Any) -> str:
    if constant is Undefined:
        return "undef"
    if constant is None:
        return "null" if isinstance(kind, PointerType) else "zeroinitializer"
    if not isinstance(kind, VectorType | ArrayType):
        return kind.number(constant)
    element = kind.element
    numbers = [element.number(each) for each in constant]
    if isinstance(kind, VectorType) and len(set(numbers)) == 1:
        # A short form of what is long to read, for LLVM too; not every zero is plus zero.
        is_zero = numbers[0] in ("0", "false", "0x0000000000000000")
        return "zeroinitializer" if is_zero else f"splat ({element.text} {numbers[0]})"
    inside = ", ".join([f"{element.text} {each}" for each in numbers])
    return f"<{inside}>" if isinstance(kind, VectorType) else f"[{inside}]"
