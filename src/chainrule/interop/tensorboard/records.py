"""The framing of records: lengths, contents, and a checksum after each.

References
----------
TensorFlow, "TFRecord and tf.train.Example", section "TFRecords format details".
Castagnoli, Bräuer & Herrmann (1993), "Optimization of cyclic redundancy-check codes with 24 and 32
parity bits", table XI: the polynomial 0x1EDC6F41.
"""

from __future__ import annotations

import struct

__all__ = ["crc32c", "record"]

_POLYNOMIAL = 0x82F63B78
"""Castagnoli's polynomial, its bits in reverse order."""


def record(content: bytes) -> bytes:
    """Return a record: length, its checksum, content, its checksum."""
    length = struct.pack("<Q", len(content))
    return length + _checksum(length) + content + _checksum(content)


def crc32c(content: bytes) -> int:
    """Return the cyclic redundancy check CRC-32C of bytes."""
    remainder, table = 0xFFFFFFFF, _TABLE
    for byte in content:
        remainder = table[(remainder ^ byte) & 0xFF] ^ remainder >> 8
    return remainder ^ 0xFFFFFFFF


def _checksum(content: bytes) -> bytes:
    """Return the check, rotated and shifted: the check of bytes that hold checks is weak."""
    check = crc32c(content)
    return struct.pack("<I", ((check >> 15 | check << 17) + 0xA282EAD8) & 0xFFFFFFFF)


def _remainder(byte: int) -> int:
    for _ in range(8):
        byte = byte >> 1 ^ (_POLYNOMIAL if byte & 1 else 0)
    return byte


_TABLE = tuple(map(_remainder, range(256)))
