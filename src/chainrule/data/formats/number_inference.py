"""The format of a column of numbers, inferred from all of its cells and from the file."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from itertools import islice

from chainrule.data.formats.missing import is_spelled_missing
from chainrule.data.formats.number_format import (
    DECIMALS,
    HOURS,
    NumberFormat,
    ParsedNumber,
    parse_written,
)
from chainrule.data.formats.units import is_currency

__all__ = ["Numbers", "holds_digits", "infer_numbers", "sure_decimal"]

_SAMPLE = 60
# The part of the distinct cells that are numbers, from which on the others are typing errors.
_MOSTLY = 0.9
_ENOUGH = 5


@dataclass(frozen=True)
class Numbers:
    """What the texts of a column spell.

    Parameters
    ----------
    format : NumberFormat or None
        None if they are no column of numbers.
    signs : tuple of str
        The texts that denote missing values.
    odd : tuple of str
        Texts that are no numbers in a column which holds numbers otherwise.
    doubt : str
        Why another reading is possible; "" if none is.
    mixed : str
        What numbers of several units are, such as "numbers in $ and in €"; "" for others.
    """

    format: NumberFormat | None = None
    signs: tuple[str, ...] = ()
    odd: tuple[str, ...] = ()
    doubt: str = ""
    mixed: str = ""


def holds_digits(texts: Iterable[str]) -> bool:
    """Whether one of the first texts has a digit, as those of numbers and dates have."""
    return any(map(str.isdigit, "".join(islice(texts, _SAMPLE))))


def infer_numbers(
    texts: Collection[str], decimal: str | None = None, seen: str | None = None, delimiter: str = ""
) -> Numbers:
    """Return how the distinct texts of a column write numbers.

    Parameters
    ----------
    texts : collection of str
        The distinct cells.
    decimal : str or None
        The decimal mark, where it is given.
    seen : str or None
        The decimal mark of other columns of the file.
    delimiter : str
        That of the file: a comma between cells is seldom one within numbers.
    """
    signs = tuple(sorted(text for text in texts if text and is_spelled_missing(text)))
    written = [text for text in texts if not is_spelled_missing(text)]
    if not written or not _looks_numeric(written):
        return Numbers()
    marks = (decimal,) if decimal else DECIMALS
    read = {mark: {text: parse_written(text, mark) for text in written} for mark in marks}
    odd = tuple(text for text in written if all(read[mark][text] is None for mark in marks))
    if odd:
        return Numbers(odd=odd if _are_mostly_numbers(len(written), len(odd)) else ())
    possible = [mark for mark in marks if all(read[mark].values())]
    if not possible:
        return Numbers()
    numbers = [each for each in read[possible[0]].values() if each]
    unit = _common_unit(numbers)
    if unit is None:
        return Numbers(mixed=_units_in_words(numbers))
    mark, doubt = possible[0], ""
    if len(possible) > 1:
        mark, doubt = _decide(written, unit, seen, delimiter)
    grouped = any(each.is_grouped for each in read[mark].values() if each)
    return Numbers(NumberFormat(mark, unit, grouped), signs, (), doubt)


def sure_decimal(texts: Collection[str]) -> str | None:
    """Return the decimal mark that alone makes numbers of all texts; None if there is no such.

    Examples
    --------
    >>> [sure_decimal(texts) for texts in (["1,5", "2"], ["1.5"], ["1,234"], ["1", "x"])]
    [',', '.', None, None]
    """
    if not any("," in text or "." in text for text in texts):
        return None
    found = infer_numbers(texts)
    if found.format is None:
        return None
    others = [mark for mark in DECIMALS if infer_numbers(texts, mark).format is None]
    return found.format.decimal if others else None


def _looks_numeric(written: list[str]) -> bool:
    """Whether most of the first texts are numbers: the others are not looked at where not."""
    sample = written[:_SAMPLE]
    hits = sum(any(parse_written(text, mark) for mark in DECIMALS) for text in sample)
    return 2 * hits > len(sample)


def _are_mostly_numbers(count: int, odd: int) -> bool:
    return count - odd >= max(_ENOUGH, _MOSTLY * count)


def _common_unit(numbers: list[ParsedNumber]) -> str | None:
    """Return the unit of a column; None if there are several.

    A number without one has that of the others, but 12 among 12:30 and 0.1 among 5 % may not.
    """
    units = {each.unit for each in numbers if each.unit or each.value}
    unit = max(units, default="")
    if len(units) > 2 or (len(units) == 2 and ("" not in units or unit in ("%", "‰", HOURS))):
        return None
    return unit


def _units_in_words(numbers: list[ParsedNumber]) -> str:
    units = sorted({each.unit for each in numbers}, reverse=True)
    shown = [f"in {unit}" if unit else "without a unit" for unit in units[:4]]
    return f"numbers {', '.join(shown[:-1])} and {shown[-1]}"


def _decide(written: list[str], unit: str, seen: str | None, delimiter: str) -> tuple[str, str]:
    """Return the decimal mark of numbers that can be read with either, and the doubt."""
    commas = [text for text in written if "," in text]
    points = [text for text in written if "." in text]
    if not commas and not points:
        return seen or ".", ""
    mark = "," if commas else "."
    other = "." if commas else ","
    if seen is not None:
        return seen, ""
    # Money has two decimals or none; where all have decimals, none is written without.
    if is_currency(unit) or (commas and len(commas) < len(written)):
        return other, ""
    example = (commas or points)[0]
    as_decimal, as_thousands = parse_written(example, mark), parse_written(example, other)
    assert as_decimal is not None, "both are possible"
    assert as_thousands is not None, "both are possible"
    reads_decimal = not commas or delimiter == ";"
    chosen, rejected = as_decimal.value, as_thousands.value
    if not reads_decimal:
        chosen, rejected = rejected, chosen
    doubt = f"{example!r} is read as {chosen}, and could be {rejected}"
    is_usual = not commas and delimiter != ";"  # 1.234 is what programs write
    return (mark if reads_decimal else other), ("" if is_usual else doubt)
