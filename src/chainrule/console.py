"""Text on consoles: columns that wide letters take, and letters that an encoding lacks."""

from __future__ import annotations

import codecs
import sys
import unicodedata
from typing import TextIO

__all__ = ["ERRORS", "encodable", "left_aligned", "right_aligned", "shortened", "width_of"]

ERRORS = "chainrule-ascii"
"""The name of the error handler of encodings that writes signs in ASCII, as `encodable` does."""
_ASCII = {
    "…": "...", "─": "-", "━": "#", "→": "->", "×": "x", "·": "*", "−": "-", "≤": "<=", "≠": "!=",
    "²": "^2", "ᵀ": "^T", "Σ": "sum", "σ": "sigmoid", "√": "sqrt ", "⌊": "floor(", "⌋": ")",
    "⌈": "ceil(", "⌉": ")", "–": "-", "—": "-", "‰": "per mille", "°": "deg", "µ": "u",
}  # fmt: skip
_WIDE = {"¥": "￥", "£": "￡", "₩": "￦", "¢": "￠"}


def width_of(text: str) -> int:
    """Return the columns that a text takes on a console: two for wide letters.

    Examples
    --------
    >>> [width_of(text) for text in ("layer", "隐藏层", "e\u0301")]
    [5, 6, 1]
    """
    if text.isascii():
        return len(text)
    return sum(
        0
        if unicodedata.category(letter) in ("Mn", "Me", "Cf")
        else 1 + (unicodedata.east_asian_width(letter) in "WF")
        for letter in text
    )


def left_aligned(text: str, columns: int) -> str:
    """Return a text with blanks behind it, so that it takes a number of columns."""
    return text + " " * (columns - width_of(text))


def right_aligned(text: str, columns: int) -> str:
    """Return a text with blanks in front of it, so that it takes a number of columns."""
    return " " * (columns - width_of(text)) + text


def shortened(text: str, columns: int) -> str:
    """Return a text, or the beginning of it with an ellipsis, that takes some columns at most.

    Examples
    --------
    >>> shortened("abcdef", 4), shortened("隐藏层", 4), shortened("隐藏层", 6)
    ('abc…', '隐…', '隐藏层')
    """
    if width_of(text) <= columns:
        return text
    while width_of(text) > columns - 1:
        text = text[:-1]
    return f"{text}…"


def encodable(text: str, stream: TextIO | None = None) -> str:
    """Return a text whose letters a stream, standard output by default, can encode.

    Signs that it cannot encode are written in ASCII, and other letters as question marks.

    Examples
    --------
    >>> import io
    >>> encodable("2 × 隐藏层 → …", io.TextIOWrapper(io.BytesIO(), "cp1252"))
    '2 × ??? -> …'
    """
    stream = sys.stdout if stream is None else stream
    encoding = getattr(stream, "encoding", None) or "utf-8"
    try:
        return text.encode(encoding, ERRORS).decode(encoding)
    except (LookupError, UnicodeError):
        return text.encode("ascii", ERRORS).decode("ascii")


def _replacement(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    refused = error.object[error.start : error.end]
    return "".join(_written(letter, error.encoding) for letter in refused), error.end


def _written(letter: str, encoding: str) -> str:
    """Return what stands for a letter: GBK lacks ¥, and has its full-width form."""
    wide = _WIDE.get(letter, "")
    if wide and codecs.encode(wide, encoding, "ignore"):
        return wide
    return _ASCII.get(letter, "?")


codecs.register_error(ERRORS, _replacement)
