"""Protocol buffers as bytes: the few kinds of fields that event files have.

A message is the concatenation of its fields in any order, so a message is made by adding up fields.

References
----------
Protocol Buffers, "Encoding": tags, varints and the wire types 0, 1, 2 and 5.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable

__all__ = ["bytes_field", "double", "doubles", "integer", "single", "varint"]

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


def varint(value: int) -> bytes:
    """Return an integer in groups of 7 bits, the lowest first; a negative one as 64 bits."""
    value &= (1 << 64) - 1
    groups = bytearray()
    while value > 0x7F:
        groups.append(value & 0x7F | 0x80)
        value >>= 7
    groups.append(value)
    return bytes(groups)


def integer(number: int, value: int) -> bytes:
    """Return a field of an integer, a boolean or a member of an enumeration."""
    return _tag(number, _VARINT) + varint(int(value))


def double(number: int, value: float) -> bytes:
    """Return a field of a number in double precision."""
    return _tag(number, _FIXED64) + struct.pack("<d", value)


def single(number: int, value: float) -> bytes:
    """Return a field of a number in single precision."""
    return _tag(number, _FIXED32) + struct.pack("<f", value)


def doubles(number: int, values: Iterable[float]) -> bytes:
    """Return a packed field of numbers in double precision."""
    listed = list(values)
    return bytes_field(number, struct.pack(f"<{len(listed)}d", *listed))


def bytes_field(number: int, value: bytes | str) -> bytes:
    """Return a field of bytes, text, or a message within a message."""
    content = value.encode() if isinstance(value, str) else value
    return _tag(number, _BYTES) + varint(len(content)) + content


def _tag(number: int, wire_type: int) -> bytes:
    return varint(number << 3 | wire_type)
