"""The format of a column of dates, inferred from all of its cells."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice, pairwise

from chainrule.data.formats.date_format import HALVES, parse_date
from chainrule.data.formats.missing import is_spelled_missing
from chainrule.data.formats.wide_form import WIDE_FORMS

__all__ = ["Dates", "infer_dates"]

# In the order of preference; a year of two digits is first where it cannot be last.
_DAYS = (
    "%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d",
    "%d.%m.%Y", "%m/%d/%Y", "%d/%m/%Y", "%d-%m-%Y", "%m-%d-%Y", "%m.%d.%Y",
    "%d.%m.%y", "%m/%d/%y", "%d/%m/%y", "%d-%m-%y", "%m-%d-%y", "%y-%m-%d",
    "%d %b %Y", "%d. %b %Y", "%d-%b-%Y", "%d/%b/%Y", "%d.%b.%Y", "%d%b%Y", "%d %b, %Y",
    "%b %d, %Y", "%b %d %Y", "%b-%d-%Y", "%Y %b %d", "%Y-%b-%d", "%d %b %y", "%d-%b-%y",
    "%Y-%m", "%Y/%m", "%m/%Y", "%m-%Y", "%m.%Y", "%b %Y", "%b-%Y", "%b-%y", "%Y-%b", "%b, %Y",
    "%Y%m%dT%H%M%S", "%Y%m%dT%H%M", "%YQ%q", "%Y-Q%q", "%Y Q%q", "Q%q %Y", "Q%q-%Y", "Q%q/%Y",
    "%Y年%m月%d日", "%Y年%m月%d号", "%Y年 %m月 %d日", "%Y年%m月",
    "%Y년 %m월 %d일", "%Y년%m월%d일", "%Y년 %m월",
)  # fmt: skip
_WEEKDAY = re.compile(
    r"(?:[^\W\d_]{2,10}\.?(, )|(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*( ))(?=.*\d\D+\w)",
    re.IGNORECASE,
)
_TIME = re.compile(r"(T|,? )\d{1,2}:\d\d(:\d\d(?:[.,]\d+)?)?(?:( ?)[ap]\.?m\.?)?", re.IGNORECASE)
# What follows the day in 2024年5月12日 星期日 下午3:30 and in 2024年5月12日15时30分.
_EASTERN_END = re.compile(
    r"( ?)((?:星期|周|週|礼拜)[一二三四五六日天] ?)?"
    rf"((?:{'|'.join(HALVES)}) ?)?"
    r"(\d\d?:\d\d(?::\d\d(?:[.,]\d+)?)?|\d\d?[时時点點시](?: ?\d\d?[分분](?: ?\d\d?[秒초])?)?)?$"
)
_SHAPE = re.compile(r"(?=.*\d)[\w.,:/+ -]{6,40}")
_MOSTLY = 0.9
ENOUGH = 6
"""Dates that are hardly in order by chance."""


@dataclass(frozen=True)
class Dates:
    """How a column writes dates.

    Parameters
    ----------
    format : str
        As of ``strptime``; "" if the cells are no dates.
    other : str
        A format that fits as well, and means other dates; "" if none does.
    signs : tuple of str
        The texts that denote missing values.
    odd : tuple of str
        Texts that are no dates in a column which holds dates otherwise.
    mixed : tuple of str
        Formats of a column that writes dates in several ways.
    """

    format: str = ""
    other: str = ""
    signs: tuple[str, ...] = ()
    odd: tuple[str, ...] = ()
    mixed: tuple[str, ...] = ()


def infer_dates(cells: Sequence[str], delimiter: str = "") -> Dates:
    """Return the format of dates in the order of their rows; missing ones are skipped.

    Where the day and the month cannot be distinguished, the dates ascend or descend with the rows,
    or are the same day of each month, or else the month is first between slashes (behind a
    semicolon, the day), and last elsewhere.

    Examples
    --------
    >>> infer_dates(["31.12.2024", "01.01.2025"]).format
    '%d.%m.%Y'
    >>> found = infer_dates(["01/02/2024", "03/02/2024"])
    >>> found.format, found.other
    ('%m/%d/%Y', '%d/%m/%Y')
    """
    distinct = list(dict.fromkeys(cells))
    written = [text for text in distinct if text and not is_spelled_missing(text)]
    if not written or not all(map(_looks_like_date, written[:3])):
        return Dates()
    # The first texts may be mistakes: most texts decide.
    sample = written[:60]
    like = dict.fromkeys(each for text in sample for each in _formats_like(text))
    formats = [each for each in like if 2 * _count(sample, each) > len(sample)]
    fitting = [each for each in formats if _fit(written, each)]
    if not fitting:
        odd = _odd(written, formats)
        return Dates(odd=odd, mixed=() if odd else _mixed(written, [*like]))
    signs = tuple(text for text in distinct if text and is_spelled_missing(text))
    ordered = [text for text in cells if text and not is_spelled_missing(text)]
    chosen, other = _decide(fitting, ordered, delimiter)
    return Dates(chosen, other, signs)


def _looks_like_date(text: str) -> bool:
    return _SHAPE.fullmatch(text.strip().translate(WIDE_FORMS)) is not None


def _formats_like(text: str) -> Iterator[str]:
    """Yield the formats of texts with the letters, digits and separators of this one."""
    text = text.strip()
    if not text.isascii():
        text, end = _eastern_end(text.translate(WIDE_FORMS))
        if end:
            yield from (f"{each}{end}" for each in _DAYS if _shape(each) == _shape(text))
            return
    weekday = _WEEKDAY.match(text)
    day = text[weekday.end() :] if weekday else text
    time = _TIME.search(day)
    end = ""
    if time:
        day = day[: time.start()]
        between, seconds, half = time.groups()
        clock = "%H:%M" if half is None else "%I:%M"
        end = f"{between}{clock}{':%S' if seconds else ''}{'' if half is None else f'{half}%p'}"
        end += "%z" if text[weekday.end() if weekday else 0 :][time.end() :] else ""
    for each in _DAYS:
        if _shape(each) == _shape(day):
            yield f"{'%a' + (weekday[1] or weekday[2]) if weekday else ''}{each}{end}"


def _eastern_end(text: str) -> tuple[str, str]:
    """Return the day of a date, and the format of what follows it.

    Examples
    --------
    >>> _eastern_end("2024年5月12日 星期日 下午3:30")
    ('2024年5月12日', ' %a %p%I:%M')
    """
    found = _EASTERN_END.search(text)
    assert found is not None, "the end of a text fits"
    blank, weekday, half, clock = found.groups(default="")
    directives = iter(("%I" if half else "%H", "%M", "%S"))
    clock = re.sub(r"\d+(?:[.,]\d+)?", lambda _: next(directives), clock)
    names = [("%a", weekday), ("%p", half)]
    words = [f"{each}{' ' * name.endswith(' ')}" for each, name in names if name]
    return text[: found.start()], "".join([blank, *words, clock])


@lru_cache(maxsize=1024)
def _shape(text: str) -> str:
    """Return a date or a format with its numbers and names replaced by 9 and A."""
    text = re.sub("%b", "A", text)
    text = re.sub("(%[a-zA-Z])+|[0-9]+", "9", text)
    return re.sub(r"[^\W\d_]+\.?", "A", text)


def _fit(texts: Sequence[str], date_format: str) -> bool:
    return bool(texts) and all(parse_date(text, date_format) is not None for text in texts)


def _count(texts: Sequence[str], date_format: str) -> int:
    return sum(parse_date(text, date_format) is not None for text in texts)


def _odd(written: list[str], formats: list[str]) -> tuple[str, ...]:
    """Return what is no date, where it is little."""
    if not formats:
        return ()
    best = max(formats, key=lambda each: _count(written, each))
    odd = tuple(text for text in written if parse_date(text, best) is None)
    return odd if len(written) - len(odd) >= max(5, _MOSTLY * len(written)) else ()


def _mixed(written: list[str], formats: list[str]) -> tuple[str, ...]:
    """Return the formats that together fit nearly all texts."""
    chosen: list[str] = []
    rest = written
    for each in sorted(formats, key=lambda each: -_count(written[:60], each)):
        left = [text for text in rest if parse_date(text, each) is None]
        if len(left) < len(rest):
            chosen, rest = [*chosen, each], left
    fits = len(written) >= 5 and len(rest) <= (1 - _MOSTLY) * len(written)
    return tuple(chosen) if fits and len(chosen) > 1 else ()


def _decide(fitting: list[str], ordered: list[str], delimiter: str) -> tuple[str, str]:
    """Return the format to take, and one that means other dates, if the choice is a guess."""
    chosen = fitting[0]
    others = [
        each for each in fitting[1:] if not each.startswith("%y") and _differ(ordered, chosen, each)
    ]
    if not others or "." in chosen:
        return chosen, ""
    candidates = [chosen, *others]
    is_enough = len({*ordered}) >= ENOUGH
    for is_likely in (_is_monotonic, _is_monthly):
        likely = [each for each in candidates if is_likely(ordered, each)]
        if len(likely) == 1:
            rest = [each for each in candidates if each != likely[0]]
            return likely[0], "" if is_enough else rest[0]
    if delimiter == ";" and chosen.startswith("%m/%d") and others[0].startswith("%d/%m"):
        return others[0], chosen
    return chosen, others[0]


def _differ(texts: list[str], one: str, other: str) -> bool:
    return any(parse_date(text, one) != parse_date(text, other) for text in texts)


def _is_monotonic(texts: list[str], date_format: str) -> bool:
    dates = list(_parsed(texts, date_format))
    ascends = all(a <= b for a, b in pairwise(dates))
    return ascends or all(a >= b for a, b in pairwise(dates))


def _is_monthly(texts: list[str], date_format: str) -> bool:
    """Whether dates are the same day of several months, in more than one year."""
    days, years = zip(*((date.day, date.year) for date in _parsed(texts, date_format)), strict=True)
    return len({*days}) == 1 < len({*years})


def _parsed(texts: list[str], date_format: str) -> Iterator[dt.datetime]:
    dates = (parse_date(text, date_format) for text in islice(texts, 100_000))
    return (each for each in dates if each is not None)
