"""Bit operations on integers, and on booleans, of which they are the logical ones."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.errors import DTypeError
from chainrule.ops.numpy_api.indexing import get_item
from chainrule.ops.primitives import elementwise
from chainrule.ops.primitives.broadcasting import cast
from chainrule.ops.primitives.elementwise import (
    floor_divide,
    less,
    logical_and,
    logical_not,
    logical_or,
    maximum,
    minimum,
    multiply,
    not_equal,
    subtract,
)
from chainrule.ops.primitives.promotion import as_array, common_dtype
from chainrule.ops.primitives.selection import select

__all__ = ["bitwise_and", "bitwise_or", "bitwise_xor", "invert", "left_shift", "right_shift"]


def bitwise_and(a: Any, b: Any) -> Any:
    """The bits set in both."""
    operation = logical_and if _checked("&", a, b).kind == "b" else elementwise.bitwise_and
    return operation(a, b)


def bitwise_or(a: Any, b: Any) -> Any:
    """The bits set in one or both: those set in both, and those in one of them."""
    if _checked("|", a, b).kind == "b":
        return logical_or(a, b)
    return elementwise.bitwise_xor(elementwise.bitwise_and(a, b), elementwise.bitwise_xor(a, b))


def bitwise_xor(a: Any, b: Any) -> Any:
    """The bits set in one of both."""
    operation = not_equal if _checked("^", a, b).kind == "b" else elementwise.bitwise_xor
    return operation(a, b)


def invert(x: Any) -> Any:
    """All bits inverted: ``-1 - x`` of signed integers, in two's complement."""
    dtype = _checked("~", x)
    if dtype.kind == "b":
        return logical_not(x)
    return subtract(dtype.type(-1 if dtype.kind == "i" else np.iinfo(dtype).max), x)


def left_shift(a: Any, b: Any) -> Any:
    """Move bits to higher places, ``a · 2^b``."""
    a, b, dtype = _shifted("<<", a, b)
    bits = 8 * dtype.itemsize
    powers: Any = np.array([1 << k for k in range(bits)] + [0], np.uint64).astype(dtype)
    return multiply(a, get_item(powers, _place(b, bits)))


def right_shift(a: Any, b: Any) -> Any:
    """Move bits to lower places, ``⌊a / 2^b⌋``."""
    a, b, dtype = _shifted(">>", a, b)
    bits = 8 * dtype.itemsize - (dtype.kind == "i")
    powers: Any = np.array([1 << k for k in range(bits)] + [1], np.uint64).astype(dtype)
    quotient = floor_divide(a, get_item(powers, _place(b, bits)))
    nothing = dtype.type(0)
    if dtype.kind == "i":
        nothing = select(less(a, 0), dtype.type(-1), nothing)
    return select(less(b, bits), quotient, nothing)


def _shifted(symbol: str, a: Any, b: Any) -> tuple[Any, Any, np.dtype[Any]]:
    dtype = _checked(symbol, a, b)
    dtype = np.dtype(np.int8) if dtype.kind == "b" else dtype
    return cast(as_array(a), dtype), cast(as_array(b), dtype), dtype


def _place(shift: Any, bits: int) -> Any:
    """A shift as an index of the powers of 2; all from `bits` on move every bit out."""
    return cast(minimum(maximum(shift, 0), shift.dtype.type(min(bits, 127))), np.int64)


def _checked(symbol: str, *operands: Any) -> np.dtype[Any]:
    """Return the dtype that the operands are promoted to; raise unless they are integers."""
    dtype = common_dtype(*operands)
    if dtype.kind not in "iub":
        raise DTypeError(
            f"{symbol}: {dtype} has no bits to combine; use np.logical_and, np.logical_or and "
            "np.logical_not, or x.astype(int)"
        )
    return dtype
