"""Spellings of missing values."""

from __future__ import annotations

__all__ = ["MISSING", "is_spelled_missing"]

MISSING = ("", "NA", "N/A", "NaN", "nan", "NULL", "null", "<NA>", "#N/A", "n/a")
"""Cells that are missing in a column of any kind."""

_WORDS = """
? ?? - -- --- \u2013 \u2014 . .. ... * / na n/a n.a. n.a <na> #na #n/a #n/a! nan -nan nat <nan>
none null nil (null) \\n missing unknown undefined blank (blank) empty error unavailable
无 暂无 未知 不详 缺 缺失 空
#div/0! #value! #ref! #num! #null! #name? #error!
"""
_AMONG_NUMBERS = {*_WORDS.split(), "", "not available", "not applicable", "no data"}


def is_spelled_missing(text: str) -> bool:
    """Whether a text denotes a missing value in a column of numbers or dates.

    Examples
    --------
    >>> [is_spelled_missing(text) for text in ("?", "None", " - ", "-1", "x")]
    [True, True, True, False, False]
    """
    return text.strip().lower() in _AMONG_NUMBERS
