"""Types of LLVM's language, and how it writes their numbers."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Any

__all__ = [
    "ArrayType",
    "DoubleType",
    "FloatType",
    "FunctionType",
    "IntType",
    "LiteralStructType",
    "PointerType",
    "Type",
    "VectorType",
    "VoidType",
]


class Type:
    """A type, known by how it is written.

    Parameters
    ----------
    text : str
        As LLVM writes it.
    intrinsic_name : str
        As the names of overloaded intrinsics write it.
    """

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

    def number(self, value: Any) -> str:
        """Write a number of this type."""
        raise NotImplementedError(f"no number has the type {self.text}")


class VoidType(Type):
    """What a function returns that returns nothing."""

    def __init__(self) -> None:
        super().__init__("void")


class PointerType(Type):
    """An address of anything; of a function of a type, if one is given."""

    __slots__ = ("function",)

    def __init__(self, function: FunctionType | None = None) -> None:
        super().__init__("ptr", "p0")
        self.function = function


class IntType(Type):
    """Whole numbers of so many bits; the operation decides whether they have signs."""

    __slots__ = ("width",)

    def __init__(self, width: int) -> None:
        super().__init__(f"i{width}", f"i{width}")
        self.width = width

    def number(self, value: Any) -> str:
        """Write a number of this type."""
        if self.width == 1:
            return "true" if value else "false"
        return str(int(value))


class FloatType(Type):
    """Numbers of 32 bits."""

    def __init__(self) -> None:
        super().__init__("float", "f32")

    def number(self, value: Any) -> str:
        """Write a number of this type, rounded to it: as the bits of the same double."""
        return _double(struct.unpack("<f", struct.pack("<f", value))[0])


class DoubleType(Type):
    """Numbers of 64 bits."""

    def __init__(self) -> None:
        super().__init__("double", "f64")

    def number(self, value: Any) -> str:
        """Write a number of this type, by its bits."""
        return _double(value)


class VectorType(Type):
    """So many numbers in one register."""

    __slots__ = ("count", "element")

    def __init__(self, element: Type, count: int) -> None:
        super().__init__(f"<{count} x {element.text}>")
        self.element = element
        self.count = count


class ArrayType(Type):
    """So many numbers in memory."""

    __slots__ = ("count", "element")

    def __init__(self, element: Type, count: int) -> None:
        super().__init__(f"[{count} x {element.text}]")
        self.element = element
        self.count = count


class LiteralStructType(Type):
    """Several values together."""

    __slots__ = ("elements",)

    def __init__(self, elements: Sequence[Type]) -> None:
        super().__init__("{" + ", ".join([each.text for each in elements]) + "}")
        self.elements = tuple(elements)


class FunctionType(Type):
    """What a function takes and returns."""

    __slots__ = ("args", "return_type")

    def __init__(self, return_type: Type, args: Sequence[Type]) -> None:
        super().__init__(f"{return_type.text} ({', '.join([each.text for each in args])})")
        self.return_type = return_type
        self.args = tuple(args)

    def as_pointer(self) -> PointerType:
        """Return the type of such a function's address."""
        return PointerType(self)


def _double(value: float) -> str:
    return f"0x{int.from_bytes(struct.pack('<d', value), 'little'):016x}"
