"""Types of LLVM IR, and the text of their constants."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Any

__all__ = [
    "ArrayType",
    "DoubleType",
    "FloatType",
    "FunctionType",
    "HalfType",
    "IntType",
    "LiteralStructType",
    "PointerType",
    "Type",
    "VectorType",
    "VoidType",
    "scalar_of",
    "with_scalar",
]


class Type:
    """A type, identified by its text; `intrinsic_name` is its suffix in overloaded intrinsics."""

    __slots__ = ("intrinsic_name", "text")

    def __init__(self, text: str, intrinsic_name: str = "") -> None:
        self.text = text
        self.intrinsic_name = intrinsic_name

    def __str__(self) -> str:
        return self.text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Type) and self.text == other.text

    def __hash__(self) -> int:
        return hash(self.text)

    def literal(self, value: Any) -> str:
        """Return the text of a scalar constant of this type."""
        raise NotImplementedError(f"{self.text} has no scalar constants")


class VoidType(Type):
    """The return type of a function without a result."""

    def __init__(self) -> None:
        super().__init__("void")


class PointerType(Type):
    """An opaque pointer; `function` is the type of the function it points to, if it is called."""

    __slots__ = ("function",)

    def __init__(self, function: FunctionType | None = None) -> None:
        super().__init__("ptr", "p0")
        self.function = function


class IntType(Type):
    """An integer of `width` bits; instructions, not types, are signed or unsigned."""

    __slots__ = ("width",)

    def __init__(self, width: int) -> None:
        super().__init__(f"i{width}", f"i{width}")
        self.width = width

    def literal(self, value: Any) -> str:
        """Return the text of a scalar constant of this type."""
        if self.width == 1:
            return "true" if value else "false"
        return str(int(value))


class HalfType(Type):
    """IEEE 754 binary16, in memory only: values in registers are single precision."""

    def __init__(self) -> None:
        super().__init__("half", "f16")


class FloatType(Type):
    """IEEE 754 binary32."""

    def __init__(self) -> None:
        super().__init__("float", "f32")

    def literal(self, value: Any) -> str:
        """Return a constant rounded to float32, as the bits of the equal double."""
        return _double(struct.unpack("<f", struct.pack("<f", value))[0])


class DoubleType(Type):
    """IEEE 754 binary64."""

    def __init__(self) -> None:
        super().__init__("double", "f64")

    def literal(self, value: Any) -> str:
        """Return a constant as its bits."""
        return _double(value)


class VectorType(Type):
    """A SIMD vector of `count` elements."""

    __slots__ = ("count", "element")

    def __init__(self, element: Type, count: int) -> None:
        super().__init__(f"<{count} x {element.text}>")
        self.element = element
        self.count = count


class ArrayType(Type):
    """An array of `count` elements in memory."""

    __slots__ = ("count", "element")

    def __init__(self, element: Type, count: int) -> None:
        super().__init__(f"[{count} x {element.text}]")
        self.element = element
        self.count = count


class LiteralStructType(Type):
    """An unnamed struct."""

    __slots__ = ("elements",)

    def __init__(self, elements: Sequence[Type]) -> None:
        super().__init__("{" + ", ".join([each.text for each in elements]) + "}")
        self.elements = tuple(elements)


class FunctionType(Type):
    """A function's return type and argument types."""

    __slots__ = ("args", "return_type")

    def __init__(self, return_type: Type, args: Sequence[Type]) -> None:
        super().__init__(f"{return_type.text} ({', '.join([each.text for each in args])})")
        self.return_type = return_type
        self.args = tuple(args)

    def as_pointer(self) -> PointerType:
        """Return the type of a function pointer."""
        return PointerType(self)


def scalar_of(type: Type) -> Type:
    """Return a vector's element type, any other type itself (LLVM's ``getScalarType``)."""
    return type.element if isinstance(type, VectorType) else type


def with_scalar(type: Type, scalar: Type) -> Type:
    """Return a type of the same lanes but other elements (LLVM's ``getWithNewType``)."""
    return VectorType(scalar, type.count) if isinstance(type, VectorType) else scalar


def _double(value: float) -> str:
    return f"0x{int.from_bytes(struct.pack('<d', value), 'little'):016x}"
