"""Dates as texts, by a format as that of ``strptime``: strict, whatever the language of the system.

``%Y %y %m %d %b %B %j %q %H %I %M %S %f %p %z %a %A %%`` are known (``%q``: the quarter). Names of
months are English, German, French or Spanish; ``%p`` is also 上午 and 下午, in Japanese and Korean
too. Full-width digits and signs are those of ASCII. Years of two digits are those from 1969 to
2068, as in POSIX. A time is the one on the clock: an offset from UTC is read, without a shift.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import TypeGuard

from chainrule.data.formats.wide_form import WIDE_FORMS
from chainrule.errors import ArgumentError

__all__ = ["HALVES", "checked_date_format", "has_time", "is_afternoon", "parse_date"]

HALVES = ("上午", "下午", "午前", "午後", "오전", "오후")
"""The halves of a day, as they are written in front of the hour: AM and PM by turns."""

_MONTHS = (
    "jan january januar janvier janv enero ene jänner",
    "feb february februar février févr fév fevrier febrero",
    "mar march märz mrz mär mars marzo",
    "apr april avril avr abril abr",
    "may mai mayo",
    "jun june juni juin junio",
    "jul july juli juillet juil julio",
    "aug august août aout agosto ago",
    "sep sept september septembre septiembre",
    "oct october oktober okt octobre octubre",
    "nov november novembre noviembre",
    "dec december dezember dez décembre déc diciembre dic",
)
_MONTH_OF = {name: number for number, names in enumerate(_MONTHS, 1) for name in names.split()}
_DIRECTIVES = {
    "Y": r"(?P<Y>[12]\d{3})",
    "y": r"(?P<y>\d\d)",
    "m": r"(?P<m>0?[1-9]|1[0-2])",
    "d": r"(?P<d>0?[1-9]|[12]\d|3[01])",
    "b": r"(?P<b>[^\W\d_]{3,10})\.?",
    "B": r"(?P<b>[^\W\d_]{3,10})\.?",
    "j": r"(?P<j>\d{3})",
    "q": r"(?P<q>[1-4])",
    "H": r"(?P<H>[01]?\d|2[0-3])",
    "I": r"(?P<I>0?[1-9]|1[0-2])",
    "M": r"(?P<M>[0-5]?\d)",
    "S": r"(?P<S>[0-5]?\d(?:[.,]\d{1,9})?)",
    "f": r"(?P<f>\d{1,9})",
    "p": rf"(?P<p>[AaPp]\.?[Mm]\.?|{'|'.join(HALVES)})",
    "z": r"(?: ?(?:Z|UTC|GMT|[+-]\d\d:?\d\d))?",
    "a": r"[^\W\d_]{2,10}\.?",
    "A": r"[^\W\d_]{2,10}\.?",
    "%": "%",
}
_FIXED = {letter: rf"(?P<{letter}>\d\d)" for letter in "mdHI"} | {
    "M": r"(?P<M>[0-5]\d)",
    "S": r"(?P<S>[0-5]\d(?:[.,]\d{1,9})?)",
}
LONGEST = 80
"""Characters of a format."""


def parse_date(text: str, date_format: str) -> dt.datetime | None:
    """Return the date and time that a text spells in a format, or None.

    Examples
    --------
    >>> parse_date("31-Dec-24", "%d-%b-%y")
    datetime.datetime(2024, 12, 31, 0, 0)
    >>> parse_date("31/02/2024", "%d/%m/%Y"), parse_date("5", "%d/%m/%Y")
    (None, None)
    """
    found = _compiled(date_format).fullmatch(_narrow(text.strip()))
    if found is None:
        return None
    fields: Mapping[str, str | None] = found.groupdict()
    month = int(fields.get("m") or 3 * int(fields.get("q") or 1) - 2)
    if name := fields.get("b"):
        month = _MONTH_OF.get(name.lower(), 0)
    try:
        day = dt.datetime(  # noqa: DTZ001 (the time on the clock)
            _year(fields),
            month,
            int(fields.get("d") or 1),
            _hour(fields),
            int(fields.get("M") or 0),
        )
    except ValueError:  # the 31st of April
        return None
    days, seconds = int(fields.get("j") or 1) - 1, (fields.get("S") or "0").replace(",", ".")
    fraction = f"0.{fields.get('f') or 0}"
    if not days and seconds in ("0", "00") and fraction == "0.0":
        return day
    return day + dt.timedelta(days=days, seconds=float(seconds) + float(fraction))


def checked_date_format(owner: str, value: object) -> str:
    """Return a format of dates, or raise for what is none."""
    try:
        groups = _compiled(value).groupindex if _is_plain(value) else {}
    except (KeyError, re.error):
        groups = {}
    if not isinstance(value, str) or not {"Y", "y"} & {*groups}:
        raise ArgumentError(
            f"{owner}: format is {value!r:.60}; it must have a year and further directives, such "
            "as '%d.%m.%Y' or '%Y-%m-%d %H:%M:%S' (%b for names of months)"
        )
    return value


def _is_plain(value: object) -> TypeGuard[str]:
    """Whether a format has each directive once, as an expression of many would search for long."""
    if not isinstance(value, str) or len(value) > LONGEST:
        return False
    directives = re.findall("%.", value)
    return len({*directives}) == len(directives)


def has_time(date_format: str) -> bool:
    """Whether a format has the time of day."""
    return "%H" in date_format or "%I" in date_format


def is_afternoon(half: str) -> bool:
    """Whether a half of the day, such as PM, is the second one."""
    return half[:1] in ("p", "P") or half in HALVES[1::2]


@lru_cache(maxsize=512)
def _compiled(date_format: str) -> re.Pattern[str]:
    """Return the regular expression of a format; adjacent numbers have two digits each."""
    pieces = re.split(r"(%.)", date_format)
    return re.compile("".join(_expression(pieces, index) for index in range(len(pieces))))


def _expression(pieces: list[str], index: int) -> str:
    piece = pieces[index]
    if not re.fullmatch("%.", piece):
        return re.escape(piece)
    # The pieces between directives are separators, perhaps empty.
    beside = [pieces[index + step] for step in (-2, 2) if 0 <= index + step < len(pieces)]
    separators = [pieces[index + step] for step in (-1, 1) if 0 <= index + step < len(pieces)]
    is_adjacent = any(
        not separator and other[1:] in tuple("YymdjHIMSf")
        for separator, other in zip(separators[-len(beside) :], beside, strict=False)
    )
    letter = piece[1]
    return _FIXED[letter] if is_adjacent and letter in _FIXED else _DIRECTIVES[letter]


def _narrow(text: str) -> str:
    return text if text.isascii() else text.translate(WIDE_FORMS)


def _year(fields: Mapping[str, str | None]) -> int:
    if fields.get("Y"):
        return int(fields["Y"] or 0)
    short = int(fields.get("y") or 0)
    return short + (1900 if short >= 69 else 2000)


def _hour(fields: Mapping[str, str | None]) -> int:
    if fields.get("I"):
        return int(fields["I"] or 0) % 12 + (12 if is_afternoon(fields.get("p") or "") else 0)
    return int(fields.get("H") or 0)
