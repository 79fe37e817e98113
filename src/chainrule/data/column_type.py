"""Dtypes of the columns of text files: the narrowest that holds every cell.

The reader of files calls `empty_missing` for each column, and `typed_columns` for all of them: the
decimal mark of one column decides that of another.
"""

from __future__ import annotations

import itertools
import re
import string
from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.data.cell import TRUTH_VALUES
from chainrule.data.file_columns import FileColumns
from chainrule.data.formats.missing import MISSING, is_spelled_missing
from chainrule.data.formats.number_format import EXACT, PLAIN, NumberFormat, parse_written
from chainrule.data.formats.number_inference import (
    Numbers,
    holds_digits,
    infer_numbers,
    sure_decimal,
)
from chainrule.data.note import Note
from chainrule.errors import FormatError

__all__ = ["MISSING", "empty_missing", "typed_columns"]

_HEXADECIMAL = re.compile(r"\d+[eE]\d+|\d+")


@dataclass(frozen=True)
class _Typed:
    cells: NDArray[Any]
    format: NumberFormat | None = None
    notes: tuple[Note, ...] = ()
    signs: tuple[str, ...] = ()


def empty_missing(cells: list[str], signs: Set[str]) -> None:
    """Strip the blanks around cells, and replace those of a missing value by ``""``, in place."""
    joined = "".join(cells)
    # Columns without blanks, which are most, need no strip of each cell.
    if not joined.isascii() or any(blank in joined for blank in string.whitespace):
        cells[:] = map(str.strip, cells)
    if not signs.isdisjoint(cells):
        cells[:] = ["" if cell in signs else cell for cell in cells]


def typed_columns(
    texts: Mapping[str, list[str]], title: str, *, delimiter: str = "", decimal: str | None = None
) -> FileColumns:
    """Return columns with the narrowest dtypes that hold every cell; ``""`` is missing."""
    typed = {name: _plain(cells, name, title) for name, cells in texts.items()}
    written = {name: cells for name, cells in texts.items() if typed[name].format is None}
    floats = {n: texts[n] for n, each in typed.items() if each.cells.dtype == float}
    seen = decimal or _seen_decimal(written, floats, delimiter)
    if seen == "," or delimiter == ";":  # 1.234 may be 1234 there
        written |= floats
    for name, cells in written.items():
        typed[name] = _written(cells, name, title, typed[name], (decimal, seen, delimiter))
    formats = {name: each.format for name, each in typed.items() if each.format is not None}
    notes = [*_notes_of_signs(texts, typed), *(n for each in typed.values() for n in each.notes)]
    columns = {name: each.cells for name, each in typed.items()}
    # Declared as categories, or with another decimal mark, these are read again.
    kept = {n: np.array(texts[n], object) for n in written if columns[n].dtype.kind in "if"}
    return FileColumns(columns, formats, kept, notes, delimiter)


def _seen_decimal(
    written: Mapping[str, list[str]], floats: Mapping[str, list[str]], delimiter: str
) -> str | None:
    """Return the decimal mark that one of the columns has for sure."""
    numeric = [texts for cells in written.values() if holds_digits(texts := {*cells} - {""})]
    if not numeric and delimiter != ";":
        return None
    marks = itertools.chain(map(sure_decimal, numeric), map(_decimal_of_floats, floats.values()))
    return next((mark for mark in marks if mark is not None), None)


def _decimal_of_floats(cells: list[str]) -> str | None:
    """Return the decimal mark of numbers as Python writes them; None if 1.234 may be 1234."""
    is_sure = any("." in cell and parse_written(cell, ",") is None for cell in cells)
    return "." if is_sure else None


def _plain(cells: list[str], name: str, title: str) -> _Typed:
    """Return a column of booleans or of numbers as Python writes them; others as texts."""
    present = [cell for cell in cells if cell]
    is_complete = len(present) == len(cells)
    if present and all(cell in TRUTH_VALUES for cell in present):
        truths = [TRUTH_VALUES.get(cell) for cell in cells]
        return _Typed(np.array(truths, bool if is_complete else object), PLAIN)
    integers = _integers(present)
    if integers is not None:
        return _column_of_integers(integers, present, cells, name, title)
    numbers = _numbers(present)
    # A text that Python alone takes for NaN, such as the town Nan, is no number by itself.
    if numbers is None or (len(numbers) and np.isnan(numbers).all()):
        return _Typed(np.array(cells, dtype=object))
    column = _with_gaps(numbers, cells)
    if np.isinf(numbers).any():
        if _are_hexadecimal(present):
            what = f"texts such as {max(present)!r}, some of them beyond numbers"
            return _texts(cells, f"column {name!r} holds {what}")
        _refuse_overflow(column, cells, name, title)
    return _Typed(column, PLAIN)


def _column_of_integers(
    integers: list[int], present: list[str], cells: list[str], name: str, title: str
) -> _Typed:
    """Return integers, of which no two become one; codes such as 007 as texts."""
    if min(present)[0] == "0" and _are_codes(present):
        what = f"codes with leading zeros, such as {min(present)!r}"
        return _texts(cells, f"column {name!r} holds {what}, read as texts")
    low, high = min(integers), max(integers)
    if low < -(2**63) or high >= 2**64 or (low < 0 and high >= 2**63):
        column = _with_gaps(np.array([float(each) for each in present]), cells)
        if len({*integers}) > len({*column.tolist()}) - (len(cells) > len(present)):
            what = f"integers beyond 64 bits, such as {max(present)!r}"
            return _texts(cells, f"column {name!r} holds {what}, read as texts")
        _refuse_overflow(column, cells, name, title)
        return _Typed(column, PLAIN)
    dtype = np.int64 if high < 2**63 else np.uint64
    if len(present) == len(cells):
        return _Typed(np.array(integers, dtype), PLAIN)
    if max(-low, high) <= EXACT:
        return _Typed(_with_gaps(np.array(integers, float), cells), PLAIN)
    remaining = iter(integers)
    exact = [next(remaining) if cell else None for cell in cells]
    return _Typed(np.array(exact, dtype=object), PLAIN)


def _texts(cells: list[str], why: str) -> _Typed:
    return _Typed(np.array(cells, dtype=object), PLAIN, (Note(why),))


def _are_hexadecimal(texts: list[str]) -> bool:
    """Whether texts are identifiers, such as 7e1234, rather than numbers with an exponent."""
    exponents = sum("e" in text.lower() for text in texts)
    return 2 <= exponents >= len(texts) // 2 and all(map(_HEXADECIMAL.fullmatch, texts))


def _are_codes(texts: list[str]) -> bool:
    """Whether digits are padded by zeros to one length, as those of postal codes are."""
    length = len(texts[0])
    return length > 1 and all(len(text) == length and text.isdigit() for text in texts)


def _written(
    cells: list[str],
    name: str,
    title: str,
    plain: _Typed,
    known: tuple[str | None, str | None, str],
) -> _Typed:
    """Return a column of formatted numbers, such as "1,234.5 kg", or the column unchanged."""
    texts = {*cells} - {""}
    if not holds_digits(texts):
        return _truths(cells) or plain
    decimal, seen, delimiter = known
    found = infer_numbers(texts, decimal, seen, delimiter)
    if found.format is None:
        return replace(plain, notes=(*plain.notes, *_notes_of_odd(name, cells, found)))
    notes = _notes_of_format(name, found)
    if plain.format is not None and not found.format.grouped:
        return replace(plain, notes=(*plain.notes, *notes))
    value = {text: found.format.parse(text) for text in texts} | {"": float("nan")}
    numbers = [value[cell] for cell in cells]
    if all(type(each) is int and abs(each) <= EXACT for each in numbers):
        return _Typed(np.array(numbers, np.int64), found.format, notes, found.signs)
    column = np.array(numbers, float)
    _refuse_overflow(column, cells, name, title)
    return _Typed(column, found.format, notes, found.signs)


def _truths(cells: list[str]) -> _Typed | None:
    """Return booleans among which some are missing."""
    if TRUTH_VALUES.keys().isdisjoint(cells):
        return None
    texts = {*cells} - {""}
    signs = {text for text in texts if text not in TRUTH_VALUES}
    if signs == texts or not all(map(is_spelled_missing, signs)):
        return None
    truths = [TRUTH_VALUES.get(cell) for cell in cells]
    return _Typed(np.array(truths, object), PLAIN, (), tuple(sorted(signs)))


def _notes_of_signs(
    texts: Mapping[str, list[str]], typed: Mapping[str, _Typed]
) -> tuple[Note, ...]:
    """Return one note on what was taken as missing among numbers, for all columns."""
    counts = {
        name: sum(map(texts[name].count, each.signs)) for name, each in typed.items() if each.signs
    }
    if not counts:
        return ()
    signs = sorted({sign for each in typed.values() for sign in each.signs})
    shown = [f"{name!r} ({count})" for name, count in counts.items()]
    others = f" and {len(shown) - 3} more columns" if len(shown) > 3 else ""
    return (
        Note(
            f"{', '.join(map(repr, signs))} among the values of {', '.join(shown[:3])}{others} "
            f"is taken as missing; if that is right, pass missing={['', *signs]!r}",
            is_guess=True,
        ),
    )


def _notes_of_format(name: str, found: Numbers) -> tuple[Note, ...]:
    if found.format is None:
        return ()
    if found.doubt:
        decimal = found.format.decimal
        other = "," if decimal == "." else "."
        text = f"{found.doubt}; pass decimal={decimal!r} or decimal={other!r}"
        return (Note(f"column {name!r} is ambiguous: {text}", True, name),)
    if found.format == PLAIN:
        return ()
    how = [f"in {found.format.unit}"] if found.format.unit else []
    how += ["with decimal commas"] if found.format.decimal == "," else []
    how += ["with separated thousands"] if found.format.grouped else []
    return (Note(f"column {name!r} is read as numbers {', '.join(how)}"),)


def _notes_of_odd(name: str, cells: list[str], found: Numbers) -> tuple[Note, ...]:
    if found.mixed:
        return (Note(f"column {name!r} holds {found.mixed}, and so all are texts", True, name),)
    if not found.odd:
        return ()
    first = min(found.odd, key=cells.index)
    text = (
        f"column {name!r} holds numbers, but {first!r:.60} in row {cells.index(first)} (rows are "
        "counted from 0) is none, and so all are texts; correct it, or pass "
        f"missing={['', *found.odd[:5]]!r}"
    )
    return (Note(text, True, name),)


def _refuse_overflow(column: NDArray[Any], cells: list[str], name: str, title: str) -> None:
    """Refuse what became infinite although no infinity is written."""
    for row in np.flatnonzero(np.isinf(column)).tolist():
        if "inf" not in cells[row].lower():
            raise FormatError(
                f"{title}: column {name!r} has {cells[row]:.60} in row {row} (rows are counted "
                "from 0), beyond the largest float64, about 1.8e308; correct it, or name it in "
                "missing=[...]"
            )


def _with_gaps(numbers: NDArray[Any], cells: list[str]) -> NDArray[np.float64]:
    if len(numbers) == len(cells):
        return numbers
    column = np.full(len(cells), np.nan)
    column[[bool(cell) for cell in cells]] = numbers
    return column


def _integers(cells: list[str]) -> list[int] | None:
    return _parsed(cells, int) if cells else None


def _numbers(cells: list[str]) -> NDArray[np.float64] | None:
    numbers = _parsed(cells, float)
    return None if numbers is None else np.array(numbers, float)


def _parsed(cells: list[str], number: Callable[[str], Any]) -> list[Any] | None:
    try:
        numbers = [number(cell) for cell in cells]
    except (ValueError, OverflowError):
        return None
    # Python parses 1_000 as a number; in a table it is an identifier.
    return None if "_" in "".join(cells) else numbers
