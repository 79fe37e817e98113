"""Full-width forms of ASCII, as Chinese, Japanese and Korean keyboards write them: ２．５％."""

from __future__ import annotations

__all__ = ["WIDE_FORMS"]

WIDE_FORMS = {0xFF01 + offset: chr(0x21 + offset) for offset in range(0x5E)} | {
    0xFFE5: "¥",
    0xFFE1: "£",
    0xFFE6: "₩",
    0x3000: " ",
}
"""The argument of `str.translate` that replaces them."""
