"""How a column writes numbers: the decimal mark, thousands, units, signs and brackets.

::

    number   = ["("] [sign] [unit] digits [exponent] [unit] [sign] [")"]
    digits   = integer [decimal [fraction]]
    exponent = "e5" "E-05" or, as Fortran writes it, "D+05"
    integer  = "1234" or in groups, "1,234" "1.234" "1'234" "1 234" "12,34,567"
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

from chainrule.data.formats.date_format import HALVES, is_afternoon
from chainrule.data.formats.missing import is_spelled_missing
from chainrule.data.formats.units import CURRENCY, UNIT
from chainrule.data.formats.wide_form import WIDE_FORMS

__all__ = [
    "DECIMALS",
    "HOURS",
    "PLAIN",
    "NumberFormat",
    "ParsedNumber",
    "decimals_of",
    "parse_written",
]

DECIMALS = (".", ",")
EXACT = 2**53
"""Integers up to here are exact in float64."""
_MOST_DIGITS = 309
"""Digits of the largest float64; Python refuses to read integers of thousands of them."""
_ASCII = WIDE_FORMS | str.maketrans(
    dict.fromkeys("\u2212\u2012\u2013\ufe63", "-")
    | dict.fromkeys("\u00a0\u2007\u2009\u202f\t", " ")
    | dict.fromkeys("\u2019\u02bc\u00b4`", "'")
)
_NUMBER = (
    rf"(?P<open>\()? ?(?P<first>[-+] ?)?(?P<front>{CURRENCY})? ?(?P<second>[-+] ?)?"
    r"(?P<digits>\d(?:[\d.,' ]*[\d.,])?|[.,]\d+)(?P<exponent>[eE][-+]?\d+|[dD][-+]\d+)?"
    rf" ?(?P<back>{UNIT})? ?(?P<last>-)? ?(?P<close>\))?"
)
_CLOCK = (
    r"(?:(?P<days>[-+]?\d{1,9}) days?,? )?(?P<sign>[-+])?(?P<hours>\d{1,4}):(?P<minutes>[0-5]\d)"
    r"(?::(?P<seconds>[0-5]\d(?:[.,]\d+)?))?(?: ?(?P<half>[AaPp])\.?[Mm]\.?)?"
)
_SPELLED = (
    # ISO 8601
    (
        r"(?P<sign>[-+])?P(?=.*\d)(?:(?P<days>\d{1,9})D)?(?:T(?:(?P<hours>\d{1,9})H)?"
        r"(?:(?P<minutes>\d{1,9})M)?(?:(?P<seconds>\d{1,9}(?:[.,]\d+)?)S)?)?"
    ),
    (
        r"(?P<sign>-)?(?P<hours>\d{1,9}) ?h(?:rs?|ours?)?\.?,? ?"
        r"(?P<minutes>\d{1,9}) ?m(?:in(?:ute)?s?)?\.?"
    ),
    (
        r"(?P<sign>-)?(?P<hours>\d{1,4})(?:[时時点點시]|小时|시간)"
        r"(?: ?(?P<minutes>\d\d?)(?:分钟?|분)(?: ?(?P<seconds>\d\d?(?:[.,]\d+)?)[秒초])?)?"
    ),
)
_HALF = rf"({'|'.join(HALVES)}) ?(.*)"
_GROUPED = {mark: rf"[1-9]\d{{0,2}}(?:{re.escape(mark)}\d{{3}})+" for mark in (",", ".", "'", " ")}
_INDIAN = r"[1-9]\d?(?:,\d\d)+,\d{3}"
_expression = cache(re.compile)
"""Compile an expression when it is first used: few programs read such numbers."""
HOURS = "hours"
"""The unit of 12:30 and 01:02:03."""


class ParsedNumber(NamedTuple):
    """A number as it was written: its digits with a decimal point, and its unit."""

    text: str
    unit: str
    is_grouped: bool

    @property
    def value(self) -> int | float:
        """The number, an int if it has neither decimals nor an exponent, and float64 reaches it."""
        is_integer = len(self.text) <= _MOST_DIGITS and self.text.lstrip("-").isdigit()
        return int(self.text) if is_integer else float(self.text)


@dataclass(frozen=True)
class NumberFormat:
    """How a column writes numbers.

    Parameters
    ----------
    decimal : {".", ","}
        The decimal mark.
    unit : str
        What stands before or behind all numbers, such as "$", "%" or "kg"; "hours" for 12:30.
    grouped : bool
        Whether thousands are separated.
    missing : tuple of str
        What denotes a missing value besides the usual spellings.
    """

    decimal: str = "."
    unit: str = ""
    grouped: bool = False
    missing: tuple[str, ...] = ()

    def parse(self, text: str) -> int | float | None:
        """Return the number that a text spells in this format, NaN if missing, None if none.

        A number that would be another one with the other decimal mark, such as 1,234, needs a
        column that separates thousands.

        Examples
        --------
        >>> euros = NumberFormat(",", "€", grouped=True)
        >>> [euros.parse(text) for text in ("1.234,50 €", "(€ 3)", "?", "$3", "x")]
        [1234.5, -3, nan, None, None]
        """
        if text in self.missing or is_spelled_missing(text):
            return float("nan")
        parsed = parse_written(text, self.decimal)
        if parsed is None or parsed.unit not in ("", self.unit):
            return None
        if parsed.is_grouped and not self.grouped and len(decimals_of(text)) > 1:
            return None
        return parsed.value


PLAIN = NumberFormat()


def parse_written(text: str, decimal: str) -> ParsedNumber | None:
    """Return the number that a text spells with a decimal mark, or None.

    Examples
    --------
    >>> parse_written("−1.234,5 kg", ",")
    ParsedNumber(text='-1234.5', unit='kg', is_grouped=True)
    """
    plain = " ".join(text.translate(_ASCII).split())
    found = _expression(_NUMBER).fullmatch(plain)
    if found is None:
        return _clock(plain)
    signs = [found[name] for name in ("first", "second", "last") if found[name]]
    if (found["open"] is None) != (found["close"] is None) or len(signs) > 1:
        return None
    if (signs and found["open"]) or (found["front"] and found["back"]):
        return None
    digits, is_grouped = _digits(found["digits"], decimal)
    if digits is None:
        return None
    is_negative = bool(found["open"]) or (signs and signs[0].strip() == "-")
    number = (
        f"{'-' if is_negative else ''}{digits}{(found['exponent'] or '').upper().replace('D', 'E')}"
    )
    unit = found["front"] or found["back"] or ""
    return ParsedNumber(number, HOURS if unit == "小时" else unit, is_grouped)


def decimals_of(text: str) -> tuple[str, ...]:
    """Return the decimal marks with which a text is a number.

    Examples
    --------
    >>> [decimals_of(text) for text in ("1,234", "0,234", "1,234.5", "12", "1.2.3")]
    [('.', ','), (',',), ('.',), ('.', ','), ()]
    """
    return tuple(mark for mark in DECIMALS if parse_written(text, mark) is not None)


def _digits(written: str, decimal: str) -> tuple[str | None, bool]:
    """Return digits with a decimal point and without groups, and whether there were groups."""
    integer, mark, fraction = written.partition(decimal)
    if mark and fraction and not fraction.isdigit():
        return None, False
    is_grouped = not integer.isdigit() and integer != ""
    if is_grouped:
        separators = {each for each in integer if not each.isdigit()}
        if len(separators) > 1 or decimal in separators:
            return None, False
        separator = separators.pop()
        is_indian = separator == "," and _expression(_INDIAN).fullmatch(integer)
        if not is_indian and not _expression(_GROUPED[separator]).fullmatch(integer):
            return None, False
        integer = integer.replace(separator, "")
    return (f"{integer or '0'}.{fraction or '0'}" if mark else integer), is_grouped


def _clock(text: str) -> ParsedNumber | None:
    """Return a time of day or duration in hours, such as 5:30 pm, 2 days 01:00:00 or PT90M."""
    front = _expression(_HALF).fullmatch(text)
    text = front[2] if front else text
    found = _expression(_CLOCK).fullmatch(text)
    if found is None:
        spelled = (_expression(each).fullmatch(text) for each in _SPELLED)
        found = next((each for each in spelled if each is not None), None)
    if found is None:
        return None
    parts = {name: (part or "0").replace(",", ".") for name, part in found.groupdict().items()}
    hours = int(parts["hours"])
    half = front[1] if front else parts.get("half", "0")
    if half != "0":
        if not 1 <= hours <= 12 or parts.get("days", "0") != "0":
            return None
        hours = hours % 12 + (12 if is_afternoon(half) else 0)
    total = hours + int(parts["minutes"]) / 60 + float(parts.get("seconds", "0")) / 3600
    is_negative = parts["sign"] == "-"
    if found.re.pattern == _CLOCK:  # days have a sign of their own: -1 days +23:00:00
        total = 24 * int(parts["days"]) + (-total if is_negative else total)
    else:
        total = (-1 if is_negative else 1) * (24 * int(parts.get("days", "0")) + total)
    return ParsedNumber(repr(total), HOURS, is_grouped=False)
